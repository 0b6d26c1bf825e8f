"""The part of RFC 5545's recurrence rules that a season needs, behind an allow-list.

DAILY, WEEKLY by days, MONTHLY by the so-manieth weekday; INTERVAL, COUNT, UNTIL; weeks begin on Monday.
Everything else is refused: a short rule must not cost long work.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from shared.contracts.problems import Text
from shared.contracts.texts import wrong

LONGEST_RULE = 200
COUNT_AT_MOST = 400
INTERVALS = {"DAILY": 30, "WEEKLY": 12, "MONTHLY": 12}
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

Frequency = Literal["DAILY", "WEEKLY", "MONTHLY"]

_PARTS = frozenset({"FREQ", "INTERVAL", "BYDAY", "COUNT", "UNTIL", "WKST"})
_DAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
_NUMBER = re.compile(r"[1-9][0-9]{0,2}")
_UNTIL = re.compile(r"[0-9]{8}(T[0-9]{6}Z)?")

_NOT_ALLOWED = Text(
    "Regeln förstår vi inte här. Det som går: FREQ=DAILY, WEEKLY eller MONTHLY med BYDAY, INTERVAL, "
    "COUNT eller UNTIL, veckor från måndag. Exempel: FREQ=WEEKLY;BYDAY=TU;COUNT=8.",
    "We cannot use that rule here. What works: FREQ=DAILY, WEEKLY or MONTHLY with BYDAY, INTERVAL, "
    "COUNT or UNTIL, weeks from Monday. Example: FREQ=WEEKLY;BYDAY=TU;COUNT=8.",
)
_ONE_END = Text(
    "Regeln har både COUNT och UNTIL. Ange ett av dem.",
    "The rule has both COUNT and UNTIL. Give one of them.",
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that was understood. `days` are (which one in the month, weekday from 0 = Monday)."""

    frequency: Frequency
    interval: int = 1
    days: tuple[tuple[int | None, int], ...] = ()
    count: int | None = None
    until: date | datetime | None = None

    def fits(self, day: date, first: date) -> bool:
        """Whether a day is one of the rule's, counted from the first date of the season."""
        if self.frequency == "DAILY":
            return (day - first).days % self.interval == 0 and self._is_day(day)
        if self.frequency == "WEEKLY":
            weeks = (_monday(day) - _monday(first)).days // 7
            return weeks % self.interval == 0 and self._is_day(day, first.weekday())
        months = (day.year - first.year) * 12 + day.month - first.month
        return months % self.interval == 0 and self._is_day(day)

    def ends_before(self, day: date, start: datetime) -> bool:
        """Whether a meeting lies behind UNTIL; a date includes its whole local day."""
        if isinstance(self.until, datetime):
            return start > self.until
        return self.until is not None and day > self.until

    def _is_day(self, day: date, default: int | None = None) -> bool:
        if not self.days:
            return default is None or day.weekday() == default
        return any(
            weekday == day.weekday() and (nth is None or nth in _places(day))
            for nth, weekday in self.days
        )


def read(text: str) -> Rule:
    """The rule in a text; raises a validation error for what is not on the list."""
    parts = _split(text)
    frequency = parts.get("FREQ", "")
    if frequency not in INTERVALS or parts.get("WKST", "MO") != "MO":
        raise wrong("recurrence-not-allowed", _NOT_ALLOWED)
    if "COUNT" in parts and "UNTIL" in parts:
        raise wrong("one-end", _ONE_END)
    rule = Rule(
        frequency=frequency,  # type: ignore[arg-type]
        interval=_number(parts, "INTERVAL", INTERVALS[frequency]) or 1,
        days=tuple(_day(one) for one in parts["BYDAY"].split(",")) if "BYDAY" in parts else (),
        count=_number(parts, "COUNT", COUNT_AT_MOST),
        until=_until(parts.get("UNTIL")),
    )
    _insist_on_days(rule)
    return rule


def written(rule: Rule) -> str:
    """The rule as text, without its end."""
    text = f"FREQ={rule.frequency}"
    if rule.interval > 1:
        text += f";INTERVAL={rule.interval}"
    if rule.days:
        days = (f"{nth or ''}{WEEKDAYS[weekday]}" for nth, weekday in rule.days)
        text += ";BYDAY=" + ",".join(days)
    return text


def _split(text: str) -> dict[str, str]:
    text = text.strip().upper().removeprefix("RRULE:")
    pairs = [part.split("=") for part in text.split(";")]
    names = [pair[0] for pair in pairs]
    plain = len(text) <= LONGEST_RULE and all(len(pair) == 2 for pair in pairs)
    if not plain or len(set(names)) < len(names) or not _PARTS.issuperset(names):
        raise wrong("recurrence-not-allowed", _NOT_ALLOWED)
    return {pair[0]: pair[1] for pair in pairs}


def _number(parts: dict[str, str], name: str, most: int) -> int | None:
    value = parts.get(name)
    if value is None:
        return None
    if not _NUMBER.fullmatch(value) or int(value) > most:
        raise wrong("recurrence-not-allowed", _NOT_ALLOWED)
    return int(value)


def _day(text: str) -> tuple[int | None, int]:
    found = _DAY.fullmatch(text)
    if found is None:
        raise wrong("recurrence-not-allowed", _NOT_ALLOWED)
    return (int(found[1]) if found[1] else None), WEEKDAYS.index(found[2])


def _until(text: str | None) -> date | datetime | None:
    if text is None:
        return None
    try:
        if not _UNTIL.fullmatch(text):
            raise ValueError
        day = date(int(text[:4]), int(text[4:6]), int(text[6:8]))
        if not 2015 <= day.year <= 2100:
            raise ValueError
        if len(text) == 8:
            return day
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise wrong("recurrence-not-allowed", _NOT_ALLOWED) from error


def _insist_on_days(rule: Rule) -> None:
    """A so-manieth weekday only where months are counted, and there always."""
    numbered = [nth is not None for nth, _ in rule.days]
    monthly = rule.frequency == "MONTHLY"
    if set(numbered) - {monthly} or (monthly and not numbered):
        raise wrong("recurrence-not-allowed", _NOT_ALLOWED)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _places(day: date) -> tuple[int, int]:
    """Which of its weekdays a day is in its month, from the front and from the back."""
    length = calendar.monthrange(day.year, day.month)[1]
    return (day.day - 1) // 7 + 1, -((length - day.day) // 7 + 1)
