"""What the operator sees and does of messages to people."""

from collections.abc import Sequence

import structlog

from services.notifications.tables import Tables
from shared.clock import Clock
from shared.contracts.problems import NotFound
from shared.database import Document
from shared.http import Page, Position

log = structlog.get_logger()

MAY_BE_RESENT = ("unknown", "failed")


class Outbox:
    """The messages of the service, for its operator."""

    def __init__(self, rows: Tables, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock

    async def page(self, page: Page) -> tuple[Sequence[Document], str | None]:
        """One page of one status, newest first."""
        query: Document = {"status": page.filters.get("status", "unknown")}
        if page.after is not None:
            query["$or"] = [
                {"at": {"$lt": page.after.value}},
                {"at": page.after.value, "_id": {"$lt": page.after.id}},
            ]
        found = await self._rows.deliveries.find(
            query, sort=[("at", -1), ("_id", -1)], limit=page.limit + 1
        )
        return page.cut(found, lambda row: Position(row["at"], row["_id"]))

    async def resend(self, id: str) -> None:
        """Have one sent again that failed or may not have come. NotFound for any other.

        What was decided last is what failed: the same lines, and so the same mail.
        """
        again = {"status": "waiting", "due": self._clock.now(), "tries": 0}
        result = await self._rows.deliveries.update_one(
            {"_id": id, "status": {"$in": list(MAY_BE_RESENT)}},
            {"$set": again, "$unset": {"gone_at": ""}, "$pop": {"decided": 1}},
        )
        if not result.modified_count:
            raise NotFound()
        log.warning("delivery-sent-again-by-operator", delivery=id)
