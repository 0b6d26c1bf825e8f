"""What people do with their notifications. Each may be done twice; the second time changes nothing."""

from collections.abc import Sequence
from datetime import datetime

from services.notifications.tables import NOTIFICATIONS_KEPT, Tables
from shared.clock import Clock
from shared.contracts.base import PersonId
from shared.contracts.problems import NotFound
from shared.database import Document

PAGE = 1000


class Marking:
    """Marks notifications as read or put away."""

    def __init__(self, rows: Tables, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock

    async def read(self, person: PersonId, id: str) -> None:
        """Mark one as read; NotFound when it is not this person's."""
        await self._mark(person, id, {"unread": True}, {"unread": False})

    async def archive(self, person: PersonId, id: str) -> None:
        """Put one away, read; NotFound when it is not this person's."""
        await self._mark(person, id, {"archived": False}, {"archived": True, "unread": False})

    async def read_all(self, person: PersonId, until: datetime | None) -> None:
        """Mark as read all that came until then: what came later has not been seen."""
        unread = {"person": person, "unread": True, "at": {"$lte": until or self._clock.now()}}
        while True:
            found = await self._rows.notifications.find(unread, projection={"_id": 1}, limit=PAGE)
            ids = [one["_id"] for one in found]
            await self._put_aside({**unread, "_id": {"$in": ids}}, {"unread": False}, ids)
            if len(found) < PAGE:
                return

    async def _mark(
        self, person: PersonId, id: str, unless_done: Document, fields: Document
    ) -> None:
        own = {"_id": id, "person": person}
        changed = await self._put_aside({**own, **unless_done}, fields, [id])
        if not changed and not await self._rows.notifications.find_one(own):
            raise NotFound()

    async def _put_aside(self, query: Document, fields: Document, ids: Sequence[str]) -> int:
        """From now on its days are numbered, and those of its lines."""
        now = self._clock.now()
        gone = {"gone_at": now + NOTIFICATIONS_KEPT}
        result = await self._rows.notifications.update_many(
            query, {"$set": {**fields, **gone, "touched": now}}
        )
        if result.matched_count:
            await self._rows.lines.update_many({"notification": {"$in": list(ids)}}, {"$set": gone})
        return result.matched_count
