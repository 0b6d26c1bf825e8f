"""The due loop: wakes once, follows a move, and nothing holds up the rest (P6)."""

from contextlib import AsyncExitStack
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from shared.kind import By, Change
from tests.harness import MovableClock, eventually
from tests.plumbing import Place, running, settled
from tests.toy import COUNTER, Begun, Counter, sleep_until

HOUR = timedelta(hours=1)
BEGUN = Change(Counter(), (Begun(),))


@pytest.mark.promise("P6")
async def test_with_three_copies_each_wakes_once(place: Place) -> None:
    clock = MovableClock()
    async with AsyncExitStack() as stack:
        copies = [await stack.enter_async_context(running(place, clock)) for _ in range(3)]
        store = copies[0].store
        for number in range(40):
            id = f"n{number}"
            await store.create(COUNTER, id, BEGUN, By())
            await store.change(COUNTER, id, lambda one: sleep_until(one, clock.now() + HOUR), By())
        await settled(place)
        clock.advance(HOUR)
        for copy in copies:
            copy.process.due.hurry()

        async def all_rung() -> bool:
            return await place.database["counter"].count_documents({"state.rung": 1}) == 40

        await eventually(all_rung)
        await settled(place)
        assert len(await place.rows("history", type="toy.counter.rung")) == 40


@pytest.mark.promise("P6")
async def test_a_wake_up_follows_a_move_and_a_cancellation(place: Place) -> None:
    clock = MovableClock()
    async with running(place, clock) as copy:
        for id, moved in (("later", clock.now() + 3 * HOUR), ("never", None)):
            await copy.store.create(COUNTER, id, BEGUN, By())
            for moment in (clock.now() + HOUR, moved):
                await copy.store.change(
                    COUNTER, id, lambda one, moment=moment: sleep_until(one, moment), By()
                )
        clock.advance(HOUR + HOUR)
        await copy.process.due.once()
        assert await place.rows("counter", **{"state.rung": 1}) == []
        clock.advance(HOUR)
        await copy.process.due.once()
        assert [row["_id"] for row in await place.rows("counter", **{"state.rung": 1})] == ["later"]


@pytest.mark.promise("P6")
async def test_a_wake_up_that_changes_nothing_is_tried_again_after_growing_pauses(
    place: Place,
) -> None:
    clock = MovableClock()
    async with running(place, clock) as copy:
        tried: list[float] = []
        began = clock.now()

        async def nothing(id: str, by: By) -> None:
            tried.append((clock.now() - began).total_seconds())

        copy.toy.counters.wake = nothing  # type: ignore[method-assign]
        await copy.store.create(COUNTER, "a", Change(Counter(wakes_at=clock.now())), By())
        for _ in range(600):
            await copy.process.due.once()
            clock.advance(timedelta(seconds=1))
    pauses = [later - sooner for sooner, later in pairwise(tried)]
    assert len(tried) < 10
    assert all(later > sooner * 1.5 for sooner, later in pairwise(pauses))


@pytest.mark.promise("P6")
async def test_a_wake_up_that_fails_is_an_alarm_and_is_tried_again(
    place: Place, expected_alarms: list[Any]
) -> None:
    clock = MovableClock()
    async with running(place, clock) as copy:
        ring = copy.toy.counters.wake

        async def cannot(id: str, by: By) -> None:
            raise ValueError("cannot")

        copy.toy.counters.wake = cannot  # type: ignore[method-assign]
        asleep = Change(Counter(wakes_at=clock.now()), (Begun(),))
        await copy.store.create(COUNTER, "a", asleep, By())
        await eventually(lambda: expected_alarms)
        assert expected_alarms[0]["event"] == "wake-failed"
        copy.toy.counters.wake = ring  # type: ignore[method-assign]
        clock.advance(timedelta(seconds=10))
        await eventually(lambda: place.database["counter"].find_one({"state.rung": 1}))
        await settled(place)


@pytest.mark.promise("P25")
async def test_documents_that_cannot_be_read_do_not_hold_up_the_others(
    place: Place, expected_alarms: list[Any]
) -> None:
    clock = MovableClock()
    async with running(place, clock) as copy:
        await copy.store.create(COUNTER, "good", BEGUN, By())
        await settled(place)
        good = (await place.rows("counter", _id="good"))[0]
        pending = {
            "id": "e", "type": "toy.counter.begun", "version": 1, "time": clock.now(), "actor": None,
            "correlation": "c", "cause": None, "traceparent": "", "facts": {},
        }  # fmt: skip
        waiting = {**good, "due": clock.now() - HOUR}
        await place.database["counter"].insert_many(
            [
                {**waiting, "_id": "future", "schema": 9, "pending": [{**pending, "id": "f"}]},
                {**waiting, "_id": "broken", "state": {"value": "x"}, "pending": [pending]},
                {**waiting, "_id": "other", "pending": [{**pending, "id": "o"}]},
            ]
        )
        copy.process.due.hurry()

        async def told() -> bool:
            return bool(await place.rows("history", subject="other"))

        await eventually(told)
        future = (await place.rows("counter", _id="future"))[0]
        assert (future["due"], len(future["pending"])) == (waiting["due"], 1)
        assert {one["event"] for one in expected_alarms} == {"document-unreadable"}


@pytest.mark.promise("P6")
async def test_a_piece_of_work_on_two_copies_is_done_once(place: Place) -> None:
    async with running(place) as one, running(place):
        await one.store.create(COUNTER, "a", BEGUN, By())
        answer = await one.http.post("/counters/a/ask", params={"number": 23})
        assert answer.is_success

        async def all_made() -> bool:
            return bool(await place.rows("counter", _id="a", **{"state.made": 23}))

        await eventually(all_made, 40)
        await settled(place)
        assert len(await place.rows("counter", **{"state.shadow_of": "a"})) == 24
