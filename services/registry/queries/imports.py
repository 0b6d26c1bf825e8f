"""A person's own imports."""

from services.registry.domain.import_ import Import
from services.registry.kinds import IMPORT
from shared.database import Document
from shared.http import Listing, Page, Position
from shared.kind import Stored
from shared.store import Store

IMPORTS = Listing("imports", sorts=("-received_at",))


async def imports_of(
    store: Store, page: Page, person: str
) -> tuple[list[Stored[Import]], str | None]:
    """One page of them, the newest first."""
    query: Document = {"keys.importer": person}
    if page.after is not None:
        value, id = str(page.after.value), page.after.id
        query["$or"] = [
            {"keys.received_at": {"$lt": value}},
            {"keys.received_at": value, "_id": {"$lt": id}},
        ]
    order = [("keys.received_at", -1), ("_id", -1)]
    found = await store.find(IMPORT, query, sort=order, limit=page.limit + 1)
    shown, cursor = page.cut(found, lambda one: Position(received(one.state), one.id))
    return list(shown), cursor


def received(one: Import) -> str:
    """When it was received, as its key has it."""
    return one.received_at.isoformat() if one.received_at else ""
