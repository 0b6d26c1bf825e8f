"""A session: one meeting of an activity, with its seats and its count inside.

scheduled → held | cancelled. Each rule is a pure function of what is to what will be.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from services.activities.domain.activity import Activity, Whereabouts
from services.activities.domain.count import Count
from services.activities.domain.description import Ages
from services.activities.domain.questions import Asked
from services.activities.domain.recurrence import Meeting
from services.activities.domain.reflection import Reflection
from services.activities.domain.seats import (
    ACTIVE,
    HOLDING,
    Moment,
    RoleNeed,
    Seat,
    Seats,
    active,
    altered,
    entry,
    kept_by_silence,
    move_up,
    people,
    position,
)
from shared.contracts.activities import (
    ActivityKind,
    CancelReason,
    OffersLapsed,
    RoomReleased,
    SeatsKept,
    SessionCancelled,
    SessionCounted,
    SessionHeld,
    SessionLeaderChanged,
    SessionPlanned,
    SessionStatus,
    TargetGroup,
)
from shared.contracts.base import ActivityId, Facts, MeetingPlaceId, OrganisationId, PersonId
from shared.contracts.problems import Refused
from shared.contracts.texts import LanguageCode

COUNTS_KEPT = 20
LATE = timedelta(hours=24)


class Cancellation(BaseModel):
    """Why and when; `words` are the canceller's own, for reason `other`."""

    model_config = ConfigDict(frozen=True)

    reason: CancelReason
    words: str | None = None
    at: datetime
    by: PersonId | None = None


class Followed(BaseModel):
    """What the session took over from its activity, which a coordinator may have changed here since.

    `version` is the activity's by which it changed last: what is older is not followed any more.
    """

    model_config = ConfigDict(frozen=True)

    version: int = 0
    room: str | None = None
    roles: tuple[RoleNeed, ...] = ()
    leader: PersonId | None = None


class Session(Whereabouts):
    """The aggregate. `planned_at` (or moved) decides who yields when two want the same room.

    `asked` are the helpers who got a question, `rounds` how often that was done by itself, the last
    time at `round_at`; `lifted` that it was left to the coordinator. `moved_from` is when it began before it was moved last; `original_start` never changes.
    """

    model_config = ConfigDict(frozen=True)

    activity: ActivityId
    number: int
    kind: ActivityKind
    title: dict[LanguageCode, str]
    target_groups: tuple[TargetGroup, ...]
    ages: Ages | None = None
    languages: tuple[LanguageCode, ...] = ()
    childcare: bool = False
    places: int
    organiser: OrganisationId
    meeting_place: MeetingPlaceId
    room: str | None = None
    planned_at: datetime
    original_start: datetime
    start: datetime
    end: datetime
    moved_from: datetime | None = None
    needs: tuple[RoleNeed, ...] = ()
    followed: Followed | None = None
    seats: Seats = ()
    asked: tuple[Asked, ...] = ()
    rounds: int = 0
    round_at: datetime | None = None
    lifted: bool = False
    status: SessionStatus = "scheduled"
    cancelled: Cancellation | None = None
    counts: tuple[Count, ...] = ()
    reflection: Reflection | None = None

    @property
    def leader(self) -> PersonId | None:
        """Who is seated to lead it."""
        led = [one for one in self.seats if one.role == "leader"]
        return next(iter(people(led, "seated", "served")), None)

    @property
    def taken_over(self) -> Followed:
        """What it follows; sessions that are older than that are as they were planned."""
        return self.followed or Followed(room=self.room, roles=self.needs, leader=self.leader)

    def led_by(self, person: PersonId, now: PersonId | None) -> "Session":
        """With somebody else, or nobody, in the place of who was named to lead."""
        if self.followed is None or self.followed.leader != person:
            return self
        return self.model_copy(
            update={"followed": self.followed.model_copy(update={"leader": now})}
        )

    @property
    def count(self) -> Count | None:
        """The count that holds; None is not known, which is not zero."""
        return self.counts[-1] if self.counts else None

    @property
    def took_place(self) -> tuple[datetime, datetime]:
        """When it really began and ended, as far as that was said; else as planned."""
        count = self.count
        if count is None:
            return self.start, self.end
        return count.started or self.start, count.ended or self.end


Decision = tuple[Session, tuple[Facts, ...]]


def plan_session(id: ActivityId, activity: Activity, meeting: Meeting, now: datetime) -> Decision:
    """The session that an activity's meeting calls for; a leader who is named has a seat in it."""
    seats: Seats = ()
    if activity.leader is not None:
        seats = (Seat(person=activity.leader, role="leader", status="seated", since=now),)
    session = Session(
        **activity.model_dump(include=_FROM_ACTIVITY),
        activity=id,
        number=meeting.number,
        planned_at=now,
        original_start=meeting.start,
        start=meeting.start,
        end=meeting.end,
        room=meeting.room or activity.room,
        needs=activity.roles,
        followed=Followed(
            room=meeting.room or activity.room, roles=activity.roles, leader=activity.leader
        ),
        seats=seats,
    )
    planned = SessionPlanned(activity=id)
    if activity.leader is None:
        return session, (planned,)
    return session, (planned, SessionLeaderChanged(leader=activity.leader))


DESCRIBED = ("kind", "title", "target_groups", "ages", "languages", "childcare", "places")
_FROM_ACTIVITY = {
    *DESCRIBED, "organiser", "meeting_place", "accommodations", "municipality", "county",
}  # fmt: skip


def cancel(session: Session, what: Cancellation, hosts: tuple[OrganisationId, ...]) -> Decision:
    """Cancel it; who is concerned stands in the facts. Also late, when it turned out not to be held."""
    if session.status == "cancelled":
        return session, ()
    if session.status == "held" and session.count is not None:
        raise Refused(
            "already-counted",
            sv="Tillfället är räknat och kan inte ställas in.",
            en="The session has been counted and cannot be cancelled.",
        )
    facts = SessionCancelled(
        reason=what.reason,
        concerned=people(session.seats, *ACTIVE),
        start=session.start,
        organiser=session.organiser,
        hosts=hosts,
    )
    seats = tuple(_given_up(one, what.at) for one in session.seats)
    changes = {"status": "cancelled", "cancelled": what, "seats": seats}
    return session.model_copy(update=changes), (facts,)


def _given_up(seat: Seat, now: datetime) -> Seat:
    if seat.status not in (*ACTIVE, "served"):
        return seat
    why = "session_cancelled"
    return seat.model_copy(update={"status": "released", "since": now, "until": None, "why": why})


def wake(session: Session, at: Moment) -> Decision:
    """By the clock: offers lapse and the next are asked; after its end the session was held."""
    if session.status != "scheduled":
        return session, ()
    lapsed, events = _lapse(session, at)
    lapsed, events = _keep(lapsed, events, at.now)
    return _hold(lapsed, events, at) if at.now >= session.end else (lapsed, events)


def _keep(session: Session, events: tuple[Facts, ...], now: datetime) -> Decision:
    """Who said nothing after a move keeps the seat."""
    seats, kept = kept_by_silence(session.seats, now)
    if seats == session.seats:
        return session, events
    told = (SeatsKept(people=kept),) if kept else ()
    return session.model_copy(update={"seats": seats}), (*events, *told)


def _lapse(session: Session, at: Moment) -> Decision:
    seats, gone = session.seats, []
    for seat in session.seats:
        if seat.status == "offered" and seat.until is not None and seat.until <= at.now:
            gone.append(seat.person or "")
            seats = altered(seats, seat, status="lapsed", since=at.now, until=None)
    if not gone:
        return session, ()
    return served(session, seats, OffersLapsed(people=tuple(gone)), at)


def _hold(session: Session, events: tuple[Facts, ...], at: Moment) -> Decision:
    seats = tuple(
        one.model_copy(update={"status": "served"}) if one.status == "seated" else one
        for one in session.seats
    )
    held = session.model_copy(update={"status": "held", "seats": seats})
    return held, (*events, SessionHeld())


def wakes_at(session: Session) -> datetime | None:
    """The next deadline of an offer or of a question whether to stay, or the end."""
    if session.status != "scheduled":
        return None
    deadlines = [one for seat in session.seats for one in (seat.until, seat.keep_until) if one]
    return min([session.end, *deadlines])


def record_count(session: Session, count: Count, now: datetime) -> Decision:
    """Take a count, or a correction; the earlier ones stay with their authors and reasons."""
    insist_countable(session, now)
    if count == session.count:
        return session, ()
    counts = (*session.counts, count)[-COUNTS_KEPT:]
    return session.model_copy(update={"counts": counts}), (SessionCounted(visitors=count.total),)


def insist_countable(session: Session, now: datetime) -> None:
    """Raise Refused for a session that was cancelled or has not begun."""
    if session.status == "cancelled":
        raise Refused(
            "session-cancelled",
            sv="Tillfället är inställt. Det finns inget att räkna.",
            en="The session is cancelled. There is nothing to count.",
        )
    if now < session.start:
        raise Refused(
            "not-begun",
            sv="Tillfället har inte börjat än. Räkna när det är i gång eller efteråt.",
            en="The session has not begun. Count when it is under way or afterwards.",
        )


def release_room(session: Session) -> Decision:
    """Another session had the room first: this one is without until somebody chooses another."""
    if session.room is None or session.status != "scheduled":
        return session, ()
    freed = session.model_copy(update={"room": None})
    return freed, (RoomReleased(room=session.room, organiser=session.organiser),)


def served(session: Session, seats: Seats, event: Facts | None, at: Moment) -> Decision:
    """The session with new seats, after the queue has been served."""
    moved, offered = move_up(seats, session.needs, session.start, at)
    events = () if event is None else (event,)
    if moved == session.seats and not events:
        return session, ()
    return session.model_copy(update={"seats": moved}), (*events, *offered)


def standing(session: Session, person: PersonId) -> dict[str, object]:
    """Where a person stands: what a sign-up answers, and what a repeated one answers again."""
    seat = active(session.seats, person) or entry(session.seats, person)
    if seat is None:
        return {}
    return {
        "role": seat.role,
        "status": seat.status,
        "position": position(session.seats, seat),
        "until": seat.until.isoformat() if seat.until else None,
    }


def holders(session: Session) -> Sequence[PersonId]:
    """Who cannot be elsewhere at the time."""
    return people(session.seats, *HOLDING)
