"""What volunteers and coordinators do with the seats of a session."""

from typing import TypeVar

from services.activities.domain.count import Count
from services.activities.domain.questions import without
from services.activities.domain.reflection import Reflection
from services.activities.domain.seats import (
    ACTIVE,
    HOLDING,
    PLACED_AT_ONCE,
    Moment,
    RoleNeed,
    Seat,
    Skip,
    active,
    altered,
    entry,
    joined,
    position,
    taken,
    waiting,
)
from services.activities.domain.session import Cancellation, Decision, Session, served
from shared.contracts.activities import (
    ReleaseReason,
    SeatAdded,
    SeatConfirmed,
    SeatQueued,
    SeatRemoved,
    SeatsChanged,
    SeatsReleased,
    SeatTaken,
    SeatWithdrawn,
    SessionRole,
)
from shared.contracts.base import Facts, PersonId
from shared.contracts.problems import Refused

QUEUE_AT_MOST = 500


def sign_up(session: Session, person: PersonId, role: SessionRole, at: Moment) -> Decision:
    """Take a free seat, or stand last in the queue; the same again changes nothing."""
    mine = active(session.seats, person)
    if mine is not None:
        _insist_same_role(mine, role)
        return session, ()
    _insist_open(session, at)
    need = _need(session, role)
    _refuse_elsewhere(person, at)
    queue = waiting(session.seats, role)
    free = need.maximum - taken(session.seats, role)
    # Whoever waits while a seat is free is busy elsewhere, or must be asked first.
    ahead = [one for one in queue if not _elsewhere(one.person, at)]
    seated = free > len(ahead)
    if not seated and len(queue) >= QUEUE_AT_MOST:
        raise Refused(
            "queue-full",
            sv="Reservlistan är full. Välj ett annat tillfälle.",
            en="The waiting list is full. Choose another session.",
        )
    status = "seated" if seated else "waiting"
    seat = Seat(person=person, role=role, status=status, since=at.now)
    seats = joined(session.seats, seat)
    event: Facts = (
        SeatTaken(person=person, role=role)
        if seated
        else SeatQueued(person=person, role=role, position=position(seats, seat) or 0)
    )
    return served(session, seats, event, at)


def withdraw(session: Session, person: PersonId, at: Moment) -> Decision:
    """Give one's seat back or leave the queue; always possible until the session is over."""
    mine = active(session.seats, person)
    if mine is None:
        _insist_known(session, person)
        return session, ()
    if session.status == "held":
        raise Refused(
            "session-over",
            sv="Tillfället är redan slut. Prata med din samordnare.",
            en="The session is over already. Talk to your coordinator.",
        )
    late = mine.status in HOLDING and session.start - at.now < PLACED_AT_ONCE
    event = SeatWithdrawn(person=person, role=mine.role, late=late)
    return served(session, _ended(session, mine, "withdrawn", at), event, at)


def confirm(session: Session, person: PersonId, at: Moment) -> Decision:
    """Say yes to an offered seat, while it is offered; again is fine."""
    mine = active(session.seats, person)
    if mine is not None and mine.status == "seated":
        return session, ()
    if mine is None or mine.until is None or mine.until <= at.now:
        raise _no_offer(session, person)
    seats = altered(session.seats, mine, status="seated", since=at.now, until=None)
    return served(session, seats, SeatConfirmed(person=person, role=mine.role), at)


def remove(session: Session, person: PersonId, at: Moment) -> Decision:
    """A coordinator takes somebody off the session or its queue."""
    seat = active(session.seats, person)
    if seat is None:
        _insist_known(session, person)
        return session, ()
    event = SeatRemoved(person=person, role=seat.role)
    return served(session, _ended(session, seat, "removed", at), event, at)


def add(session: Session, person: PersonId, role: SessionRole, at: Moment) -> Decision:
    """After the start the leader or a coordinator writes up who stepped in."""
    mine = entry(session.seats, person)
    if mine is not None and mine.status in ("seated", "served"):
        return session, ()
    if session.status == "cancelled" or at.now < session.start:
        raise Refused(
            "not-begun",
            sv="Den som hoppade in skrivs upp när tillfället har börjat. Innan dess tar man passet.",
            en="Who stepped in is added once the session has begun. Before that they sign up.",
        )
    if taken(session.seats, role) >= _need(session, role).maximum:
        raise Refused(
            "no-free-seat",
            sv="Alla platser är tagna. Ta bort den som inte kom, eller höj antalet platser.",
            en="All seats are taken. Remove who did not come, or raise the number of seats.",
        )
    status = "served" if session.status == "held" else "seated"
    seat = Seat(person=person, role=role, status=status, since=at.now)
    seats = joined(session.seats, seat)
    return session.model_copy(update={"seats": seats}), (SeatAdded(person=person, role=role),)


def set_seats(session: Session, need: RoleNeed, at: Moment) -> Decision:
    """Raise or lower the number of seats of a role, never below those who hold one."""
    if session.status != "scheduled":
        _insist_open(session, at)
    held = taken(session.seats, need.role)
    if need.maximum < max(held, need.minimum):
        raise Refused(
            "seats-below-holders",
            sv=f"{held} har redan en plats. Någon behöver lämna sin först.",
            en=f"{held} hold a seat already. Somebody must step down first.",
            extra={"holders": held},
        )
    if need in session.needs:
        return session, ()
    others = tuple(one for one in session.needs if one.role != need.role)
    changed = session.model_copy(update={"needs": (*others, need)})
    event = SeatsChanged(role=need.role, minimum=need.minimum, maximum=need.maximum)
    return served(changed, changed.seats, event, at)


def release(
    session: Session, gone: frozenset[PersonId], why: ReleaseReason, at: Moment
) -> Decision:
    """Free the seats of people who can no longer have them; the queue is served."""
    if session.status != "scheduled":
        return session, ()
    seats = session.seats
    freed = [one for one in seats if one.person in gone and one.status in ACTIVE]
    for seat in freed:
        changes = {"status": "released", "since": at.now, "until": None, "why": why}
        seats = altered(seats, seat, **changes)
    if not freed:
        return session, ()
    ids = tuple(one.person for one in freed if one.person)
    return served(session, seats, SeatsReleased(people=ids, why=why), at)


def forget(session: Session, person: PersonId, at: Moment) -> Decision:
    """Nothing here names an erased person any more; what they did still counts, without a name."""
    seats = session.seats
    for seat in seats:
        if seat.person != person:
            continue
        changes: dict[str, object] = {"person": None}
        if session.status == "scheduled" and seat.status in ACTIVE:
            changes |= {"status": "released", "since": at.now, "until": None, "why": "erased"}
        seats = altered(seats, seat, **changes)
    counts = tuple(_unsigned(one, person) for one in session.counts)
    cancelled = session.cancelled and _unsigned(session.cancelled, person)
    reflection = session.reflection and _unsigned(session.reflection, person)
    signed = {"counts": counts, "cancelled": cancelled, "reflection": reflection}
    asked = without(session.asked, person)
    anonymous = session.model_copy(update={**signed, "asked": asked}).led_by(person, None)
    if anonymous == session and seats == session.seats:
        return session, ()
    event = SeatsReleased(people=(), why="erased")
    if session.status != "scheduled":
        return anonymous.model_copy(update={"seats": seats}), (event,)
    return served(anonymous, seats, event, at)


Signed = TypeVar("Signed", Count, Cancellation, Reflection)


def _unsigned(signed: Signed, person: PersonId) -> Signed:
    return signed.model_copy(update={"by": None}) if signed.by == person else signed


def _ended(session: Session, seat: Seat, status: str, at: Moment) -> tuple[Seat, ...]:
    return altered(session.seats, seat, status=status, since=at.now, until=None)


def _need(session: Session, role: SessionRole) -> RoleNeed:
    need = next((one for one in session.needs if one.role == role), None)
    if need is None:
        raise Refused(
            "role-not-needed",
            sv="Den uppgiften finns inte på det här tillfället. Välj en av dem som visas.",
            en="That role is not part of this session. Choose one of those shown.",
        )
    return need


def _insist_open(session: Session, at: Moment) -> None:
    if session.status == "cancelled":
        raise Refused(
            "session-cancelled",
            sv="Tillfället är inställt.",
            en="The session is cancelled.",
        )
    if session.status == "held" or at.now >= session.start:
        raise Refused(
            "session-has-begun",
            sv="Tillfället har redan börjat. Prata med den som leder det.",
            en="The session has begun already. Talk to whoever leads it.",
        )


def _insist_same_role(mine: Seat, role: SessionRole) -> None:
    if mine.role != role:
        raise Refused(
            "already-signed-up",
            sv="Du är redan med på det här tillfället, i en annan uppgift.",
            en="You are on this session already, in another role.",
            extra={"role": mine.role},
        )


def _insist_known(session: Session, person: PersonId) -> None:
    if entry(session.seats, person) is None:
        raise Refused(
            "not-signed-up",
            sv="Personen är inte uppskriven på det här tillfället.",
            en="The person is not on this session.",
        )


def _refuse_elsewhere(person: PersonId, at: Moment) -> None:
    skip = _elsewhere(person, at)
    if skip is not None:
        raise Refused(
            "already-elsewhere",
            sv="Du har redan ett pass som krockar med det här.",
            en="You already have a shift that clashes with this one.",
            extra={"session": skip.session},
        )


def _elsewhere(person: PersonId | None, at: Moment) -> Skip | None:
    skip = at.skip.get(person) if person else None
    return skip if skip and skip.reason == "elsewhere" else None


def _no_offer(session: Session, person: PersonId) -> Refused:
    mine = entry(session.seats, person)
    if mine is not None and mine.status in ("offered", "lapsed"):
        return Refused(
            "offer-lapsed",
            sv="Svarstiden gick ut, så platsen gick vidare till nästa.",
            en="The time to answer ran out, so the seat went on to the next.",
        )
    return Refused(
        "no-offer",
        sv="Du har ingen erbjuden plats att tacka ja till.",
        en="You have no offered seat to accept.",
    )
