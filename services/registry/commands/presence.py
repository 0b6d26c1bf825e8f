"""Who has a role at a place: who answers for it, whose organisation is there, who has a shift."""

from datetime import datetime, timedelta

from services.registry.domain.incident import Where
from services.registry.kinds import MEETING_PLACE
from services.registry.permissions.common import organisations_of
from services.registry.permissions.incidents import is_in_scope
from services.registry.permissions.meeting_places import PUBLIC_STATUSES
from shared.caller import Caller
from shared.contracts.activities import SessionSnapshot
from shared.database import Document
from shared.replica import Replica
from shared.store import Store

STILL_THERE = timedelta(days=14)
"""So long after a session those who were there may report what they saw."""


class Presence:
    """Finds out who has to do with a place."""

    def __init__(self, store: Store, sessions: Replica[SessionSnapshot]) -> None:
        self._store = store
        self._sessions = sessions

    async def is_there(self, caller: Caller, where: Where) -> bool:
        """True for who answers for it, belongs to who hosts or organises there, or has a shift."""
        if caller.is_administrator or is_in_scope(caller, where):
            return True
        own = sorted(organisations_of(caller))
        return await self._hosts_there(own, where) or await self._active_there(caller, own, where)

    async def _hosts_there(self, own: list[str], where: Where) -> bool:
        query: Document = {
            "keys.accommodations": {"$in": list(where.accommodations)},
            "keys.hosts": {"$in": own},
            "keys.status": {"$in": list(PUBLIC_STATUSES)},
        }
        return bool(own and await self._store.find(MEETING_PLACE, query, limit=1))

    async def _active_there(self, caller: Caller, own: list[str], where: Where) -> bool:
        """Sessions are found by day: dates compare as text, times do not."""
        query: Document = {
            "state.accommodations": {"$in": list(where.accommodations)},
            "state.end": {"$gte": _day(caller.now - STILL_THERE)},
            "$or": [
                {"state.organiser": {"$in": own}},
                {"state.leader": caller.person_id},
                {"state.seats.seated": caller.person_id},
            ],
        }
        return bool(await self._sessions.find(query, limit=1))


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
