"""The store: one write, optimistic, repeatable, and old documents read as new ones."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from shared import resync
from shared.clock import FixedClock
from shared.contracts.problems import Busy, KeyReused, Refused, Stale, Unavailable
from shared.database import Database
from shared.http import RepeatKey
from shared.kind import By, Change, Kind, new_id
from shared.relay import _struck
from shared.round import LEASE_SECONDS
from shared.store import Store
from tests.toy import COUNTER, Begun, Counter, increase, sleep_until

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
KEY = RepeatKey("key", "body")


class Basket:
    """An outbox that only collects."""

    def __init__(self) -> None:
        self.taken: list[tuple[int, Any, list[dict[str, Any]]]] = []

    def committed(
        self, kind: Kind[Any], id: str, version: int, state: Any, pending: list[dict[str, Any]]
    ) -> None:
        """Keep it."""
        self.taken.append((version, state, pending))


@dataclass
class Shop:
    """Two copies' stores on one database, and that database past all guards."""

    stores: tuple[Store, Store]
    clock: FixedClock
    basket: Basket
    raw: Any

    @property
    def store(self) -> Store:
        """The first copy's."""
        return self.stores[0]

    async def counter(self, id: str = "a") -> str:
        """A new counter."""
        await self.store.create(COUNTER, id, Change(Counter(), (Begun(),)), By())
        return id

    def document(self, id: str = "a") -> dict[str, Any]:
        """As it stands in the database."""
        found: dict[str, Any] = self.raw.counter.find_one({"_id": id})
        return found


@pytest.fixture
async def shop(database_url: Callable[[str], str]) -> Iterator[Shop]:
    url, clock, basket = database_url("toy"), FixedClock(NOW), Basket()
    databases = [Database(url), Database(url)]
    first, second = [Store(database, clock, basket) for database in databases]
    await first.ensure_indexes(COUNTER)
    with MongoClient[dict[str, Any]](url, tz_aware=True) as client:
        yield Shop((first, second), clock, basket, client.get_default_database())
    for database in databases:
        await database.close()


def one_more(one: Counter) -> Change[Counter]:
    return increase(one, 1, ["vera"])


@pytest.mark.promise("P1")
async def test_a_change_is_one_write_of_state_version_and_the_events_that_tell_of_it(
    shop: Shop,
) -> None:
    await shop.counter()
    stored = await shop.store.change(COUNTER, "a", one_more, By(actor="omar"))
    document = shop.document()
    assert (stored.version, document["version"], document["state"]["value"]) == (2, 2, 1)
    begun, increased = document["pending"]
    assert increased["type"] == "toy.counter.increased"
    assert (increased["version"], increased["actor"]) == (2, "omar")
    assert increased["facts"] == {"amount": 1, "concerned": ["vera"]}
    assert "state" not in increased
    assert document["due"] == NOW + timedelta(seconds=LEASE_SECONDS)
    assert shop.basket.taken[-1] == (2, stored.state, [increased])
    assert begun["id"] != increased["id"]


@pytest.mark.promise("P1")
async def test_what_was_struck_while_a_change_was_decided_stays_struck(shop: Shop) -> None:
    await shop.counter()
    (begun,) = shop.document()["pending"]

    def meanwhile(one: Counter) -> Change[Counter]:
        shop.raw.counter.update_one({"_id": "a"}, _struck([begun["id"]], NOW))
        return one_more(one)

    await shop.store.change(COUNTER, "a", meanwhile, By())
    assert [one["type"] for one in shop.document()["pending"]] == ["toy.counter.increased"]


@pytest.mark.promise("P1")
async def test_striking_leaves_the_document_due_at_its_own_wake_up(shop: Shop) -> None:
    await shop.counter()
    moment = NOW + timedelta(days=1)
    await shop.store.change(COUNTER, "a", lambda one: sleep_until(one, moment), By())
    ids = [one["id"] for one in shop.document()["pending"]]
    shop.raw.counter.update_one({"_id": "a"}, _struck(ids[:1], NOW))
    assert shop.document()["due"] == NOW + timedelta(seconds=LEASE_SECONDS)
    shop.raw.counter.update_one({"_id": "a"}, _struck(ids[1:], NOW))
    assert (shop.document()["pending"], shop.document()["due"]) == ([], moment)


@pytest.mark.promise("P1")
async def test_a_rule_is_asked_again_when_another_copy_was_faster(shop: Shop) -> None:
    await shop.counter()
    asked: list[int] = []

    def slow(one: Counter) -> Change[Counter]:
        asked.append(one.value)
        if len(asked) == 1:
            shop.raw.counter.update_one({"_id": "a"}, {"$inc": {"version": 1, "state.value": 10}})
        return one_more(one)

    stored = await shop.store.change(COUNTER, "a", slow, By())
    assert (asked, stored.state.value, stored.version) == ([0, 10], 11, 3)


@pytest.mark.promise("P1")
async def test_whoever_is_never_fast_enough_is_told_to_come_again(shop: Shop) -> None:
    await shop.counter()

    def always_late(one: Counter) -> Change[Counter]:
        shop.raw.counter.update_one({"_id": "a"}, {"$inc": {"version": 1}})
        return one_more(one)

    with pytest.raises(Busy):
        await shop.store.change(COUNTER, "a", always_late, By())
    assert shop.document()["state"]["value"] == 0


@pytest.mark.promise("P1")
async def test_a_hundred_changes_at_once_on_two_copies_are_all_there(shop: Shop) -> None:
    await shop.counter()
    await asyncio.gather(
        *(shop.stores[n % 2].change(COUNTER, "a", one_more, By()) for n in range(100))
    )
    document = shop.document()
    assert (document["version"], document["state"]["value"]) == (101, 100)
    assert len({one["id"] for one in document["pending"]}) == 101
    handed = [one["id"] for _, _, pending in shop.basket.taken for one in pending]
    assert sorted(handed) == sorted(one["id"] for one in document["pending"])
    # Whoever waits goes along with the one whose turn it is: else a rush is a row of slow writes.
    assert len(shop.basket.taken) < 30


@pytest.mark.promise("P1")
async def test_a_change_that_changes_nothing_writes_nothing(shop: Shop) -> None:
    await shop.counter()
    before = shop.document()
    stored = await shop.store.change(COUNTER, "a", Change, By())
    assert (stored.version, shop.document()) == (1, before)


@pytest.mark.promise("P19")
async def test_whoever_has_seen_an_older_version_changes_nothing(shop: Shop) -> None:
    await shop.counter()
    await shop.store.change(COUNTER, "a", one_more, By(expected=1))
    with pytest.raises(Stale):
        await shop.store.change(COUNTER, "a", one_more, By(expected=1))
    assert shop.document()["state"]["value"] == 1


@pytest.mark.promise("P5")
async def test_a_swap_changes_both_or_none(shop: Shop) -> None:
    await shop.counter("a")
    await shop.counter("b")

    def refuse(one: Counter) -> Change[Counter]:
        raise Refused("no", sv="Nej.", en="No.")

    with pytest.raises(Refused):
        await shop.store.change_many([(COUNTER, "a", one_more), (COUNTER, "b", refuse)], By())
    assert [shop.document(id)["version"] for id in "ab"] == [1, 1]
    taken = len(shop.basket.taken)
    await shop.store.change_many([(COUNTER, "a", one_more), (COUNTER, "b", one_more)], By())
    assert [shop.document(id)["state"]["value"] for id in "ab"] == [1, 1]
    assert len(shop.basket.taken) == taken + 2


@pytest.mark.promise("P18")
async def test_a_swap_sent_again_has_one_effect(shop: Shop) -> None:
    await shop.counter("a")
    await shop.counter("b")
    swap = [(COUNTER, "a", lambda one: increase(one, -1)), (COUNTER, "b", one_more)]
    first = await shop.store.change_many(swap, By(repeat=KEY))
    again = await shop.store.change_many(swap, By(repeat=KEY))
    assert [shop.document(id)["state"]["value"] for id in "ab"] == [-1, 1]
    assert [one.result for one in again] == [one.result for one in first]
    assert all(one.repeated for one in again)


@pytest.mark.promise("P18")
async def test_fifty_repeats_at_once_on_two_copies_have_one_effect(shop: Shop) -> None:
    await shop.counter()
    by = By(repeat=KEY)
    answers = await asyncio.gather(
        *(shop.stores[n % 2].change(COUNTER, "a", one_more, by) for n in range(50))
    )
    assert shop.document()["state"]["value"] == 1
    assert {one.result["value"] for one in answers} == {1}
    assert sum(not one.repeated for one in answers) == 1


@pytest.mark.promise("P18")
async def test_fifty_repeats_of_a_creation_make_one(shop: Shop) -> None:
    by = By(repeat=KEY)
    change = Change(Counter(), (Begun(),), {"position": 7})
    answers = await asyncio.gather(
        *(shop.stores[n % 2].create(COUNTER, new_id(by), change, by) for n in range(50))
    )
    assert shop.raw.counter.count_documents({}) == 1
    assert {(one.id, one.result["position"]) for one in answers} == {(new_id(by), 7)}
    shop.clock.advance(timedelta(days=400))
    late = await shop.store.create(COUNTER, new_id(by), change, by)
    assert late.repeated


@pytest.mark.promise("P18")
async def test_the_same_key_with_another_body_is_refused(shop: Shop) -> None:
    other = By(repeat=replace(KEY, body_hash="another"))
    by = By(repeat=KEY)
    await shop.store.create(COUNTER, new_id(by), Change(Counter(), (Begun(),)), by)
    with pytest.raises(KeyReused):
        await shop.store.create(COUNTER, new_id(other), Change(Counter(), (Begun(),)), other)
    await shop.counter()
    await shop.store.change(COUNTER, "a", one_more, by)
    with pytest.raises(KeyReused):
        await shop.store.change(COUNTER, "a", one_more, other)
    assert shop.document()["state"]["value"] == 1


@pytest.mark.promise("P18")
async def test_a_key_holds_for_a_day_and_then_leaves_the_document(shop: Shop) -> None:
    await shop.counter()
    by = By(repeat=KEY)
    await shop.store.change(COUNTER, "a", one_more, by)
    shop.clock.advance(timedelta(hours=24, seconds=1))
    stored = await shop.store.change(COUNTER, "a", one_more, by)
    assert (stored.state.value, stored.repeated) == (2, False)
    ids = [one["id"] for one in shop.document()["pending"]]
    yesterday = shop.clock.now() - timedelta(hours=24)
    shop.raw.counter.update_one({"_id": "a"}, _struck(ids, yesterday))
    assert [one["at"] for one in shop.document()["recent"]] == [shop.clock.now()]


@pytest.mark.promise("P18")
async def test_no_more_than_two_hundred_results_are_kept(shop: Shop) -> None:
    await shop.counter()
    for number in range(205):
        by = By(repeat=RepeatKey(str(number), "body"))
        await shop.store.change(COUNTER, "a", one_more, by)
    assert [one["key"] for one in shop.document()["recent"]] == [str(n) for n in range(5, 205)]


@pytest.mark.promise("P18")
async def test_a_request_that_had_nothing_to_do_does_nothing_when_it_comes_again(
    shop: Shop,
) -> None:
    """Withdrawn twice by one lost answer, and signed up anew in between: the seat is kept."""
    await shop.counter()

    def empty(one: Counter) -> Change[Counter]:
        return increase(one, -one.value) if one.value else Change(one)

    await shop.store.change(COUNTER, "a", empty, By(repeat=KEY))
    await shop.store.change(COUNTER, "a", one_more, By())
    again = await shop.store.change(COUNTER, "a", empty, By(repeat=KEY))
    assert (again.repeated, shop.document()["state"]["value"]) == (True, 1)
    assert shop.document()["version"] == 2


@pytest.mark.promise("P25")
async def test_an_old_document_is_read_as_a_new_one_and_written_as_such(shop: Shop) -> None:
    await shop.counter()
    newer = replace(
        COUNTER, schema=2, upcasts={1: lambda state: {**state, "text": f"v{state['value']}"}}
    )
    assert (await shop.store.load(newer, "a")).state.text == "v0"
    assert shop.document()["schema"] == 1
    await shop.store.change(newer, "a", one_more, By())
    assert (shop.document()["schema"], shop.document()["state"]["text"]) == (2, "v0")


@pytest.mark.promise("P25")
async def test_a_document_from_the_future_answers_503_and_is_never_written(shop: Shop) -> None:
    await shop.counter()
    shop.raw.counter.update_one({"_id": "a"}, {"$set": {"schema": 2}})
    before = shop.document()
    with pytest.raises(Unavailable) as answer:
        await shop.store.load(COUNTER, "a")
    assert (answer.value.status, answer.value.code) == (503, "newer-data")
    with pytest.raises(Unavailable):
        await shop.store.change(COUNTER, "a", one_more, By())
    with pytest.raises(Unavailable):
        await shop.store.find(COUNTER, {}, limit=10)
    assert shop.document() == before


@pytest.mark.promise("P9")
async def test_the_timeline_has_what_is_kept_and_what_is_still_pending_once(shop: Shop) -> None:
    await shop.counter()
    await shop.store.change(COUNTER, "a", one_more, By(actor="omar"))
    begun, increased = shop.document()["pending"]
    shop.raw.history.insert_one(
        {
            **{key: value for key, value in begun.items() if key != "id"},
            "_id": begun["id"],
            "subject": "a",
        }
    )
    lines = await shop.store.timeline(COUNTER, "a")
    assert [(one["_id"], one["version"]) for one in lines] == [
        (begun["id"], 1),
        (increased["id"], 2),
    ]
    assert lines[1]["actor"] == "omar"


@pytest.mark.promise("P8")
async def test_after_a_restore_every_version_is_lifted_and_told(shop: Shop) -> None:
    for number in range(1_100):
        await shop.store.create(COUNTER, f"n{number:04}", Change(Counter()), By())
    assert await resync.lift(shop.store, COUNTER) == 1_100
    query = {"version": resync.RESTORE_LIFT + 1, "pending.type": "toy.snapshot.counter", "due": NOW}
    assert shop.raw.counter.count_documents(query) == 1_100


@pytest.mark.promise("P2")
async def test_a_document_that_never_rests_does_not_put_off_the_events_that_wait(
    shop: Shop,
) -> None:
    await shop.counter()
    first = shop.document()["due"]
    for _ in range(4):
        shop.clock.advance(timedelta(seconds=LEASE_SECONDS - 1))
        await shop.store.change(COUNTER, "a", one_more, By())
    assert shop.document()["due"] == first


@pytest.mark.promise("P2")
async def test_a_change_without_events_leaves_the_events_that_wait_due(shop: Shop) -> None:
    await shop.counter()
    first = shop.document()["due"]
    await shop.store.change(
        COUNTER, "a", lambda one: Change(one.model_copy(update={"text": "silent"})), By()
    )
    assert shop.document()["due"] == first


@pytest.mark.promise("P1")
async def test_who_leaves_in_the_middle_takes_nobody_along(shop: Shop) -> None:
    await shop.counter()
    tasks = [
        asyncio.create_task(shop.store.change(COUNTER, "a", one_more, By())) for _ in range(30)
    ]
    # The first works alone; the second has taken along all who waited by then.
    await asyncio.sleep(0)
    await tasks[0]
    await asyncio.sleep(0)
    tasks[1].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    others = [one for number, one in enumerate(outcomes) if number != 1]
    assert [one for one in others if isinstance(one, BaseException)] == []
    assert isinstance(outcomes[1], asyncio.CancelledError)
    assert shop.document()["state"]["value"] == 30
