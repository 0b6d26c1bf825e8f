"""What the store must know of the aggregates of activities, and what the public may."""

from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.activities.domain import activity as activities
from services.activities.domain import asking
from services.activities.domain import session as sessions
from services.activities.domain.activity import Activity
from services.activities.domain.coverage import Coverage
from services.activities.domain.helper import Helper
from services.activities.domain.seats import RoleNeed, asked_to_keep, people, taken, waiting
from services.activities.domain.session import Session
from shared.contracts.activities import (
    ActivitySnapshot,
    CoverageSnapshot,
    RoleSeats,
    SessionSnapshot,
)
from shared.contracts.bands import band
from shared.kind import Kind


def _by(name: str, *fields: str) -> IndexModel:
    return IndexModel([(field, ASCENDING) for field in fields], name=name)


def _activity_snapshot(one: Activity) -> ActivitySnapshot:
    return ActivitySnapshot(
        kind=one.kind,
        title=dict(one.title),
        status=one.status,
        organiser=one.organiser,
        meeting_place=one.meeting_place,
        accommodations=one.accommodations,
        target_groups=one.target_groups,
        languages=one.languages,
        places=one.places,
        co_organisers=one.co_organisers,
        led_by_residents=one.led_by_residents,
        voluntary=one.voluntary,
        method=one.method,
        first_start=one.first_start,
        last_end=one.last_end,
    )


def _activity_keys(one: Activity) -> dict[str, Any]:
    return {
        "start": one.first_start,
        "status": one.status,
        "organiser": one.organiser,
        "meeting_place": one.meeting_place,
        "county": one.county,
        "leader": one.leader,
    }


ACTIVITY = Kind(
    name="activities.activity",
    state=Activity,
    snapshots={"activities.activity": _activity_snapshot},
    wakes_at=activities.wakes_at,
    keys=_activity_keys,
    indexes=(
        _by("start", "keys.start", "_id"),
        _by("status", "keys.status", "keys.start", "_id"),
        _by("organiser", "keys.organiser", "keys.start", "_id"),
        _by("meeting_place", "keys.meeting_place", "keys.start", "_id"),
        _by("county", "keys.county", "keys.start", "_id"),
        _by("leader", "keys.leader"),
    ),
)


def _role_seats(one: Session, need: RoleNeed) -> RoleSeats:
    seats = [seat for seat in one.seats if seat.role == need.role]
    return RoleSeats(
        role=need.role,
        minimum=need.minimum,
        maximum=need.maximum,
        seated=people(seats, "seated", "served"),
        offered=people(seats, "offered"),
        waiting=people(seats, "waiting"),
        asked_to_keep=asked_to_keep(seats),
    )


def _session_snapshot(one: Session) -> SessionSnapshot:
    return SessionSnapshot(
        activity=one.activity,
        kind=one.kind,
        title=dict(one.title),
        number=one.number,
        status=one.status,
        start=one.start,
        end=one.end,
        meeting_place=one.meeting_place,
        accommodations=one.accommodations,
        municipality=one.municipality,
        county=one.county,
        organiser=one.organiser,
        leader=one.leader,
        target_groups=one.target_groups,
        places=one.places,
        seats=tuple(_role_seats(one, need) for need in one.needs),
        cancel_reason=one.cancelled.reason if one.cancelled else None,
        moved_from=one.moved_from,
        visitors=one.count.total if one.count else None,
    )


def _session_keys(one: Session) -> dict[str, Any]:
    named = {seat.person for seat in one.seats} | {count.by for count in one.counts}
    named |= {question.person for question in one.asked}
    if one.cancelled:
        named.add(one.cancelled.by)
    if one.followed:
        named.add(one.followed.leader)
    if one.reflection:
        named.add(one.reflection.by)
    return {
        "activity": one.activity,
        "number": one.number,
        "status": one.status,
        "start": one.start,
        "end": one.end,
        "organiser": one.organiser,
        "meeting_place": one.meeting_place,
        "county": one.county,
        "where": one.municipality or one.county,
        "open": _open(one),
        "accommodations": list(one.accommodations),
        "room": one.room,
        "planned_at": one.planned_at,
        # Who cannot be elsewhere then; whose shift it is or was; whoever is named at all.
        "holders": list(sessions.holders(one)),
        "people": sorted({seat.person for seat in one.seats if seat.person}),
        "named": sorted(id for id in named if id),
    }


def _session_wakes_at(one: Session) -> datetime | None:
    """What its seats wait for, or the next step of asking helpers."""
    step = asking.next_step(one)
    return min(filter(None, (sessions.wakes_at(one), step and step[0])), default=None)


def _open(one: Session) -> str | None:
    """Whether a newcomer would have a seat, or a place in the queue."""
    if one.status != "scheduled":
        return None
    free = any(
        need.maximum > taken(one.seats, need.role) + len(waiting(one.seats, need.role))
        for need in one.needs
    )
    return "free" if free else "full"


SESSION = Kind(
    name="activities.session",
    state=Session,
    snapshots={"activities.session": _session_snapshot},
    wakes_at=_session_wakes_at,
    keys=_session_keys,
    indexes=(
        _by("start", "keys.start", "_id"),
        _by("status", "keys.status", "keys.start", "_id"),
        _by("activity", "keys.activity", "keys.start", "_id"),
        _by("organiser", "keys.organiser", "keys.start", "_id"),
        _by("meeting_place", "keys.meeting_place", "keys.start", "_id"),
        _by("county", "keys.county", "keys.start", "_id"),
        _by("accommodations", "keys.accommodations", "keys.start"),
        _by("holders", "keys.holders", "keys.start"),
        _by("people", "keys.people", "keys.start", "_id"),
        _by("named", "keys.named"),
        _by("fitting", "keys.organiser", "keys.open", "keys.where", "keys.start", "_id"),
    ),
)


def _coverage_keys(one: Coverage) -> dict[str, Any]:
    total = one.residents.total if one.residents else 0
    return {
        "county": one.county,
        "municipality": one.municipality,
        "counts": one.counts,
        "living": one.living,
        "in_use": one.in_use,
        "on_trial": one.on_trial,
        "residents": total,
        "public_residents": band(total).middle,
        "places": list(one.places),
    }


def _coverage_edge(one: Coverage) -> datetime | None:
    return one.edge


COVERAGE = Kind(
    name="activities.coverage",
    state=Coverage,
    snapshots={
        "activities.coverage": lambda one: CoverageSnapshot(living=one.living, county=one.county)
    },
    wakes_at=_coverage_edge,
    keys=_coverage_keys,
    indexes=(
        _by("county", "keys.county", "_id"),
        _by("municipality", "keys.municipality", "keys.counts"),
        _by("places", "keys.places"),
        IndexModel(
            [
                ("keys.counts", DESCENDING),
                ("keys.county", ASCENDING),
                ("keys.living", ASCENDING),
                ("keys.in_use", ASCENDING),
                ("keys.on_trial", ASCENDING),
                ("keys.residents", ASCENDING),
                ("keys.public_residents", ASCENDING),
            ],
            name="counted",
        ),
    ),
)

# Nothing of it is published: what somebody wishes is theirs.
HELPER = Kind(name="activities.helper", state=Helper)

KINDS: tuple[Kind[Any], ...] = (ACTIVITY, SESSION, COVERAGE, HELPER)
