"""Replicas: the newest version wins whatever arrives when, and a resync mends them (P3, P8)."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from shared import resync
from shared.contracts.base import Event
from shared.database import Database
from shared.kind import By, Change
from shared.replica import Replica, replica_document
from tests.harness import eventually
from tests.plumbing import Place, running, settled
from tests.toy import COUNTER, Begun, Counter, CounterSnapshot, erase

IDS = 2_000
VERSIONS = 4


def an_event(id: str, version: int, state: dict[str, Any] | None = None) -> Event:
    """Some counter's event with its snapshot."""
    return Event.model_validate(
        {
            "id": f"{id}-{version}",
            "source": "/toy",
            "type": "toy.counter.increased",
            "subject": id,
            "time": "2026-12-01T08:00:00Z",
            "aggregateversion": version,
            "correlationid": "c",
            "data": {"state": state or {"version": version, "value": version, "text": "t"}},
        }
    )


@pytest.mark.promise("P3")
async def test_of_thousands_of_events_in_any_order_twice_on_two_copies_the_newest_win(
    database_url: Callable[[str], str],
) -> None:
    url = database_url("toy")
    databases = [Database(url), Database(url)]
    copies = [Replica(database, CounterSnapshot) for database in databases]
    events = [an_event(f"n{n}", v) for n in range(IDS) for v in range(1, VERSIONS + 1)] * 2
    random.Random(7).shuffle(events)
    await asyncio.gather(*(copies[n % 2].apply(event) for n, event in enumerate(events)))
    stored = await databases[0].raw(copies[0].collection.name).find().to_list(None)
    newest = {"version": VERSIONS, "value": VERSIONS, "text": "t"}
    assert {row["_id"]: row for row in stored} == {
        f"n{n}": replica_document(f"n{n}", newest) for n in range(IDS)
    }
    for database in databases:
        await database.close()


@pytest.mark.promise("P16")
@pytest.mark.promise("P3")
async def test_a_tombstone_beats_any_version_for_ever(
    database_url: Callable[[str], str],
) -> None:
    database = Database(database_url("toy"))
    replica = Replica(database, CounterSnapshot)
    await replica.apply(an_event("a", 5))
    await replica.apply(an_event("a", 2, {"version": 2, "erased": True}))
    await replica.apply(an_event("a", 9))
    assert await replica.get("a") is None
    assert await replica.many(["a"]) == {}
    assert await replica.collection.find_one({}) == {"_id": "a", "version": 2, "erased": True}
    await database.close()


@pytest.mark.promise("P3")
async def test_a_text_that_looks_like_a_field_is_a_text(
    database_url: Callable[[str], str],
) -> None:
    database = Database(database_url("toy"))
    replica = Replica(database, CounterSnapshot)
    for version, text in enumerate(("$erased", "$$ROOT", "$version"), 1):
        state = {"version": version, "value": 1, "text": text, "$set": {"a.b": 1}}
        await replica.apply(an_event("a", version, state))
        known = await replica.get("a")
        assert known is not None
        assert known.state.text == text
    await database.close()


@pytest.mark.promise("P3")
async def test_one_snapshot_without_a_version_fails_alone(
    database_url: Callable[[str], str],
) -> None:
    database = Database(database_url("toy"))
    replica = Replica(database, CounterSnapshot)
    outcomes = await asyncio.gather(
        *(replica.apply(an_event(f"n{n}", 1)) for n in range(20)),
        replica.apply(an_event("bad", 1, {"value": 1})),
        return_exceptions=True,
    )
    assert [type(one) for one in outcomes if one is not None] == [KeyError]
    assert await replica.collection.count({}, 100) == 20
    await database.close()


@pytest.mark.promise("P8")
async def test_a_resync_mends_a_damaged_replica_and_tells_nobody(place: Place) -> None:
    async with running(place) as copy:
        told: list[str] = []

        async def note(event: Event) -> None:
            told.append(event.type)

        for number in range(30):
            await copy.store.create(COUNTER, f"n{number}", _begun(), By())
            await copy.add(f"n{number}", number, "vera")
        await copy.store.change(COUNTER, "n7", erase, By())
        await settled(place)
        copy.toy.also_tell = note
        replica = place.database["replica_toy_counter"]
        await replica.delete_many({"_id": {"$in": ["n1", "n7"]}})
        await replica.update_one({"_id": "n2"}, {"$set": {"state.value": -1}})
        await replica.update_one({"_id": "n3"}, {"$set": {"version": 1}})
        assert await place.faults() != []
        assert await resync.snapshots(copy.store, COUNTER) == 60
        await settled(place)
        assert await place.rows("history", type="toy.snapshot.counter") == []
        assert told == []


@pytest.mark.promise("P8")
async def test_what_has_just_happened_does_not_wait_behind_a_resync(place: Place) -> None:
    async with running(place) as copy:
        await copy.store.create(COUNTER, "a", _begun(), By())
        rows = [
            {**(await place.rows("counter", _id="a"))[0], "_id": f"n{n}", "due": None}
            for n in range(6_000)
        ]
        await place.database["counter"].insert_many(rows)
        await resync.snapshots(copy.store, COUNTER)
        copy.process.due.hurry()
        await eventually(lambda: copy.relay.backlog > 2_000)
        await copy.add("a", 1, "vera")
        await eventually(lambda: place.database["told"].find_one({"amount": 1}))
        assert copy.relay.backlog > 0


def _begun() -> Any:

    return Change(Counter(), (Begun(),))
