"""Where an activity and its sessions are is what their meeting place tells now, also of the past.

Where a place has become more confidential, nothing here goes on telling its municipality.
"""

from typing import TypeVar

from services.activities.domain.activity import LIVE, Activity, Whereabouts
from services.activities.domain.session import Session
from shared.contracts.activities import ActivityWhereaboutsChanged, SessionWhereaboutsChanged
from shared.contracts.base import Facts
from shared.contracts.registry import MeetingPlaceSnapshot

Located = TypeVar("Located", bound=Whereabouts)


def whereabouts(place: MeetingPlaceSnapshot) -> Whereabouts:
    """What the meeting place says of where it is."""
    return Whereabouts(
        accommodations=place.accommodations, municipality=place.municipality, county=place.county
    )


def relocate_activity(one: Activity, where: Whereabouts) -> tuple[Activity, tuple[Facts, ...]]:
    """The activity where its meeting place is."""
    moved = _moved(one, where, over=one.status not in LIVE)
    events = (ActivityWhereaboutsChanged(meeting_place=one.meeting_place),)
    return moved, events if moved != one else ()


def relocate_session(one: Session, where: Whereabouts) -> tuple[Session, tuple[Facts, ...]]:
    """The session where its meeting place is."""
    moved = _moved(one, where, over=one.status != "scheduled")
    events = (SessionWhereaboutsChanged(meeting_place=one.meeting_place),)
    return moved, events if moved != one else ()


def _moved(one: Located, where: Whereabouts, over: bool) -> Located:
    """What is over keeps the houses that it was for."""
    houses = one.accommodations if over else where.accommodations
    return one.model_copy(update={**dict(where), "accommodations": houses})
