"""The list of accommodations."""

from services.registry.domain.accommodation import Accommodation
from services.registry.kinds import ACCOMMODATION
from services.registry.permissions.accommodations import PUBLIC_STATUSES
from services.registry.queries.common import filtered, page_by_name
from shared.caller import Caller
from shared.contracts.places import County, Municipality
from shared.contracts.registry import AccommodationStatus
from shared.database import Document
from shared.http import Listing, Page
from shared.kind import Stored
from shared.store import Store

ACCOMMODATIONS = Listing(
    "accommodations",
    sorts=("name",),
    filters={"county": County, "municipality": Municipality, "status": AccommodationStatus},
)


async def accommodations(
    store: Store, page: Page, caller: Caller
) -> tuple[list[Stored[Accommodation]], str | None]:
    """Those that the caller may see, in Swedish order."""
    query = {**filtered(page), **seen_by(caller)}
    return await page_by_name(store, ACCOMMODATION, query, page, lambda one: one.name)


def seen_by(caller: Caller) -> Document:
    """The same as permissions.sees_accommodation, for the database."""
    scopes = officer_scopes(caller)
    if caller.is_administrator or scopes is None:
        return {}
    counties, ids = scopes
    return {
        "$or": [
            {"keys.status": {"$in": list(PUBLIC_STATUSES)}},
            {"keys.county": {"$in": counties}},
            {"_id": {"$in": ids}},
        ]
    }


def officer_scopes(caller: Caller) -> tuple[list[str], list[str]] | None:
    """The counties and the accommodations of an officer; None for one of the whole country."""
    scopes = [grant.scope for grant in caller.grants if grant.role == "officer"]
    if any(scope.kind == "national" for scope in scopes):
        return None
    counties = {id for scope in scopes if scope.kind == "counties" for id in scope.ids}
    ids = {id for scope in scopes if scope.kind == "accommodations" for id in scope.ids}
    return sorted(counties), sorted(ids)
