"""What was merged in the registry is one here too: one seat for one human, the other organiser's sessions."""

from collections.abc import Mapping
from typing import TypeVar

from services.activities.domain.activity import Activity
from services.activities.domain.count import Count
from services.activities.domain.questions import as_one
from services.activities.domain.reflection import Reflection
from services.activities.domain.seats import Moment, Seat, Seats
from services.activities.domain.session import Cancellation, Decision, Session, served
from shared.contracts.activities import (
    ActivityOrganiserChanged,
    SeatsMoved,
    SeatStatus,
    SessionOrganiserChanged,
)
from shared.contracts.base import Facts, OrganisationId, PersonId

BETTER: Mapping[SeatStatus, int] = {"served": 0, "seated": 0, "offered": 1, "waiting": 2}
"""Which of two standings of one human is kept; of what is over, either."""
WORST = 3


def move_person(session: Session, person: PersonId, into: PersonId, at: Moment) -> Decision:
    """The seats, counts and words of one account are the other's; a seat that is one too many is freed.

    Of two seats the one taken later is freed, of two places in the queue the later; who waits moves
    up.
    """
    seats = _one_each(tuple(_renamed(seat, person, into) for seat in session.seats), into)
    counts = tuple(_signed(one, person, into) for one in session.counts)
    cancelled = session.cancelled and _signed(session.cancelled, person, into)
    reflection = session.reflection and _signed(session.reflection, person, into)
    signed = {"counts": counts, "cancelled": cancelled, "reflection": reflection}
    asked = as_one(session.asked, person, into)
    moved = session.model_copy(update={**signed, "asked": asked}).led_by(person, into)
    if moved == session and seats == session.seats:
        return session, ()
    event = SeatsMoved(person=person, into=into)
    if session.status != "scheduled":
        return moved.model_copy(update={"seats": seats}), (event,)
    return served(moved, seats, event, at)


def move_session(session: Session, organiser: OrganisationId) -> Decision:
    """What was organised by one that was merged is the other's."""
    if session.organiser == organiser:
        return session, ()
    moved = session.model_copy(update={"organiser": organiser})
    return moved, (SessionOrganiserChanged(organiser=organiser),)


def move_activity(
    activity: Activity, organiser: OrganisationId
) -> tuple[Activity, tuple[Facts, ...]]:
    """What was organised by one that was merged is the other's."""
    if activity.organiser == organiser:
        return activity, ()
    moved = activity.model_copy(update={"organiser": organiser})
    return moved, (ActivityOrganiserChanged(organiser=organiser),)


def with_leader(
    activity: Activity, person: PersonId, into: PersonId
) -> tuple[Activity, tuple[Facts, ...]]:
    """Whoever was named to lead leads by the other account; nobody is told of it from here."""
    if activity.leader != person:
        return activity, ()
    return activity.model_copy(update={"leader": into}), ()


def _renamed(seat: Seat, person: PersonId, into: PersonId) -> Seat:
    return seat.model_copy(update={"person": into}) if seat.person == person else seat


def _one_each(seats: Seats, person: PersonId) -> Seats:
    theirs = [seat for seat in seats if seat.person == person]
    if len(theirs) < 2:
        return seats
    kept = min(theirs, key=lambda seat: (BETTER.get(seat.status, WORST), seat.since))
    return tuple(seat for seat in seats if seat is kept or seat.person != person)


Signed = TypeVar("Signed", Count, Cancellation, Reflection)


def _signed(signed: Signed, person: PersonId, into: PersonId) -> Signed:
    return signed.model_copy(update={"by": into}) if signed.by == person else signed
