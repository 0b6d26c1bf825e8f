"""Which field of the aggregates of activities whom is shown (P15)."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from pydantic_core import to_json

from services.activities.domain.activity import Activity
from services.activities.domain.asking import question
from services.activities.domain.coverage import Coverage
from services.activities.domain.seats import Seat, active, entry, position, taken, waiting
from services.activities.domain.session import Session
from services.activities.permissions import is_leader, runs
from services.activities.views_afterwards import count_shown
from services.activities.views_helping import question_shown
from shared.caller import Caller
from shared.contracts.bands import band
from shared.kind import Stored
from shared.views import FieldTable

EVERYONE = ("network", "coordinator")
COORDINATOR = ("coordinator",)

ACTIVITY_FIELDS = FieldTable[Activity](
    EVERYONE,
    {
        "kind": EVERYONE,
        "title": EVERYONE,
        "description": EVERYONE,
        "target_groups": EVERYONE,
        "languages": EVERYONE,
        "ages": EVERYONE,
        "childcare": EVERYONE,
        "bring": EVERYONE,
        "places": EVERYONE,
        "led_by_residents": EVERYONE,
        "voluntary": EVERYONE,
        "organiser": EVERYONE,
        "co_organisers": EVERYONE,
        "method": EVERYONE,
        "study_circle": COORDINATOR,
        "meeting_place": EVERYONE,
        "room": EVERYONE,
        "accommodations": EVERYONE,
        "municipality": EVERYONE,
        "county": EVERYONE,
        "schedule": EVERYONE,
        "roles": EVERYONE,
        "status": EVERYONE,
        "cancel_reason": EVERYONE,
        "cancel_words": EVERYONE,
        "leader": COORDINATOR,
    },
)


def activity_view(caller: Caller, one: Stored[Activity]) -> str:
    """The organiser's coordinators also see who was named to lead."""
    return "coordinator" if caller.coordinates(one.state.organiser) else "network"


SESSION_FIELDS = FieldTable[Session](
    EVERYONE,
    {
        "activity": EVERYONE,
        "number": EVERYONE,
        "kind": EVERYONE,
        "title": EVERYONE,
        "target_groups": EVERYONE,
        "ages": EVERYONE,
        "languages": EVERYONE,
        "childcare": EVERYONE,
        "places": EVERYONE,
        "organiser": EVERYONE,
        "meeting_place": EVERYONE,
        "accommodations": EVERYONE,
        "municipality": EVERYONE,
        "county": EVERYONE,
        "room": EVERYONE,
        "original_start": EVERYONE,
        "moved_from": EVERYONE,
        "start": EVERYONE,
        "end": EVERYONE,
        "status": EVERYONE,
    },
)


def session_view(caller: Caller, one: Stored[Session]) -> str:
    """The organiser's coordinators see who; everybody else how many."""
    return "coordinator" if runs(caller, one) else "network"


def session_shown(caller: Caller, one: Stored[Session], names: Mapping[str, str]) -> dict[str, Any]:
    """A session for this caller: numbers, their own seat, and for its coordinators the people.

    `names` are those the replica has: initials for protected people.
    """
    session, view = one.state, session_view(caller, one)
    shown = SESSION_FIELDS.show(one, view) | {
        "roles": _roles(session),
        "cancelled": _cancelled(session),
        "mine": _mine(session, caller.person_id),
        "asked": _asked(session, caller.person_id),
        "leads": is_leader(caller, one),
    }
    if view == "coordinator":
        shown["people"] = [_person(session, seat, names) for seat in session.seats]
        shown["count"] = count_shown(one, caller.now)
    return shown


def _roles(session: Session) -> list[dict[str, Any]]:
    return [
        {
            "role": need.role,
            "minimum": need.minimum,
            "maximum": need.maximum,
            "taken": taken(session.seats, need.role),
            "free": max(0, need.maximum - taken(session.seats, need.role)),
            "waiting": len(waiting(session.seats, need.role)),
        }
        for need in session.needs
    ]


def _cancelled(session: Session) -> dict[str, Any] | None:
    what = session.cancelled
    if what is None:
        return None
    return {"reason": what.reason, "words": what.words, "at": what.at}


def _mine(session: Session, person: str) -> dict[str, Any] | None:
    seat = active(session.seats, person) or entry(session.seats, person)
    return _seat(session, seat) if seat else None


def _asked(session: Session, person: str) -> dict[str, Any] | None:
    one = question(session, person)
    return None if one is None else question_shown(session, one)


def _person(session: Session, seat: Seat, names: Mapping[str, str]) -> dict[str, Any]:
    name = names.get(seat.person) if seat.person else None
    return {"person": seat.person, "name": name, **_seat(session, seat)}


def _seat(session: Session, seat: Seat) -> dict[str, Any]:
    return {
        "role": seat.role,
        "status": seat.status,
        "position": position(session.seats, seat),
        "since": seat.since,
        "until": seat.until,
        "keep_until": seat.keep_until if seat.status == "seated" else None,
        "why": seat.why,
    }


OFFICER = ("officer",)
ALL = ("network", "officer")

COVERAGE_FIELDS = FieldTable[Coverage](
    ALL,
    {
        "kind": ALL,
        "status": ALL,
        "county": ALL,
        "per": ALL,
        "living": ALL,
        "in_use": ALL,
        "on_trial": ALL,
        "municipality": OFFICER,
        "residents": OFFICER,
        "hours": OFFICER,
    },
)


def coverage_view(caller: Caller, one: Stored[Coverage]) -> str:
    """Exact for officers in scope, bands for everybody else."""
    return "officer" if caller.is_officer_for(one.state.county, one.id) else "network"


def coverage_shown(
    caller: Caller, one: Stored[Coverage], shared_municipalities: frozenset[str]
) -> dict[str, Any]:
    """Coverage of one accommodation; others see its municipality only where it is not alone there."""
    state, view = one.state, coverage_view(caller, one)
    shown = COVERAGE_FIELDS.show(one, view) | {"grey": state.grey}
    if view == "officer":
        return shown
    del shown["version"]
    return shown | {
        "municipality": state.municipality if state.municipality in shared_municipalities else None,
        "residents": _in_bands(state),
        "hours": [week.model_dump(mode="json") for week in state.public_hours],
    }


def coverage_etag(caller: Caller, one: Stored[Coverage], shown: dict[str, Any]) -> str:
    """By version for officers; for others by what is shown: the version rises within a band, too."""
    view = coverage_view(caller, one)
    if view == "officer":
        return COVERAGE_FIELDS.etag(one, view)
    return f'"{sha256(to_json(shown)).hexdigest()[:16]}.{view}"'


def _in_bands(state: Coverage) -> dict[str, Any] | None:
    if state.residents is None:
        return None
    groups = {group: str(band(number)) for group, number in state.residents.groups.items()}
    return {
        "on": state.residents.on,
        "total": str(band(state.residents.total)),
        "groups": groups,
    }
