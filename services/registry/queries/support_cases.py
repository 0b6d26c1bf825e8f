"""The list of questions to the network."""

from services.registry.domain.support_case import SupportCase
from services.registry.kinds import SUPPORT_CASE
from services.registry.queries.common import filtered
from services.registry.queries.queues import page_of_queue
from shared.caller import Caller
from shared.contracts.registry import SupportCaseStatus
from shared.contracts.texts import Line
from shared.database import Document
from shared.http import Listing, Page
from shared.kind import Stored
from shared.store import Store

SUPPORT_CASES = Listing(
    "support-cases",
    sorts=("queue",),
    filters={"organisation": Line, "status": SupportCaseStatus},
)


async def support_cases(
    store: Store, page: Page, caller: Caller
) -> tuple[list[Stored[SupportCase]], str | None]:
    """Those that the caller may see: open first, the longest waiting first."""
    query: Document = {"$and": [filtered(page), seen_by(caller)]}
    return await page_of_queue(store, SUPPORT_CASE, query, page)


def seen_by(caller: Caller) -> Document:
    """The same as permissions.sees_case, for the database."""
    if caller.is_administrator:
        return {}
    return {
        "$or": [
            {"keys.organisation": {"$in": sorted(caller.organisations)}},
            {"keys.asker": caller.person_id},
        ]
    }
