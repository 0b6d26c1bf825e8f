"""What is said of sessions and their seats."""

from datetime import datetime
from typing import Literal

from shared.contracts.activities.vocabulary import (
    ActivityKind,
    CancelReason,
    MissingThing,
    SessionRole,
    TargetGroup,
    Went,
)
from shared.contracts.base import (
    AccommodationId,
    ActivityId,
    Contract,
    Facts,
    MeetingPlaceId,
    OrganisationId,
    PersonId,
    Snapshot,
)

SessionStatus = Literal["scheduled", "held", "cancelled"]


SeatStatus = Literal[
    "waiting", "offered", "seated", "served", "absent", "excused",
    "withdrawn", "lapsed", "removed", "released",
]  # fmt: skip


ReleaseReason = Literal[
    "erased", "role_ended", "clash", "session_cancelled", "organisation_not_active", "place_closed"
]


class RoleSeats(Contract):
    """Numbers and ids of one role in a session; `seated` and `waiting` in order.

    `asked_to_keep` hold a seat and have been asked whether they keep it at its new time.
    """

    role: SessionRole
    minimum: int
    maximum: int
    seated: tuple[PersonId, ...] = ()
    offered: tuple[PersonId, ...] = ()
    waiting: tuple[PersonId, ...] = ()
    asked_to_keep: tuple[PersonId, ...] = ()


class SessionSnapshot(Snapshot, aggregate="activities.session"):
    activity: ActivityId
    kind: ActivityKind
    title: dict[str, str]
    number: int
    status: SessionStatus
    start: datetime
    end: datetime
    meeting_place: MeetingPlaceId
    accommodations: tuple[AccommodationId, ...]
    municipality: str | None = None
    county: str
    organiser: OrganisationId
    leader: PersonId | None = None
    target_groups: tuple[TargetGroup, ...] = ()
    places: int | None = None
    seats: tuple[RoleSeats, ...] = ()
    cancel_reason: CancelReason | None = None
    moved_from: datetime | None = None
    visitors: int | None = None


class SessionPlanned(Facts, type="activities.session.planned"):
    activity: ActivityId


class SeatTaken(Facts, type="activities.session.seat_taken"):
    person: PersonId
    role: SessionRole


class SeatQueued(Facts, type="activities.session.seat_queued"):
    person: PersonId
    role: SessionRole
    position: int


class SeatWithdrawn(Facts, type="activities.session.seat_withdrawn"):
    """`late` when less than 48 h were left before the start."""

    person: PersonId
    role: SessionRole
    late: bool


class MovedUp(Contract):
    """`until` set: the seat is an offer to confirm by then; else it is placed."""

    person: PersonId
    role: SessionRole
    until: datetime | None = None


class SeatsOffered(Facts, type="activities.session.seats_offered"):
    """People who moved up from the queue, whoever freed the seats and however.

    `skipped` hold a seat elsewhere at the time and keep their place in the queue.
    """

    moved_up: tuple[MovedUp, ...]
    skipped: tuple[PersonId, ...] = ()


class SeatConfirmed(Facts, type="activities.session.seat_confirmed"):
    person: PersonId
    role: SessionRole


class OffersLapsed(Facts, type="activities.session.offers_lapsed"):
    people: tuple[PersonId, ...]


class SeatsReleased(Facts, type="activities.session.seats_released"):
    """`people` is empty for who was erased: they are nobody any more."""

    people: tuple[PersonId, ...]
    why: ReleaseReason


class SeatRemoved(Facts, type="activities.session.seat_removed"):
    person: PersonId
    role: SessionRole


class SeatAdded(Facts, type="activities.session.seat_added"):
    """After the start, by leader or coordinator: who stepped in."""

    person: PersonId
    role: SessionRole


class SeatsMarked(Facts, type="activities.session.seats_marked"):
    """Whose standing the leader or a coordinator has corrected once it had begun, and to what."""

    came: tuple[PersonId, ...] = ()
    absent: tuple[PersonId, ...] = ()
    excused: tuple[PersonId, ...] = ()


class SeatsChanged(Facts, type="activities.session.seats_changed"):
    role: SessionRole
    minimum: int
    maximum: int


class RoomReleased(Facts, type="activities.session.room_released"):
    """Another session had the room first; this one is without."""

    room: str
    organiser: OrganisationId


class SessionMoved(Facts, type="activities.session.moved"):
    """It has another time or room. `concerned` hold, were offered or wait for a seat; they are told.

    `asked` are those of them who are asked to keep or leave, by `answer_by`.
    """

    moved_from: datetime
    start: datetime
    end: datetime
    room_before: str | None = None
    room: str | None = None
    concerned: tuple[PersonId, ...]
    asked: tuple[PersonId, ...] = ()
    answer_by: datetime | None = None
    organiser: OrganisationId
    hosts: tuple[OrganisationId, ...] = ()


class SessionChanged(Facts, type="activities.session.changed"):
    """What is done there, for whom or by how many is another; `fields` are those that differ."""

    fields: tuple[str, ...]


class SessionLeaderChanged(Facts, type="activities.session.leader_changed"):
    """Who was named to lead the activity leads this session now, or nobody is named any more."""

    before: PersonId | None = None
    leader: PersonId | None = None


class SeatsKept(Facts, type="activities.session.seats_kept"):
    """Who was asked keeps the seat after a move: by saying so, or by saying nothing in time."""

    people: tuple[PersonId, ...]


class SessionCancelled(Facts, type="activities.session.cancelled"):
    """`concerned` are those seated, offered or waiting when it happened; they are told."""

    reason: CancelReason
    concerned: tuple[PersonId, ...]
    start: datetime
    organiser: OrganisationId
    hosts: tuple[OrganisationId, ...]


class SessionOrganiserChanged(Facts, type="activities.session.organiser_changed"):
    """Its organiser was merged into another."""

    organiser: OrganisationId


class SeatsMoved(Facts, type="activities.session.seats_moved"):
    """Whatever was `person`'s is `into`'s: two accounts of one human, who has one seat at most."""

    person: PersonId
    into: PersonId


class SessionWhereaboutsChanged(Facts, type="activities.session.whereabouts_changed"):
    """What may be told of where the meeting place is has changed."""

    meeting_place: MeetingPlaceId


class SessionCounted(Facts, type="activities.session.counted"):
    visitors: int


class SessionReflected(Facts, type="activities.session.reflected"):
    """How it went and what was missing; words stay in activities."""

    went: Went
    missing: tuple[MissingThing, ...] = ()


class SessionHeld(Facts, type="activities.session.held"):
    pass


class HelpersAsked(Facts, type="activities.session.helpers_asked"):
    """Somebody is missing and these people were asked, by a coordinator or `by_itself`."""

    people: tuple[PersonId, ...]
    organiser: OrganisationId
    by_itself: bool


class HelpDeclined(Facts, type="activities.session.help_declined"):
    """Not this time: a good answer, after which they are not asked for this session again."""

    person: PersonId


class HelpersThanked(Facts, type="activities.session.helpers_thanked"):
    """Nobody is missing any more: these people were asked and are told that it is solved."""

    people: tuple[PersonId, ...]


class SessionUnfilled(Facts, type="activities.session.unfilled"):
    """A day before the start so many are still missing; from here on it is the coordinator's."""

    organiser: OrganisationId
    missing: int
