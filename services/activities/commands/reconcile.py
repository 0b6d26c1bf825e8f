"""What must hold across aggregates (P5): compare the newest state and mend the difference.

Late, twice or out of order each of these is a no-op. Whoever or whatever is in two places: the
later one, by time and then id, yields.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.activities.commands.activities import Activities
from services.activities.commands.clashes import LONGEST
from services.activities.commands.helping import Helping
from services.activities.commands.merging import Merging
from services.activities.commands.relocation import Relocation
from services.activities.commands.sessions import Sessions
from services.activities.domain.activity import LIVE
from services.activities.domain.agreement import covered_until
from services.activities.domain.recurrence import moment
from services.activities.domain.seats import ACTIVE, HOLDING, asked_to_keep, people
from services.activities.domain.session import Cancellation, Session, holders
from services.activities.kinds import ACTIVITY, SESSION
from services.activities.many import AT_A_TIME, each
from services.activities.replicas import Replicas
from shared.contracts.activities import CancelReason, ReleaseReason
from shared.contracts.base import PersonId
from shared.contracts.problems import NotFound
from shared.database import Document
from shared.kind import By, Stored
from shared.store import Store

GONE = ("left", "excluded", "declined")


class Reconciler:
    """Sessions and activities against each other, people, organisations and meeting places."""

    def __init__(
        self, store: Store, replicas: Replicas, activities: Activities, sessions: Sessions
    ) -> None:
        self._store = store
        self._replicas = replicas
        self._activities = activities
        self._sessions = sessions
        self._relocation = Relocation(store, replicas)
        self._merging = Merging(store, replicas, sessions)
        self._helping = Helping(store, replicas)

    async def session(self, id: str, by: By) -> None:
        """A coming session: its activity, place, people and room still allow it."""
        try:
            stored = await self._relocation.session(await self._sessions.load(id), by)
        except NotFound:
            return
        if stored.state.end <= self._store.clock.now():
            return
        await self._serve_where_others_wait(stored, by)
        if stored.state.status != "scheduled":
            return
        stored = await self._release_who_may_not(stored, by)
        stored = await self._release_who_is_elsewhere(stored, by)
        await self._yield_room(stored, by)
        if people(stored.state.seats, "waiting"):
            await self._sessions.serve_queue(stored, by)

    async def planned(self, id: str, by: By) -> None:
        """A session planned while its activity was cancelled, or its place closed, is cancelled too.

        What was planned before is theirs to cancel: this way one command stays one message.
        """
        try:
            stored = await self._sessions.load(id)
        except NotFound:
            return
        stored = await self._merging.follow_organiser(stored, by)
        if stored.state.status != "scheduled" or stored.state.start <= self._store.clock.now():
            return
        activity = (await self._activities.load(stored.state.activity)).state
        if activity.status == "cancelled":
            await self._activities.reconcile(stored.state.activity, by)
            return
        place = stored.state.meeting_place
        reason = await self._closed(place)
        after = await self._ends_early(place)
        if after is not None and stored.state.start >= after:
            reason = reason or "room_unavailable"
        if reason is not None:
            await self._sessions.cancel(stored, self._cancellation(reason), by)

    async def person(self, id: str, by: By) -> None:
        """The coming seats of somebody whose roles or account have changed; a merged one's move."""
        if await self._merging.person(id, by):
            return
        now = self._store.clock.now()
        helped = await self._replicas.helped_by(id, now)
        query = {
            "keys.people": id,
            "keys.start": {"$gt": now - LONGEST},
            "keys.organiser": {"$nin": sorted(helped)},
        }
        async for stored in each(self._store, SESSION, query):
            if stored.state.end > now and id in people(stored.state.seats, *ACTIVE):
                await self._release_who_may_not(stored, by)

    async def forget(self, person: str, by: By) -> None:
        """Nothing here names an erased person any more."""
        await self._helping.forget(person)
        # First here, so that no session takes them over anew.
        await self._activities.forget_leader(person, by)
        while found := await self._store.find(SESSION, {"keys.named": person}, limit=AT_A_TIME):
            for stored in found:
                await self._sessions.forget(stored, person, by)

    async def organisation(self, id: str, by: By) -> None:
        """What an organisation, or its branches, still has coming although it is not active.

        What a merged one has goes on as the other's.
        """
        if await self._merging.organisation(id, by):
            return
        if id in await self._replicas.people.active_of([id]):
            return
        for one in [id, *await self._replicas.branches(id)]:
            await self._close_down(one, by)

    async def place(self, id: str, house_closes: bool, by: By) -> None:
        """What is there follows where the meeting place is; a closed one has nothing coming, and one
        whose agreement ends early nothing after its last day.

        `house_closes` says why it closed, when that is known before the house's own event arrives.
        """
        await self._relocation.place(id, by)
        reason = await self._closed(id, house_closes)
        if reason is not None:
            query = {"keys.meeting_place": id}
            await self._cancel_activities(query, reason, by)
            await self._sessions.cancel_coming(query, self._cancellation(reason), by)
        elif (after := await self._ends_early(id)) is not None:
            late = {"keys.meeting_place": id, "keys.start": {"$gte": after}}
            cancellation = self._cancellation("room_unavailable")
            async for session in each(self._store, SESSION, {**late, "keys.status": "scheduled"}):
                await self._sessions.cancel(session, cancellation, by)

    async def _close_down(self, organisation: str, by: By) -> None:
        known = await self._replicas.people.organisations.get(organisation)
        query = {"keys.organiser": organisation}
        if known is not None and known.state.status in GONE:
            await self._cancel_activities(query, "too_few_leaders", by)
        now = self._store.clock.now()
        coming = {**query, "keys.start": {"$gt": now}, "keys.people": {"$gt": ""}}
        async for stored in each(self._store, SESSION, coming):
            await self._release_who_may_not(stored, by)

    async def _cancel_activities(self, query: Document, reason: CancelReason, by: By) -> None:
        live = {**query, "keys.status": {"$in": list(LIVE)}}
        async for one in each(self._store, ACTIVITY, live):
            await self._activities.cancel(one.id, reason, None, by)

    async def _closed(self, id: str, house_closes: bool = False) -> CancelReason | None:
        """Why nothing can be at the meeting place; None while it is not closed."""
        place = await self._replicas.places.get(id)
        if place is None or place.state.status != "closed":
            return None
        closing = house_closes or await self._replicas.all_closing(place.state)
        return "accommodation_closing" if closing else "room_unavailable"

    async def _ends_early(self, id: str) -> datetime | None:
        """The end of the last day that is agreed, where a party has ended the agreement early."""
        place = await self._replicas.places.get(id)
        if place is None or place.state.agreement.ends_on is None:
            return None
        last = covered_until(place.state)
        return moment(last + timedelta(days=1), "00:00") if last else None

    async def _release_who_may_not(self, stored: Stored[Session], by: By) -> Stored[Session]:
        session = stored.state
        named = {*people(session.seats, *ACTIVE), *(one.person for one in session.asked)}
        for person in await self._replicas.erased(named):
            stored = await self._sessions.forget(stored, person, by)
        now = self._store.clock.now()
        left = set(people(stored.state.seats, *ACTIVE))
        gone = left - await self._replicas.helpers(left, session.organiser, now)
        # A leader who was named may be older than our knowledge of them; who was merged moves.
        known = await self._replicas.people.persons.many(list(gone)) if gone else {}
        merged = [id for id, one in known.items() if one.state.merged_into is not None]
        stored = await self._moved(stored, merged, by)
        may_not = known.keys() - set(merged)
        if not may_not:
            return stored
        if await self._replicas.people.organisations.get(session.organiser) is None:
            return stored
        active = await self._replicas.people.active_of([session.organiser])
        why: ReleaseReason = (
            "role_ended" if session.organiser in active else "organisation_not_active"
        )
        return await self._sessions.release(stored, may_not, why, by)

    async def _moved(
        self, stored: Stored[Session], merged: Sequence[PersonId], by: By
    ) -> Stored[Session]:
        """Seats that were taken by accounts that were merged at the same moment."""
        for person in merged:
            winner = await self._merging.winner(person)
            if winner is not None:
                stored = await self._sessions.move_person(stored, person, winner, by)
        return stored

    async def _release_who_is_elsewhere(self, stored: Stored[Session], by: By) -> Stored[Session]:
        """The seat taken later yields: this session's here, the other's there."""
        mine = _since(stored)
        for other in await self._overlapping(stored, {"keys.holders": {"$in": list(mine)}}):
            theirs = _since(other)
            # Who is asked whether they keep a seat that moved has time to choose between the two.
            both = mine.keys() & theirs.keys() - _choosing(stored) - _choosing(other)
            here = {one for one in both if (mine[one], stored.id) > (theirs[one], other.id)}
            if here:
                stored = await self._sessions.release(stored, here, "clash", by)
            if both - here:
                await self._sessions.release(other, both - here, "clash", by)
        return stored

    async def _serve_where_others_wait(self, stored: Stored[Session], by: By) -> None:
        """Who holds no seat here (any more) may be waiting elsewhere, skipped as busy until now."""
        session = stored.state
        free = {one.person for one in session.seats if one.person} - set(holders(session))
        if not free:
            return
        for other in await self._overlapping(stored, {"keys.people": {"$in": sorted(free)}}):
            if free & set(people(other.state.seats, "waiting")):
                await self._sessions.serve_queue(other, by)

    async def _yield_room(self, stored: Stored[Session], by: By) -> None:
        session = stored.state
        if session.room is None:
            return
        query = {"keys.meeting_place": session.meeting_place, "keys.room": session.room}
        for other in await self._overlapping(stored, query):
            mine, theirs = (session.planned_at, stored.id), (other.state.planned_at, other.id)
            await self._sessions.release_room(max(mine, theirs)[1], by)

    async def _overlapping(self, stored: Stored[Session], query: Document) -> list[Stored[Session]]:
        session = stored.state
        during = {
            "keys.start": {"$lt": session.end, "$gt": session.start - LONGEST},
            "keys.end": {"$gt": session.start},
            "keys.status": "scheduled",
            "_id": {"$ne": stored.id},
        }
        return await self._store.find(SESSION, {**query, **during}, limit=AT_A_TIME)

    def _cancellation(self, reason: CancelReason) -> Cancellation:
        return Cancellation(reason=reason, at=self._store.clock.now())


def _choosing(stored: Stored[Session]) -> set[PersonId]:
    return set(asked_to_keep(stored.state.seats))


def _since(stored: Stored[Session]) -> dict[str, datetime]:
    return {
        one.person: one.since for one in stored.state.seats if one.person and one.status in HOLDING
    }
