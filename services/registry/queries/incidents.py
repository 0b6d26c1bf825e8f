"""The list of incidents."""

from services.registry.domain.incident import Incident
from services.registry.kinds import INCIDENT
from services.registry.queries.accommodations import officer_scopes
from services.registry.queries.common import filtered
from services.registry.queries.queues import page_of_queue
from shared.caller import Caller
from shared.contracts.registry import IncidentStatus
from shared.contracts.texts import Line
from shared.database import Document
from shared.http import Listing, Page
from shared.kind import Stored
from shared.store import Store

INCIDENTS = Listing(
    "incidents", sorts=("queue",), filters={"accommodation": Line, "status": IncidentStatus}
)


async def incidents(
    store: Store, page: Page, caller: Caller
) -> tuple[list[Stored[Incident]], str | None]:
    """Those that the caller may see: unseen first, then the oldest first."""
    named = filtered(page, {"accommodation": "accommodations"})
    return await page_of_queue(store, INCIDENT, {"$and": [named, seen_by(caller)]}, page)


def seen_by(caller: Caller) -> Document:
    """The same as permissions.sees_incident, for the database."""
    scopes = officer_scopes(caller)
    if caller.is_administrator or scopes is None:
        return {}
    counties, ids = scopes
    return {
        "$or": [
            {"keys.reporter": caller.person_id},
            {"keys.counties": {"$in": counties}},
            {"keys.accommodations": {"$in": ids}},
        ]
    }
