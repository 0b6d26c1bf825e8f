"""A session follows its activity: other words, roles, leader, room or time; ids, seats and queue stay.

What has begun, was held or was cancelled never changes. Whoever has a seat in what moves by half an hour or
more is asked to keep or leave; who says nothing in time keeps it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.activities.domain.activity import Activity
from services.activities.domain.recurrence import Meeting
from services.activities.domain.seats import (
    ACTIVE,
    HOLDING,
    Moment,
    RoleNeed,
    Seat,
    active,
    altered,
    asked_to_keep,
    entry,
    joined,
    offer_until,
    people,
    taken,
)
from services.activities.domain.session import (
    DESCRIBED,
    LATE,
    Decision,
    Followed,
    Session,
    served,
)
from shared.contracts.activities import (
    SeatsKept,
    SessionChanged,
    SessionLeaderChanged,
    SessionMoved,
)
from shared.contracts.base import Facts, OrganisationId, PersonId
from shared.contracts.problems import Refused

ASKS_FROM = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Planned:
    """A meeting as a version of its activity has it.

    `mover` decided it, so that nobody asks them whether they keep their seat; `hosts` are told.
    """

    activity: Activity
    version: int
    meeting: Meeting
    hosts: tuple[OrganisationId, ...] = ()
    mover: PersonId | None = None


def follow(session: Session, planned: Planned, at: Moment) -> Decision:
    """What is planned, in the session; the same twice, or an older word, changes nothing."""
    before, activity = session.taken_over, planned.activity
    if session.status != "scheduled" or at.now >= session.start or planned.version < before.version:
        return session, ()
    wanted = Followed(
        version=before.version,
        room=planned.meeting.room or activity.room,
        roles=activity.roles,
        leader=activity.leader,
    )
    described, events = _described(session, activity, wanted)
    led, more = _led(described, wanted, at)
    moved, told = _moved(led, planned, wanted, at)
    if wanted == before and (events, more, told) == ((), (), ()):
        return session, ()
    followed = wanted.model_copy(update={"version": planned.version})
    final, offered = served(moved.model_copy(update={"followed": followed}), moved.seats, None, at)
    return final, (*events, *more, *told, *offered)


def follows(session: Session, planned: Planned, now: datetime) -> bool:
    """Whether there is something for the session to follow."""
    return follow(session, planned, Moment(now)) != (session, ())


def keep(session: Session, person: PersonId, at: Moment) -> Decision:
    """Keep one's seat at the new time; again is fine."""
    mine = active(session.seats, person)
    if mine is None or mine.status not in HOLDING:
        raise Refused(
            "no-seat-to-keep",
            sv="Du har ingen plats på det här tillfället.",
            en="You have no seat in this session.",
        )
    elsewhere = at.skip.get(person)
    if elsewhere is not None and elsewhere.reason == "elsewhere":
        raise Refused(
            "already-elsewhere",
            sv="Du har redan ett pass som krockar med det här. Lämna ett av dem först.",
            en="You already have a shift that clashes with this one. Leave one of them first.",
            extra={"session": elsewhere.session},
        )
    if mine.keep_until is None:
        return session, ()
    seats = altered(session.seats, mine, keep_until=None)
    return session.model_copy(update={"seats": seats}), (SeatsKept(people=(person,)),)


def asks(before: Session, start: datetime, end: datetime, wanted: bool) -> bool:
    """Whether a move asks: half an hour or more, or by the organiser's choice; never for ending sooner."""
    later_end = end - before.end if start == before.start else timedelta()
    return wanted or max(abs(start - before.start), later_end) >= ASKS_FROM


def keep_by(now: datetime, start: datetime) -> datetime:
    """Until when one may say so: a day before the start, or as long as an offer made now would stand."""
    return offer_until(now, start) or start - LATE


def _described(
    session: Session, activity: Activity, wanted: Followed
) -> tuple[Session, tuple[Facts, ...]]:
    changes: dict[str, Any] = {name: getattr(activity, name) for name in DESCRIBED}
    changes["needs"] = _needs(session, wanted)
    changed = session.model_copy(update=changes)
    fields = [name for name in changes if getattr(changed, name) != getattr(session, name)]
    return changed, (SessionChanged(fields=tuple(sorted(fields))),) if fields else ()


def _needs(session: Session, wanted: Followed) -> tuple[RoleNeed, ...]:
    """A role that the activity asks for otherwise than before; what was set here by hand stays else.

    Never below those who hold a seat.
    """
    before = {one.role: one for one in session.taken_over.roles}
    now = {one.role: one for one in wanted.roles}
    here = {one.role: one for one in session.needs}
    for role in before.keys() | now.keys():
        if before.get(role) == now.get(role):
            continue
        held = taken(session.seats, role)
        need = now.get(role) or RoleNeed(role=role, maximum=0)
        here[role] = need.model_copy(update={"maximum": max(need.maximum, held)})
        if role not in now and not any(
            one.role == role and one.status in ACTIVE for one in session.seats
        ):
            del here[role]
    return tuple(here.values())


def _led(session: Session, wanted: Followed, at: Moment) -> tuple[Session, tuple[Facts, ...]]:
    """Who was named leads in the place of who was named before, where there is a seat to lead."""
    before, leader = session.taken_over.leader, wanted.leader
    if before == leader:
        return session, ()
    seats = session.seats
    old = entry(seats, before) if before else None
    if old is not None and old.role == "leader" and old.status in ACTIVE:
        seats = altered(seats, old, status="removed", since=at.now, until=None)
    room = any(
        one.role == "leader" and taken(seats, "leader") < one.maximum for one in session.needs
    )
    if leader is not None and room:
        seats = joined(seats, Seat(person=leader, role="leader", status="seated", since=at.now))
    if seats == session.seats:
        return session, ()
    event = SessionLeaderChanged(before=before, leader=leader)
    return session.model_copy(update={"seats": seats}), (event,)


def _moved(
    session: Session, planned: Planned, wanted: Followed, at: Moment
) -> tuple[Session, tuple[Facts, ...]]:
    meeting = planned.meeting
    room = session.room if wanted.room == session.taken_over.room else wanted.room
    there = (meeting.start, meeting.end, room)
    if there == (session.start, session.end, session.room):
        return session, ()
    seats, until = session.seats, keep_by(at.now, meeting.start)
    if asks(session, meeting.start, meeting.end, meeting.ask):
        seats = tuple(_asked(one, until, planned.mover, at.now) for one in seats)
    seats = tuple(_in_time(one, meeting.start) for one in seats)
    changes: dict[str, Any] = {
        "start": meeting.start, "end": meeting.end, "room": room, "seats": seats,
        "planned_at": at.now,
    }  # fmt: skip
    if meeting.start != session.start:
        changes["moved_from"] = session.start
    asked = asked_to_keep(seats)
    facts = SessionMoved(
        moved_from=session.start,
        start=meeting.start,
        end=meeting.end,
        room_before=session.room,
        room=room,
        concerned=people(seats, *ACTIVE),
        asked=asked,
        answer_by=until if asked else None,
        organiser=session.organiser,
        hosts=planned.hosts,
    )
    return session.model_copy(update=changes), (facts,)


def _asked(seat: Seat, until: datetime, mover: PersonId | None, now: datetime) -> Seat:
    if seat.status != "seated" or seat.person == mover:
        return seat
    # Standing there anew: where two seats clash in the end, this one yields.
    return seat.model_copy(update={"keep_until": until, "since": now})


def _in_time(seat: Seat, start: datetime) -> Seat:
    """No offer outlives the start."""
    if seat.until is None or seat.until <= start:
        return seat
    return seat.model_copy(update={"until": start})
