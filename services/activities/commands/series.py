"""Editing a series: look at what it touches, then do it; its sessions follow at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from services.activities.commands.activities import Activities
from services.activities.commands.checks import Checks, insist_on_agreement, insist_on_room
from services.activities.commands.clashes import Clashes
from services.activities.domain import activity as activities
from services.activities.domain import series as rules
from services.activities.domain.activity import Activity
from services.activities.domain.moving import asks
from services.activities.domain.recurrence import Meeting
from services.activities.domain.seats import ACTIVE, HOLDING, people
from services.activities.domain.series import Ground, More, Move
from services.activities.domain.session import Session
from services.activities.kinds import ACTIVITY, SESSION
from services.activities.many import AT_A_TIME
from services.activities.replicas import Replicas
from shared.contracts.activities import CancelReason
from shared.contracts.base import PersonId, SessionId
from shared.kind import By, Change, Stored
from shared.store import Store

Rule = Callable[[Activity], activities.Decision]


@dataclass(frozen=True)
class Touched:
    """A session that an edit changes: what it is planned as then, and who of its people are elsewhere."""

    session: Stored[Session]
    meeting: Meeting
    elsewhere: Mapping[PersonId, SessionId] = field(default_factory=dict)

    @property
    def asks(self) -> bool:
        """Whether those who have a seat are asked if they keep it."""
        one = self.session.state
        return asks(one, self.meeting.start, self.meeting.end, self.meeting.ask)

    @property
    def concerned(self) -> tuple[PersonId, ...]:
        """Who is told: whoever has, was offered or waits for a seat."""
        return people(self.session.state.seats, *ACTIVE)


class Series:
    """Use cases of a series that is under way."""

    def __init__(self, store: Store, replicas: Replicas, activities: Activities) -> None:
        self._store = store
        self._activities = activities
        self._checks = Checks(store, replicas)
        self._clashes = Clashes(store)

    async def look(self, stored: Stored[Activity], wish: Move) -> list[Touched]:
        """What a move would do to whom, saving nothing; raises what the move itself would."""
        ground, sessions = await self._ground(stored.id)
        changed = rules.moved(stored.state, wish, ground)
        rules.reschedule(stored.state, wish, ground)
        await self._insist_on_dates(stored, list(changed.values()), wish.room)
        by_number = {one.state.number: one for one in sessions}
        touched = [
            Touched(by_number[number], meeting)
            for number, meeting in changed.items()
            if number in by_number
        ]
        return await self._with_clashes(touched)

    async def move(self, stored: Stored[Activity], wish: Move, by: By) -> Stored[Activity]:
        """Move a meeting and those within reach."""
        ground, _ = await self._ground(stored.id)
        changed = rules.moved(stored.state, wish, ground)
        await self._insist_on_dates(stored, list(changed.values()), wish.room)
        return await self._change(stored.id, lambda one: rules.reschedule(one, wish, ground), by)

    async def look_further(self, stored: Stored[Activity], wish: More) -> list[Meeting]:
        """The meetings that would be added, saving nothing."""
        ground, _ = await self._ground(stored.id)
        longer, _ = rules.extend(stored.state, wish, ground)
        added = list(longer.meetings[len(stored.state.meetings) :])
        await self._insist_on_dates(stored, added, None)
        return added

    async def extend(self, stored: Stored[Activity], wish: More, by: By) -> Stored[Activity]:
        """Add meetings; their sessions are there when this returns."""
        await self.look_further(stored, wish)
        ground, _ = await self._ground(stored.id)
        return await self._change(stored.id, lambda one: rules.extend(one, wish, ground), by)

    async def call_off(
        self,
        stored: Stored[Activity],
        number: int,
        reason: CancelReason,
        words: str | None,
        by: By,
    ) -> Stored[Activity]:
        """Call off a meeting and all that come after it; all of them is the activity itself."""
        ground, _ = await self._ground(stored.id)

        def rule(one: Activity) -> activities.Decision:
            shorter, events = rules.call_off(one, number, reason, words, ground)
            if any(map(ground.takes_place, shorter.meetings)):
                return shorter, events
            return activities.cancel(one, reason, words)

        return await self._change(stored.id, rule, by)

    async def _change(self, id: str, rule: Rule, by: By) -> Stored[Activity]:
        changed = await self._store.change(ACTIVITY, id, lambda one: Change(*rule(one)), by)
        return await self._activities.followed(changed, by)

    async def _ground(self, id: str) -> tuple[Ground, list[Stored[Session]]]:
        found = await self._store.find(SESSION, {"keys.activity": id}, limit=AT_A_TIME)
        numbers = {
            status: frozenset(one.state.number for one in found if one.state.status == status)
            for status in ("cancelled", "held")
        }
        ground = Ground(self._store.clock.now(), numbers["cancelled"], numbers["held"])
        return ground, found

    async def _insist_on_dates(
        self, stored: Stored[Activity], dates: Sequence[Meeting], room: str | None
    ) -> None:
        if not dates:
            return
        place = await self._checks.known_place(stored.state.meeting_place)
        insist_on_room(room, place)
        insist_on_agreement(place, dates)
        await self._checks.free(stored.state, dates, stored.id)

    async def _with_clashes(self, touched: list[Touched]) -> list[Touched]:
        together = {one.session.id for one in touched}
        found = []
        for one in touched:
            then = one.session.state.model_copy(
                update={"start": one.meeting.start, "end": one.meeting.end}
            )
            seated = people(then.seats, *HOLDING)
            busy = await self._clashes.busy(then, seated, one.session.id)
            elsewhere = {person: id for person, id in busy.items() if id not in together}
            found.append(replace(one, elsewhere=elsewhere))
        return found
