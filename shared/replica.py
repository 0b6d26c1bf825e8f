"""What a service knows of another's aggregates: the newest snapshot, kept verbatim (P3, P16).

The decision which version is newer is made inside one pipeline update on `_id` alone, so that
duplicates, reordering and two copies at once cannot lose the newest. A tombstone beats any version,
for ever.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pymongo import IndexModel, UpdateOne

from shared import aliases
from shared.contracts.base import Event, Snapshot
from shared.database import Database, Document
from shared.deadline import database_deadline
from shared.kind import MERGED

T = TypeVar("T")
S = TypeVar("S", bound=Snapshot)

BATCH = 256
BATCH_WAIT_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class Known(Generic[S]):
    """A foreign aggregate as far as it is known here."""

    id: str
    version: int
    state: S


class Batcher(Generic[T]):
    """Gathers what many callers want written into one write every few milliseconds.

    `write` gets a list; a fault in it reaches every caller whose item was in that list.
    """

    def __init__(self, write: Callable[[list[T]], Awaitable[object]]) -> None:
        self._write = write
        self._items: list[tuple[T, asyncio.Future[None]]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def add(self, item: T) -> None:
        """Return when the item has been written."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._items.append((item, done))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        await done

    async def _flush(self) -> None:
        # It outlives the caller that began it, and serves others.
        database_deadline.set(None)
        try:
            await asyncio.sleep(BATCH_WAIT_SECONDS)
            while self._items:
                await self._flush_one()
        finally:
            self._flushing = None

    async def _flush_one(self) -> None:
        batch, self._items = self._items[:BATCH], self._items[BATCH:]
        try:
            await self._write([item for item, _ in batch])
        except Exception as error:
            _finish(batch, error)
        except asyncio.CancelledError:
            for _, done in batch:
                done.cancel()
            raise
        else:
            _finish(batch, None)


def _finish(
    batch: Sequence[tuple[object, "asyncio.Future[None]"]], error: Exception | None
) -> None:
    for _, done in batch:
        if done.done():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)


class Replica(Generic[S]):
    """The newest snapshots of one foreign kind of aggregate."""

    def __init__(
        self, database: Database, snapshot: type[S], indexes: Sequence[IndexModel] = ()
    ) -> None:
        self.snapshot = snapshot
        self.collection = database.collection("replica_" + snapshot.aggregate.replace(".", "_"))
        self._indexes = tuple(indexes)
        self._batcher: Batcher[UpdateOne] = Batcher(self._write)

    async def apply(self, event: Event) -> None:
        """Take the event's snapshot if it is as new as ours or newer; returns when stored."""
        if event.data.state is not None:
            # Made here, so that a snapshot without a version fails alone.
            await self._batcher.add(_newest_wins(event.subject, event.data.state))

    async def get(self, id: str) -> Known[S] | None:
        """What is known of one aggregate; None when unknown or erased."""
        document = await self.collection.find_one({"_id": id, "erased": {"$ne": True}})
        return self._known(document) if document else None

    async def is_erased(self, id: str) -> bool:
        """Whether its tombstone has arrived."""
        return await self.collection.find_one({"_id": id, "erased": True}) is not None

    async def many(self, ids: Sequence[str]) -> dict[str, Known[S]]:
        """What is known of several, by id."""
        found = await self.find({"_id": {"$in": list(ids)}}, limit=max(len(ids), 1))
        return {one.id: one for one in found}

    async def find(
        self,
        query: Document,
        *,
        sort: Sequence[tuple[str, int]] | None = None,
        limit: int = 200,
    ) -> list[Known[S]]:
        """At most `limit` that fit a query on `state.*`, which an index must serve."""
        documents = await self.collection.find(
            {**query, "erased": {"$ne": True}}, sort=sort, limit=limit
        )
        return [self._known(document) for document in documents]

    async def merged(self, ids: Collection[str]) -> dict[str, str]:
        """Those of the ids that were merged, each with its `merged_into`; for shared.aliases."""
        rows = await self.collection.find(
            {"_id": {"$in": list(ids)}, "state.merged_into": MERGED},
            projection={"state.merged_into": 1},
            limit=max(len(ids), 1),
        )
        return {row["_id"]: row["state"]["merged_into"] for row in rows}

    async def now(self, ids: Collection[str]) -> dict[str, str]:
        """What each of the ids is now, mergers followed as far as they are known here."""
        return await aliases.now(ids, self.merged) if ids else {}

    async def ensure_indexes(self) -> None:
        """Make the replica's indexes."""
        await self.collection.ensure_indexes(self._indexes)

    def _known(self, document: Document) -> Known[S]:
        state = self.snapshot.model_validate(document["state"])
        return Known(document["_id"], document["version"], state)

    async def _write(self, writes: list[UpdateOne]) -> None:
        await self.collection.bulk(writes)


def _newest_wins(subject: str, state: Document) -> UpdateOne:
    document = replica_document(subject, state)
    keep: Document = {"$eq": ["$erased", True]}
    if not document.get("erased"):
        keep = {"$or": [keep, {"$gt": ["$version", document["version"]]}]}
    return UpdateOne(
        {"_id": subject},
        # $literal: a text that begins with $ is a text, not a field.
        [{"$replaceWith": {"$cond": [keep, "$$ROOT", {"$literal": document}]}}],
        upsert=True,
    )


def replica_document(subject: str, state: Document) -> Document:
    """The stored form of a snapshot; `replica equals owner` compares exactly this."""
    if state.get("erased"):
        return {"_id": subject, "version": state["version"], "erased": True}
    public = {key: value for key, value in state.items() if key != "version"}
    return {"_id": subject, "version": state["version"], "state": public}
