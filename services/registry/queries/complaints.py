"""The list of complaints, and the answers that stand on a noticeboard."""

from datetime import datetime, timedelta

from services.registry.domain.complaint import About, Complaint, Status
from services.registry.kinds import COMPLAINT
from services.registry.permissions.common import organisations_of
from services.registry.queries.accommodations import officer_scopes
from services.registry.queries.common import filtered
from services.registry.queries.queues import page_of_queue
from shared.caller import Caller
from shared.contracts.texts import Line
from shared.database import Document
from shared.http import Listing, Page
from shared.kind import Stored
from shared.store import Store

COMPLAINTS = Listing(
    "complaints",
    sorts=("queue",),
    filters={"meeting_place": Line, "about": About, "status": Status},
)
ANSWERS_SHOWN = 5
SHOWN_FOR = timedelta(days=60)


async def complaints(
    store: Store, page: Page, caller: Caller
) -> tuple[list[Stored[Complaint]], str | None]:
    """Those that the caller may see: unseen first, then the oldest first."""
    own = sorted(organisations_of(caller))
    hidden: Document = {"$nor": [{"keys.about": "person", "keys.hosts": {"$in": own}}]}
    query: Document = {"$and": [filtered(page), _scope(caller), hidden]}
    return await page_of_queue(store, COMPLAINT, query, page)


async def answers(store: Store, meeting_place: str, now: datetime) -> list[Stored[Complaint]]:
    """The newest answers that may stand on the board."""
    query: Document = {"keys.board": meeting_place, "keys.answered": {"$gte": now - SHOWN_FOR}}
    return await store.find(COMPLAINT, query, sort=[("keys.answered", -1)], limit=ANSWERS_SHOWN)


def _scope(caller: Caller) -> Document:
    """The same as permissions.sees_complaint, for the database, but for what is hidden from hosts."""
    scopes = officer_scopes(caller)
    if caller.is_administrator or scopes is None:
        return {}
    counties, ids = scopes
    return {
        "$or": [
            {"keys.counties": {"$in": counties}},
            {"keys.accommodations": {"$in": ids}},
            {"keys.responsible": {"$in": sorted(caller.organisations)}},
        ]
    }
