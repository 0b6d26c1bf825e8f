"""Deals the blows of the schedule out to the running system, one at a time."""

import asyncio
import time
from collections.abc import Callable, Sequence

from deploy.local.process import Process
from tests.chaos.running import Running
from tests.chaos.schedule import Blow

BACK_WITHIN_SECONDS = 30.0
LOOK_EVERY_SECONDS = 0.05


async def deal(
    system: Running, blows: Sequence[Blow], progress: Callable[[], str], tell: Callable[[str], None]
) -> int:
    """Kill and stop as scheduled; `progress` is what the line of each blow adds. How many were dealt.

    A part that has not come back from its last blow is waited for; TimeoutError when it stays away.
    """
    began = time.monotonic()
    for number, blow in enumerate(blows, start=1):
        await asyncio.sleep(blow.after)
        part = system.parts[blow.part]
        await _until_alive(part)
        tell(
            f"{number:>3}/{len(blows)}  {time.monotonic() - began:5.1f} s  {blow!s:<30} {progress()}"
        )
        await _strike(part, blow)
    return len(blows)


async def _strike(part: Process, blow: Blow) -> None:
    if blow.how == "kill":
        await asyncio.to_thread(part.kill)
        return
    part.pause()
    try:
        await asyncio.sleep(blow.seconds)
    finally:
        part.resume()


async def _until_alive(part: Process) -> None:
    give_up_at = time.monotonic() + BACK_WITHIN_SECONDS
    while not part.alive:
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"{part.name} was not started again")
        await asyncio.sleep(LOOK_EVERY_SECONDS)
