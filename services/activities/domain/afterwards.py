"""What is said of a session once it has begun: when it really was, who came to help, how it went."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from services.activities.domain.count import Count
from services.activities.domain.reflection import Reflection
from services.activities.domain.seats import Seat, altered, taken
from services.activities.domain.session import Decision, Session, insist_countable
from shared.contracts.activities import SeatsMarked, SessionReflected
from shared.contracts.base import PersonId
from shared.contracts.problems import FieldError, Invalid, Refused, Text
from shared.contracts.texts import Body

Presence = Literal["served", "absent", "excused"]
CountState = Literal["cancelled", "not_yet", "counted", "missing", "probably_held"]
PROBABLY_AFTER = timedelta(days=7)
MOST_OFF_PLAN = timedelta(hours=6)
WAS_THERE = ("seated", "served", "absent", "excused")

_END_AFTER_START = Text("Slutet ska vara efter början.", "The end must be after the start.")
_NOT_YET = Text("Den tiden har inte varit än.", "That time has not been yet.")
_OTHER_TIME = Text(
    "Det är mer än 6 timmar från den planerade tiden. Är det rätt tillfälle?",
    "That is more than 6 hours from the planned time. Is it the right session?",
)


class Mark(Body):
    """Whether somebody came: `served`, `absent`, or `excused` who said so."""

    person: Annotated[PersonId, Field(min_length=1, max_length=64)]
    status: Presence


def count_state(session: Session, now: datetime) -> CountState:
    """Whether it is known how many came. Without a count for 7 days it was probably held."""
    if session.status == "cancelled":
        return "cancelled"
    if session.count is not None:
        return "counted"
    if now < session.end:
        return "not_yet"
    return "missing" if now < session.end + PROBABLY_AFTER else "probably_held"


def insist_real_times(session: Session, count: Count, now: datetime) -> None:
    """Raise Invalid, all faults at once, for times at which this session cannot have been."""
    faults = [
        FieldError(name, code, text)
        for name, said, planned in (
            ("started", count.started, session.start),
            ("ended", count.ended, session.end),
        )
        if said is not None
        for code, text, wrong in (
            ("not-yet", _NOT_YET, said > now),
            ("another-time", _OTHER_TIME, abs(said - planned) > MOST_OFF_PLAN),
        )
        if wrong
    ]
    if (count.ended or session.end) <= (count.started or session.start):
        faults.append(FieldError("ended", "ends-before-it-starts", _END_AFTER_START))
    if faults:
        raise Invalid(fields=tuple(faults))


def mark(session: Session, marks: Mapping[PersonId, Presence], now: datetime) -> Decision:
    """Leader or coordinator says who of those seated came, stayed away or was excused.

    Whoever is not mentioned came. Raises Refused for a session that was cancelled or has not begun,
    and for people who had no seat.
    """
    insist_countable(session, now)
    _insist_seated(session, marks)
    seats = session.seats
    for seat in session.seats:
        status = _marked(session, marks.get(seat.person)) if seat.person else None
        if status is not None and status != seat.status:
            # `since` stays: it tells who had taken the seat beforehand and who stepped in.
            seats = altered(seats, seat, status=status)
    if seats == session.seats:
        return session, ()
    _insist_room(session, seats)
    pairs = zip(session.seats, seats, strict=True)
    changed = [new for old, new in pairs if new.status != old.status]
    facts = SeatsMarked(
        came=_those(changed, "served", "seated"),
        absent=_those(changed, "absent"),
        excused=_those(changed, "excused"),
    )
    return session.model_copy(update={"seats": seats}), (facts,)


def reflect(session: Session, reflection: Reflection, now: datetime) -> Decision:
    """Take how it went and what was missing; one per session, the latest stands."""
    insist_countable(session, now)
    if reflection == session.reflection:
        return session, ()
    facts = SessionReflected(went=reflection.went, missing=reflection.missing)
    return session.model_copy(update={"reflection": reflection}), (facts,)


def _marked(session: Session, said: Presence | None) -> Literal["seated"] | Presence | None:
    """While the session is under way somebody who is there is seated; the end makes it served."""
    return "seated" if said == "served" and session.status == "scheduled" else said


def _those(seats: list[Seat], *statuses: str) -> tuple[PersonId, ...]:
    return tuple(one.person for one in seats if one.person and one.status in statuses)


def _insist_seated(session: Session, marks: Mapping[PersonId, Presence]) -> None:
    there = {seat.person for seat in session.seats if seat.status in WAS_THERE}
    others = [person for person in marks if person not in there]
    if others:
        raise Refused(
            "not-seated",
            sv="Någon av dem hade ingen plats. Skriv upp den som hoppade in i stället.",
            en="Some of them had no seat. Write up who stepped in instead.",
            extra={"people": others},
        )


def _insist_room(session: Session, seats: tuple[Seat, ...]) -> None:
    """Afterwards as many came as came; while it is under way nobody stands on another's seat."""
    for need in session.needs if session.status == "scheduled" else ():
        now_taken = taken(seats, need.role)
        if now_taken > need.maximum and now_taken > taken(session.seats, need.role):
            raise Refused(
                "no-free-seat",
                sv="Någon annan har hoppat in på platsen. Höj antalet platser först.",
                en="Somebody else has stepped in on the seat. Raise the number of seats first.",
            )
