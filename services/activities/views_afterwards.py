"""What whom is shown of a session once it has begun: the count, who helped, how it went (P15)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.activities.domain.afterwards import WAS_THERE, count_state
from services.activities.domain.session import Session
from services.activities.permissions import leads, runs
from shared.caller import Caller
from shared.contracts.registry import PersonSnapshot
from shared.kind import Stored


def count_shown(one: Stored[Session], now: datetime) -> dict[str, Any]:
    """The count with its revision; what it replaced, with who, when and why, behind it."""
    state, count = count_state(one.state, now), one.state.count
    if count is None:
        return {"state": state, "revision": 0, "total": None}
    earlier = [each.model_dump(mode="json") for each in one.state.counts[:-1]]
    return {"state": state, **count.model_dump(mode="json"), "earlier": earlier}


def reflection_shown(caller: Caller, one: Stored[Session]) -> dict[str, Any]:
    """How it went; the organisation also reads the words, administrators what was ticked."""
    reflection = one.state.reflection
    if reflection is None:
        return {"revision": 0, "went": None}
    hidden = set() if leads(caller, one) else {"words", "by"}
    return reflection.model_dump(mode="json", exclude=hidden)


def attendance_shown(
    caller: Caller, one: Stored[Session], known: Mapping[str, PersonSnapshot]
) -> list[dict[str, Any]]:
    """Who had a seat and whether they came, by name for coordinators, by first name for the leader.

    A protected person is shown to nobody but their coordinators, and to them by initials.
    """
    everything = runs(caller, one)
    return [
        {
            "person": seat.person,
            "name": _name(known.get(seat.person), everything),
            "role": seat.role,
            "status": seat.status,
        }
        for seat in one.state.seats
        if seat.person
        and seat.status in WAS_THERE
        and (everything or seat.person == caller.person_id or _is_open(known.get(seat.person)))
    ]


def _is_open(person: PersonSnapshot | None) -> bool:
    """Unknown persons count as protected."""
    return person is not None and not person.protected


def _name(person: PersonSnapshot | None, whole: bool) -> str | None:
    if person is None:
        return None
    return person.name if whole or person.protected else person.name.split(" ")[0]
