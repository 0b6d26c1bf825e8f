"""Much of the same: all that fit page by page, and what follows from one command batch by batch."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from pydantic import BaseModel

from shared.database import Document
from shared.deadline import database_seconds_left, renew_deadline
from shared.due import AT_ONCE, in_parallel
from shared.kind import Kind, Stored
from shared.store import Store

S = TypeVar("S", bound=BaseModel)

AT_A_TIME = 200


async def each(store: Store, kind: Kind[S], query: Document) -> AsyncIterator[Stored[S]]:
    """All that fit, in the order of start and id, which the index of the query's key serves.

    What is done to one while its page is read takes none of the others away.
    """
    order, after = [("keys.start", 1), ("_id", 1)], Document()
    while page := await store.find(kind, {"$and": [query, after]}, sort=order, limit=AT_A_TIME):
        for one in page:
            yield one
        start, id = kind.keys(page[-1].state)["start"], page[-1].id
        after = {"$or": [{"keys.start": {"$gt": start}}, {"keys.start": start, "_id": {"$gt": id}}]}


async def in_batches(jobs: Sequence[Callable[[], Awaitable[object]]]) -> None:
    """Run all jobs; of a request, each batch has the whole time that one answer has (P12)."""
    for first in range(0, len(jobs), AT_ONCE):
        if database_seconds_left() is not None:
            renew_deadline()
        await in_parallel(jobs[first : first + AT_ONCE])
