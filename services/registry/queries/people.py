"""The list of an organisation's people."""

from services.registry.domain.joining import known_to
from services.registry.domain.person import Person
from services.registry.kinds import PERSON
from shared.caller import Caller
from shared.database import Document
from shared.http import Listing, Page, Position
from shared.kind import Stored
from shared.store import Store

# By id: an order by name would tell where in the alphabet a protected name stands.
PEOPLE = Listing("people", sorts=("id",))


async def people_of_organisation(
    store: Store, page: Page, organisation: str, caller: Caller
) -> tuple[list[Stored[Person]], str | None]:
    """Those with a role in the organisation, in effect or to come, and those who have asked."""
    there = [f"{what}:{organisation}" for what in ("coordinator", "volunteer", "asked")]
    query: Document = {"keys.scopes": {"$in": there}}
    if page.after is not None:
        query["_id"] = {"$gt": page.after.id}
    found = await store.find(PERSON, query, sort=[("_id", 1)], limit=page.limit + 1)
    shown, cursor = page.cut(found, lambda one: Position(one.id, one.id))
    # A role that has just ended stands in the index until its person is woken.
    return [one for one in shown if known_to(one.state, organisation, caller.now)], cursor
