"""What can be done with activities: load what the rule needs, ask it, store."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from services.activities.commands.clashes import Clashes
from services.activities.commands.merging import Merging
from services.activities.commands.relocation import Relocation
from services.activities.commands.sessions import Sessions
from services.activities.domain import activity as rules
from services.activities.domain.activity import LIVE, Activity, Plan
from services.activities.domain.agreement import covered_until
from services.activities.domain.recurrence import Meeting, meetings
from services.activities.domain.relocation import whereabouts
from services.activities.domain.session import Cancellation
from services.activities.kinds import ACTIVITY
from services.activities.many import each, in_batches
from services.activities.replicas import Replicas
from shared import failpoints
from shared.causes import following
from shared.clock import STOCKHOLM
from shared.contracts.activities import ActivityCancelled, CancelReason
from shared.contracts.problems import NotYetKnown, Refused, Unavailable
from shared.contracts.registry import MeetingPlaceSnapshot
from shared.database import Document
from shared.kind import By, Change, Stored, derived_id, new_id
from shared.store import Store

OPEN = ("open", "open_on_trial")
_CANCELLED = ActivityCancelled.type


class Activities:
    """Use cases of the activity aggregate."""

    def __init__(self, store: Store, replicas: Replicas, sessions: Sessions) -> None:
        self._store = store
        self._replicas = replicas
        self._sessions = sessions
        self._clashes = Clashes(store)
        self._relocation = Relocation(store, replicas)
        self._merging = Merging(store, replicas, sessions)

    async def load(self, id: str) -> Stored[Activity]:
        """One activity; NotFound when there is none."""
        return await self._store.load(ACTIVITY, id)

    async def plan(self, wish: Plan, by: By) -> Stored[Activity]:
        """Plan an activity; its sessions are there when this returns.

        Raises NotYetKnown for a meeting place, organiser or leader that has not arrived here, and
        Refused when place, host, agreement, room or leader does not allow it.
        """
        before = await self._store.born(ACTIVITY, by)
        if before is not None:
            return await self._followed(before, by) if before.state.status in LIVE else before
        id, dates = new_id(by), meetings(wish.schedule)
        place = await self._known_place(wish.meeting_place)
        await self._insist_on_host(wish, place)
        _insist_on_agreement(place, dates)
        _insist_on_room(wish, place)
        await self._insist_on_leader(wish)
        await self._clashes.insist_on_free_room(wish.meeting_place, wish.room, dates, id)
        if wish.leader is not None:
            await self._clashes.insist_on_free_person(wish.leader, dates, id)
        now = self._store.clock.now()
        activity, events = rules.plan(wish, whereabouts(place), dates, now)
        stored = await self._store.create(ACTIVITY, id, Change(activity, events), by)
        failpoints.reach(failpoints.BETWEEN_CHECKS)
        return await self._followed(stored, by)

    async def cancel(
        self, id: str, reason: CancelReason, words: str | None, by: By
    ) -> Stored[Activity]:
        """Cancel what is left of an activity; its coming sessions are cancelled when this returns."""
        stored = await self._change(id, lambda one: rules.cancel(one, reason, words), by)
        return await self._followed(stored, by)

    async def reconcile(self, id: str, by: By) -> None:
        """See that each meeting has its session, and that a cancelled activity has none coming."""
        stored = await self._relocation.activity(await self.load(id), following(by))
        activity = (await self._merging.follow_organiser_of(stored, following(by))).state
        if activity.status == "cancelled":
            await self._cancel_sessions(id, activity, await self._cancelled_by(id) or by)
        elif activity.status in LIVE:
            await self._plan_sessions(id, activity, by)

    async def _cancelled_by(self, id: str) -> By | None:
        """The command that cancelled it: whatever event has us look, it stays one message."""
        rows = [one for one in await self.timeline(id) if one["type"] == _CANCELLED]
        if not rows:
            return None
        row = rows[-1]
        return By(actor=row["actor"], correlation=row["correlation"], cause=row["_id"])

    async def wake(self, id: str, by: By) -> None:
        """Started, or ended."""
        now = self._store.clock.now()
        await self._change(id, lambda one: rules.advance(one, now), by)

    async def timeline(self, id: str) -> list[Document]:
        """What has been done with it, by whom and when."""
        return await self._store.timeline(ACTIVITY, id)

    async def forget_leader(self, person: str, by: By) -> None:
        """An erased person leads no activity."""
        async for one in each(self._store, ACTIVITY, {"keys.leader": person}):
            await self._change(one.id, lambda now: rules.without_leader(now, person), by)

    async def _followed(self, stored: Stored[Activity], by: By) -> Stored[Activity]:
        """With its sessions, at once; what the database has no time for, the own event does."""
        with suppress(Unavailable):
            await in_batches([lambda: self.reconcile(stored.id, by)])
        return stored

    async def _plan_sessions(self, id: str, activity: Activity, by: By) -> None:
        there = await self._sessions.numbers_of(id)
        missing = [one for one in activity.meetings if one.number not in there]
        command = following(by)

        async def create(meeting: Meeting) -> None:
            await self._sessions.create(
                session_id(id, meeting.number), id, activity, meeting, command
            )

        await in_batches([lambda one=one: create(one) for one in missing])  # type: ignore[misc]

    async def _cancel_sessions(self, id: str, activity: Activity, by: By) -> None:
        assert activity.cancel_reason is not None
        what = Cancellation(
            reason=activity.cancel_reason,
            words=activity.cancel_words,
            at=self._store.clock.now(),
            by=by.actor,
        )
        await self._sessions.cancel_coming({"keys.activity": id}, what, following(by))

    async def _known_place(self, id: str) -> MeetingPlaceSnapshot:
        place = await self._replicas.places.get(id)
        if place is None:
            raise NotYetKnown(extra={"field": "meeting_place"})
        if place.state.status not in OPEN:
            raise Refused(
                "place-not-open",
                sv="Mötesplatsen är inte öppen. Välj en annan, eller vänta tills den öppnar.",
                en="The meeting place is not open. Choose another, or wait until it opens.",
                extra={"status": place.state.status},
            )
        return place.state

    async def _insist_on_host(self, wish: Plan, place: MeetingPlaceSnapshot) -> None:
        if await self._replicas.people.organisations.get(wish.organiser) is None:
            raise NotYetKnown(extra={"field": "organiser"})
        if wish.organiser not in place.hosts:
            raise Refused(
                "not-a-host",
                sv="Bara de organisationer som håller i mötesplatsen kan ordna något där.",
                en="Only the organisations that host the meeting place can organise there.",
            )

    async def _insist_on_leader(self, wish: Plan) -> None:
        if wish.leader is None:
            return
        if await self._replicas.people.persons.get(wish.leader) is None:
            raise NotYetKnown(extra={"field": "leader"})
        now = self._store.clock.now()
        if not await self._replicas.helpers([wish.leader], wish.organiser, now):
            raise Refused(
                "leader-not-yours",
                sv="Den som leder ska vara volontär eller samordnare hos er.",
                en="Whoever leads must be a volunteer or coordinator of yours.",
            )

    async def _change(
        self, id: str, rule: Callable[[Activity], rules.Decision], by: By
    ) -> Stored[Activity]:
        return await self._store.change(ACTIVITY, id, lambda one: Change(*rule(one)), by)


def session_id(activity: str, number: int) -> str:
    """The id of an activity's session: the same whoever makes it, and however often."""
    return derived_id(activity, number)


def _insist_on_agreement(place: MeetingPlaceSnapshot, dates: Sequence[Meeting]) -> None:
    until = covered_until(place)
    if until is None:
        return
    later = sum(one.start.astimezone(STOCKHOLM).date() > until for one in dates)
    if later:
        raise Refused(
            "agreement-ends",
            sv=f"Mötesplatsen är öppen till och med {until}. {later} tillfällen ligger efter. "
            "Planera till dess och fråga om förlängning.",
            en=f"The meeting place is open until {until}. {later} sessions are later. "
            "Plan until then and ask for an extension.",
            extra={"until": until.isoformat(), "later": later},
        )


def _insist_on_room(wish: Plan, place: MeetingPlaceSnapshot) -> None:
    if wish.room is not None and wish.room not in {one.id for one in place.rooms}:
        raise Refused(
            "no-such-room",
            sv="Det rummet finns inte på mötesplatsen. Välj ett av dem som finns.",
            en="The meeting place has no such room. Choose one of those it has.",
        )
