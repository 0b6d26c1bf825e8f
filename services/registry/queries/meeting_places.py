"""The list of meeting places."""

from services.registry.domain.meeting_place_state import MeetingPlace
from services.registry.kinds import MEETING_PLACE
from services.registry.permissions.meeting_places import PUBLIC_STATUSES
from services.registry.queries.accommodations import officer_scopes
from services.registry.queries.common import filtered, page_by_name
from shared.caller import Caller
from shared.contracts.places import County
from shared.contracts.registry import MeetingPlaceStatus
from shared.contracts.texts import Line
from shared.database import Document
from shared.http import Listing, Page
from shared.kind import Stored
from shared.store import Store

MEETING_PLACES = Listing(
    "meeting-places",
    sorts=("name",),
    filters={"accommodation": Line, "county": County, "status": MeetingPlaceStatus},
)


async def meeting_places(
    store: Store, page: Page, caller: Caller
) -> tuple[list[Stored[MeetingPlace]], str | None]:
    """Those that the caller may see, in Swedish order."""
    query = {**filtered(page, {"accommodation": "accommodations"}), **seen_by(caller)}
    return await page_by_name(store, MEETING_PLACE, query, page, lambda one: one.name)


def seen_by(caller: Caller) -> Document:
    """The same as permissions.sees_place, for the database."""
    scopes = officer_scopes(caller)
    if caller.is_administrator or scopes is None:
        return {}
    counties, ids = scopes
    another = {"county": {"$nin": counties}, "accommodation": {"$nin": ids}}
    no_other = {"keys.served": {"$not": {"$elemMatch": another}}}
    return {
        "$or": [
            {"keys.status": {"$in": list(PUBLIC_STATUSES)}},
            {"keys.hosts": {"$in": sorted(caller.organisations)}},
            {"keys.counties": {"$in": counties}, **no_other},
            {"keys.accommodations": {"$in": ids}, **no_other},
        ]
    }
