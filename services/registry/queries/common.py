"""What the registry's lists share: a page in Swedish order, a line of a timeline."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from shared.database import Document
from shared.http import Page, Position
from shared.kind import Kind, Stored
from shared.store import Store
from shared.words import sort_key

S = TypeVar("S", bound=BaseModel)


def filtered(page: Page, keys: Mapping[str, str] | None = None) -> Document:
    """The query of a page's filters; `keys` says where a filter is not called as its key is."""
    return {f"keys.{(keys or {}).get(name, name)}": value for name, value in page.filters.items()}


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
    found = await store.find(kind, query, sort=[("keys.name", 1), ("_id", 1)], limit=page.limit + 1)
    shown, cursor = page.cut(found, lambda one: Position(sort_key(name(one.state)), one.id))
    return list(shown), cursor


def as_step(row: Document) -> dict[str, Any]:
    """One line of a timeline: who did what when; `merged_from` on what was another's then."""
    step = {
        "what": row["type"],
        "version": row["version"],
        "at": row["time"],
        "by": row["actor"],
        "facts": row["facts"],
    }
    return step | ({"merged_from": row["merged_from"]} if "merged_from" in row else {})
