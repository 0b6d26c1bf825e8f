"""Seats: who holds one, who waits in which order, and who moves up when one is free.

A seat that is offered counts as taken until it is confirmed or lapses, so that capacity holds at
every instant. The order of the tuple is the order of arrival; whoever comes back stands last.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import STOCKHOLM
from shared.contracts.activities import (
    MovedUp,
    ReleaseReason,
    SeatsOffered,
    SeatStatus,
    SessionRole,
)
from shared.contracts.base import PersonId, SessionId
from shared.contracts.texts import Body

HOLDING: tuple[SeatStatus, ...] = ("seated", "offered")
ACTIVE: tuple[SeatStatus, ...] = (*HOLDING, "waiting")
PLACED_AT_ONCE = timedelta(hours=48)
CONFIRM_WITHIN = timedelta(hours=12)
NIGHT_BEGINS, NIGHT_ENDS = 21, 7


class RoleNeed(Body):
    """How many of a role a session needs, and how many it has room for."""

    role: Annotated[SessionRole, Field(examples=["helper"])]
    minimum: Annotated[int, Field(ge=0, le=200)] = 0
    maximum: Annotated[int, Field(ge=0, le=200, examples=[2])]


class Seat(BaseModel):
    """One person's standing in a session. `person` is None once they have been erased.

    `since` is when this status began; `until` is the deadline of an offer. `keep_until` stands while
    the person is asked, after a move, whether they keep the seat: who says nothing by then keeps it.
    """

    model_config = ConfigDict(frozen=True)

    person: PersonId | None
    role: SessionRole
    status: SeatStatus
    since: datetime
    until: datetime | None = None
    why: ReleaseReason | None = None
    keep_until: datetime | None = None


Seats = tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class Skip:
    """Why somebody who waits is given no seat now; they keep their place in the queue.

    `elsewhere` holds a seat in `session` at the time: who stands behind may pass. `not_asked` came
    after we looked: nobody passes, and whoever looks next serves the queue.
    """

    reason: Literal["elsewhere", "not_asked"]
    session: SessionId | None = None


NOT_ASKED = Skip("not_asked")


@dataclass(frozen=True, slots=True)
class Moment:
    """What a rule must know besides the session: the time, and who cannot take a seat, and why."""

    now: datetime
    skip: Mapping[PersonId, Skip] = field(default_factory=dict)


def active(seats: Seats, person: PersonId) -> Seat | None:
    """The seat that a person holds or waits for."""
    return next((one for one in seats if one.person == person and one.status in ACTIVE), None)


def entry(seats: Seats, person: PersonId) -> Seat | None:
    """A person's standing, also one that is over."""
    return next((one for one in seats if one.person == person), None)


def taken(seats: Seats, role: SessionRole) -> int:
    """Seats of a role that nobody else can have."""
    return sum(one.role == role and one.status in (*HOLDING, "served") for one in seats)


def waiting(seats: Seats, role: SessionRole) -> Seats:
    """The queue of a role, first come first."""
    return tuple(one for one in seats if one.role == role and one.status == "waiting")


def position(seats: Seats, seat: Seat) -> int | None:
    """The place in the queue, from 1; None for who does not wait."""
    return waiting(seats, seat.role).index(seat) + 1 if seat.status == "waiting" else None


def asked_to_keep(seats: Iterable[Seat]) -> tuple[PersonId, ...]:
    """Who holds a seat and has not answered yet whether they keep it at its new time."""
    return people([one for one in seats if one.keep_until is not None], "seated")


def kept_by_silence(seats: Seats, now: datetime) -> tuple[Seats, tuple[PersonId, ...]]:
    """The seats once the time to answer has passed, and whose they are."""
    over = [one for one in seats if one.keep_until is not None and one.keep_until <= now]
    kept = people(over, "seated")
    for seat in over:
        seats = altered(seats, seat, keep_until=None)
    return seats, kept


def people(seats: Iterable[Seat], *statuses: SeatStatus) -> tuple[PersonId, ...]:
    """The persons with these statuses, in order."""
    return tuple(one.person for one in seats if one.person and one.status in statuses)


def joined(seats: Seats, seat: Seat) -> Seats:
    """With a newcomer last; their earlier standing that is over gives way."""
    return (*(one for one in seats if one.person != seat.person), seat)


def altered(seats: Seats, seat: Seat, **changes: object) -> Seats:
    """With one seat changed in its place."""
    return tuple(one.model_copy(update=changes) if one is seat else one for one in seats)


def move_up(
    seats: Seats, needs: Iterable[RoleNeed], start: datetime, at: Moment
) -> tuple[Seats, tuple[SeatsOffered, ...]]:
    """Give free seats to the first in each queue; after the start nobody is moved up.

    Who holds a seat elsewhere at the time is skipped and keeps their place in the queue; behind
    somebody of whom that is not known the queue waits.
    """
    moved: list[MovedUp] = []
    skipped: list[PersonId] = []
    for need in needs if at.now < start else ():
        free = need.maximum - taken(seats, need.role)
        for first in waiting(seats, need.role):
            if free <= 0:
                break
            assert first.person is not None
            skip = at.skip.get(first.person)
            if skip is not None and skip.reason == "not_asked":
                break
            if skip is not None:
                skipped.append(first.person)
                continue
            until = offer_until(at.now, start)
            status = "offered" if until else "seated"
            seats = altered(seats, first, status=status, since=at.now, until=until)
            moved.append(MovedUp(person=first.person, role=need.role, until=until))
            free -= 1
    if not moved:
        return seats, ()
    return seats, (SeatsOffered(moved_up=tuple(moved), skipped=tuple(skipped)),)


def offer_until(now: datetime, start: datetime) -> datetime | None:
    """Until when an offered seat must be confirmed; None: there is time, it is placed at once.

    Within min(12 h, half of the time left), counted from now, or from 07:00 when made at night;
    never past the start.
    """
    if start - now >= PLACED_AT_ONCE:
        return None
    counted_from = _after_the_night(now)
    if counted_from >= start:
        return start
    return counted_from + min(CONFIRM_WITHIN, (start - counted_from) / 2)


def _after_the_night(now: datetime) -> datetime:
    local = now.astimezone(STOCKHOLM)
    if NIGHT_ENDS <= local.hour < NIGHT_BEGINS:
        return now
    day = local.date() + timedelta(days=local.hour >= NIGHT_BEGINS)
    morning = datetime(day.year, day.month, day.day, NIGHT_ENDS, tzinfo=STOCKHOLM)
    return morning.astimezone(now.tzinfo)
