"""What a planner should know of the dates before saving: in words, never in the way.

Holidays of Sweden and of those who live there, school breaks, the rhythm of the house, opening hours, the
change of the clocks. What planning itself would be refused for stands among them, marked as such.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from services.activities.domain import almanac
from services.activities.domain.recurrence import Meeting, comes_twice, local_slot
from shared.clock import STOCKHOLM, local_date
from shared.contracts.activities import ActivityKind
from shared.contracts.problems import Refused, Text
from shared.contracts.registry import AccommodationSnapshot, MeetingPlaceSnapshot, Routine

AFTERNOON = 16
"""From this hour on a meeting in Ramadan meets the time of breaking the fast."""

Span = tuple[datetime, datetime]
Found = Iterable[tuple[Text, date]]

ROUTINES: dict[str, Text] = {
    "meal": Text("Måltid i huset {at}-{until}", "Meal in the house {at}-{until}"),
    "prayer": Text("Bönetid {at}-{until}", "Prayer {at}-{until}"),
    "school": Text("Skola {at}-{until}", "School {at}-{until}"),
    "agency_information": Text(
        "Information från Migrationsverket {at}-{until}",
        "Information from the Migration Agency {at}-{until}",
    ),
    "last_bus": Text("Sista bussen går {at}", "The last bus leaves at {at}"),
}
_NOT_KNOWN = Text(
    "Kommunens sportlov känner vi inte till. Fråga skolan.",
    "We do not know this municipality's winter break. Ask the school.",
)
_OUTSIDE = Text(
    "Utanför mötesplatsens öppettider. Kom överens om vem som öppnar.",
    "Outside the meeting place's opening hours. Agree on who opens the door.",
)
_CLOSED = Text("Mötesplatsen har stängt den dagen", "The meeting place is closed that day")
_TWICE = Text(
    "Klockan ställs om: tiden kommer två gånger den natten. Vi menar den första.",
    "The clocks change: that time comes twice that night. We mean the first.",
)


@dataclass(frozen=True, slots=True)
class Hint:
    """One thing to know, and on which dates. `refused`: planning would be, with the same code."""

    code: str
    text: Text
    dates: tuple[date, ...] = ()
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """Where it would be: the place, the houses it serves; None or empty where that is not known."""

    kind: ActivityKind | None = None
    place: MeetingPlaceSnapshot | None = None
    houses: tuple[AccommodationSnapshot, ...] = ()
    languages: frozenset[str] = field(default_factory=frozenset)


def hints(dates: Sequence[Meeting], setting: Setting) -> list[Hint]:
    """All that is to be known of these dates, by kind and in the order of the first date."""
    found = [
        *_gathered("clock-comes-twice", _twice(dates)),
        *_gathered("place-closed", _closed(dates, setting)),
        *_gathered("outside-opening-hours", _outside(dates, setting)),
        *_gathered("school-break", _in_breaks(dates, setting)),
        *_gathered("school-break-not-known", _unknown_breaks(dates, setting)),
        *(one for routine in ROUTINES for one in _gathered(routine, _at(dates, setting, routine))),
    ]
    if setting.kind != "religious_holiday":
        found += _gathered("holiday", _on_holidays(dates))
        found += _gathered("feast", _on_feasts(dates, setting))
    return sorted(found, key=lambda one: one.dates[0])


def as_hint(refused: Refused, dates: Sequence[Meeting]) -> Hint:
    """What a check says no to, with the dates that it is about."""
    named = refused.extra.get("starts")
    moments = [datetime.fromisoformat(one) for one in named] if isinstance(named, list) else []
    until = refused.extra.get("until")
    about = [local_date(one) for one in moments]
    if isinstance(until, str):
        about = [day for day in _days(dates) if day.isoformat() > until]
    return Hint(refused.code, refused.detail, tuple(about), refused=True)


def _gathered(code: str, found: Found) -> list[Hint]:
    """One hint for each text, with all its dates."""
    by_text: dict[Text, list[date]] = {}
    for text, day in found:
        days = by_text.setdefault(text, [])
        if day not in days:
            days.append(day)
    return [Hint(code, text, tuple(days)) for text, days in by_text.items()]


def _days(dates: Sequence[Meeting]) -> list[date]:
    return [local_date(one.start) for one in dates]


def _twice(dates: Sequence[Meeting]) -> Found:
    for one in dates:
        slot, end = local_slot(one), one.end.astimezone(STOCKHOLM)
        if comes_twice(slot.day, slot.start) or comes_twice(end.date(), slot.end):
            yield _TWICE, slot.day


def _on_holidays(dates: Sequence[Meeting]) -> Found:
    for day in _days(dates):
        name = almanac.swedish_holidays(day.year).get(day)
        if name is not None:
            yield name, day


def _on_feasts(dates: Sequence[Meeting], setting: Setting) -> Found:
    for one in dates:
        day, end = local_date(one.start), one.end.astimezone(STOCKHOLM)
        for feast in almanac.feasts(day, setting.languages):
            by_day = feast == "ramadan" and end.date() == day and end.hour < AFTERNOON
            if not by_day:
                yield almanac.FEASTS[feast], day


def _in_breaks(dates: Sequence[Meeting], setting: Setting) -> Found:
    if setting.place is None:
        return
    for day in _days(dates):
        known = almanac.school_breaks(day.year, setting.place.county, setting.place.municipality)
        yield from ((one.name, day) for one in known if one.first <= day <= one.last)


def _unknown_breaks(dates: Sequence[Meeting], setting: Setting) -> Found:
    place = setting.place
    if place is None or almanac.winter_break_known(place.county, place.municipality):
        return
    for day in _days(dates):
        first, last = almanac.winter_weeks(day.year)
        if first <= day <= last:
            yield _NOT_KNOWN, day


def _closed(dates: Sequence[Meeting], setting: Setting) -> Found:
    apart = {one.on: one for one in setting.place.days_apart} if setting.place else {}
    return [(_CLOSED, day) for day in _days(dates) if day in apart and not apart[day].hours]


def _outside(dates: Sequence[Meeting], setting: Setting) -> Found:
    place = setting.place
    if place is None or not place.opening_hours:
        return
    closed = {day for _, day in _closed(dates, setting)}
    for one in dates:
        start, end = _naive(one)
        around = (start.date() - timedelta(days=1), start.date())
        spans = [span for day in around for span in _opening(place, day)]
        day = start.date()
        if day not in closed and not any(opens <= start and end <= shuts for opens, shuts in spans):
            yield _OUTSIDE, day


def _opening(place: MeetingPlaceSnapshot, day: date) -> Iterator[Span]:
    apart = next((one for one in place.days_apart if one.on == day), None)
    if apart is not None:
        yield from (_span(day, one.opens, one.closes) for one in apart.hours)
        return
    for one in place.opening_hours:
        if one.weekday == day.isoweekday():
            yield _span(day, one.opens, one.closes)


def _at(dates: Sequence[Meeting], setting: Setting, what: str) -> Found:
    routines = [one for house in setting.houses for one in house.rhythm if one.what == what]
    meets = _misses_bus if what == "last_bus" else _overlaps
    for one in dates:
        for routine in routines:
            if meets(_naive(one), routine):
                values = {"at": routine.at, "until": routine.until or ""}
                text = ROUTINES[what].filled(**values)
                yield Text(text.sv.rstrip("-"), text.en.rstrip("-")), local_date(one.start)


def _overlaps(span: Span, routine: Routine) -> bool:
    start, end = span
    for day in (start.date() - timedelta(days=1), start.date(), end.date()):
        if day.isoweekday() in routine.weekdays:
            begins, ends = _span(day, routine.at, routine.until or routine.at)
            ends = begins if routine.until is None else ends
            if begins < end and (start < ends or start <= begins):
                return True
    return False


def _misses_bus(span: Span, routine: Routine) -> bool:
    """It ends after the last bus of the day has left; one after midnight is that evening's."""
    start, end = span
    if start.isoweekday() not in routine.weekdays:
        return False
    leaves = datetime.combine(start.date(), time.fromisoformat(routine.at))
    leaves += timedelta(days=routine.at < "05:00")
    return end > leaves


def _span(day: date, opens: str, closes: str) -> Span:
    later = day + timedelta(days=closes <= opens)
    return (
        datetime.combine(day, time.fromisoformat(opens)),
        datetime.combine(later, time.fromisoformat(closes)),
    )


def _naive(one: Meeting) -> Span:
    """A meeting as the clock on the wall has it, to be compared with what people say of the house."""
    start, end = one.start.astimezone(STOCKHOLM), one.end.astimezone(STOCKHOLM)
    return start.replace(tzinfo=None), end.replace(tzinfo=None)
