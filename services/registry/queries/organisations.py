"""The list of organisations."""

from services.registry.domain.organisation import UNDECIDED, Organisation
from services.registry.kinds import ORGANISATION
from services.registry.queries.common import filtered, page_by_name
from shared.caller import Caller
from shared.contracts.registry import OrganisationStatus
from shared.database import Document
from shared.http import Listing, Page
from shared.kind import Stored
from shared.store import Store

ORGANISATIONS = Listing("organisations", sorts=("name",), filters={"status": OrganisationStatus})
BRANCHES = Listing("branches", sorts=("name",))
PUBLIC_STATUSES = ("approved", "paused")


async def organisations(
    store: Store, page: Page, caller: Caller
) -> tuple[list[Stored[Organisation]], str | None]:
    """The network's organisations in Swedish order; others' applications only for whom they concern."""
    query = {**filtered(page), **seen_by(caller)}
    return await page_by_name(store, ORGANISATION, query, page, lambda one: one.name)


def seen_by(caller: Caller) -> Document:
    """The same as permissions.sees_organisation, for the database."""
    if caller.is_administrator:
        return {}
    own = sorted(caller.organisations)
    return {
        "$or": [
            {"keys.status": {"$in": list(PUBLIC_STATUSES)}},
            {"_id": {"$in": own}},
            {"keys.parent": {"$in": own}},
            {"keys.applicant": caller.person_id},
        ]
    }


async def awaiting_branches(
    store: Store, page: Page, national: str
) -> tuple[list[Stored[Organisation]], str | None]:
    """The branches of a national organisation that wait for an answer, in Swedish order."""
    query: Document = {"keys.parent": national, "keys.status": {"$in": list(UNDECIDED)}}
    return await page_by_name(store, ORGANISATION, query, page, lambda one: one.name)
