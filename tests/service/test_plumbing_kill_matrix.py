"""Killed anywhere, cut off anyhow: events committed = history = effects, and nothing is left over."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from shared import failpoints
from tests.harness import eventually
from tests.plumbing import DatabaseUrl, Place, RealToy, prepare, running, settled
from tests.rabbitmq4 import Broker
from tests.real import RealMongod
from tests.toy import UNLUCKY
from tests.vhosts import further_vhost

AT_ONCE = 4
KILLED = -9


@dataclass
class Client:
    """Somebody who sends everything again, with the same keys, until it is answered."""

    http: httpx.AsyncClient
    row: str

    async def send(self, path: str, key: str, json: Any = None, **params: Any) -> Any:
        """POST; raises for anything but success."""
        headers = {"Idempotency-Key": f"{self.row}-{key}"}
        while True:
            answer = await self.http.post(path, json=json, headers=headers, params=params)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return answer.raise_for_status().json()
            await asyncio.sleep(float(answer.headers["retry-after"]))

    async def begin(self, key: str) -> str:
        """A new counter's id."""
        id: str = (await self.send("/counters", f"begin-{key}"))["id"]
        return id

    async def add(self, id: str, key: str, *concerned: str) -> None:
        """One more, of which these are to hear."""
        await self.send(f"/counters/{id}/add", f"add-{key}", {"amount": 1, "concerned": concerned})


async def count(client: Client) -> None:
    """Four counters at once, each increased twice."""

    async def one(name: str) -> None:
        id = await client.begin(name)
        for again in ("first", "second"):
            await client.add(id, f"{name}-{again}", "vera", "omar", "lisa")

    await asyncio.gather(*(one(name) for name in "abcd"))


async def swap(client: Client) -> None:
    """Two counters, one moved from the one to the other."""
    one, other = await client.begin("one"), await client.begin("other")
    await client.send(f"/counters/{one}/swap/{other}", "swap")


async def sleep(client: Client) -> None:
    """A counter that should have rung long ago."""
    id = await client.begin("sleeper")
    await client.send(f"/counters/{id}/sleep", "sleep", until="2026-01-01T00:00:00Z")


async def order(client: Client) -> None:
    """A counter that makes twelve others."""
    id = await client.begin("orderer")
    await client.send(f"/counters/{id}/ask", "ask", number=12)


async def be_unlucky(client: Client) -> None:
    """Something happens of which somebody cannot be told yet."""
    id = await client.begin("a")
    await client.add(id, "a", "vera", UNLUCKY)


Values = dict[int, int]
Commands = Callable[[Client], Awaitable[None]]

# What the client does, and how many counters then have which value, shadows and imports included.
ROWS: dict[str, tuple[Commands, Values]] = {
    failpoints.BEFORE_COMMIT: (count, {2: 8}),
    failpoints.AFTER_COMMIT: (count, {2: 8}),
    failpoints.AFTER_PUBLISH: (count, {2: 8}),
    failpoints.AFTER_CONFIRM: (count, {2: 8}),
    failpoints.AFTER_HISTORY: (count, {2: 8}),
    failpoints.BEFORE_EFFECT: (count, {2: 8}),
    failpoints.AFTER_EFFECT: (count, {2: 8}),
    failpoints.AFTER_FAILED_ROW: (be_unlucky, {1: 2}),
    failpoints.BETWEEN_CHECKS: (count, {2: 8}),
    failpoints.WITHIN_CHANGE_MANY: (swap, {1: 2, -1: 2}),
    failpoints.AFTER_LEASE: (sleep, {0: 2}),
    failpoints.WITHIN_IMPORT: (order, {0: 3} | dict.fromkeys(range(1, 12), 1)),
}


# Here the messages lie in the queue and their events are struck: only the queue still has them.
CONSUMERS_ROWS = (failpoints.BEFORE_EFFECT, failpoints.AFTER_EFFECT, failpoints.AFTER_FAILED_ROW)


async def publish_only(place: Place, row: str) -> None:
    """Do the commands in a copy that publishes and does not listen."""
    async with running(place) as copy:
        await copy.process.bus.close()
        await ROWS[row][0](Client(copy.http, row))
        await eventually(lambda: nothing_pending(place))


async def nothing_pending(place: Place) -> bool:
    """Whether all events are struck."""
    return all(not one["pending"] for one in await place.rows("counter"))


async def values_of(place: Place) -> Values:
    """How many counters have which value."""
    return dict(Counter(one["state"]["value"] for one in await place.rows("counter")))


async def has_values(place: Place, values: Values) -> bool:
    """Whether it has come to that."""
    return await values_of(place) == values


async def kill_and_go_on(place: Place, row: str, log: Path) -> list[str]:
    """Die at the failpoint, start again, repeat every command; what is wrong in the end."""
    commands, values = ROWS[row]
    if row in CONSUMERS_ROWS:
        await publish_only(place, row)
    async with RealToy(place, log, failpoint=row) as doomed:
        going = asyncio.gather(commands(Client(doomed.http, row)), return_exceptions=True)
        if await doomed.died(40) != KILLED:
            return [f"ended without reaching {row}: {log.read_text()[-2000:]}"]
        await going
    async with RealToy(place, log) as toy:
        for _ in range(2):
            await commands(Client(toy.http, row))  # each of them twice more: one effect
        if row == failpoints.AFTER_FAILED_ROW:
            await eventually(lambda: place.database["failed"].find_one())
            await place.database["luck"].insert_one({"_id": "now"})
        with contextlib.suppress(AssertionError):
            await eventually(lambda: has_values(place, values), 40)
        await settled(place, 45)
    found = await values_of(place)
    left = {name: number for name, number in (await place.waiting()).items() if number}
    return [
        *([f"values {found}, not {values}"] if found != values else []),
        *([f"left in queues: {left}"] if left else []),
        *toy.alarms(),
    ]


async def short_transactions(mongod: RealMongod) -> None:
    """MongoDB rolls a killed client's transaction back only when its time is over (60 s unless set)."""
    async with asyncio.timeout(10):
        admin: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(mongod.admin_url)
        await admin.admin.command({"setParameter": 1, "transactionLifetimeLimitSeconds": 5})
        admin.close()


@pytest.mark.broker
@pytest.mark.timeout(240)
@pytest.mark.promise("P2")
@pytest.mark.promise("P4")
@pytest.mark.promise("P6")
@pytest.mark.promise("P9")
async def test_killed_anywhere_and_started_again_nothing_is_lost_and_nothing_done_twice(
    broker: Broker, mongod: RealMongod, database_url: DatabaseUrl, tmp_path: Path
) -> None:
    await short_transactions(mongod)
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(place: Place, row: str) -> list[str]:
        async with slots:
            try:
                return await kill_and_go_on(place, row, tmp_path / f"{row}.log")
            except Exception as error:
                return [repr(error)]

    with ExitStack() as stack:
        places = [
            Place(
                database_url(f"toy{n}"), await prepare(stack.enter_context(further_vhost(broker)))
            )
            for n in range(len(ROWS))
        ]
        outcomes = await asyncio.gather(*map(one, places, ROWS))
    assert {row: faults for row, faults in zip(ROWS, outcomes, strict=True) if faults} == {}
