"""One loop for everything that has its time: find what is due, lease it, do it, clear it (P6).

Any number of copies run it. A lease is the row's own `due` moved forward and marked by the copy
that took it; a copy that dies leaves the row due again when the lease is over.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Protocol
from uuid import uuid4

import structlog
from pymongo import UpdateOne

from shared import failpoints
from shared.clock import Clock
from shared.contracts.problems import NotFound
from shared.database import Collection, DatabaseAway, Document
from shared.kind import Kind
from shared.relay import Relay
from shared.round import LEASE_SECONDS
from shared.store import Store

log = structlog.get_logger()

PAGE = 500
REST_SECONDS = 2.0
RELAY_FULL = 5_000
AT_ONCE = 16
LONGEST_NAP_SECONDS = 600

Wake = Callable[[Kind[Any], str], Awaitable[object]]


class DueWork(Protocol):
    """A collection of rows that have their time."""

    async def work(self) -> bool:
        """Do one page of what is due; True when there may be more right away."""
        ...


async def claim(
    collection: Collection, clock: Clock, query: Document | None = None, limit: int = PAGE
) -> list[Document]:
    """Lease up to `limit` due rows for this copy alone and return them whole."""
    now = clock.now()
    due: Document = {"due": {"$lte": now}, **(query or {})}
    page = await collection.find(due, projection={"_id": 1}, sort=[("due", 1)], limit=limit)
    if not page:
        return []
    ids, token = [one["_id"] for one in page], str(uuid4())
    until = now + timedelta(seconds=LEASE_SECONDS)
    await collection.update_many(
        {"_id": {"$in": ids}, **due}, {"$set": {"due": until, "lease": token}}
    )
    claimed = await collection.find({"_id": {"$in": ids}, "lease": token}, limit=limit)
    failpoints.reach(failpoints.AFTER_LEASE)
    return claimed


class AggregatesDue:
    """Aggregates with pending events or a wake-up whose time has come."""

    def __init__(self, store: Store, kind: Kind[Any], relay: Relay, wake: Wake) -> None:
        self._store = store
        self._kind = kind
        self._relay = relay
        self._wake = wake

    async def work(self) -> bool:
        """Give pending events to the relay and wake what asked to be woken."""
        clock = self._store.clock
        # What a newer copy has written is for newer copies.
        query: Document = {"schema": {"$lte": self._kind.schema}}
        if not self._relay.connected or self._relay.backlog > RELAY_FULL:
            # A growing heap of pending events must not be leased over and over.
            query["wakes_at"] = {"$lte": clock.now()}
        rows = await claim(self._store.of(self._kind), clock, query)
        for row in rows:
            self._hand_over(row)
        now = clock.now()
        sleepers = [row for row in rows if row["wakes_at"] and row["wakes_at"] <= now]
        await self._lay_down([row for row in rows if not row["pending"] and row not in sleepers])
        await in_parallel([lambda row=row: self._wake_one(row) for row in sleepers])  # type: ignore[misc]
        return len(rows) == PAGE

    def _hand_over(self, row: Document) -> None:
        if not row["pending"]:
            return
        try:
            state = self._kind.read(row)
        except Exception:
            # One document that cannot be read must not hold up the others.
            log.exception("document-unreadable", kind=self._kind.name, id=row["_id"])
            return
        self._relay.committed(self._kind, row["_id"], row["version"], state, row["pending"])

    async def _lay_down(self, rows: Sequence[Document]) -> None:
        """What has nothing left to do sleeps until its own wake-up, if it has one."""
        await self._store.of(self._kind).bulk(
            [
                UpdateOne(
                    {
                        "_id": row["_id"],
                        "lease": row["lease"],
                        "version": row["version"],
                        "pending": [],
                    },
                    {"$set": {"due": row["wakes_at"]}},
                )
                for row in rows
            ]
        )

    async def _wake_one(self, row: Document) -> None:
        try:
            await self._wake(self._kind, row["_id"])
        except (DatabaseAway, NotFound):
            return
        except Exception:
            log.exception("wake-failed", kind=self._kind.name, id=row["_id"])
        await self._sleep_on(row)

    async def _sleep_on(self, row: Document) -> None:
        """A wake-up that changed nothing is tried again, after growing pauses."""
        naps = row.get("naps", 0)
        pause = min(LEASE_SECONDS * 2 ** min(naps, 10), LONGEST_NAP_SECONDS)
        due = self._store.clock.now() + timedelta(
            seconds=LEASE_SECONDS if row["pending"] else pause
        )
        await self._store.of(self._kind).update_one(
            {"_id": row["_id"], "version": row["version"], "lease": row["lease"]},
            {"$set": {"due": due, "naps": naps + 1}},
        )


class DueLoop:
    """Runs all due work of one copy until cancelled; rests 2 s, with jitter, when none is left."""

    def __init__(self, works: Sequence[DueWork], rest_seconds: float = REST_SECONDS) -> None:
        self._works = works
        self._rest_seconds = rest_seconds
        self._hurry = asyncio.Event()

    def hurry(self) -> None:
        """Look again now instead of after the rest."""
        self._hurry.set()

    async def run(self) -> None:
        """Until cancelled. A database that is away is waited for; other faults are alarms."""
        while True:
            if not await self.once():
                await self._rest()

    async def once(self) -> bool:
        """One round through all works; True when one of them has more."""
        more = False
        for work in self._works:
            try:
                more = await work.work() or more
            except DatabaseAway:
                more = False
            except Exception:
                log.exception("due-loop-failed", work=type(work).__name__)
        return more

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._rest_seconds * random.uniform(0.8, 1.2)):
                await self._hurry.wait()
        except TimeoutError:
            pass
        self._hurry.clear()


async def in_parallel(
    jobs: Sequence[Callable[[], Awaitable[object]]], at_once: int = AT_ONCE
) -> None:
    """Run all jobs, a bounded number at a time; the first fault is raised when all are done."""
    slots = asyncio.Semaphore(at_once)

    async def run(job: Callable[[], Awaitable[object]]) -> None:
        async with slots:
            await job()

    outcomes = await asyncio.gather(*(run(job) for job in jobs), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
