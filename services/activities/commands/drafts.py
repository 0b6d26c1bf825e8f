"""Putting a plan down, changing what is said of it, publishing it, and last season once more."""

from dataclasses import replace
from datetime import date

from services.activities.commands.activities import Activities
from services.activities.commands.checks import Checks, insist_on_room
from services.activities.domain import activity as rules
from services.activities.domain.activity import LIVE, Activity, Plan
from services.activities.domain.again import once_more
from services.activities.domain.description import Description
from services.activities.domain.recurrence import meetings
from services.activities.domain.relocation import whereabouts
from services.activities.domain.schedule import Schedule
from services.activities.kinds import ACTIVITY
from services.activities.replicas import Replicas
from shared.contracts.problems import Refused
from shared.kind import By, Change, Stored, new_id
from shared.store import Store


class Drafts:
    """Use cases of an activity before it is planned, and of its description afterwards."""

    def __init__(self, store: Store, replicas: Replicas, activities: Activities) -> None:
        self._store = store
        self._activities = activities
        self._checks = Checks(store, replicas)

    async def draft(self, wish: Plan, by: By) -> Stored[Activity]:
        """Put a plan down; the place need not be open yet, nor the dates still to come."""
        before = await self._store.born(ACTIVITY, by)
        if before is not None:
            return before
        place = await self._checks.known_place(wish.meeting_place)
        await self._checks.host(wish, place)
        insist_on_room(wish.room, place)
        change = rules.draft(wish, whereabouts(place), meetings(wish.season))
        return await self._store.create(ACTIVITY, new_id(by), Change(*change), by)

    async def copy(
        self, stored: Stored[Activity], first: date, last: date | None, by: By
    ) -> Stored[Activity]:
        """A draft that is as this activity was, from another first date on."""
        return await self.draft(once_more(stored.state, first, last), by)

    async def edit(
        self, stored: Stored[Activity], wish: Description, schedule: Schedule | None, by: By
    ) -> Stored[Activity]:
        """Describe it anew; of a draft also the season. Its coming sessions follow at once."""
        if stored.state.status == "draft":
            return await self._redraft(stored, wish, schedule or stored.state.schedule, by)
        if schedule is not None and schedule != stored.state.schedule:
            raise Refused(
                "already-planned",
                sv="Aktiviteten är redan planerad. Tider ändras med flytta, förläng eller ställ in.",
                en="The activity is planned already. Its times change by move, extend or cancel.",
            )
        await self._insist_on_description(stored, wish)
        changed = await self._store.change(
            ACTIVITY, stored.id, lambda one: Change(*rules.describe(one, wish)), by
        )
        return await self._activities.followed(changed, by)

    async def publish(self, stored: Stored[Activity], by: By) -> Stored[Activity]:
        """Plan the draft with all its sessions; again changes nothing."""
        wish = stored.state
        if wish.status in LIVE:
            return await self._activities.followed(stored, by)
        dates = meetings(wish.season)
        place = await self._checks.all(wish, dates, stored.id)
        now, where = self._store.clock.now(), whereabouts(place)
        planned = await self._store.change(
            ACTIVITY,
            stored.id,
            lambda one: Change(*rules.publish(one, where, dates, now)),
            # What was judged is what is planned.
            replace(by, expected=stored.version),
        )
        return await self._activities.followed(planned, by)

    async def _redraft(
        self, stored: Stored[Activity], wish: Description, schedule: Schedule, by: By
    ) -> Stored[Activity]:
        place = await self._checks.known_place(stored.state.meeting_place)
        insist_on_room(wish.room, place)
        plan = Plan(
            **dict(wish),
            organiser=stored.state.organiser,
            meeting_place=stored.state.meeting_place,
            schedule=schedule,
        )
        dates, where = meetings(plan.season), whereabouts(place)
        return await self._store.change(
            ACTIVITY, stored.id, lambda one: Change(*rules.redraft(one, plan, where, dates)), by
        )

    async def _insist_on_description(self, stored: Stored[Activity], wish: Description) -> None:
        """What is new must be there and free; what stays was checked when it came."""
        one = stored.state
        place = await self._checks.known_place(one.meeting_place)
        now = self._store.clock.now()
        await self._checks.description(wish, one.organiser, place)
        described = one.model_copy(update=dict(wish))
        coming = [each for each in one.meetings if each.start > now and not each.cancel_reason]
        if coming and (wish.room, wish.leader) != (one.room, one.leader):
            await self._checks.free(described, coming, stored.id)
