"""Which meetings a season has: local time first, UTC last, so that summer time comes right.

What would begin in the hour that summer time leaves out does not take place and is not counted.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.activities.domain.almanac import is_holiday
from services.activities.domain.schedule import (
    ENDS_WHEN_IT_STARTS,
    MEETINGS_AT_MOST,
    Schedule,
)
from shared.clock import STOCKHOLM
from shared.contracts.activities import CancelReason
from shared.contracts.problems import Invalid
from shared.contracts.texts import Line

LeftOut = Literal["skipped", "holiday", "no-such-time"]
LONGEST_SEASON = timedelta(days=5 * 366)


class Meeting(BaseModel):
    """One meeting of a series; its number is given once and never changes.

    `apart` was moved by itself and follows the series no more; `extra` came besides the pattern. `room`
    is its own where it is not the activity's. With `cancel_reason` it is called off; `ask`: whoever has
    a seat is asked whether they keep it, however small the move.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    start: datetime
    end: datetime
    room: str | None = None
    apart: bool = False
    extra: bool = False
    ask: bool = False
    cancel_reason: CancelReason | None = None
    cancel_words: Line | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A meeting in local time: its day, and its times on the clock."""

    day: date
    start: str
    end: str

    @property
    def exists(self) -> bool:
        """False where summer time leaves out the hour in which it begins."""
        return is_on_the_clock(self.day, self.start)

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From when until when, in UTC."""
        following = self.day if self.end > self.start else self.day + timedelta(days=1)
        return moment(self.day, self.start), moment(following, self.end)


def meetings(schedule: Schedule) -> tuple[Meeting, ...]:
    """The meetings that take place, numbered from 1, in UTC.

    Raises Invalid (422) when there are none, more than 60, or two of them overlap, and for a number of
    meetings that takes more than five years.
    """
    wanted = schedule.wanted or MEETINGS_AT_MOST + 1
    found = list(islice(pattern(schedule), min(wanted, MEETINGS_AT_MOST + 1)))
    if schedule.wanted and len(found) < min(wanted, MEETINGS_AT_MOST):
        raise _too_long()
    spans = [(slot.span, False) for slot in found]
    spans += [(slot.span, True) for slot in extra_slots(schedule)]
    if not spans:
        raise Invalid(
            "no-meetings",
            sv="Inga träffar blir av med de datumen. Ändra veckodag, datum eller undantag.",
            en="No meeting takes place on those dates. Change weekday, dates or exceptions.",
        )
    refuse_too_many(len(spans))
    spans.sort()
    refuse_overlap(span for span, _ in spans)
    return tuple(
        Meeting(number=number, start=start, end=end, extra=extra)
        for number, ((start, end), extra) in enumerate(spans, start=1)
    )


def local_slot(one: Meeting) -> Slot:
    """A meeting as the clock on the wall has it."""
    start, end = one.start.astimezone(STOCKHOLM), one.end.astimezone(STOCKHOLM)
    return Slot(start.date(), f"{start:%H:%M}", f"{end:%H:%M}")


def left_out(schedule: Schedule, until: date) -> Iterator[tuple[Slot, LeftOut]]:
    """What the rule calls for up to a day and does not take place, and why."""
    skipped = frozenset(schedule.skipped)
    for slot in slots(schedule):
        if slot.day > until:
            return
        if slot.day in skipped:
            yield slot, "skipped"
        elif schedule.skip_holidays and is_holiday(slot.day):
            yield slot, "holiday"
        elif not slot.exists:
            yield slot, "no-such-time"


def pattern(schedule: Schedule, beyond_its_end: bool = False) -> Iterator[Slot]:
    """The meetings of the pattern in order: what is skipped or never on the clock is left out."""
    rule, skipped = schedule.rule, frozenset(schedule.skipped)
    last = None if beyond_its_end else schedule.last
    for slot in slots(schedule):
        if last is not None and slot.day > last:
            return
        if not beyond_its_end and rule.ends_before(slot.day, slot.span[0]):
            return
        left_out = slot.day in skipped or (schedule.skip_holidays and is_holiday(slot.day))
        if not left_out and slot.exists:
            yield slot


def slots(schedule: Schedule) -> Iterator[Slot]:
    """Every day of the rule with its times, from the first date on, for at most five years."""
    rule, day = schedule.rule, schedule.first
    while day - schedule.first < LONGEST_SEASON:
        if rule.fits(day, schedule.first):
            yield from (Slot(day, start, end) for start, end in schedule.times_of(day))
        day += timedelta(days=1)


def extra_slots(schedule: Schedule) -> list[Slot]:
    """The meetings besides the pattern. Raises Invalid for one at an hour that is on no clock."""
    first = schedule.weekly[0] if schedule.weekly else schedule
    found = [
        Slot(one.day, one.start or first.start or "", one.end or first.end or "")
        for one in schedule.extra
    ]
    for slot in found:
        insist_on_the_clock(slot)
    return found


def moment(day: date, local: str) -> datetime:
    """A local time of a day in UTC; of an hour that comes twice, the first."""
    wall = datetime.combine(day, time.fromisoformat(local), STOCKHOLM)
    return wall.astimezone(UTC)


def is_on_the_clock(day: date, local: str) -> bool:
    """False for a time in the hour that summer time leaves out."""
    return f"{moment(day, local).astimezone(STOCKHOLM):%H:%M}" == local


def comes_twice(day: date, local: str) -> bool:
    """True for a time in the hour that winter time brings again; we mean the first."""
    wall = datetime.combine(day, time.fromisoformat(local), STOCKHOLM)
    return is_on_the_clock(day, local) and wall.utcoffset() != wall.replace(fold=1).utcoffset()


def insist_on_the_clock(slot: Slot) -> None:
    """Raise Invalid for a meeting that would begin at an hour that is on no clock."""
    if slot.start == slot.end:
        raise Invalid("ends-when-it-starts", ENDS_WHEN_IT_STARTS)
    if not slot.exists:
        raise Invalid(
            "no-such-time",
            sv=f"Klockan ställs om: {slot.day} finns inget {slot.start}. Välj en annan tid.",
            en=f"The clocks change: {slot.day} has no {slot.start}. Choose another time.",
            extra={"day": slot.day.isoformat(), "time": slot.start},
        )


def refuse_too_many(count: int) -> None:
    """Raise Invalid beyond 60 meetings."""
    if count > MEETINGS_AT_MOST:
        raise Invalid(
            "too-many-meetings",
            sv=f"Det blir fler än {MEETINGS_AT_MOST} träffar. Dela upp säsongen.",
            en=f"That makes more than {MEETINGS_AT_MOST} meetings. Split the season.",
        )


def refuse_overlap(spans: Iterable[tuple[datetime, datetime]]) -> None:
    """Raise Invalid when two of the spans, which are in order, overlap."""
    if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
        raise Invalid(
            "meetings-overlap",
            sv="Två av träffarna går in i varandra. Ändra tiderna.",
            en="Two of the meetings overlap. Change the times.",
        )


def _too_long() -> Invalid:
    return Invalid(
        "season-too-long",
        sv="Så många träffar tar mer än fem år. Ange färre, eller kortare mellanrum.",
        en="So many meetings take more than five years. Give fewer, or shorter pauses.",
    )
