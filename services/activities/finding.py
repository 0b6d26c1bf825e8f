"""Who and what fits together: shifts for a helper, helpers for a session. Each look is at an index,
and what it costs grows with what is near and one's own, not with the country.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from services.activities.commands.clashes import LONGEST
from services.activities.commands.helping import Helping
from services.activities.domain.asking import Around
from services.activities.domain.distance import places_within
from services.activities.domain.fitting import (
    Candidate,
    Fit,
    for_me,
    is_possible,
    may_take,
    place_of,
)
from services.activities.domain.helper import Helper, near
from services.activities.domain.recurrence import moment
from services.activities.domain.schedule import Day
from services.activities.domain.seats import active
from services.activities.domain.session import Session
from services.activities.kinds import SESSION
from services.activities.queries import span
from services.activities.replicas import Replicas
from shared.clock import local_date
from shared.contracts.base import PersonId
from shared.contracts.registry import PersonSnapshot
from shared.database import Document
from shared.http import Listing, Page, Position
from shared.kind import Stored
from shared.store import Store

FITTING = Listing(
    "fitting-sessions", sorts=("start",), filters={"from": Day, "to": Day, "waiting_list": bool}
)
AT_A_TIME = 100
LOOKED_AT_MOST = 1000
SHIFTS_AT_MOST = 500
CANDIDATES_AT_MOST = 500
"""An organisation that has more is asked among those who live near; of those, among so many."""
SESSIONS_AT_MOST = 1000
NEAR_KM = 50
HALF_A_YEAR = timedelta(days=182)
NEW = Helper()

Found = tuple[list[tuple[Stored[Session], Fit]], str | None]
Span = tuple[datetime, datetime]


class Finding:
    """The looks from both sides."""

    def __init__(self, store: Store, replicas: Replicas, helping: Helping) -> None:
        self._store = store
        self._replicas = replicas
        self._helping = helping

    async def fitting(self, person: PersonId, page: Page) -> Found:
        """Coming sessions where a person may take a seat, that fit what is known of them.

        A page may have fewer rows than asked for and still a next one: one look reads so many at most.
        """
        now = self._store.clock.now()
        organisations = await self._replicas.helped_by(person, now)
        known = await self._replicas.people.persons.get(person)
        if known is None or not organisations:
            return [], None
        me = _candidate(person, known.state, await self._helping.load(person), times=0)
        busy = await self._shifts(person, now)

        def fits(one: Session) -> bool:
            return _fits(one, me, busy) and may_take(one, known.state)

        return await self._fitting(_coming(me, organisations, page, now), me, page, fits)

    async def _fitting(
        self, query: Document, me: Candidate, page: Page, wanted: Callable[[Session], bool]
    ) -> Found:
        fits: list[Stored[Session]] = []
        last, looked = page.after, 0
        while len(fits) <= page.limit and looked < LOOKED_AT_MOST:
            batch = await self._after(query, last)
            looked += len(batch)
            fits += [one for one in batch if wanted(one.state)]
            if len(batch) < AT_A_TIME:
                return _cut(page, fits, me)
            last = Position(batch[-1].state.start, batch[-1].id)
        rows, cursor = _cut(page, fits, me)
        return rows, cursor or page.going_on(last)

    async def _after(self, query: Document, last: Position | None) -> list[Stored[Session]]:
        if last is not None:
            later = {"keys.start": {"$gt": last.value}}
            same = {"keys.start": last.value, "_id": {"$gt": last.id}}
            query = {"$and": [query, {"$or": [later, same]}]}
        order = [("keys.start", 1), ("_id", 1)]
        return await self._store.find(SESSION, query, sort=order, limit=AT_A_TIME)

    async def _shifts(self, person: PersonId, now: datetime) -> list[Span]:
        rows = await self._store.of(SESSION).find(
            {"keys.holders": person, "keys.start": {"$gt": now - LONGEST}},
            projection={"keys.start": 1, "keys.end": 1},
            limit=SHIFTS_AT_MOST,
        )
        return [(row["keys"]["start"], row["keys"]["end"]) for row in rows]

    async def around(self, stored: Stored[Session], people: Collection[PersonId] = ()) -> Around:
        """Those of the organiser's own who might be asked for a session, and what is known of them.

        `people` are looked at too, wherever they live.
        """
        now, session = self._store.clock.now(), stored.state
        near_it = places_within(place_of(session), NEAR_KM)
        own = await self._replicas.helpers_of(session.organiser, near_it, CANDIDATES_AT_MOST, now)
        more = sorted(set(people) - own.keys())
        helping = await self._replicas.helpers(more, session.organiser, now)
        known = await self._replicas.people.persons.many(sorted(helping)) if helping else {}
        own |= {id: one.state for id, one in known.items()}
        helpers, times, working = await asyncio.gather(
            self._helping.of(own), self._times(session), self._working(session, own)
        )
        candidates = {
            id: _candidate(id, one, helpers.get(id, NEW), times.get(id, 0))
            for id, one in own.items()
        }
        unable = {id for id, one in own.items() if not may_take(session, one)}
        return Around(candidates, helpers, working, unable)

    async def _times(self, session: Session) -> Counter[PersonId]:
        """How often each has helped there with this kind of activity in the last half year."""
        since = self._store.clock.now() - HALF_A_YEAR
        rows = await self._store.of(SESSION).find(
            {"keys.meeting_place": session.meeting_place, "keys.start": {"$gt": since}},
            projection={"state.kind": 1, "state.seats.person": 1, "state.seats.status": 1},
            sort=[("keys.start", 1), ("_id", 1)],
            limit=SESSIONS_AT_MOST,
        )
        return Counter(
            seat["person"]
            for row in rows
            if row["state"]["kind"] == session.kind
            for seat in row["state"].get("seats", ())
            if seat["status"] == "served" and seat["person"]
        )

    async def _working(self, session: Session, people: Collection[PersonId]) -> set[PersonId]:
        """Those of the people who have a shift on the day of a session."""
        day = local_date(session.start)
        begins, ends = moment(day, "00:00"), moment(day + timedelta(days=1), "00:00")
        rows = await self._store.of(SESSION).find(
            {
                "keys.holders": {"$in": sorted(people)},
                "keys.start": {"$gt": begins - LONGEST, "$lt": ends},
                "keys.end": {"$gt": begins},
            },
            projection={"keys.holders": 1},
            limit=SESSIONS_AT_MOST,
        )
        return {person for row in rows for person in row["keys"]["holders"]}


def _candidate(id: PersonId, person: PersonSnapshot, helper: Helper, times: int) -> Candidate:
    return Candidate(
        person=id,
        home=person.municipality,
        languages=frozenset(person.languages),
        wishes=helper.wishes,
        asked_at=helper.asked_at,
        times=times,
    )


def _coming(me: Candidate, organisations: frozenset[str], page: Page, now: datetime) -> Document:
    """What an index can tell: whose, where, whether there is room, and when."""
    days = span(page.filters.get("from"), page.filters.get("to"))
    start = {**days, "$gt": now}
    room = ["free", "full"] if page.filters.get("waiting_list") else ["free"]
    query: Document = {
        "keys.organiser": {"$in": sorted(organisations)},
        "keys.open": {"$in": room},
        "keys.start": start,
    }
    places = near(me.wishes, me.home)
    return query if places is None else {**query, "keys.where": {"$in": sorted(places)}}


def _fits(session: Session, me: Candidate, busy: Sequence[Span]) -> bool:
    elsewhere = any(start < session.end and session.start < end for start, end in busy)
    mine = active(session.seats, me.person)
    return not elsewhere and mine is None and is_possible(session, me)


def _cut(page: Page, fits: Sequence[Stored[Session]], me: Candidate) -> Found:
    shown, cursor = page.cut(fits, lambda one: Position(one.state.start, one.id))
    return [(one, for_me(one.state, me)) for one in shown], cursor
