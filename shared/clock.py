"""The one place where the product reads the time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")


class Clock:
    """Wall-clock time in UTC, to the millisecond, as the database keeps it."""

    def now(self) -> datetime:
        """The present moment, timezone-aware."""
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class FixedClock(Clock):
    """A clock that stands still until told to move."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        """The moment it was last set to."""
        return self.moment

    def advance(self, step: timedelta) -> None:
        """Move forward by `step`."""
        self.moment += step


def local_date(moment: datetime) -> date:
    """The calendar date in Sweden at `moment`."""
    return moment.astimezone(STOCKHOLM).date()
