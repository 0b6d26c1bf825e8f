"""One run: set the scene, let everybody act while parts die, wait until all is still, judge."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos import blows
from tests.chaos.ledger import Ledger
from tests.chaos.oracle import Verdict, judge
from tests.chaos.oracle.judge import ids_so_far
from tests.chaos.oracle.leftovers import leftovers
from tests.chaos.oracle.stores import Stores
from tests.chaos.people import People, Tokens
from tests.chaos.running import Running
from tests.chaos.scene import Scene, set_scene
from tests.chaos.schedule import schedule
from tests.chaos.stream import keep_going, workers

Tell = Callable[[str], None]
STILL_WITHIN_SECONDS = 240.0
LOOK_EVERY_SECONDS = 0.5
ADMINISTRATOR = "chef"


@dataclass
class Outcome:
    """What a run came to."""

    kills: int
    ledger: Ledger
    verdict: Verdict
    seconds: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"kills={self.kills} acknowledged={self.ledger.acknowledged} {self.verdict}"


async def run(system: Running, seed: int, kills: int, tell: Tell) -> Outcome:
    """Raises Unanswered, ServerFault or TimeoutError when there is nothing to judge."""
    system.appoint_first_administrator(ADMINISTRATOR, "Chefen demo")
    people = People(system.url, Tokens(system.runtime.issuer_url, system.folder))
    try:
        began = time.monotonic()
        scene = await set_scene(people, people.someone(ADMINISTRATOR))
        before = await _at_rest(system)
        tell(f"the scene is set ({time.monotonic() - began:.1f} s); commands flow, seed {seed}")
        ledger = Ledger()
        seconds = await _storm(system, scene, ledger, seed, kills, tell)
        began = time.monotonic()
        system.wait_ready()
        await _at_rest(system)
        seconds["until still"] = time.monotonic() - began
        tell(f"all is still after {seconds['until still']:.1f} s; comparing")
        return Outcome(kills, ledger, judge(system, scene, ledger, before), seconds)
    finally:
        await people.close()


async def _storm(
    system: Running, scene: Scene, ledger: Ledger, seed: int, kills: int, tell: Tell
) -> dict[str, float]:
    def progress() -> str:
        return f"{ledger.acknowledged:>5} acknowledged, {ledger.again} asked again"

    began = time.monotonic()
    dealt = schedule(seed, kills, system.runtime.copies)
    await keep_going(
        workers(seed, scene, ledger), lambda: blows.deal(system, dealt, progress, tell)
    )
    return {"under fire": time.monotonic() - began}


async def _at_rest(system: Running) -> frozenset[str]:
    """Wait until nothing is left to do; what stands in the stores then, by id.

    TimeoutError is not raised when something never ends: the verdict says what it is.
    """
    with Stores(system.runtime) as stores:
        give_up_at, still = time.monotonic() + STILL_WITHIN_SECONDS, 0
        while still < 2 and time.monotonic() < give_up_at:
            # Twice in a row: what one queue has given up may be on its way into another.
            left = await asyncio.to_thread(lambda: next(leftovers(stores), None))
            still = 0 if left else still + 1
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        return ids_so_far(stores)


def report(outcome: Outcome, folder: Path, tell: Tell) -> None:
    """Findings with their ids first, the line that counts last."""
    for finding in outcome.verdict.findings:
        tell(str(finding))
    refused = ", ".join(f"{code} {times}" for code, times in outcome.ledger.refused.items())
    tell(
        f"refused by rule: {refused or 'none'}; mails that may have arrived: {outcome.verdict.unknown}"
    )
    if not outcome.verdict.held:
        tell(f"The stores and logs are kept in {folder}")
    tell(str(outcome))
