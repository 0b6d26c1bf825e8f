"""Swedish weekdays: when a wait that is counted in days to answer is over."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache

import holidays

from shared.clock import STOCKHOLM, local_date


def end_of_weekday(moment: datetime, days: int) -> datetime:
    """The local midnight that ends the so-manieth weekday after the day of `moment`.

    Saturdays, Sundays, public holidays and the eves on which Sweden rests do not count.
    """
    day = local_date(moment)
    while days:
        day += timedelta(days=1)
        days -= is_weekday(day)
    return datetime.combine(day + timedelta(days=1), time(), STOCKHOLM)


def is_weekday(day: date) -> bool:
    """True when offices are open."""
    return day.weekday() < 5 and day not in _resting(day.year)


@lru_cache(maxsize=16)
def _resting(year: int) -> frozenset[date]:
    # Without the eves (de facto) Midsummer's Eve would be a working day.
    categories = ("public", "de_facto")
    found = holidays.country_holidays(
        "SE", years=year, categories=categories, include_sundays=False
    )
    return frozenset(found)
