"""Where accommodations lie: set by officers, read on one page only, each reading logged."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4

from pymongo import ASCENDING, IndexModel

from services.registry.domain import location as rules
from services.registry.domain.accommodation import Accommodation
from services.registry.domain.location import Location, Whereabouts
from services.registry.kinds import LOCATION, MEETING_PLACE
from services.registry.permissions.accommodations import is_in_scope
from shared.caller import Caller, Role
from shared.contracts.activities import SessionSnapshot
from shared.contracts.problems import NotAllowed, PreconditionRequired, Stale
from shared.database import Database, Document, Taken
from shared.kind import By, Change, Stored
from shared.replica import Known, Replica
from shared.store import Store

BEFORE_A_SHIFT = timedelta(hours=48)
READS = "reads"
READS_KEPT_SECONDS = 2 * 366 * 24 * 3600
READS_INDEXES = (
    IndexModel([("accommodation", ASCENDING), ("at", ASCENDING)], name="accommodation"),
    IndexModel([("person", ASCENDING), ("at", ASCENDING)], name="person"),
    IndexModel([("at", ASCENDING)], name="kept", expireAfterSeconds=READS_KEPT_SECONDS),
)
SESSION_INDEXES = (
    IndexModel(
        [("state.accommodations", ASCENDING), ("state.end", ASCENDING)], name="accommodations"
    ),
)
SESSIONS_LOOKED_AT = 500

Right = Literal["officer", "coordinator", "volunteer"]


@dataclass(frozen=True)
class WayThere:
    """Where it lies, if anyone has said; and by which right the caller may know."""

    right: Right
    location: Stored[Location] | None


class Ways:
    """Who may know where an accommodation lies, and when."""

    def __init__(self, store: Store, database: Database) -> None:
        self._store = store
        self._reads = database.collection(READS)
        self.sessions = Replica(database, SessionSnapshot, SESSION_INDEXES)

    async def set(self, id: str, whereabouts: Whereabouts, by: By) -> Stored[Location]:
        """Say where it lies; with If-Match from the second time on (PreconditionRequired, Stale)."""
        assert by.actor is not None
        location = rules.at(whereabouts, by.actor, self._store.clock.now())
        if await self._location(id) is None and by.expected is None:
            try:
                return await self._store.create(LOCATION, id, Change(location), by)
            except Taken as taken:
                raise Stale() from taken
        if by.expected is None:
            raise PreconditionRequired()
        return await self._store.change(LOCATION, id, lambda _: Change(location), by)

    async def read(self, house: Stored[Accommodation], caller: Caller) -> WayThere:
        """The way there for who may know it now; NotAllowed for all others. Each reading is logged."""
        right = await self._right(house, caller)
        if right is None:
            raise _not_now()
        await self._log(house.id, caller, right)
        return WayThere(right, await self._location(house.id))

    async def _right(self, house: Stored[Accommodation], caller: Caller) -> Right | None:
        if is_in_scope(caller, house):
            return "officer"
        if caller.organisations and await self._organises_there(house.id, caller):
            return "coordinator"
        if await self._has_a_shift_there(house.id, caller):
            return "volunteer"
        return None

    async def _organises_there(self, id: str, caller: Caller) -> bool:
        """A host of a meeting place that is not closed, or organiser of a session to come."""
        own = list(caller.organisations)
        hosted: Document = {
            "keys.accommodations": id,
            "keys.hosts": {"$in": own},
            "keys.status": {"$in": ["agreed", "open", "open_on_trial", "paused"]},
        }
        if await self._store.find(MEETING_PLACE, hosted, limit=1):
            return True
        coming = await self._sessions(id, caller.now, {"state.organiser": {"$in": own}})
        return any(one.state.end >= caller.now for one in coming)

    async def _has_a_shift_there(self, id: str, caller: Caller) -> bool:
        if not (caller.has(Role.VOLUNTEER) or caller.has(Role.COORDINATOR)):
            return False
        before = _day(caller.now + BEFORE_A_SHIFT + timedelta(days=1))
        near = await self._sessions(id, caller.now, {"state.start": {"$lt": before}})
        return any(_is_time(one.state, caller) for one in near)

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

    async def _location(self, id: str) -> Stored[Location] | None:
        found = await self._store.find(LOCATION, {"_id": id}, limit=1)
        return found[0] if found else None

    async def _log(self, id: str, caller: Caller, right: Right) -> None:
        await self._reads.insert_one(
            {
                "_id": str(uuid4()),
                "person": caller.person_id,
                "accommodation": id,
                "right": right,
                "at": caller.now,
            }
        )


def _is_time(session: SessionSnapshot, caller: Caller) -> bool:
    seated = {person for seats in session.seats for person in seats.seated} | {session.leader}
    in_time = session.start - BEFORE_A_SHIFT <= caller.now <= session.end
    return in_time and caller.person_id in seated


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


def _not_now() -> NotAllowed:
    return NotAllowed(
        "way-not-shown-now",
        sv="Vägen dit visas för den som har ett pass där, från 48 timmar före tills passet är slut.",
        en="The way there is shown to whoever has a shift there, from 48 hours before until its end.",
    )
