"""How a season is given: weekly times or a recurrence rule, skips, extra dates, and its end."""

from datetime import date
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from services.activities.domain import rule as rules
from services.activities.domain.rule import Rule
from shared.contracts.activities import ActivityKind
from shared.contracts.problems import Text
from shared.contracts.texts import Body, wrong

MEETINGS_AT_MOST = 60
SKIPPED_AT_MOST = 100
EXTRA_AT_MOST = 20

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

ENDS_WHEN_IT_STARTS = Text(
    "Träffen slutar när den börjar. Välj en senare sluttid; efter midnatt går bra.",
    "The meeting ends when it starts. Choose a later end; after midnight is fine.",
)
_LAST_OR_COUNT = Text(
    "Ange antingen sista datum eller antal träffar.",
    "Give either the last date or the number of meetings.",
)
_WEEKLY_OR_RULE = Text(
    "Ange antingen veckotider eller en regel med start- och sluttid.",
    "Give either weekly times or a rule with its start and end time.",
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
            raise wrong("ends-when-it-starts", ENDS_WHEN_IT_STARTS)
        return self


class ExtraDate(Body):
    """A meeting besides the pattern; without times it is at the time of the first in the week."""

    day: Day
    start: LocalTime | None = None
    end: LocalTime | None = None

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.start is not None and self.start == self.end:
            raise wrong("ends-when-it-starts", ENDS_WHEN_IT_STARTS)
        return self


def _understood(text: str) -> str:
    rules.read(text)
    return text


class Schedule(Body):
    """A season: weekly times, or a rule with `start` and `end`, from the first date on.

    It ends with the last date or after a number of meetings that take place (`last`, `meetings`, or the
    rule's own UNTIL or COUNT). `skipped` days have none; with `skip_holidays` neither have the holidays
    of Sweden. `extra` meetings come on top.
    """

    weekly: Annotated[tuple[Weekly, ...], Field(max_length=14)] = ()
    recurrence: (
        Annotated[str, AfterValidator(_understood), Field(examples=["FREQ=WEEKLY;BYDAY=TU"])] | None
    ) = None
    start: LocalTime | None = None
    end: LocalTime | None = None
    first: Day
    last: Day | None = None
    meetings: MeetingCount | None = None
    skipped: Annotated[tuple[Day, ...], Field(max_length=SKIPPED_AT_MOST)] = ()
    skip_holidays: bool = False
    extra: Annotated[tuple[ExtraDate, ...], Field(max_length=EXTRA_AT_MOST)] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        timed = self.start is not None and self.end is not None
        if (self.recurrence is None) != bool(self.weekly) or (self.recurrence is not None) != timed:
            raise wrong("weekly-or-recurrence", _WEEKLY_OR_RULE)
        if timed and self.start == self.end:
            raise wrong("ends-when-it-starts", ENDS_WHEN_IT_STARTS)
        ends = (self.last, self.meetings, self.rule.count, self.rule.until)
        if sum(one is not None for one in ends) != 1:
            raise wrong("last-or-meetings", _LAST_OR_COUNT)
        if self.last is not None and self.last < self.first:
            raise wrong("last-before-first", _LAST_BEFORE_FIRST)
        return self

    @property
    def rule(self) -> Rule:
        """What recurs: the rule given, or every week on the days of the weekly times."""
        if self.recurrence is not None:
            return rules.read(self.recurrence)
        days = sorted({one.weekday - 1 for one in self.weekly})
        return Rule("WEEKLY", days=tuple((None, weekday) for weekday in days))

    @property
    def wanted(self) -> int | None:
        """How many meetings are to take place, the extra ones not counted; None: until a date."""
        return self.meetings or self.rule.count

    def of_kind(self, kind: ActivityKind | None) -> Self:
        """As it is for an activity of this kind: what is for a holiday is not left out for one."""
        if kind != "religious_holiday" or not self.skip_holidays:
            return self
        return self.model_copy(update={"skip_holidays": False})

    def times_of(self, day: date) -> list[tuple[str, str]]:
        """From when until when there are meetings on a day of the rule."""
        if self.start is not None and self.end is not None:
            return [(self.start, self.end)]
        mine = (one for one in self.weekly if one.weekday == day.isoweekday())
        return sorted((one.start, one.end) for one in mine)
