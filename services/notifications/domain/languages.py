"""Dates, times and the choice of language: a message is written in one language throughout."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

WRITTEN = ("sv", "en")
"""The languages we can write a message in."""

FALL_BACK: dict[str, tuple[str, ...]] = {
    "sv": ("sv", "en"),
    "en": ("en", "sv"),
}
"""What a reader of a language is written in; all other readers in English rather than Swedish."""


def chain(preferred: str) -> tuple[str, ...]:
    """The languages to try for a reader, best first: `en-GB` is `en`, `ti` comes before English."""
    language = preferred.split("-")[0]
    return FALL_BACK.get(language, (language, "en", "sv"))


def chosen(preferred: str, written: Collection[str]) -> str:
    """The first of the reader's chain that everything is written in; Swedish at the last."""
    return next((language for language in chain(preferred) if language in written), "sv")


def of_text(translations: Mapping[str, str], language: str) -> str:
    """What somebody wrote, in the reader's language if they did, else as they wrote it first."""
    for one in (*chain(language), *translations):
        if one in translations:
            return translations[one]
    return ""


@dataclass(frozen=True)
class Calendar:
    """How a language says when."""

    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    time: str

    def day(self, moment: datetime, zone: tzinfo) -> str:
        """`tisdag 8 december`."""
        local = moment.astimezone(zone)
        return f"{self.weekdays[local.weekday()]} {local.day} {self.months[local.month - 1]}"

    def clock(self, moment: datetime, zone: tzinfo) -> str:
        """`kl. 18.00` in Swedish, `18:00` in English."""
        local = moment.astimezone(zone)
        return self.time.format(hour=local.hour, minute=local.minute)

    def when(self, moment: datetime, zone: tzinfo) -> str:
        """Day and time."""
        return f"{self.day(moment, zone)} {self.clock(moment, zone)}"


CALENDARS: dict[str, Calendar] = {
    "sv": Calendar(
        weekdays=("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag"),
        months=(
            "januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti",
            "september", "oktober", "november", "december",
        ),
        time="kl. {hour:02}.{minute:02}",
    ),
    "en": Calendar(
        weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        months=(
            "January", "February", "March", "April", "May", "June", "July", "August",
            "September", "October", "November", "December",
        ),
        time="{hour:02}:{minute:02}",
    ),
}  # fmt: skip
