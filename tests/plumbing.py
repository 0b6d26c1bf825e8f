"""Toys to try the plumbing with, in this process or as real ones, and what must be true of them afterwards."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Self

import aio_pika
import httpx
from fastapi import FastAPI
from motor.motor_asyncio import AsyncIOMotorClient

from deploy.local.process import free_port
from deploy.topology import apply
from shared.access import People
from shared.clock import Clock
from shared.contracts.base import Event
from shared.kind import By, derived_id
from shared.replica import replica_document
from shared.service import Process
from shared.settings import Settings
from tests.harness import SECRET, eventually
from tests.real import Vhost
from tests.toy import COUNTER, PASSWORD, Toy, create, plan, shadow_id

QUEUES = ("toy.toy.counter", "toy.toy.snapshot", "toy.dead", "samverkan.unrouted")
NOBODY_ISSUES = "http://127.0.0.1:1/issuer"


async def prepare(place: Vhost) -> str:
    """The toy's queues in a vhost; answers the toy's URL."""
    await apply(plan(), place.admin_url, place.name, {"toy": PASSWORD})
    return place.url_for("toy", PASSWORD)


class Place:
    """One toy's database and broker, whoever runs on it."""

    def __init__(self, mongodb_url: str, rabbitmq_url: str) -> None:
        self.mongodb_url = mongodb_url
        self.rabbitmq_url = rabbitmq_url
        self._client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
            mongodb_url, tz_aware=True
        )
        self.database = self._client.get_default_database()

    async def rows(self, collection: str, **query: Any) -> list[dict[str, Any]]:
        """Everything in a collection."""
        found: list[dict[str, Any]] = await self.database[collection].find(query).to_list(None)
        return found

    async def waiting(self) -> dict[str, int]:
        """How many messages lie in each queue, with nobody consuming."""
        async with await aio_pika.connect(self.rabbitmq_url) as connection:
            channel = await connection.channel()
            counts = {}
            for name in QUEUES[:3]:
                queue = await channel.declare_queue(name, passive=True)
                counts[name] = queue.declaration_result.message_count or 0
            return counts

    async def faults(self) -> list[str]:
        """What does not hold of: events committed = history = effects, replica = owner, nothing left."""
        owned, history, told, replica, failed = [
            await self.rows(name)
            for name in ("counter", "history", "told", "replica_toy_counter", "failed")
        ]
        return [
            *(f"{one['_id']} has pending events" for one in owned if one["pending"]),
            *(f"{one['_id']} is due" for one in owned if one["due"] != one["wakes_at"]),
            *(f"failed: {one['error']}" for one in failed),
            *_unlike("effects", _effects_of(history), {row["_id"] for row in told}),
            *_unlike("replica", _snapshots_of(owned), {str(row) for row in replica}),
            *_miscounted(owned, history),
        ]


def _unlike(what: str, wanted: set[str], found: set[str]) -> list[str]:
    return [f"{what}: {len(wanted - found)} missing, {len(found - wanted)} too many"] * (
        wanted != found
    )


def _effects_of(history: list[dict[str, Any]]) -> set[str]:
    return {
        derived_id(row["_id"], person)
        for row in history
        for person in row["facts"].get("concerned", ())
    }


def _snapshots_of(owned: list[dict[str, Any]]) -> set[str]:
    return {
        str(
            replica_document(
                one["_id"], COUNTER.snapshot("toy.counter", COUNTER.read(one), one["version"])
            )
        )
        for one in owned
    }


def _miscounted(owned: list[dict[str, Any]], history: list[dict[str, Any]]) -> list[str]:
    """In the toy each change tells one event, so versions count events and amounts add up."""
    events: dict[str, list[dict[str, Any]]] = {}
    for row in history:
        events.setdefault(row["subject"], []).append(row)
    values = {one["_id"]: one["state"]["value"] for one in owned}
    faults = []
    for one in owned:
        mine = events.pop(one["_id"], [])
        if sorted(row["version"] for row in mine) != list(range(1, one["version"] + 1)):
            faults.append(f"{one['_id']}: version {one['version']}, {len(mine)} in history")
        if one["state"]["erased"]:
            continue
        if sum(row["facts"].get("amount", 0) for row in mine) != one["state"]["value"]:
            faults.append(f"{one['_id']}: history does not add up to {one['state']['value']}")
        if values.get(shadow_id(one["_id"]), one["state"]["value"]) != one["state"]["value"]:
            faults.append(f"{one['_id']}: its shadow differs")
    return [*faults, *(f"history of {id}, which is not there" for id in events)]


async def settled(place: Place, seconds: float = 30.0) -> None:
    """Wait until nothing is at fault; fail with what still is."""
    faults: list[str] = ["not asked yet"]

    async def none() -> bool:
        nonlocal faults
        faults = await place.faults()
        await asyncio.sleep(0.05)
        return not faults

    try:
        await eventually(none, seconds)
    except AssertionError:
        raise AssertionError(f"after {seconds} s: {faults[:20]}") from None


def settings(place: Place, **more: Any) -> Settings:
    """The settings of a toy in this process."""
    return Settings(
        mode="test",
        mongodb_url=place.mongodb_url,
        rabbitmq_url=place.rabbitmq_url,
        secret_key=SECRET,
        public_url="http://samverkan.test",
        **{"oidc_issuer": NOBODY_ISSUES, **more},
    )


class Copy:
    """A toy in this process."""

    def __init__(self, app: FastAPI, http: httpx.AsyncClient) -> None:
        self.http = http
        self.toy: Toy = app.state.toy
        self.process: Process = app.state.process
        self.store = self.toy.plumbing.store
        self.relay = self.toy.plumbing.relay

    async def add(self, id: str, amount: int = 1, *concerned: str) -> None:
        """Increase a counter, past HTTP."""
        await self.toy.counters.add(id, amount, concerned, By())

    async def hear(self, event: Event) -> None:
        """Take an event as if it had come by the broker."""
        await self.process.bus.handle(event)


@contextlib.asynccontextmanager
async def running(
    place: Place, clock: Clock | None = None, people: People | None = None, **more: Any
) -> AsyncIterator[Copy]:
    """One more copy in this process, its relay connected and its consumers there."""
    app = create(settings(place, **more), clock, people)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://toy/api/toy", timeout=30
        ) as http:
            copy = Copy(app, http)
            await eventually(lambda: copy.relay.connected, 20)
            await eventually(lambda: copy.process.bus.consuming, 20)
            yield copy


class RealToy:
    """A toy as a process of its own; `failpoint` names the place where it kills itself."""

    def __init__(self, place: Place, log: Path, failpoint: str = "") -> None:
        self._log = log
        self.port = free_port()
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}/api/toy", timeout=10)
        self._environment = {
            **os.environ,
            "SAMVERKAN_MODE": "test",
            "SAMVERKAN_PORT": str(self.port),
            "SAMVERKAN_MONGODB_URL": place.mongodb_url,
            "SAMVERKAN_RABBITMQ_URL": place.rabbitmq_url,
            "SAMVERKAN_OIDC_ISSUER": NOBODY_ISSUES,
            "SAMVERKAN_SECRET_KEY": SECRET,
            "SAMVERKAN_PUBLIC_URL": "http://samverkan.test",
            "SAMVERKAN_FAILPOINT": failpoint,
        }

    async def __aenter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.toy", env=self._environment, stdout=log, stderr=log
            )
        await eventually(self._lives, 60)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()
        if self._process.returncode is None:
            self._process.terminate()
        await asyncio.wait_for(self._process.wait(), 20)

    async def died(self, seconds: float = 30.0) -> int:
        """Wait for its end; the signal that ended it, negative."""
        return await asyncio.wait_for(self._process.wait(), seconds)

    async def _lives(self) -> bool:
        if self._process.returncode is not None:
            return True
        try:
            return (await self.http.get(f"http://127.0.0.1:{self.port}/health/live")).is_success
        except httpx.HTTPError:
            await asyncio.sleep(0.1)
            return False

    def alarms(self) -> list[str]:
        """The ERROR lines it has logged."""
        lines = [json.loads(line) for line in self._log.read_text().splitlines() if line[:1] == "{"]
        return [str(line) for line in lines if line["level"] == "error"]


DatabaseUrl = Callable[[str], str]
