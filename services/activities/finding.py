"""Who and what fits together: shifts for a helper, helpers for a session. Each look is at an index,
and what it costs grows with what is near and one's own, not with the country.
"""

from collections.abc import Sequence
from datetime import datetime

from services.activities.commands.clashes import LONGEST
from services.activities.commands.helping import Helping
from services.activities.domain.fitting import Candidate, Fit, for_me, is_possible
from services.activities.domain.helper import near
from services.activities.domain.schedule import Day
from services.activities.domain.seats import active
from services.activities.domain.session import Session
from services.activities.kinds import SESSION
from services.activities.queries import span
from services.activities.replicas import Replicas
from shared.contracts.base import PersonId
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
        me = Candidate(
            person=person,
            home=known.state.municipality,
            languages=frozenset(known.state.languages),
            wishes=(await self._helping.load(person)).wishes,
        )
        query = _coming(me, organisations, page, now)
        return await self._fitting(query, me, page, await self._shifts(person, now))

    async def _fitting(self, query: Document, me: Candidate, page: Page, busy: list[Span]) -> Found:
        fits: list[Stored[Session]] = []
        last, looked = page.after, 0
        while len(fits) <= page.limit and looked < LOOKED_AT_MOST:
            batch = await self._after(query, last)
            looked += len(batch)
            fits += [one for one in batch if _fits(one.state, me, busy)]
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
