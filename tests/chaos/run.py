"""One run: everybody acts while something happens to the parts; wait until all is still; judge."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.chaos import blows
from tests.chaos.alarms import alarms
from tests.chaos.ledger import Ledger
from tests.chaos.oracle import Verdict, judge
from tests.chaos.oracle.judge import ids_so_far
from tests.chaos.oracle.leftovers import leftovers
from tests.chaos.oracle.stores import Stores
from tests.chaos.people import People, Tokens
from tests.chaos.running import Running
from tests.chaos.scene import Scene, fresh, set_scene
from tests.chaos.schedule import schedule
from tests.chaos.stream import keep_going, workers

Tell = Callable[[str], None]
STILL_WITHIN_SECONDS = 240.0
LOOK_EVERY_SECONDS = 0.3
STILL_SECONDS = 3.0
AFTERMATH_SECONDS = 2.0
ADMINISTRATOR = "chef"


@dataclass(frozen=True)
class Stage:
    """A running system with its people and places."""

    system: Running
    people: People
    scene: Scene


@dataclass(frozen=True)
class Outcome:
    """What a run came to; `before` are the ids that are older than it."""

    ledger: Ledger
    before: frozenset[str]
    verdict: Verdict
    seconds_until_still: float
    alarms: Counter[str]
    kills: int = 0

    def __str__(self) -> str:
        return f"kills={self.kills} acknowledged={self.ledger.acknowledged} {self.verdict}"


@asynccontextmanager
async def a_stage(system: Running, tell: Tell) -> AsyncIterator[Stage]:
    """Everybody and everything that the runs need."""
    began = time.monotonic()
    await asyncio.to_thread(system.appoint_first_administrator, ADMINISTRATOR, "Chefen demo")
    people = People(system.url, Tokens(system.runtime.issuer_url, system.folder))
    try:
        scene = await set_scene(people, people.someone(ADMINISTRATOR))
        tell(f"the scene is set ({time.monotonic() - began:.1f} s)")
        yield Stage(system, people, scene)
    finally:
        await people.close()


async def under_blows(stage: Stage, seed: int, kills: int, tell: Tell) -> Outcome:
    """Raises Unanswered, ServerFault or TimeoutError when there is nothing to judge."""
    dealt = schedule(seed, kills, stage.system.runtime.copies)

    async def blow_by_blow(ledger: Ledger) -> None:
        def progress() -> str:
            return f"{ledger.acknowledged:>5} acknowledged, {ledger.again} asked again"

        tell(f"commands flow, seed {seed}")
        await blows.deal(stage.system, dealt, progress, tell)
        await asyncio.sleep(AFTERMATH_SECONDS)

    outcome = await under_load(stage, seed, blow_by_blow)
    tell(f"all was still after {outcome.seconds_until_still:.1f} s")
    return replace(outcome, kills=len(dealt))


async def under_load(
    stage: Stage, seed: int, meanwhile: Callable[[Ledger], Awaitable[Any]]
) -> Outcome:
    """Let everybody act while `meanwhile` goes on, wait until all is still, and judge."""
    await fresh(stage.scene)
    before, ledger = await until_still(stage.system), Ledger()
    await keep_going(workers(seed, stage.scene, ledger), lambda: meanwhile(ledger))
    began = time.monotonic()
    await asyncio.to_thread(stage.system.wait_ready)
    await until_still(stage.system)
    seconds = time.monotonic() - began
    verdict = judge(stage.system, stage.scene, ledger, before)
    return Outcome(ledger, before, verdict, seconds, alarms(stage.system))


async def until_still(system: Running) -> frozenset[str]:
    """Wait until nothing is left to do; what stands in the stores then, by id.

    Nothing is raised when something never ends: the verdict says what it is.
    """
    with Stores(system.runtime) as stores:
        began = still_since = time.monotonic()
        while time.monotonic() - still_since < STILL_SECONDS:
            # For a while: what a queue holds is shown late, and one's last work is another's first.
            if await asyncio.to_thread(lambda: next(leftovers(stores), None)):
                still_since = time.monotonic()
            if time.monotonic() - began > STILL_WITHIN_SECONDS:
                break
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
