"""Nobody and no room is in two places: who is elsewhere, and which dates are taken."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from services.activities.coalesce import Coalesced
from services.activities.domain.recurrence import Meeting
from services.activities.domain.session import Session
from services.activities.kinds import SESSION
from shared.clock import STOCKHOLM
from shared.contracts.base import PersonId, SessionId
from shared.contracts.problems import Refused
from shared.database import Document
from shared.store import Store

LONGEST = timedelta(hours=26)
AT_A_TIME = 2000


class Clashes:
    """What other sessions take up; each question is one look at an index."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._looking = Coalesced(self._look)
        self._asked: dict[SessionId, set[PersonId]] = {}
        self._span: dict[SessionId, tuple[datetime, datetime]] = {}

    async def insist_on_free_room(
        self, place: str, room: str | None, dates: Sequence[Meeting], activity: str
    ) -> None:
        """Raise Refused with the dates on which another activity has the room."""
        if room is None:
            return
        query = {"keys.meeting_place": place, "keys.room": room}
        clashes = await self._taken(query, dates, activity)
        if clashes:
            listed = ", ".join(_local(one) for one in clashes[:5])
            raise Refused(
                "room-taken",
                sv=f"Rummet är upptaget {listed}. Välj ett annat rum eller en annan tid.",
                en=f"The room is taken on {listed}. Choose another room or another time.",
                extra={"starts": [one.isoformat() for one in clashes]},
            )

    async def insist_on_free_person(
        self, person: PersonId, dates: Sequence[Meeting], activity: str
    ) -> None:
        """Raise Refused with the dates on which the leader has another shift."""
        clashes = await self._taken({"keys.holders": person}, dates, activity)
        if clashes:
            listed = ", ".join(_local(one) for one in clashes[:5])
            raise Refused(
                "leader-elsewhere",
                sv=f"Den som leder har ett annat pass {listed}.",
                en=f"The leader has another shift on {listed}.",
                extra={"starts": [one.isoformat() for one in clashes]},
            )

    async def busy(
        self, session: Session, who: Collection[PersonId], except_for: SessionId
    ) -> dict[PersonId, SessionId]:
        """Those of the people who hold a seat in another session at the same time, and where.

        In a rush for one session many ask at once; they share a look at the database.
        """
        if not who:
            return {}
        self._span[except_for] = (session.start, session.end)
        self._asked.setdefault(except_for, set()).update(who)
        found = await self._looking.run(except_for)
        return {person: found[person] for person in who if person in found}

    async def _look(self, except_for: SessionId) -> dict[PersonId, SessionId]:
        who, (start, end) = self._asked.pop(except_for), self._span.pop(except_for)
        rows = await self._store.of(SESSION).find(
            {
                "keys.holders": {"$in": sorted(who)},
                "keys.start": {"$lt": end, "$gt": start - LONGEST},
                "keys.end": {"$gt": start},
                "_id": {"$ne": except_for},
            },
            projection={"keys.holders": 1},
            limit=AT_A_TIME,
        )
        return {
            person: row["_id"] for row in rows for person in row["keys"]["holders"] if person in who
        }

    async def _taken(
        self, query: Document, dates: Sequence[Meeting], activity: str
    ) -> list[datetime]:
        rows = await self._store.of(SESSION).find(
            {
                **query,
                "keys.status": "scheduled",
                "keys.activity": {"$ne": activity},
                "keys.start": {
                    "$gt": min(one.start for one in dates) - LONGEST,
                    "$lt": max(one.end for one in dates),
                },
            },
            projection={"keys.start": 1, "keys.end": 1},
            sort=[("keys.start", 1)],
            limit=2000,
        )
        spans = [(row["keys"]["start"], row["keys"]["end"]) for row in rows]
        return [
            start
            for start, end in spans
            if any(one.start < end and start < one.end for one in dates)
        ]


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"
