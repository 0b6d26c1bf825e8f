"""What people do with their notifications. Each may be done twice; the second time changes nothing."""

from datetime import datetime

from services.notifications.tables import Tables
from shared.clock import Clock
from shared.contracts.base import PersonId
from shared.contracts.problems import NotFound
from shared.database import Document


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
        now = self._clock.now()
        await self._rows.notifications.update_many(
            {"person": person, "unread": True, "at": {"$lte": until or now}},
            {"$set": {"unread": False, "touched": now}},
        )

    async def _mark(
        self, person: PersonId, id: str, unless_done: Document, fields: Document
    ) -> None:
        own = {"_id": id, "person": person}
        result = await self._rows.notifications.update_one(
            {**own, **unless_done}, {"$set": {**fields, "touched": self._clock.now()}}
        )
        if result.matched_count == 0 and not await self._rows.notifications.find_one(own):
            raise NotFound()
