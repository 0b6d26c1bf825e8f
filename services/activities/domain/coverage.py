"""Coverage of one accommodation: does a meeting place live there, and what is there to do.

Recomputed from what is known, never incremented: late, twice or out of order gives the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pydantic import BaseModel, ConfigDict

from services.activities.domain.afterwards import PROBABLY_AFTER
from services.activities.domain.agreement import in_force, on_trial
from services.activities.domain.hours import Residents, Week, iso_week, weekly
from services.activities.domain.recurrence import moment
from services.activities.domain.session import Session
from shared.clock import local_date
from shared.contracts.activities import CoverageChanged
from shared.contracts.bands import Group
from shared.contracts.base import Facts
from shared.contracts.registry import (
    AccommodationKind,
    AccommodationSnapshot,
    AccommodationStatus,
    MeetingPlaceSnapshot,
    ResidentsFigure,
)

WINDOW = timedelta(days=14)
GRACE = timedelta(days=14)
GREY_AFTER = timedelta(days=14)


class Coverage(BaseModel):
    """The read model. `hours` are exact and for officers in scope; `public_hours` for all others.

    `on_trial` is counted apart: something happens at a place there that has no agreement yet. `edge`
    is when the next figure would change by time alone.
    """

    model_config = ConfigDict(frozen=True)

    kind: AccommodationKind
    status: AccommodationStatus
    county: str
    municipality: str | None
    per: date
    residents: Residents | None = None
    places: tuple[str, ...] = ()
    living: bool = False
    in_use: bool = False
    on_trial: bool = False
    hours: tuple[Week, ...] = ()
    public_hours: tuple[Week, ...] = ()
    edge: datetime | None = None

    @property
    def counts(self) -> bool:
        """A closing house counts until it is empty; one that has not opened does not yet."""
        empty = self.residents is not None and self.residents.total == 0
        return self.status == "open" or (self.status == "closing" and not empty)

    @property
    def grey(self) -> bool:
        """The residents' figure is too old to lean on."""
        return self.residents is None or self.per - self.residents.on > GREY_AFTER


@dataclass(frozen=True)
class Known:
    """What coverage is worked out from.

    `places` by id; `sessions` of the window and the two weeks.
    """

    accommodation: AccommodationSnapshot
    places: dict[str, MeetingPlaceSnapshot]
    sessions: Sequence[Session]


def coverage(known: Known, now: datetime) -> Coverage:
    """The coverage of one accommodation at `now`."""
    house, today = known.accommodation, local_date(now)
    residents = tuple(sorted(map(_residents, house.residents), key=lambda one: one.on))
    present = [one for one in residents if one.on <= today] or list(residents[:1])
    weeks = (iso_week(today - timedelta(days=7)), iso_week(today))
    return Coverage(
        kind=house.kind,
        status=house.status,
        county=house.county,
        municipality=house.municipality,
        per=today,
        residents=present[-1] if present else None,
        places=tuple(sorted(known.places)),
        living=any(_lives(id, place, known.sessions, today) for id, place in known.places.items()),
        in_use=any(_in_use(id, place, known, now) for id, place in known.places.items()),
        on_trial=any(
            on_trial(place, today) and _happens(id, known.sessions, today)
            for id, place in known.places.items()
        ),
        hours=tuple(weekly(week, known.sessions, residents, now, exact=True) for week in weeks),
        public_hours=tuple(
            weekly(week, known.sessions, residents, now, exact=False) for week in weeks
        ),
        edge=None if house.status == "closed" else _edge(known, now),
    )


def recomputed(before: Coverage | None, after: Coverage) -> tuple[Coverage, tuple[Facts, ...]]:
    """The new figures; others hear of them only when the edge of living is crossed."""
    crossed = after.living != (before is not None and before.living)
    return after, (CoverageChanged(living=after.living),) if crossed else ()


def window(now: datetime) -> tuple[datetime, datetime]:
    """The starts of sessions that matter: 14 days both ways, and the whole of both weeks."""
    today = local_date(now)
    monday = today - timedelta(days=today.weekday() + 7)
    first = min(monday, today - WINDOW)
    return moment(first, "00:00"), moment(today + WINDOW + timedelta(days=1), "00:00")


def _lives(id: str, place: MeetingPlaceSnapshot, sessions: Iterable[Session], today: date) -> bool:
    return place.status == "open" and in_force(place, today) and _happens(id, sessions, today)


def _happens(id: str, sessions: Iterable[Session], today: date) -> bool:
    return any(
        one.meeting_place == id
        and one.status != "cancelled"
        and abs(local_date(one.start) - today) <= WINDOW
        for one in sessions
    )


def _in_use(id: str, place: MeetingPlaceSnapshot, known: Known, now: datetime) -> bool:
    """Held and counted there in the last 14 days, and one coming there; a new place need only live."""
    today = local_date(now)
    if place.status != "open" or not in_force(place, today):
        return False
    new = place.open_since is not None and today - place.open_since <= GRACE
    if new and _happens(id, known.sessions, today):
        return True
    mine = [one for one in known.sessions if one.meeting_place == id]
    counted = any(
        one.status == "held" and one.count and today - local_date(one.start) <= WINDOW
        for one in mine
    )
    return counted and any(one.status == "scheduled" and one.start > now for one in mine)


def _edge(known: Known, now: datetime) -> datetime:
    """When time alone next changes a figure: at midnight, when a coming session begins, or when one
    was not counted for so long that it was probably held.
    """
    midnight = moment(local_date(now) + timedelta(days=1), "00:00")
    starts = (one.start for one in known.sessions if one.status == "scheduled" and one.start > now)
    ends = (one.end + PROBABLY_AFTER for one in known.sessions if one.count is None)
    return min([midnight, *starts, *(end for end in ends if end > now)])


def _residents(figure: ResidentsFigure) -> Residents:
    groups: dict[Group, int | None] = {
        "women": figure.women,
        "men": figure.men,
        "girls": figure.girls,
        "boys": figure.boys,
        "unaccompanied_minors": figure.unaccompanied_minors,
    }
    known = {group: number for group, number in groups.items() if number is not None}
    return Residents(on=figure.on, total=figure.total, groups=known)
