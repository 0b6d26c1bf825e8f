"""The dates of a season with all that is to be known of them, in one look that saves nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.activities.commands.checks import Checks
from services.activities.domain.activity import Plan
from services.activities.domain.hints import Hint, Setting, as_hint, hints
from services.activities.domain.recurrence import LeftOut, Meeting, left_out, meetings
from services.activities.domain.schedule import Schedule
from services.activities.replicas import Replicas
from shared.clock import local_date
from shared.contracts.activities import ActivityKind
from shared.store import Store


@dataclass(frozen=True)
class Preview:
    """The meetings that would take place, what is left out and why, and what to know of them."""

    meetings: tuple[Meeting, ...]
    left_out: tuple[tuple[date, LeftOut], ...]
    hints: tuple[Hint, ...]


class Previews:
    """Looks ahead with the eyes of planning."""

    def __init__(self, store: Store, replicas: Replicas) -> None:
        self._replicas = replicas
        self._checks = Checks(store, replicas)

    async def season(
        self, schedule: Schedule, kind: ActivityKind | None, place: str | None
    ) -> Preview:
        """A season of which little else is decided yet."""
        season = schedule.of_kind(kind)
        dates = meetings(season)
        return self._preview(season, dates, hints(dates, await self._setting(kind, place)))

    async def plan(self, wish: Plan, activity: str = "") -> Preview:
        """A whole plan, with what planning it would be refused for."""
        dates = meetings(wish.season)
        found = hints(dates, await self._setting(wish.kind, wish.meeting_place))
        refusals = await self._checks.refusals(wish, dates, activity)
        blocking = [as_hint(one, dates) for one in refusals]
        return self._preview(wish.season, dates, [*blocking, *found])

    async def hints(self, wish: Plan, dates: Sequence[Meeting]) -> list[Hint]:
        """What is to be known of some dates of an activity."""
        return hints(dates, await self._setting(wish.kind, wish.meeting_place))

    def _preview(self, season: Schedule, dates: tuple[Meeting, ...], found: list[Hint]) -> Preview:
        last = max(local_date(one.start) for one in dates)
        missing = tuple((slot.day, why) for slot, why in left_out(season, season.last or last))
        return Preview(dates, missing, tuple(found))

    async def _setting(self, kind: ActivityKind | None, place: str | None) -> Setting:
        if place is None:
            return Setting(kind)
        known = await self._checks.known_place(place)
        found = await self._replicas.accommodations.many(list(known.accommodations))
        houses = tuple(one.state for one in found.values())
        languages = frozenset(code for house in houses for code in house.languages)
        return Setting(kind, known, houses, languages)
