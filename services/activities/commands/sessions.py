"""What can be done with a session and its seats."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from services.activities.coalesce import Coalesced
from services.activities.commands.clashes import Clashes
from services.activities.domain import asking, merging, moving, signup
from services.activities.domain import session as rules
from services.activities.domain.activity import Activity
from services.activities.domain.moving import Planned
from services.activities.domain.recurrence import Meeting
from services.activities.domain.seats import NOT_ASKED, Moment, RoleNeed, Skip, people, taken
from services.activities.domain.session import Cancellation, Decision, Session
from services.activities.kinds import SESSION
from services.activities.many import AT_A_TIME, in_batches
from services.activities.replicas import Replicas
from shared.causes import following
from shared.contracts.activities import ReleaseReason, SessionRole
from shared.contracts.base import PersonId, SessionId
from shared.contracts.problems import Refused
from shared.database import Document, Taken
from shared.kind import By, Change, Stored
from shared.store import Store

Rule = Callable[[Session, Moment], Decision]
Asked = Mapping[PersonId, Skip | None]


class Sessions:
    """Use cases of the session aggregate."""

    def __init__(self, store: Store, replicas: Replicas) -> None:
        self._store = store
        self._replicas = replicas
        self._clashes = Clashes(store)
        self._loading: Coalesced[Stored[Session]] = Coalesced(self.load)

    async def load(self, id: SessionId) -> Stored[Session]:
        """One session; NotFound when there is none."""
        return await self._store.load(SESSION, id)

    async def load_shared(self, id: SessionId) -> Stored[Session]:
        """The same as `load`; a rush of readers of one session shares the look at the database."""
        return await self._loading.run(id)

    async def create(
        self, id: SessionId, activity_id: str, activity: Activity, meeting: Meeting, by: By
    ) -> None:
        """Make the session of a meeting; nothing when it is there already."""
        now = self._store.clock.now()
        session, events = rules.plan_session(activity_id, activity, meeting, now)
        try:
            await self._store.create(SESSION, id, Change(session, events), by)
        except Taken:
            return

    async def sign_up(self, stored: Stored[Session], role: SessionRole, by: By) -> Stored[Session]:
        """The caller takes a seat or stands in the queue; `result` says which."""
        person, session = _actor(by), stored.state
        queue = people(session.seats, "waiting") if _has_room(session, role) else ()
        asked = await self._ask(stored, {person, *queue})
        return await self._change(
            stored.id, lambda one, at: signup.sign_up(one, person, role, at), asked, by, person
        )

    async def withdraw(self, stored: Stored[Session], by: By) -> Stored[Session]:
        """The caller gives the seat back; the first in the queue moves up."""
        person = _actor(by)
        return await self._serve(
            stored, lambda one, at: signup.withdraw(one, person, at), by, person
        )

    async def confirm(self, stored: Stored[Session], by: By) -> Stored[Session]:
        """The caller says yes to an offered seat."""
        person = _actor(by)
        return await self._serve(
            stored, lambda one, at: signup.confirm(one, person, at), by, person
        )

    async def keep(self, stored: Stored[Session], by: By) -> Stored[Session]:
        """The caller keeps the seat at the session's new time; `result` says where they stand."""
        person = _actor(by)
        asked = await self._ask(stored, {person, *people(stored.state.seats, "waiting")})
        return await self._change(
            stored.id, lambda one, at: moving.keep(one, person, at), asked, by, person
        )

    async def follow(self, stored: Stored[Session], planned: Planned, by: By) -> Stored[Session]:
        """As the activity plans it now: words, roles, leader, room and time."""
        place = await self._replicas.places.get(stored.state.meeting_place)
        told = replace(planned, hosts=place.state.hosts if place else (), mover=by.actor)
        # Who waits is asked for the time that will be.
        meeting = planned.meeting
        then = stored.state.model_copy(update={"start": meeting.start, "end": meeting.end})
        asked = await self._ask(replace(stored, state=then), people(then.seats, "waiting"))
        return await self._change(
            stored.id, lambda one, at: moving.follow(one, told, at), asked, by
        )

    async def remove(self, stored: Stored[Session], person: PersonId, by: By) -> Stored[Session]:
        """A coordinator takes somebody off."""
        return await self._serve(stored, lambda one, at: signup.remove(one, person, at), by, person)

    async def add(
        self, stored: Stored[Session], person: PersonId, role: SessionRole, by: By
    ) -> Stored[Session]:
        """Somebody stepped in; they must be one of the organiser's own."""
        now = self._store.clock.now()
        if not await self._replicas.helpers([person], stored.state.organiser, now):
            raise Refused(
                "not-one-of-yours",
                sv="Personen är inte volontär eller samordnare hos er.",
                en="The person is no volunteer or coordinator of yours.",
            )
        return await self._serve(
            stored, lambda one, at: signup.add(one, person, role, at), by, person
        )

    async def set_seats(self, stored: Stored[Session], need: RoleNeed, by: By) -> Stored[Session]:
        """Raise or lower the number of seats."""
        return await self._serve(stored, lambda one, at: signup.set_seats(one, need, at), by)

    async def release(
        self, stored: Stored[Session], gone: Collection[PersonId], why: ReleaseReason, by: By
    ) -> Stored[Session]:
        """Free the seats of people who can no longer have them."""
        people_gone = frozenset(gone)
        return await self._serve(
            stored, lambda one, at: signup.release(one, people_gone, why, at), by
        )

    async def forget(self, stored: Stored[Session], person: PersonId, by: By) -> Stored[Session]:
        """Nothing in the session names an erased person any more."""
        return await self._serve(stored, lambda one, at: signup.forget(one, person, at), by)

    async def move_person(
        self, stored: Stored[Session], person: PersonId, into: PersonId, by: By
    ) -> Stored[Session]:
        """What was one account's in the session is the other's, who is the same human."""
        return await self._serve(
            stored, lambda one, at: merging.move_person(one, person, into, at), by
        )

    async def release_room(self, id: SessionId, by: By) -> None:
        """The room was another's first."""
        await self._change(id, lambda one, _: rules.release_room(one), {}, by)

    async def serve_queue(self, stored: Stored[Session], by: By) -> Stored[Session]:
        """Seats that are free go to who waits and can come."""
        return await self._serve(stored, lambda one, at: rules.served(one, one.seats, None, at), by)

    async def wake(self, id: SessionId, by: By) -> None:
        """Offers lapse; after its end the session was held."""
        await self._serve(await self.load(id), rules.wake, by)

    async def cancel(
        self, stored: Stored[Session], reason: Cancellation, by: By
    ) -> Stored[Session]:
        """Cancel one session; who is concerned stands in its event."""
        place = await self._replicas.places.get(stored.state.meeting_place)
        hosts = place.state.hosts if place else ()
        return await self._change(
            stored.id, lambda one, _: rules.cancel(one, reason, hosts), {}, by
        )

    async def cancel_coming(self, query: Document, what: Cancellation, by: By) -> None:
        """Cancel every scheduled session that has not begun and fits the query."""
        coming = {**query, "keys.status": "scheduled", "keys.start": {"$gt": what.at}}
        found = await self._store.find(SESSION, coming, limit=AT_A_TIME)
        command = following(by)
        await in_batches([lambda one=one: self.cancel(one, what, command) for one in found])  # type: ignore[misc]
        if len(found) == AT_A_TIME:
            await self.cancel_coming(query, what, by)

    async def apply(
        self, id: SessionId, rule: Rule, by: By, result: Mapping[str, object] | None = None
    ) -> Stored[Session]:
        """A rule that frees no seat; `result` is answered again when the request is repeated."""

        def change(session: Session) -> Change[Session]:
            now = self._store.clock.now()
            state, events = asking.settled(*rule(session, Moment(now)), now)
            return Change(state, events, result or {})

        return await self._store.change(SESSION, id, change, by)

    async def numbers_of(self, activity: str) -> frozenset[int]:
        """The numbers of an activity's sessions that are there."""
        rows = await self._store.of(SESSION).find(
            {"keys.activity": activity}, projection={"keys.number": 1}, limit=AT_A_TIME
        )
        return frozenset(row["keys"]["number"] for row in rows)

    async def timeline(self, id: SessionId) -> list[Document]:
        """What has been done with it, by whom and when."""
        return await self._store.timeline(SESSION, id)

    async def _serve(
        self, stored: Stored[Session], rule: Rule, by: By, person: PersonId | None = None
    ) -> Stored[Session]:
        """A change that may free a seat: the rule knows who of the queue is busy elsewhere."""
        queue = people(stored.state.seats, "waiting")
        asked = await self._ask(stored, queue)
        return await self._change(stored.id, rule, asked, by, person)

    async def _ask(self, stored: Stored[Session], who: Collection[PersonId]) -> Asked:
        busy = await self._clashes.busy(stored.state, who, except_for=stored.id)
        return {one: Skip("elsewhere", busy[one]) if one in busy else None for one in who}

    async def _change(
        self,
        id: SessionId,
        rule: Rule,
        asked: Asked,
        by: By,
        person: PersonId | None = None,
    ) -> Stored[Session]:
        def change(session: Session) -> Change[Session]:
            moment = Moment(self._store.clock.now(), _skipped(session, asked))
            state, events = asking.settled(*rule(session, moment), moment.now)
            return Change(state, events, rules.standing(state, person) if person else {})

        return await self._store.change(SESSION, id, change, by)


def _skipped(session: Session, asked: Asked) -> dict[PersonId, Skip]:
    """Who cannot take a seat; the session may be newer than the look at who is elsewhere."""
    late = dict.fromkeys(set(people(session.seats, "waiting")) - asked.keys(), NOT_ASKED)
    return late | {person: skip for person, skip in asked.items() if skip}


def _has_room(session: Session, role: SessionRole) -> bool:
    need = next((one for one in session.needs if one.role == role), None)
    return need is not None and taken(session.seats, role) < need.maximum


def _actor(by: By) -> PersonId:
    assert by.actor is not None
    return by.actor
