"""What cannot be taken is seen and mended; what is forged is set aside with an alarm (P7, P11)."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aio_pika
import pytest
from aio_pika import DeliveryMode, Message

from deploy.topology import apply, topology
from shared.clock import FixedClock
from shared.contracts.base import Event
from shared.contracts.problems import NotFound
from shared.database import Database, DatabaseAway
from shared.failed import PAUSES_SECONDS, FailedMessages, NotThereYet
from shared.kind import By, Change
from tests.harness import eventually
from tests.plumbing import Place, running, settled
from tests.real import Vhost
from tests.toy import COUNTER, PASSWORD, UNLUCKY, Begun, Counter

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
SUBSCRIBER = "toy.toy.counter"


def an_event(**other: Any) -> dict[str, Any]:
    """A counter's event as it travels."""
    return {
        "specversion": "1.0",
        "id": "e1",
        "source": "/toy",
        "type": "toy.counter.increased",
        "subject": "a",
        "time": "2026-12-01T08:00:00Z",
        "aggregateversion": 1,
        "correlationid": "c",
        "data": {"facts": {"amount": 1, "concerned": ["vera"]}, "state": None},
        **other,
    }


class Desk:
    """Failed messages with a clock to move and a handler that does as it is told."""

    def __init__(self, database: Database) -> None:
        self.clock = FixedClock(NOW)
        self.failed = FailedMessages(database, self.clock)
        self.fault: Exception | None = RuntimeError("Vera Demo, vera@demo.example")
        self.handled: list[str] = []
        self.failed.handled_by(SUBSCRIBER, self.handle)

    async def handle(self, event: Event) -> None:
        """Fail as told, else take it."""
        if self.fault is not None:
            raise self.fault
        self.handled.append(event.id)

    async def fail(self, **other: Any) -> str:
        """A message fails for the first time; the row's id."""
        event = Event.model_validate(an_event(**other))
        await self.failed.record(SUBSCRIBER, event, self.fault or RuntimeError())
        return f"{SUBSCRIBER}:{event.id}"

    async def row(self) -> dict[str, Any]:
        """The one row there is."""
        (row,) = await self.failed.rows.find({}, limit=10)
        return row

    async def pass_time(self, seconds: float) -> None:
        """Let time go by and the due loop look."""
        self.clock.advance(timedelta(seconds=seconds))
        await self.failed.work()


@pytest.fixture
async def desk(database_url: Callable[[str], str]) -> Any:
    database = Database(database_url("toy"))
    yield Desk(database)
    await database.close()


@pytest.mark.promise("P7")
async def test_a_failed_message_is_one_row_tried_with_growing_pauses_until_it_is_dead(
    desk: Desk, expected_alarms: list[Any]
) -> None:
    await desk.fail()
    await desk.fail()
    for tries, pause in enumerate(PAUSES_SECONDS, 1):
        row = await desk.row()
        assert (row["tries"], row["due"]) == (tries, desk.clock.now() + timedelta(seconds=pause))
        await desk.pass_time(pause)
    row = await desk.row()
    assert (row["dead"], row["due"]) == (True, None)
    assert [one["event"] for one in expected_alarms] == ["message-dead"]


@pytest.mark.promise("P7")
async def test_what_failed_says_what_and_where_but_not_whose(desk: Desk) -> None:
    await desk.fail()
    await desk.pass_time(1)
    error = (await desk.row())["error"]
    assert error.startswith("RuntimeError (test_plumbing_failed.py:")
    assert "Vera" not in error


@pytest.mark.promise("P7")
async def test_a_retry_that_succeeds_takes_the_row_away(desk: Desk) -> None:
    await desk.fail()
    desk.fault = None
    await desk.pass_time(1)
    assert desk.handled == ["e1"]
    assert await desk.failed.rows.find({}, limit=1) == []


@pytest.mark.promise("P7")
async def test_a_dead_message_can_be_replayed_or_dropped(
    desk: Desk, expected_alarms: list[Any]
) -> None:
    first, second = await desk.fail(id="e1"), await desk.fail(id="e2")
    for pause in PAUSES_SECONDS:
        await desk.pass_time(pause)
    assert await desk.failed.replay(first) is False
    desk.fault = None
    assert await desk.failed.replay(first) is True
    await desk.failed.drop(second, "omar", "nobody needs it")
    assert desk.handled == ["e1"]
    assert await desk.failed.rows.find({}, limit=1) == []
    with pytest.raises(NotFound):
        await desk.failed.replay(first)
    with pytest.raises(NotFound):
        await desk.failed.drop(first, "omar", "again")


@pytest.mark.promise("P7")
async def test_what_is_not_there_yet_is_tried_for_ten_minutes_and_uses_up_no_tries(
    desk: Desk, expected_alarms: list[Any]
) -> None:
    desk.fault = NotThereYet("person")
    await desk.fail()
    for _ in range(100):
        await desk.pass_time(5)
    row = await desk.row()
    assert (row["dead"], row["tries"], row["error"][:19]) == (False, 1, "NotThereYet: person")
    desk.fault = RuntimeError()
    await desk.pass_time(5)
    assert (await desk.row())["dead"] is False
    desk.fault = NotThereYet("person")
    await desk.pass_time(600)
    assert (await desk.row())["dead"] is True


@pytest.mark.promise("P7")
async def test_trouble_with_the_database_is_not_a_failed_try(desk: Desk) -> None:
    await desk.fail()
    desk.fault = DatabaseAway()
    desk.clock.advance(timedelta(seconds=1))
    with pytest.raises(DatabaseAway):
        await desk.failed.work()
    assert (await desk.row())["tries"] == 1
    desk.fault = None
    await desk.pass_time(5)
    assert desk.handled == ["e1"]


@pytest.mark.promise("P16")
async def test_rows_about_the_erased_are_forgotten(desk: Desk) -> None:
    await desk.fail()
    await desk.failed.forget("a")
    assert await desk.failed.rows.find({}, limit=1) == []


@pytest.mark.promise("P7")
async def test_a_message_that_fails_is_acknowledged_and_taken_later(place: Place) -> None:
    async with running(place) as copy:
        await copy.store.create(COUNTER, "a", Change(Counter(), (Begun(),)), By())
        await copy.add("a", 1, "vera", UNLUCKY)
        (row,) = await eventually(lambda: place.rows("failed"))
        assert (row["subscriber"], row["type"]) == (SUBSCRIBER, "toy.counter.increased")
        await copy.add("a", 1, "omar")
        await eventually(lambda: place.rows("told", amount=1))
        await place.database["luck"].insert_one({})
        await settled(place)
    assert set((await place.waiting()).values()) == {0}


FORGERIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a foreign user": ({}, {}),
    "no user": ({}, {"user_id": None}),
    "another type than the key": ({"type": "toy.counter.begun"}, {}),
    "another source than the type": ({"source": "/evil"}, {}),
    "no message id": ({}, {"message_id": None}),
    "no event at all": ({"id": None}, {}),
}


@pytest.mark.promise("P11")
@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_message_is_parked_with_an_alarm_and_has_no_effect(
    place: Place, vhost: Vhost, expected_alarms: list[Any], forgery: str
) -> None:
    body, properties = FORGERIES[forgery]
    message = Message(
        json.dumps(an_event(**body)).encode(),
        delivery_mode=DeliveryMode.PERSISTENT,
        **{"message_id": "e1", "user_id": "admin", **properties},
    )
    async with running(place), await aio_pika.connect(vhost.url) as administrator:
        exchange = await (await administrator.channel()).get_exchange("samverkan.events")
        await exchange.publish(message, "toy.counter.increased")
        await eventually(lambda: expected_alarms)
        rows = await place.rows("failed")
    assert [one["event"] for one in expected_alarms] == ["message-parked"]
    assert [(row["dead"], row["event"]) for row in rows] == [(True, None)]
    assert await place.rows("told") == await place.rows("replica_toy_counter") == []
    assert set((await place.waiting()).values()) == {0}


@pytest.mark.promise("P11")
@pytest.mark.parametrize("claims", ["its own type", "a foreign type"])
async def test_a_service_that_sends_to_further_keys_is_found_out(
    place: Place, vhost: Vhost, expected_alarms: list[Any], claims: str
) -> None:
    both = topology({"toy": ("counter",), "evil": ("thing",)}, {"toy": ("toy.counter",)})
    passwords = {"toy": PASSWORD, "evil": PASSWORD}
    await apply(both, vhost.admin_url, vhost.name, passwords)
    own = claims == "its own type"
    type, source = ("evil.thing.made", "/evil") if own else ("toy.counter.increased", "/toy")
    message = Message(
        json.dumps(an_event(type=type, source=source)).encode(),
        message_id="e1",
        user_id="evil",
        headers={"CC": ["toy.counter.increased"]},
    )
    async with running(place), await aio_pika.connect(vhost.url_for("evil", PASSWORD)) as evil:
        exchange = await (await evil.channel()).get_exchange("samverkan.events", ensure=False)
        await exchange.publish(message, "evil.thing.made")
        await eventually(lambda: expected_alarms)
    assert [one["event"] for one in expected_alarms] == ["message-parked"]
    assert await place.rows("told") == await place.rows("replica_toy_counter") == []


@pytest.mark.promise("P7")
async def test_what_the_broker_gave_up_on_is_an_alarm_and_tried_again(
    place: Place, vhost: Vhost, expected_alarms: list[Any]
) -> None:
    async with running(place) as copy:
        await copy.store.create(COUNTER, "a", Change(Counter(), (Begun(),)), By())
        await settled(place)
    async with await aio_pika.connect(place.rabbitmq_url) as toy:
        channel = await toy.channel()
        exchange = await channel.get_exchange("samverkan.events", ensure=False)
        message = Message(json.dumps(an_event()).encode(), message_id="e1", user_id="toy")
        await exchange.publish(message, "toy.counter.increased")
        queue = await channel.get_queue("toy.toy.counter", ensure=False)
        async with queue.iterator() as messages:
            async for one in messages:
                await one.reject(requeue=False)
                break
    async with running(place):
        await eventually(lambda: place.rows("told", event="e1"))
        await eventually(lambda: _none(place))
    assert [one["event"] for one in expected_alarms] == ["message-given-up-by-broker"]


async def _none(place: Place) -> bool:
    return not await place.rows("failed")
