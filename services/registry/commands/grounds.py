"""On what ground somebody may come to an accommodation now: scope, organising there, or a shift there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pymongo import ASCENDING, IndexModel

from services.registry.domain.accommodation import Accommodation
from services.registry.domain.meeting_place_state import MeetingPlace
from services.registry.kinds import MEETING_PLACE
from services.registry.permissions.accommodations import is_in_scope
from shared.caller import Caller, Role
from shared.contracts.activities import SessionSnapshot
from shared.database import Database, Document
from shared.kind import Stored
from shared.replica import Known, Replica
from shared.store import Store

BEFORE_A_SHIFT = timedelta(hours=48)
SESSION_INDEXES = (
    IndexModel(
        [("state.accommodations", ASCENDING), ("state.end", ASCENDING)], name="accommodations"
    ),
    IndexModel([("state.seats.seated", ASCENDING), ("state.end", ASCENDING)], name="seated"),
)
SESSIONS_LOOKED_AT = 500
PLACES_LOOKED_AT = 50
PLACES_IN_USE = ("agreed", "open", "open_on_trial", "paused")

Right = Literal["officer", "coordinator", "volunteer"]


@dataclass(frozen=True)
class Ground:
    """By which right, what it rests on (a session's or a meeting place's id), and the doors it opens."""

    right: Right
    because_of: str | None = None
    doors: tuple[Stored[MeetingPlace], ...] = ()


class Grounds:
    """Judges it from our own meeting places and the replica of sessions, each time anew."""

    def __init__(self, store: Store, database: Database) -> None:
        self._store = store
        self.sessions = Replica(database, SessionSnapshot, SESSION_INDEXES)

    async def of(self, house: Stored[Accommodation], caller: Caller) -> Ground | None:
        """The widest ground on which the caller may come there now; None when there is none."""
        if is_in_scope(caller, house):
            return Ground("officer", doors=tuple(await self._places(house.id)))
        return await self._organising(house.id, caller) or await self._shift(house.id, caller)

    async def has_a_seat(self, person: str) -> bool:
        """Whether a session to come counts on the person."""
        today = self._store.clock.now().date().isoformat()
        query = {"state.seats.seated": person, "state.end": {"$gte": today}}
        return bool(await self.sessions.find(query, limit=1))

    async def _organising(self, id: str, caller: Caller) -> Ground | None:
        """A host of a meeting place that is not closed, or organiser of a session to come."""
        if not caller.organisations:
            return None
        own = list(caller.organisations)
        hosted = await self._places(id, {"keys.hosts": {"$in": own}})
        found = await self._sessions(id, caller.now, {"state.organiser": {"$in": own}})
        coming = [one for one in found if one.state.end >= caller.now]
        if not hosted and not coming:
            return None
        held_in = {one.state.meeting_place for one in coming} - {one.id for one in hosted}
        doors = (*hosted, *await self._these(held_in))
        return Ground("coordinator", (hosted or coming)[0].id, doors)

    async def _shift(self, id: str, caller: Caller) -> Ground | None:
        """A seat in a session there, from 48 hours before until its end."""
        if not (caller.has(Role.VOLUNTEER) or caller.has(Role.COORDINATOR)):
            return None
        before = _day(caller.now + BEFORE_A_SHIFT + timedelta(days=1))
        near = await self._sessions(id, caller.now, {"state.start": {"$lt": before}})
        mine = [one for one in near if _is_time(one.state, caller)]
        if not mine:
            return None
        doors = await self._these({one.state.meeting_place for one in mine})
        return Ground("volunteer", mine[0].id, tuple(doors))

    async def _places(self, id: str, more: Document | None = None) -> list[Stored[MeetingPlace]]:
        query = {
            "keys.accommodations": id,
            "keys.status": {"$in": list(PLACES_IN_USE)},
            **(more or {}),
        }
        return await self._store.find(MEETING_PLACE, query, limit=PLACES_LOOKED_AT)

    async def _these(self, ids: set[str]) -> Sequence[Stored[MeetingPlace]]:
        if not ids:
            return ()
        query: Document = {"_id": {"$in": sorted(ids)}}
        return await self._store.find(MEETING_PLACE, query, limit=len(ids))

    async def _sessions(
        self, id: str, now: datetime, more: Document
    ) -> list[Known[SessionSnapshot]]:
        """Sessions there that are not over since yesterday; dates compare as text, times do not."""
        query = {
            "state.accommodations": id,
            "state.end": {"$gte": _day(now - timedelta(days=1))},
            "state.status": {"$in": ["scheduled", "held"]},
            **more,
        }
        return await self.sessions.find(query, limit=SESSIONS_LOOKED_AT)


def _is_time(session: SessionSnapshot, caller: Caller) -> bool:
    seated = {person for seats in session.seats for person in seats.seated} | {session.leader}
    in_time = session.start - BEFORE_A_SHIFT <= caller.now <= session.end
    return in_time and caller.person_id in seated


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
