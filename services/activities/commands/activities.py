"""What can be done with activities: load what the rule needs, ask it, store."""

from collections.abc import Callable
from contextlib import suppress

from services.activities.commands.checks import Checks
from services.activities.commands.merging import Merging
from services.activities.commands.relocation import Relocation
from services.activities.commands.sessions import Sessions
from services.activities.domain import activity as rules
from services.activities.domain.activity import LIVE, Activity, Plan
from services.activities.domain.moving import Planned, follows
from services.activities.domain.recurrence import Meeting, meetings
from services.activities.domain.relocation import whereabouts
from services.activities.domain.session import Cancellation, Session
from services.activities.kinds import ACTIVITY, SESSION
from services.activities.many import AT_A_TIME, each, in_batches
from services.activities.replicas import Replicas
from shared import failpoints
from shared.causes import following
from shared.contracts.activities import ActivityCancelled, CancelReason
from shared.contracts.problems import Unavailable
from shared.database import Document
from shared.kind import By, Change, Stored, derived_id, new_id
from shared.store import Store

_CANCELLED = ActivityCancelled.type


class Activities:
    """Use cases of the activity aggregate."""

    def __init__(self, store: Store, replicas: Replicas, sessions: Sessions) -> None:
        self._store = store
        self._replicas = replicas
        self._sessions = sessions
        self._checks = Checks(store, replicas)
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
            return await self.followed(before, by) if before.state.status in LIVE else before
        id, dates = new_id(by), meetings(wish.season)
        place = await self._checks.all(wish, dates, id)
        now = self._store.clock.now()
        activity, events = rules.plan(wish, whereabouts(place), dates, now)
        stored = await self._store.create(ACTIVITY, id, Change(activity, events), by)
        failpoints.reach(failpoints.BETWEEN_CHECKS)
        return await self.followed(stored, by)

    async def cancel(
        self, id: str, reason: CancelReason, words: str | None, by: By
    ) -> Stored[Activity]:
        """Cancel what is left of an activity; its coming sessions are cancelled when this returns."""
        stored = await self._change(id, lambda one: rules.cancel(one, reason, words), by)
        return await self.followed(stored, by)

    async def reconcile(self, id: str, by: By) -> None:
        """See that each meeting has its session, and that a cancelled activity has none coming."""
        stored = await self._relocation.activity(await self.load(id), following(by))
        stored = await self._merging.follow_organiser_of(stored, following(by))
        activity = stored.state
        if activity.status == "cancelled":
            await self._cancel_sessions(id, activity, await self._cancelled_by(id) or by)
        elif activity.status in LIVE:
            await self._plan_sessions(id, activity, by)
            await self._follow(stored, following(by))

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

    async def followed(self, stored: Stored[Activity], by: By) -> Stored[Activity]:
        """With its sessions, at once; what the database has no time for, the own event does."""
        with suppress(Unavailable):
            await in_batches([lambda: self.reconcile(stored.id, by)])
        return stored

    async def _plan_sessions(self, id: str, activity: Activity, by: By) -> None:
        there = await self._sessions.numbers_of(id)
        missing = [
            one
            for one in activity.meetings
            if one.number not in there and one.cancel_reason is None
        ]
        command = following(by)

        async def create(meeting: Meeting) -> None:
            await self._sessions.create(
                session_id(id, meeting.number), id, activity, meeting, command
            )

        await in_batches([lambda one=one: create(one) for one in missing])  # type: ignore[misc]

    async def _follow(self, planned: Stored[Activity], by: By) -> None:
        """Each coming session as its meeting is planned now, or cancelled with it."""
        id, activity = planned.id, planned.state
        meetings = {one.number: one for one in activity.meetings}
        now = self._store.clock.now()
        coming = {"keys.activity": id, "keys.status": "scheduled", "keys.start": {"$gt": now}}
        found = await self._store.find(SESSION, coming, limit=AT_A_TIME)

        async def follow(stored: Stored[Session]) -> None:
            meeting = meetings.get(stored.state.number)
            if meeting is None:
                return
            if meeting.cancel_reason is None:
                now_planned = Planned(activity, planned.version, meeting)
                if follows(stored.state, now_planned, now):
                    await self._sessions.follow(stored, now_planned, by)
                return
            what = Cancellation(
                reason=meeting.cancel_reason, words=meeting.cancel_words, at=now, by=by.actor
            )
            await self._sessions.cancel(stored, what, by)

        await in_batches([lambda one=one: follow(one) for one in found])  # type: ignore[misc]

    async def _cancel_sessions(self, id: str, activity: Activity, by: By) -> None:
        assert activity.cancel_reason is not None
        what = Cancellation(
            reason=activity.cancel_reason,
            words=activity.cancel_words,
            at=self._store.clock.now(),
            by=by.actor,
        )
        await self._sessions.cancel_coming({"keys.activity": id}, what, following(by))

    async def _change(
        self, id: str, rule: Callable[[Activity], rules.Decision], by: By
    ) -> Stored[Activity]:
        return await self._store.change(ACTIVITY, id, lambda one: Change(*rule(one)), by)


def session_id(activity: str, number: int) -> str:
    """The id of an activity's session: the same whoever makes it, and however often."""
    return derived_id(activity, number)
