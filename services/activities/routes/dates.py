"""A meeting as people read it: its day, its local times, how long it lasts."""

from typing import Any

from services.activities.domain.recurrence import Meeting
from shared.clock import STOCKHOLM

SEASON: dict[str, Any] = {
    "weekly": [{"weekday": 2, "start": "18:00", "end": "20:00"}],
    "first": "2027-01-12",
    "last": "2027-05-25",
    "skipped": ["2027-03-09", "2027-03-30"],
}


def meeting_shown(one: Meeting) -> dict[str, Any]:
    """One date of a season."""
    local, end = one.start.astimezone(STOCKHOLM), one.end.astimezone(STOCKHOLM)
    return {
        "number": one.number,
        "date": local.date(),
        "weekday": local.isoweekday(),
        "local_start": f"{local:%H:%M}",
        "local_end": f"{end:%H:%M}",
        "start": one.start,
        "end": one.end,
        "hours": (one.end - one.start).total_seconds() / 3600,
        "room": one.room,
        "apart": one.apart,
        "extra": one.extra,
        "cancel_reason": one.cancel_reason,
    }
