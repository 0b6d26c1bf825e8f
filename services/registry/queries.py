"""Lists and timelines: scoped before anything is counted, each served by an index."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel

from services.registry.domain.organisation import Organisation
from services.registry.kinds import ORGANISATION
from shared.caller import Caller
from shared.contracts.registry import OrganisationStatus
from shared.database import Document
from shared.http import Listing, Page, Position
from shared.store import Kind, Store, Stored
from shared.words import sort_key

S = TypeVar("S", bound=BaseModel)

ORGANISATIONS = Listing("organisations", sorts=("name",), filters={"status": OrganisationStatus})
PUBLIC_STATUSES = ("approved", "paused")


async def organisations(
    store: Store, page: Page, caller: Caller
) -> tuple[list[Stored[Organisation]], str | None]:
    """The network's organisations in Swedish order; others' applications only for whom they concern."""
    query: Document = {}
    if "status" in page.filters:
        query["keys.status"] = page.filters["status"]
    if not caller.is_administrator:
        own = sorted(caller.organisations)
        query["$or"] = [
            {"keys.status": {"$in": list(PUBLIC_STATUSES)}},
            {"_id": {"$in": own}},
            {"keys.parent": {"$in": own}},
        ]
    return await page_by_name(store, ORGANISATION, query, page, lambda one: one.name)


async def page_by_name(
    store: Store, kind: Kind[S], query: Document, page: Page, name: Callable[[S], str]
) -> tuple[list[Stored[S]], str | None]:
    """One page of a list in Swedish order, by `keys.name` and id."""
    if page.after is not None:
        value, id = page.after.value, page.after.id
        further: list[Document] = [
            {"keys.name": {"$gt": value}},
            {"keys.name": value, "_id": {"$gt": id}},
        ]
        query = {"$and": [query, {"$or": further}]}
    found = await store.find(
        kind, query, sort=[("keys.name", 1), ("_id", 1)], limit=page.limit + 1
    )
    shown, cursor = page.cut(found, lambda one: Position(sort_key(name(one.state)), one.id))
    return list(shown), cursor


def as_step(row: Document) -> dict[str, Any]:
    """One line of a timeline: who did what when."""
    return {
        "what": row["type"],
        "version": row["version"],
        "at": row["time"],
        "by": row["actor"],
        "facts": row["facts"],
    }
