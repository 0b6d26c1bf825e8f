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
    first_start: datetime | None = None
    last_end: datetime | None = None


class ActivityPlanned(Facts, type="activities.activity.planned"):
    organiser: OrganisationId
    meeting_place: MeetingPlaceId
    sessions: int


class ActivityStarted(Facts, type="activities.activity.started"):
    pass


class ActivityCancelled(Facts, type="activities.activity.cancelled"):
    reason: CancelReason


class ActivityWhereaboutsChanged(Facts, type="activities.activity.whereabouts_changed"):
    """What may be told of where the meeting place is has changed."""

    meeting_place: MeetingPlaceId


class ActivityOrganiserChanged(Facts, type="activities.activity.organiser_changed"):
    """Its organiser was merged into another."""

    organiser: OrganisationId


class ActivityEnded(Facts, type="activities.activity.ended"):
    pass
