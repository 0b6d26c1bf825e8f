"""Activity hours per resident and ISO week: what was offered, what was held, for which group.

The same sums are worked out twice: from exact figures for officers in scope, and from the middles
of bands for everybody else, so that two worlds equal in bands look alike.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from services.activities.domain.afterwards import count_state
from services.activities.domain.session import LATE, Session
from shared.clock import local_date
from shared.contracts.bands import GROUPS, Group, band

EVERYBODY = "all"


class Residents(BaseModel):
    """How many live in a house on a date; groups that are not known yet are left out."""

    model_config = ConfigDict(frozen=True)

    on: date
    total: int
    groups: dict[Group, int] = {}

    def in_bands(self) -> "Residents":
        """The same with the middle of its band for every number."""
        groups = {group: band(number).middle for group, number in self.groups.items()}
        return Residents(on=self.on, total=band(self.total).middle, groups=groups)


class SessionTally(BaseModel):
    """What became of the sessions of a week; `probably_held` are those nobody counted for 7 days."""

    model_config = ConfigDict(frozen=True)

    planned: int = 0
    held: int = 0
    counted: int = 0
    probably_held: int = 0
    cancelled_in_time: int = 0
    cancelled_late: int = 0
    silent: int = 0


class Week(BaseModel):
    """One ISO week (Europe/Stockholm, week of the start). Hours per resident, by group and `all`."""

    model_config = ConfigDict(frozen=True)

    week: str
    offered: dict[str, float] = {}
    held: dict[str, float] = {}
    open_house_hours: float = 0
    open_house_visits: int = 0
    sessions: SessionTally = SessionTally()


def iso_week(day: date) -> str:
    """`2026-W49`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def duration_hours(session: Session) -> float:
    """Planned hours of real time: a night at the change to winter time has nine."""
    return _hours(session.start, session.end)


def held_hours(session: Session) -> float:
    """As long as it really was, where that was said."""
    return _hours(*session.took_place)


def _hours(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 3600


def weekly(
    week: str,
    sessions: Iterable[Session],
    residents: tuple[Residents, ...],
    now: datetime,
    *,
    exact: bool,
) -> Week:
    """The figures of one week at one house, as they stand at `now`."""
    mine = [one for one in sessions if iso_week(local_date(one.start)) == week]
    led = [one for one in mine if one.kind != "open_house"]
    figures = residents if exact else tuple(one.in_bands() for one in residents)
    open_house = [one for one in mine if one.kind == "open_house" and one.status == "held"]
    return Week(
        week=week,
        offered=_sum(_offered(one, _on(figures, one.start)) for one in led),
        held=_sum(_held(one, _on(figures, one.start), exact) for one in led),
        open_house_hours=round(sum(map(held_hours, open_house)), 2),
        open_house_visits=sum(_people(one.count.total, exact) for one in open_house if one.count),
        sessions=_tally(mine, now),
    )


def _offered(session: Session, residents: Residents | None) -> Mapping[str, float]:
    if residents is None or session.status == "cancelled":
        return {}
    hours = duration_hours(session)
    return _per_resident(session, hours, session.places, {}, residents)


def _held(session: Session, residents: Residents | None, exact: bool) -> Mapping[str, float]:
    count = session.count
    if residents is None or count is None or session.status == "cancelled":
        return {}
    groups = {group: _people(number, exact) for group, number in count.groups.items()}
    people = _people(count.total, exact)
    return _per_resident(session, held_hours(session), people, groups, residents)


def _per_resident(
    session: Session,
    hours: float,
    people: float,
    counted: Mapping[Group, int],
    residents: Residents,
) -> Mapping[str, float]:
    came = counted or _split(session, people, residents)
    shares: dict[str, float] = {
        group: hours * number / residents.groups[group]
        for group, number in came.items()
        if residents.groups.get(group)
    }
    return {EVERYBODY: hours * people / residents.total, **shares} if residents.total else {}


def _split(session: Session, people: float, residents: Residents) -> Mapping[Group, float]:
    """Among the groups it is for, by the house's shares; `all` also has those not known by group."""
    targets = [group for group in GROUPS if group in session.target_groups] or list(GROUPS)
    known = {group: residents.groups[group] for group in targets if residents.groups.get(group)}
    whole = sum(known.values())
    if len(targets) == len(GROUPS):
        whole = max(whole, residents.total)
    return {group: people * number / whole for group, number in known.items()}


def _on(figures: tuple[Residents, ...], moment: datetime) -> Residents | None:
    """The figure that held on the day; the first one for days before it."""
    day = local_date(moment)
    before = [one for one in figures if one.on <= day]
    return before[-1] if before else next(iter(figures), None)


def _people(number: int, exact: bool) -> int:
    return number if exact else band(number).middle


def _sum(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for part in parts:
        for group, hours in part.items():
            total[group] = total.get(group, 0) + hours
    return {group: round(hours, 2) for group, hours in sorted(total.items())}


def _tally(sessions: Iterable[Session], now: datetime) -> SessionTally:
    tally = dict.fromkeys(SessionTally.model_fields, 0)
    for one in sessions:
        for name in _counts_as(one, now):
            tally[name] += 1
    return SessionTally(**tally)


def _counts_as(session: Session, now: datetime) -> tuple[str, ...]:
    if session.cancelled is not None:
        left = session.start - session.cancelled.at
        what = "silent"
        if left.total_seconds() > 0:
            what = "cancelled_late" if left < LATE else "cancelled_in_time"
        return ("planned", what)
    if session.status != "held":
        return ("planned",)
    state = count_state(session, now)
    known = (state,) if state in ("counted", "probably_held") else ()
    return ("planned", "held", *known)
