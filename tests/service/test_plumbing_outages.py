"""Broker or database dead, hung or cut off: commands are answered at once, and all of it arrives (P2, P12)."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest
from pymongo import MongoClient

from deploy.local.mongod import Mongod
from deploy.local.rabbitmq import VHOST, RabbitMQ
from deploy.topology import apply
from shared import resync
from shared.kind import By, Change
from shared.relay import CONFIRM_TIMEOUT_SECONDS
from shared.service import Process
from tests.harness import eventually
from tests.plumbing import Copy, Place, prepare, running, settings, settled
from tests.proxy import Proxy
from tests.real import Vhost
from tests.toy import COUNTER, PASSWORD, Begun, Counter, create, plan

COUNTERS = 20
# Below the time of a confirmation: no command waits for the broker.
COMMAND_SECONDS = 3.0
ANSWER_SECONDS = 1.5
STOP_SECONDS = 15.0


class Load:
    """Commands without a pause, and how long the slowest took."""

    def __init__(self, copy: Copy) -> None:
        self._copy = copy
        self.done = 0
        self.slowest = 0.0

    async def _work(self, id: str) -> None:
        while True:
            began = time.monotonic()
            await self._copy.add(id, 1, "vera")
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.done += 1
            await asyncio.sleep(0.02)

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Until the block ends; a command that failed fails it."""
        for number in range(COUNTERS):
            await self._copy.store.create(COUNTER, f"n{number}", BEGUN, By())
        tasks = [asyncio.create_task(self._work(f"n{number}")) for number in range(COUNTERS)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(one) for one in outcomes} == {asyncio.CancelledError}, outcomes

    async def more(self, number: int) -> None:
        """Wait until so many more commands are done."""
        wanted = self.done + number
        await eventually(lambda: self.done >= wanted, 30)


BEGUN = Change(Counter(), (Begun(),))


def through(url: str, port: int) -> str:
    """The same URL by another port."""
    parts = urlsplit(url)
    host = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}"
    return urlunsplit(parts._replace(netloc=host))


@pytest.mark.promise("P12")
@pytest.mark.promise("P2")
async def test_with_the_broker_killed_no_command_fails_and_afterwards_everything_arrives(
    own_rabbitmq: RabbitMQ, database_url: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    await apply(plan(), own_rabbitmq.admin_url, VHOST, {"toy": PASSWORD})
    place = Place(database_url("toy"), own_rabbitmq.url("toy", PASSWORD, VHOST))
    async with running(place) as copy:
        load = Load(copy)
        async with load.going_on():
            await load.more(200)
            await asyncio.to_thread(own_rabbitmq.kill)
            await load.more(1_000)
            assert not copy.relay.connected
            await asyncio.to_thread(own_rabbitmq.start)
            await load.more(200)
        waiting, began = await _pending(place), time.monotonic()
        await eventually(lambda: _all_struck(place), 60)
        struck = time.monotonic() - began
        await settled(place, 60)
        settled_after = time.monotonic() - began
        assert [await copy.process.bus._consumers(queue) for queue in copy.process.bus.queues] == [
            1,
            1,
        ]
    with capsys.disabled():
        print(
            f"\n{load.done} commands, slowest {load.slowest:.2f} s; {waiting} events waited when the load "
            f"ended, all published {struck:.1f} s and all effects done {settled_after:.1f} s later"
        )
    assert load.slowest < COMMAND_SECONDS


async def _pending(place: Place) -> int:
    return sum([len(one["pending"]) for one in await place.rows("counter")])


async def _all_struck(place: Place) -> bool:
    await asyncio.sleep(0.1)
    return await _pending(place) == 0


@pytest.mark.broker
@pytest.mark.promise("P2")
@pytest.mark.parametrize("trouble", ["cut", "half open"])
async def test_a_network_that_is_cut_or_half_open_loses_nothing(
    broker: Vhost, database_url: Callable[[str], str], trouble: str
) -> None:
    direct = await prepare(broker)
    async with Proxy(broker.broker.port) as network:
        url = through(direct, network.port) + "?heartbeat=2"
        place = Place(database_url("toy"), url)
        async with running(place) as copy:
            load = Load(copy)
            async with load.going_on():
                for _ in range(3 if trouble == "cut" else 1):
                    await load.more(100)
                    network.cut() if trouble == "cut" else network.fall_silent()
                    await load.more(100)
            await settled(place, 40)
            assert load.slowest < COMMAND_SECONDS


@pytest.mark.promise("P2")
async def test_what_nobody_routes_stays_pending_until_somebody_does(
    place: Place, vhost: Vhost
) -> None:
    async with httpx.AsyncClient(base_url=vhost.admin_url) as admin:
        exchange = f"/api/exchanges/{vhost.name}/samverkan.events"
        await admin.delete(exchange)
        (await admin.put(exchange, json={"type": "topic", "durable": True})).raise_for_status()
        async with running(place) as copy:
            await copy.store.create(COUNTER, "a", BEGUN, By())
            await eventually(lambda: copy.relay.backlog == 0)
            (document,) = await place.rows("counter")
            assert [one["type"] for one in document["pending"]] == ["toy.counter.begun"]
            assert await place.rows("history") == []
            binding = f"/api/bindings/{vhost.name}/e/samverkan.events/q/toy.toy.counter"
            body = {"routing_key": "toy.counter.*"}
            (await admin.post(binding, json=body)).raise_for_status()
            await eventually(lambda: place.rows("history"), 20)
            await settled(place)


@pytest.mark.promise("P2")
async def test_what_a_full_queue_rejects_stays_pending_until_there_is_room(
    place: Place, vhost: Vhost
) -> None:
    policy = f"/api/policies/{vhost.name}/full"
    body = {"pattern": ".*counter", "definition": {"max-length": 2}, "apply-to": "queues"}
    async with httpx.AsyncClient(base_url=vhost.admin_url) as admin:
        async with running(place) as copy:
            await copy.process.bus.close()
            (await admin.put(policy, json=body)).raise_for_status()
            await eventually(lambda: _left_pending(copy, place), 20)
        await admin.delete(policy)
    async with running(place):
        await settled(place)


async def _left_pending(copy: Copy, place: Place) -> bool:
    """Create counters until one of them is rejected (a policy takes its time)."""
    id = f"n{time.monotonic_ns()}"
    await copy.store.create(COUNTER, id, BEGUN, By())
    await eventually(lambda: copy.relay.backlog == 0)
    return bool((await place.rows("counter", _id=id))[0]["pending"])


@pytest.mark.promise("P2")
async def test_every_message_is_kept_on_disk_and_says_which_event_it_is_and_who_sent_it(
    place: Place, vhost: Vhost
) -> None:
    import aio_pika

    async with await aio_pika.connect(vhost.url) as administrator:
        channel = await administrator.channel()
        spy = await channel.declare_queue("spy", exclusive=True)
        await spy.bind("samverkan.events", "#")
        async with running(place) as copy:
            await copy.store.create(COUNTER, "a", BEGUN, By())
            await settled(place)
            await resync.snapshots(copy.store, COUNTER)
            copy.process.due.hurry()
            await settled(place)
        messages = [one async for one in _all_in(spy)]
    assert {one.routing_key for one in messages} >= {"toy.counter.begun", "toy.snapshot.counter"}
    for one in messages:
        assert one.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
        assert one.user_id == "toy"
        assert one.content_type == "application/cloudevents+json"
        assert f'"id":"{one.message_id}"' in one.body.decode()


async def _all_in(queue: "object") -> AsyncIterator["object"]:
    while (message := await queue.get(fail=False, no_ack=True)) is not None:  # type: ignore[attr-defined]
        yield message


def kill(server: Mongod) -> None:
    """As a power cut would."""
    server.kill()


def hang(server: Mongod) -> None:
    """Connections stay open, nothing answers."""
    server.pause()


def recover(server: Mongod) -> None:
    """It is back."""
    server.resume() if server.alive else server.start()


async def _timed(request: Awaitable[httpx.Response]) -> tuple[float, httpx.Response]:
    began = time.monotonic()
    answer = await request
    return time.monotonic() - began, answer


@pytest.mark.promise("P12")
@pytest.mark.parametrize("trouble", [kill, hang])
async def test_with_the_database_away_every_request_is_answered_503_within_a_second_or_so(
    own_mongod: Mongod, vhost: Vhost, trouble: Callable[[Mongod], None]
) -> None:
    place = await _place_on(own_mongod, vhost)
    async with running(place) as copy:
        for number in range(COUNTERS):
            await copy.store.create(COUNTER, f"n{number}", BEGUN, By())
            await copy.add(f"n{number}", 1, "vera")
        await asyncio.to_thread(trouble, own_mongod)
        try:
            for _ in range(2):
                await _all_refused(copy)
            assert not copy.process.plumbing.database.available
        finally:
            await asyncio.to_thread(recover, own_mongod)

        async def works() -> bool:
            answer = await copy.http.post("/counters/n0/add", json={"concerned": ["omar"]})
            return answer.is_success

        await eventually(works, 15)
        await settled(place)


async def _place_on(server: Mongod, vhost: Vhost) -> Place:
    with MongoClient[dict[str, Any]](server.admin_url) as admin:
        roles = [{"role": "readWrite", "db": "toys"}]
        admin["toys"].command("createUser", "toy", pwd=PASSWORD, roles=roles)
    return Place(server.url("toy", PASSWORD, "toys"), await prepare(vhost))


async def _all_refused(copy: Copy) -> None:
    requests = [
        *(copy.http.get(f"/counters/n{n % COUNTERS}") for n in range(32)),
        *(copy.http.post(f"/counters/n{n % COUNTERS}/add", json={}) for n in range(32)),
    ]
    answers = await asyncio.gather(*map(_timed, requests))
    for seconds, answer in answers:
        assert seconds < ANSWER_SECONDS
        assert answer.status_code == 503
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert int(answer.headers["retry-after"]) >= 1
    live = await copy.http.get("http://toy/health/live")
    ready = await copy.http.get("http://toy/health/ready")
    assert (live.status_code, ready.status_code) == (200, 503)


@pytest.mark.promise("P12")
async def test_a_copy_can_be_started_and_stopped_while_its_database_hangs(
    own_mongod: Mongod, vhost: Vhost
) -> None:
    place = await _place_on(own_mongod, vhost)
    async with running(place) as copy:
        for number in range(COUNTERS):
            await copy.store.create(COUNTER, f"n{number}", BEGUN, By())
        await asyncio.to_thread(hang, own_mongod)
        asked = [asyncio.create_task(copy.http.get("/counters/n0")) for _ in range(30)]
        await asyncio.gather(*asked)
        began = time.monotonic()
    stopped = time.monotonic() - began
    app = create(settings(place))
    async with app.router.lifespan_context(app):
        process: Process = app.state.process
        assert (await process.ready())["database"] is False
        await asyncio.to_thread(recover, own_mongod)

        async def ready() -> bool:
            return (await process.ready())["database"]

        await eventually(ready, 30)
        await settled(place)
    assert stopped < STOP_SECONDS


@pytest.mark.promise("P12")
async def test_one_slow_query_is_no_outage_while_others_are_answered(
    database_url: Callable[[str], str],
) -> None:
    from shared.database import Database, DatabaseAway
    from shared.deadline import renew_deadline

    database = Database(database_url("toy"))
    rows = database.collection("rows")
    await rows.insert_new([{"_id": n} for n in range(2_000)])

    async def slow() -> None:
        renew_deadline()
        crossed = [
            {"$lookup": {"from": "rows", "pipeline": [], "as": "all"}},
            {"$unwind": "$all"},
        ]
        await rows.aggregate([*crossed * 2, {"$count": "n"}], 1)

    async def quick() -> None:
        for _ in range(100):
            await rows.find_one({"_id": 1})
            assert database.available
            await asyncio.sleep(0.01)

    outcome, _ = await asyncio.gather(slow(), quick(), return_exceptions=True)
    assert isinstance(outcome, DatabaseAway)
    await quick()
    await database.close()


@pytest.mark.promise("P2")
async def test_a_copy_that_is_told_to_stop_publishes_what_it_has_in_hand(place: Place) -> None:
    async with running(place) as copy:
        for number in range(50):
            await copy.store.create(COUNTER, f"n{number}", BEGUN, By())
        began = time.monotonic()
    assert time.monotonic() - began < CONFIRM_TIMEOUT_SECONDS
    assert [one for one in await place.rows("counter") if one["pending"]] == []


@pytest.mark.promise("P12")
async def test_a_service_may_start_before_its_broker_has_queues(
    database_url: Callable[[str], str], vhost: Vhost
) -> None:
    place = Place(database_url("toy"), await prepare(vhost))
    async with httpx.AsyncClient(base_url=vhost.admin_url) as admin:
        await admin.delete(f"/api/queues/{vhost.name}/toy.toy.counter")

        async def late() -> None:
            await asyncio.sleep(1.5)
            await prepare(vhost)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(late())
            async with running(place) as copy:
                await copy.store.create(COUNTER, "a", BEGUN, By())
                await copy.add("a", 1, "vera")
                await settled(place)
