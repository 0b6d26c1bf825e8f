"""What can be done with closing plans: looked at first, decided, changed, undone; every house follows."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.registry.commands.accommodations import Accommodations
from services.registry.commands.meeting_places import MeetingPlaces
from services.registry.domain import closing_plan as rules
from services.registry.domain.accommodation import Accommodation
from services.registry.domain.closing_plan import ClosingPlan, Line, Wanted
from services.registry.domain.following import has_followed
from services.registry.domain.meeting_place_state import MeetingPlace
from services.registry.kinds import CLOSING_PLAN
from shared.causes import following
from shared.clock import local_date
from shared.contracts.problems import FieldError
from shared.database import Document
from shared.deadline import database_seconds_left, renew_deadline
from shared.due import in_parallel
from shared.kind import By, Change, Stored, new_id
from shared.store import Store

Houses = Mapping[str, Stored[Accommodation]]


@dataclass(frozen=True)
class Preview:
    """What a plan would touch: the meeting places by accommodation, and what speaks against it."""

    places: Mapping[str, Sequence[Stored[MeetingPlace]]]
    faults: Mapping[str, FieldError]


class ClosingPlans:
    """Use cases of the closing plan."""

    def __init__(self, store: Store, accommodations: Accommodations, places: MeetingPlaces) -> None:
        self._store = store
        self._accommodations = accommodations
        self._places = places

    async def load(self, id: str) -> Stored[ClosingPlan]:
        """One plan; NotFound when there is none."""
        return await self._store.load(CLOSING_PLAN, id)

    async def houses(self, ids: Collection[str]) -> dict[str, Stored[Accommodation]]:
        """The accommodations with these ids; NotYetKnown when one is missing."""
        found = await self._places.accommodations(list(dict.fromkeys(ids)))
        return {one.id: one for one in found}

    async def preview(
        self, wanted: Sequence[Wanted], houses: Houses, known: Sequence[Line] = ()
    ) -> Preview:
        """What closing them so would touch; nothing is changed."""
        lines = {line.accommodation: line for line in known}
        faults = rules.faults(wanted, _states(houses), lines, self._today())
        return Preview(await self._places.at(houses), faults)

    async def decide(
        self, name: str, wanted: Sequence[Wanted], houses: Houses, by: By
    ) -> Stored[ClosingPlan]:
        """Decide it; every accommodation follows before this returns. Invalid with all faults."""
        if (born := await self._store.born(CLOSING_PLAN, by)) is not None:
            return await self._followed(born, by)
        decision = rules.decide(name, wanted, _states(houses), self._today())
        stored = await self._store.create(CLOSING_PLAN, new_id(by), Change(*decision), by)
        return await self._followed(stored, by)

    async def change(
        self, id: str, name: str, wanted: Sequence[Wanted], houses: Houses, by: By
    ) -> Stored[ClosingPlan]:
        """Other days, more accommodations or fewer; every one follows before this returns."""
        states, today = _states(houses), self._today()
        return await self._change(
            id, lambda plan: rules.change(plan, name, wanted, states, today), by
        )

    async def undo(self, id: str, accommodations: Collection[str], by: By) -> Stored[ClosingPlan]:
        """These are not to close after all; those that still close as planned open again."""
        return await self._change(id, lambda plan: rules.undo(plan, accommodations), by)

    async def reconcile(self, id: str, by: By) -> None:
        """Have every accommodation follow that has not yet, as after a kill."""
        await self._followed(await self.load(id), by)

    async def timeline(self, id: str) -> list[Document]:
        """What has been done with it, by whom and when."""
        return await self._store.timeline(CLOSING_PLAN, id)

    async def _change(
        self, id: str, rule: Callable[[ClosingPlan], rules.Decision], by: By
    ) -> Stored[ClosingPlan]:
        stored = await self._store.change(CLOSING_PLAN, id, lambda one: Change(*rule(one)), by)
        return await self._followed(stored, by)

    async def _followed(self, stored: Stored[ClosingPlan], by: By) -> Stored[ClosingPlan]:
        lines = stored.state.lines
        houses = await self.houses([line.accommodation for line in lines])

        async def follow(line: Line) -> None:
            if database_seconds_left() is not None:
                renew_deadline()
            await self._accommodations.follow(line.accommodation, stored.id, line, following(by))

        behind = [
            line
            for line in lines
            if not has_followed(houses[line.accommodation].state, stored.id, line)
        ]
        await in_parallel([lambda line=line: follow(line) for line in behind])  # type: ignore[misc]
        return stored

    def _today(self) -> date:
        return local_date(self._store.clock.now())


def _states(houses: Houses) -> dict[str, Accommodation]:
    return {id: one.state for id, one in houses.items()}
