"""The list of closing plans."""

from services.registry.domain.closing_plan import ClosingPlan
from services.registry.kinds import CLOSING_PLAN
from services.registry.queries.accommodations import officer_scopes
from services.registry.queries.common import page_by_name
from shared.caller import Caller
from shared.database import Document
from shared.http import Listing, Page
from shared.kind import Stored
from shared.store import Store

CLOSING_PLANS = Listing("closing-plans", sorts=("name",))


async def closing_plans(
    store: Store, page: Page, caller: Caller
) -> tuple[list[Stored[ClosingPlan]], str | None]:
    """Those all of whose accommodations the caller is an officer for, in Swedish order."""
    return await page_by_name(store, CLOSING_PLAN, _seen_by(caller), page, lambda one: one.name)


def _seen_by(caller: Caller) -> Document:
    scopes = officer_scopes(caller)
    if scopes is None:
        return {}
    counties, ids = scopes
    another = {"county": {"$nin": counties}, "accommodation": {"$nin": ids}}
    return {"keys.served": {"$not": {"$elemMatch": another}}}
