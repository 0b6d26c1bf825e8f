"""The driver behind one door: a time limit on every call and one breaker for all of them (P12).

Motor runs each call in a thread pool. Without a limit of our own, calls to a dead or hung mongod
queue up there for seconds; so each is given up when its time is out, the breaker then refuses the
next ones at once, and a single ping finds out when the database is back.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

os.environ.setdefault("MOTOR_MAX_WORKERS", "24")

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientSession
from pymongo import IndexModel, ReadPreference
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
)
from pymongo.results import BulkWriteResult, DeleteResult, UpdateResult
from pymongo.write_concern import WriteConcern

from shared.contracts.problems import Unavailable
from shared.deadline import DATABASE_SECONDS, database_seconds_left

T = TypeVar("T")
Document = dict[str, Any]
BACKGROUND_SECONDS = 5.0
PING_EVERY_SECONDS = 0.25
SUSPICIOUS_SECONDS = 0.5
SOCKET_TIMEOUT_MS = 8_000
DUPLICATE_KEY = 11000
SHUTTING_DOWN_CODES = {91, 11600, 11602}
MAJORITY_JOURNALED = WriteConcern(w="majority", j=True)


class DatabaseAway(Unavailable):
    """503: the database does not answer in time; a write may or may not have been done."""

    code = "database-away"
    retry_after = 1


class Taken(Exception):
    """A unique key is there already; `field` is the first field of its index."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class Database:
    """One service's own database. Raises DatabaseAway (503) when it does not answer in time."""

    def __init__(self, url: str, prefix: str = "") -> None:
        self._answered_at = 0.0
        self._client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
            url,
            tz_aware=True,
            serverSelectionTimeoutMS=600,
            connectTimeoutMS=500,
            socketTimeoutMS=SOCKET_TIMEOUT_MS,
            maxPoolSize=32,
            retryWrites=True,
            readPreference="primary",
        )
        self._database = self._client.get_default_database()
        self._prefix = prefix
        self._collections: dict[str, Collection] = {}
        self._probe: asyncio.Task[None] | None = None
        self.available = True

    def collection(self, name: str) -> "Collection":
        """A collection of this database, guarded by its breaker."""
        known = self._collections.get(name)
        if known is None:
            known = self._collections[name] = Collection(self, name)
        return known

    def raw(self, name: str) -> Any:
        """The driver's own collection with our write concern (change streams, transactions)."""
        return self._database.get_collection(
            self._prefix + name,
            write_concern=MAJORITY_JOURNALED,
            read_preference=ReadPreference.PRIMARY,
        )

    async def run(
        self, operation: Callable[[], Awaitable[T]], *, slow_by_nature: bool = False
    ) -> T:
        """Do one driver call within the time that is left for it.

        What is `slow_by_nature` (it waits for others) says nothing about the database when it is.
        """
        if not self.available:
            raise DatabaseAway()
        left, started = database_seconds_left(), time.monotonic()
        if left == 0:
            raise DatabaseAway()
        try:
            async with asyncio.timeout(BACKGROUND_SECONDS if left is None else left):
                result = await operation()
            self._answered_at = time.monotonic()
            return result
        except (TimeoutError, ExecutionTimeout) as error:
            # A slow query is no sign of a dead database while others are answered beside it.
            alone = self._answered_at < started
            if alone and not slow_by_nature and time.monotonic() - started > SUSPICIOUS_SECONDS:
                self._open_breaker()
            raise DatabaseAway() from error
        except ConnectionFailure as error:
            self._open_breaker()
            raise DatabaseAway() from error
        except DuplicateKeyError as error:
            raise Taken(next(iter((error.details or {}).get("keyPattern", {"_id": 1})))) from error
        except OperationFailure as error:
            if error.code in SHUTTING_DOWN_CODES:
                self._open_breaker()
                raise DatabaseAway() from error
            raise

    async def transaction(
        self, work: Callable[[AsyncIOMotorClientSession], Coroutine[Any, Any, T]]
    ) -> T:
        """Run `work` in one transaction, again when the server says it may be repeated."""

        async def within() -> T:
            async with await self._client.start_session() as session:
                result: T = await session.with_transaction(work, write_concern=MAJORITY_JOURNALED)
                return result

        return await self.run(within, slow_by_nature=True)

    async def ping(self) -> bool:
        """Whether the database answers within the time of one request."""
        if not self.available:
            return False
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                await self._client.admin.command("ping")
        except (TimeoutError, PyMongoError):
            return False
        return True

    async def wait_until_back(self) -> None:
        """Return when the database answers; background work rests here instead of failing."""
        while not self.available:
            await asyncio.sleep(PING_EVERY_SECONDS)

    def _open_breaker(self) -> None:
        self.available = False
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self._probe_until_back())

    async def _probe_until_back(self) -> None:
        # One ping at a time, each awaited to its end: a hung server must not eat the threads.
        while True:
            started = time.monotonic()
            with contextlib.suppress(PyMongoError):
                await self._client.admin.command("ping")
                self.available = True
                return
            await asyncio.sleep(max(0.0, PING_EVERY_SECONDS - (time.monotonic() - started)))

    async def close(self) -> None:
        """Let go of all connections."""
        if self._probe is not None:
            self._probe.cancel()
        self._client.close()


class Collection:
    """The driver's calls we use, each guarded; majority and journaled writes."""

    def __init__(self, database: Database, name: str) -> None:
        self.name = name
        self._database = database
        self._raw = database.raw(name)

    async def find_one(
        self, query: Document, projection: Document | None = None
    ) -> Document | None:
        """The one document that fits, or None."""
        found: Document | None = await self._database.run(
            lambda: self._raw.find_one(query, projection, max_time_ms=_milliseconds_left())
        )
        return found

    async def find(
        self,
        query: Document,
        *,
        projection: Document | None = None,
        sort: Sequence[tuple[str, int]] | None = None,
        limit: int,
    ) -> list[Document]:
        """At most `limit` documents; there is no unbounded find."""

        def operation() -> Awaitable[list[Document]]:
            cursor = self._raw.find(
                query,
                projection,
                sort=sort,
                limit=limit,
                batch_size=limit,
                max_time_ms=_milliseconds_left(),
            )
            listed: Awaitable[list[Document]] = cursor.to_list(limit)
            return listed

        return await self._database.run(operation)

    async def insert_one(self, document: Document) -> None:
        """Insert it; raises Taken when its id or another unique key is there already."""
        await self._database.run(lambda: self._raw.insert_one(document))

    async def insert_new(self, documents: Sequence[Document]) -> int:
        """Insert those whose ids are not there yet; the number of new ones."""
        if not documents:
            return 0
        try:
            await self._database.run(lambda: self._raw.insert_many(list(documents), ordered=False))
        except BulkWriteError as error:
            faults = error.details["writeErrors"]
            if any(fault["code"] != DUPLICATE_KEY for fault in faults):
                raise
            return len(documents) - len(faults)
        return len(documents)

    async def insert_apart(self, documents: Sequence[Document]) -> dict[str, str]:
        """Insert each by itself; of those that are not: id → first field of the key that is taken."""
        if not documents:
            return {}
        try:
            await self._database.run(lambda: self._raw.insert_many(list(documents), ordered=False))
        except BulkWriteError as error:
            faults = error.details["writeErrors"]
            if any(fault["code"] != DUPLICATE_KEY for fault in faults):
                raise
            return {
                documents[fault["index"]]["_id"]: next(iter(fault.get("keyPattern", {"_id": 1})))
                for fault in faults
            }
        return {}

    async def update_one(
        self, query: Document, update: Document | list[Document], *, upsert: bool = False
    ) -> UpdateResult:
        """One atomic change of one document."""
        result: UpdateResult = await self._database.run(
            lambda: self._raw.update_one(query, update, upsert=upsert)
        )
        return result

    async def update_many(self, query: Document, update: Document | list[Document]) -> UpdateResult:
        """The same change to all that fit."""
        result: UpdateResult = await self._database.run(
            lambda: self._raw.update_many(query, update)
        )
        return result

    async def delete_many(self, query: Document) -> int:
        """Remove all that fit; how many they were."""
        result: DeleteResult = await self._database.run(lambda: self._raw.delete_many(query))
        return result.deleted_count

    async def bulk(self, writes: Sequence[Any]) -> BulkWriteResult | None:
        """Many writes in one round trip, in no order."""
        if not writes:
            return None
        result: BulkWriteResult = await self._database.run(
            lambda: self._raw.bulk_write(list(writes), ordered=False)
        )
        return result

    async def count(self, query: Document, limit: int) -> int:
        """How many fit, counted up to `limit`."""
        number: int = await self._database.run(
            lambda: self._raw.count_documents(query, limit=limit, maxTimeMS=_milliseconds_left())
        )
        return number

    async def aggregate(self, pipeline: Sequence[Mapping[str, Any]], limit: int) -> list[Document]:
        """The first `limit` results of a pipeline."""

        def operation() -> Awaitable[list[Document]]:
            listed: Awaitable[list[Document]] = self._raw.aggregate(
                list(pipeline), maxTimeMS=_milliseconds_left()
            ).to_list(limit)
            return listed

        return await self._database.run(operation)

    async def ensure_indexes(self, indexes: Sequence[IndexModel]) -> None:
        """Make the indexes that are missing."""
        if indexes:
            await self._database.run(lambda: self._raw.create_indexes(list(indexes)))


def _milliseconds_left() -> int:
    """How long the server itself may work on a query: what is given up here ends there, too."""
    left = database_seconds_left()
    return max(1, int((BACKGROUND_SECONDS if left is None else left) * 1000))
