"""A broker that lost its messages, a database that came from a backup (P8, P9)."""

from datetime import timedelta

import pytest

from shared.kind import By, Change
from tests.harness import eventually
from tests.plumbing import Place, settled
from tests.service.test_plumbing_operate import Desk, desk
from tests.toy import COUNTER, Begun, Counter

__all__ = ["desk"]


async def _counted(desk: Desk, place: Place, number: int) -> None:
    for n in range(number):
        await desk.copy.store.create(COUNTER, f"n{n:02}", Change(Counter(), (Begun(),)), By())
        await desk.copy.add(f"n{n:02}", 1, "vera")
    await settled(place)


@pytest.mark.promise("P9")
async def test_what_a_lost_broker_never_delivered_is_published_again_and_told_once(
    desk: Desk, place: Place
) -> None:
    began = desk.clock.now() - timedelta(minutes=1)
    await _counted(desk, place, 5)
    told = await place.rows("told")
    await place.database["told"].delete_one({"_id": told[0]["_id"]})
    await place.database["replica_toy_counter"].delete_many({})
    for _ in range(2):
        answer = await desk.ask("POST", "replay", json={"since": began.isoformat()})
        assert answer["asked"] == await place.database["history"].count_documents({})
        desk.copy.process.due.hurry()
        await settled(place)
    again = await place.rows("told")
    assert sorted(row["_id"] for row in again) == sorted(row["_id"] for row in told)


@pytest.mark.promise("P8")
async def test_after_a_restore_replicas_take_the_older_state_back(desk: Desk, place: Place) -> None:
    await _counted(desk, place, 3)
    yesterday = await place.database["counter"].find_one({"_id": "n01"})
    await desk.copy.add("n01", 5)
    await settled(place)
    await place.database["counter"].replace_one({"_id": "n01"}, yesterday)
    await desk.ask("POST", "restored")
    desk.copy.process.due.hurry()

    async def taken_back() -> bool:
        copy = await place.database["replica_toy_counter"].find_one({"_id": "n01"})
        return bool(copy["state"]["value"] == 1 and copy["version"] > 1_000_000)

    await eventually(taken_back)


@pytest.mark.promise("P6")
async def test_what_has_nothing_left_to_do_is_laid_to_rest(desk: Desk, place: Place) -> None:
    await _counted(desk, place, 1)
    now = desk.clock.now()
    await place.database["counter"].update_one({"_id": "n00"}, {"$set": {"due": now}})
    desk.copy.process.due.hurry()
    await settled(place)
