"""Which meetings a weekly schedule has: local time first, UTC last, so that summer time comes right."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from shared.clock import STOCKHOLM
from shared.contracts.problems import Invalid, Text
from shared.contracts.texts import Body, wrong

MEETINGS_AT_MOST = 60
SKIPPED_AT_MOST = 100

_DAYS = (date(2015, 1, 1), date(2100, 12, 31))
_NOT_IN_OUR_TIME = Text(
    f"Ange ett datum mellan {_DAYS[0]} och {_DAYS[1]}.",
    f"Give a date between {_DAYS[0]} and {_DAYS[1]}.",
)


def _in_our_time(day: date) -> date:
    if not _DAYS[0] <= day <= _DAYS[1]:
        raise wrong("not-in-our-time", _NOT_IN_OUR_TIME)
    return day


Day = Annotated[date, AfterValidator(_in_our_time)]
"""A day that somebody gives: far enough from the calendar's edges to count and convert from."""
LocalTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["18:00"])]
MeetingCount = Annotated[int, Field(ge=1, le=MEETINGS_AT_MOST)]

_ENDS_WHEN_IT_STARTS = Text(
    "Träffen slutar när den börjar. Välj en senare sluttid; efter midnatt går bra.",
    "The meeting ends when it starts. Choose a later end; after midnight is fine.",
)
_LAST_OR_COUNT = Text(
    "Ange antingen sista datum eller antal träffar.",
    "Give either the last date or the number of meetings.",
)
_LAST_BEFORE_FIRST = Text(
    "Sista datumet är före det första.", "The last date is before the first one."
)


class Weekly(Body):
    """One time in the week; ISO weekday 1 = Monday, `end` before `start` means the next day."""

    weekday: Annotated[int, Field(ge=1, le=7, examples=[2])]
    start: LocalTime
    end: LocalTime

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.start == self.end:
            raise wrong("ends-when-it-starts", _ENDS_WHEN_IT_STARTS)
        return self


class Schedule(Body):
    """A season: weekly times, from the first date to the last one or for a number of meetings."""

    weekly: Annotated[tuple[Weekly, ...], Field(min_length=1, max_length=14)]
    first: Day
    last: Day | None = None
    meetings: MeetingCount | None = None
    skipped: Annotated[tuple[Day, ...], Field(max_length=SKIPPED_AT_MOST)] = ()

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if (self.last is None) == (self.meetings is None):
            raise wrong("last-or-meetings", _LAST_OR_COUNT)
        if self.last is not None and self.last < self.first:
            raise wrong("last-before-first", _LAST_BEFORE_FIRST)
        return self


class Meeting(BaseModel):
    """One meeting of a series; its number is given once and never changes."""

    model_config = ConfigDict(frozen=True)

    number: int
    start: datetime
    end: datetime


def meetings(schedule: Schedule) -> tuple[Meeting, ...]:
    """The meetings that take place, numbered from 1, in UTC.

    Raises Invalid (422) when there are none, more than 60, or two of them overlap.
    """
    wanted = schedule.meetings or MEETINGS_AT_MOST + 1
    times = tuple(islice(_times(schedule), wanted))
    if not times:
        raise Invalid(
            "no-meetings",
            sv="Inga träffar blir av med de datumen. Ändra veckodag, datum eller undantag.",
            en="No meeting takes place on those dates. Change weekday, dates or exceptions.",
        )
    if len(times) > MEETINGS_AT_MOST:
        raise Invalid(
            "too-many-meetings",
            sv=f"Det blir fler än {MEETINGS_AT_MOST} träffar. Dela upp säsongen.",
            en=f"That makes more than {MEETINGS_AT_MOST} meetings. Split the season.",
        )
    _refuse_overlap(times)
    return tuple(
        Meeting(number=number, start=start, end=end)
        for number, (start, end) in enumerate(times, start=1)
    )


def moment(day: date, local: str) -> datetime:
    """A local time of a day in UTC; of an hour that comes twice, the first."""
    wall = datetime.combine(day, time.fromisoformat(local), STOCKHOLM)
    return wall.astimezone(UTC)


def _times(schedule: Schedule) -> Iterator[tuple[datetime, datetime]]:
    weekly = sorted(schedule.weekly, key=lambda one: one.start)
    skipped = frozenset(schedule.skipped)
    for day in _days(schedule):
        if day not in skipped:
            yield from (_span(day, one) for one in weekly if one.weekday == day.isoweekday())


def _days(schedule: Schedule) -> Iterator[date]:
    # Each week has a meeting and each exception takes at most one week, so this many weeks suffice.
    weeks = MEETINGS_AT_MOST + 1 + len(schedule.skipped)
    last = schedule.last or date.max
    for step in range(7 * weeks):
        day = schedule.first + timedelta(days=step)
        if day > last:
            return
        yield day


def _span(day: date, one: Weekly) -> tuple[datetime, datetime]:
    following = day if one.end > one.start else day + timedelta(days=1)
    start, end = moment(day, one.start), moment(following, one.end)
    if end <= start:
        # It begins in the hour that summer time leaves out: it begins later and lasts as planned.
        wall = datetime.combine(following, time.fromisoformat(one.end))
        end = start + (wall - datetime.combine(day, time.fromisoformat(one.start)))
    return start, end


def _refuse_overlap(times: tuple[tuple[datetime, datetime], ...]) -> None:
    if any(later[0] < earlier[1] for earlier, later in pairwise(times)):
        raise Invalid(
            "meetings-overlap",
            sv="Två av träffarna går in i varandra. Ändra tiderna.",
            en="Two of the meetings overlap. Change the times.",
        )
