"""Many recipients: all of them, once, in pieces, also when the teller is killed in the middle."""

import asyncio
import os
import time
from typing import Any

import pytest

from services.notifications import audience
from services.notifications.telling import Telling
from shared.contracts.registry import PersonSnapshot
from tests.harness import System, eventually
from tests.service.told import ORGANISER, World, grant, planned_activity

VOLUNTEERS = int(os.environ.get("SAMVERKAN_TEST_VOLUNTEERS", "3000"))


async def many_volunteers(system: System, number: int) -> None:
    """Put so many volunteers of the organiser into the replica, as their events would."""
    state = PersonSnapshot(name="V", roles=(grant("volunteer", ORGANISER),))
    document = state.model_dump(mode="json", by_alias=True)
    people = system.raw("notifications", "replica_registry_person")
    for start in range(0, number, 10_000):
        await people.insert_many(
            [
                {"_id": f"v-{n:06d}", "version": 1, "state": {**document, "identity": f"i-{n}"}}
                for n in range(start, min(start + 10_000, number))
            ]
        )


@pytest.mark.promise("P4")
@pytest.mark.promise("P22")
async def test_thousands_are_told_once_each_by_two_copies(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    async with World(system) as world:
        await system.start("notifications", "notifications")
        await world.organisations()
        await world.settled()
        await many_volunteers(system, VOLUNTEERS)
        lines = system.raw("notifications", "lines")
        told = {"person": {"$regex": "^v-"}}

        async def all_told() -> bool:
            # Counting is no small work itself.
            await asyncio.sleep(0.2)
            return bool(await lines.count_documents(told) == VOLUNTEERS)

        began = time.monotonic()
        message = await planned_activity(world, "a-1")
        await eventually(all_told, 120)
        seconds = time.monotonic() - began
        with capsys.disabled():
            print(
                f"\n{VOLUNTEERS} told in {seconds:.1f} s: {VOLUNTEERS / seconds:.0f} recipients/s"
            )
        await world.again(message)
        await world.settled()
        for name in ("lines", "notifications"):
            assert await system.raw("notifications", name).count_documents(told) == VOLUNTEERS


@pytest.mark.promise("P4")
@pytest.mark.promise("P22")
async def test_a_fan_out_cut_off_in_the_middle_goes_on_where_it_was(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "PAGE", 100)
    async with World(system) as world:
        await system.start("notifications")
        await world.organisations()
        await world.settled()
        await many_volunteers(system, 1_000)
        tell_page, pages = Telling._tell_page, 0

        async def cut_off(*given: Any) -> None:
            nonlocal pages
            pages += 1
            if pages == 4:
                raise ConnectionError
            await tell_page(*given)

        monkeypatch.setattr(Telling, "_tell_page", cut_off)
        await planned_activity(world, "a-1")
        lines = system.raw("notifications", "lines")
        told = {"person": {"$regex": "^v-"}}

        async def all_told() -> bool:
            return bool(await lines.count_documents(told) == 1_000)

        await eventually(all_told, 20)
        assert pages > 10
