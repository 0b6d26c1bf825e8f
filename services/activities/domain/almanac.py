"""Days that matter: Sweden's holidays, feasts of those who live there, school breaks.

Computed by the `holidays` library where it can; nobody's faith is known or assumed: a feast is named
where many who speak a language of the house keep it, so that a planner can ask.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

import holidays

from shared.contracts.problems import Text

Feast = Literal[
    "ramadan", "eid_al_fitr", "eid_al_adha", "nowruz",
    "orthodox_christmas", "timkat", "orthodox_easter", "ethiopian_new_year", "meskel",
]  # fmt: skip

FEASTS: dict[Feast, Text] = {
    "ramadan": Text("ramadankvällar (fastan bryts vid solnedgången)", "Ramadan evenings"),
    "eid_al_fitr": Text("eid al-fitr", "Eid al-Fitr"),
    "eid_al_adha": Text("eid al-adha", "Eid al-Adha"),
    "nowruz": Text("nouruz", "Nowruz"),
    "orthodox_christmas": Text("ortodox jul", "Orthodox Christmas"),
    "timkat": Text("timkat", "Timkat"),
    "orthodox_easter": Text("ortodox påsk", "Orthodox Easter"),
    "ethiopian_new_year": Text(
        "etiopiskt och eritreanskt nyår", "the Ethiopian and Eritrean New Year"
    ),
    "meskel": Text("meskel", "Meskel"),
}

# Which calendar of the library says when, under which of its names (its sources stand there).
_SOURCES: tuple[tuple[str, str, Feast], ...] = (
    ("AF", "First Day of Ramadan", "ramadan"),
    ("AF", "Eid al-Fitr", "eid_al_fitr"),
    ("AF", "Eid al-Adha", "eid_al_adha"),
    ("IR", "Nowruz", "nowruz"),
    ("ER", "Orthodox Christmas", "orthodox_christmas"),
    ("ER", "Epiphany", "timkat"),
    ("ER", "Orthodox Easter", "orthodox_easter"),
    ("ER", "Ethiopian New Year", "ethiopian_new_year"),
    ("ER", "Finding of the True Cross", "meskel"),
)

_ISLAMIC: tuple[Feast, ...] = ("ramadan", "eid_al_fitr", "eid_al_adha")
_HORN: tuple[Feast, ...] = (
    "orthodox_christmas", "timkat", "orthodox_easter", "ethiopian_new_year", "meskel",
)  # fmt: skip
# Who keeps what, by language; a Tigrinya or Amharic speaker may be Christian or Muslim.
_KEPT_BY: dict[str, tuple[Feast, ...]] = {
    "ar": _ISLAMIC,
    "prs": (*_ISLAMIC, "nowruz"),
    "ps": (*_ISLAMIC, "nowruz"),
    "fa": (*_ISLAMIC, "nowruz"),
    "kmr": (*_ISLAMIC, "nowruz"),
    "ckb": (*_ISLAMIC, "nowruz"),
    "so": _ISLAMIC,
    "tr": _ISLAMIC,
    "sq": _ISLAMIC,
    "ti": (*_HORN, *_ISLAMIC),
    "am": (*_HORN, *_ISLAMIC),
    "uk": ("orthodox_easter",),
    "ru": ("orthodox_christmas", "orthodox_easter"),
}


@dataclass(frozen=True, slots=True)
class Break:
    """A school break, both days included."""

    name: Text
    first: date
    last: date


@lru_cache(maxsize=64)
def swedish_holidays(year: int) -> dict[date, Text]:
    """Public holidays and the eves on which Sweden rests; Sundays as such are none."""
    # Without the eves (de facto) Midsummer's Eve would be a working day.
    swedish, english = (
        holidays.country_holidays(
            "SE",
            years=year,
            categories=("public", "de_facto"),
            language=language,
            include_sundays=False,
        )
        for language in ("sv", "en_US")
    )
    return {day: Text(name, english.get(day, name)) for day, name in swedish.items()}


def is_holiday(day: date) -> bool:
    """Whether Sweden rests that day."""
    return day in swedish_holidays(day.year)


def feasts(day: date, languages: Iterable[str]) -> tuple[Feast, ...]:
    """The feasts of a day that many who speak these languages keep."""
    kept = {feast for language in languages for feast in _KEPT_BY.get(language, ())}
    return tuple(feast for feast in _feasts(day.year).get(day, ()) if feast in kept)


@lru_cache(maxsize=64)
def _feasts(year: int) -> dict[date, tuple[Feast, ...]]:
    found: dict[date, tuple[Feast, ...]] = {}
    for country, name, feast in _SOURCES:
        for day in _named(country, name, year):
            found[day] = (*found.get(day, ()), feast)
    for day in _ramadan(year):
        found[day] = ("ramadan", *(one for one in found.get(day, ()) if one != "ramadan"))
    return found


def _named(country: str, name: str, year: int) -> list[date]:
    days = holidays.country_holidays(country, years=year, language="en_US")
    return sorted(
        day for day, names in days.items() if any(_is(name, one) for one in names.split("; "))
    )


def _is(name: str, given: str) -> bool:
    return given.removesuffix(" (estimated)") == name


def _ramadan(year: int) -> Iterator[date]:
    """From its first day until the day before Eid, also over a turn of the year."""
    for begun in (year - 1, year):
        for first in _named("AF", "First Day of Ramadan", begun):
            later = [*_named("AF", "Eid al-Fitr", begun), *_named("AF", "Eid al-Fitr", begun + 1)]
            end = next((one for one in later if first < one), first + timedelta(days=29))
            days = (first + timedelta(days=step) for step in range((end - first).days))
            yield from (day for day in days if day.year == year)


# The usual winter break week of each county's schools (ISO week). Municipalities decide and some
# differ; where several weeks are common within a county it is not known.
_WINTER_WEEK: dict[str, int | None] = {
    "01": 9, "03": 8, "04": 8, "05": 8, "06": 7, "07": 8, "08": 7, "09": 8, "10": 8, "12": 8,
    "13": 8, "14": None, "17": 9, "18": 8, "19": 8, "20": 9, "21": 9, "22": 10, "23": 10, "24": 10,
    "25": 10,
}  # fmt: skip
_OF_MUNICIPALITY: dict[str, int] = {"1480": 7, "1490": 7}
"""Where a municipality's own week is known and its county's is not: Gothenburg, Borås."""
_AUTUMN_WEEK = 44
_SUMMER = (25, 32)

_WINTER = Text("sportlov (vanlig vecka här, fråga skolan)", "winter break (the usual week here)")
_AUTUMN = Text("höstlov", "autumn break")
_SUMMER_BREAK = Text("sommarlov", "summer break")
_CHRISTMAS = Text("jullov", "Christmas break")


def school_breaks(year: int, county: str, municipality: str | None) -> tuple[Break, ...]:
    """The breaks that are known; see `winter_break_known`."""
    found = [
        Break(_CHRISTMAS, date(year, 1, 1), date(year, 1, 6)),
        _weeks(_SUMMER_BREAK, year, *_SUMMER),
        _weeks(_AUTUMN, year, _AUTUMN_WEEK, _AUTUMN_WEEK),
        Break(_CHRISTMAS, date(year, 12, 23), date(year, 12, 31)),
    ]
    week = _winter_week(county, municipality)
    if week is not None:
        found.append(_weeks(_WINTER, year, week, week))
    return tuple(sorted(found, key=lambda one: one.first))


def winter_break_known(county: str, municipality: str | None) -> bool:
    """Whether the week of the winter break is known there."""
    return _winter_week(county, municipality) is not None


def winter_weeks(year: int) -> tuple[date, date]:
    """The days between which every winter break of the country lies."""
    return date.fromisocalendar(year, 7, 1), date.fromisocalendar(year, 10, 7)


def _winter_week(county: str, municipality: str | None) -> int | None:
    return _OF_MUNICIPALITY.get(municipality or "", _WINTER_WEEK.get(county))


def _weeks(name: Text, year: int, first: int, last: int) -> Break:
    return Break(name, date.fromisocalendar(year, first, 1), date.fromisocalendar(year, last, 7))
