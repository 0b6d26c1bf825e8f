"""What is said of activities."""

from datetime import datetime
from typing import Literal

from shared.contracts.activities.vocabulary import ActivityKind, CancelReason, TargetGroup
from shared.contracts.base import AccommodationId, Facts, MeetingPlaceId, OrganisationId, Snapshot

ActivityStatus = Literal["draft", "planned", "running", "ended", "cancelled"]


class ActivitySnapshot(Snapshot, aggregate="activities.activity"):
    kind: ActivityKind
    title: dict[str, str]
    status: ActivityStatus
    organiser: OrganisationId
    meeting_place: MeetingPlaceId
    accommodations: tuple[AccommodationId, ...]
    target_groups: tuple[TargetGroup, ...]
    languages: tuple[str, ...] = ()
    places: int | None = None
    co_organisers: tuple[OrganisationId, ...] = ()
    led_by_residents: bool = False
    voluntary: bool = True
    method: str | None = None
    first_start: datetime | None = None
    last_end: datetime | None = None


class ActivityDrafted(Facts, type="activities.activity.drafted"):
    """Nobody but its coordinators sees it before it is planned."""

    organiser: OrganisationId
    meeting_place: MeetingPlaceId


class ActivityPlanned(Facts, type="activities.activity.planned"):
    organiser: OrganisationId
    meeting_place: MeetingPlaceId
    sessions: int


class ActivityStarted(Facts, type="activities.activity.started"):
    pass


class ActivityCancelled(Facts, type="activities.activity.cancelled"):
    reason: CancelReason


class ActivityChanged(Facts, type="activities.activity.changed"):
    """Its description is another; `fields` are those that differ."""

    fields: tuple[str, ...]


class ActivityRescheduled(Facts, type="activities.activity.rescheduled"):
    """The meetings with these numbers have another time or room; their sessions follow."""

    numbers: tuple[int, ...]


class ActivityExtended(Facts, type="activities.activity.extended"):
    """The meetings with these numbers are new."""

    numbers: tuple[int, ...]


class ActivityShortened(Facts, type="activities.activity.shortened"):
    """The meetings with these numbers are called off; the others go on."""

    numbers: tuple[int, ...]
    reason: CancelReason


class ActivityWhereaboutsChanged(Facts, type="activities.activity.whereabouts_changed"):
    """What may be told of where the meeting place is has changed."""

    meeting_place: MeetingPlaceId


class ActivityOrganiserChanged(Facts, type="activities.activity.organiser_changed"):
    """Its organiser was merged into another."""

    organiser: OrganisationId


class ActivityEnded(Facts, type="activities.activity.ended"):
    pass
