"""A page of what waits to be dealt with, in the order of `keys.queue`."""

from typing import TypeVar

from pydantic import BaseModel

from shared.database import Document
from shared.http import Page, Position
from shared.kind import Kind, Stored
from shared.store import Store

S = TypeVar("S", bound=BaseModel)


async def page_of_queue(
    store: Store, kind: Kind[S], query: Document, page: Page
) -> tuple[list[Stored[S]], str | None]:
    """Unfinished first, then the oldest first."""
    if page.after is not None:
        value, id = page.after.value, page.after.id
        further: list[Document] = [
            {"keys.queue": {"$gt": value}},
            {"keys.queue": value, "_id": {"$gt": id}},
        ]
        query = {"$and": [query, {"$or": further}]}
    order = [("keys.queue", 1), ("_id", 1)]
    found = await store.find(kind, query, sort=order, limit=page.limit + 1)
    shown, cursor = page.cut(found, lambda one: Position(kind.keys(one.state)["queue"], one.id))
    return list(shown), cursor
