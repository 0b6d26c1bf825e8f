"""What the registry says of incidents: that one was reported and where, never what happened."""

from typing import Literal

from shared.contracts.base import AccommodationId, Facts, MeetingPlaceId, Snapshot

IncidentStatus = Literal["reported", "seen", "handled", "closed"]


class IncidentSnapshot(Snapshot, aggregate="registry.incident"):
    """`counties` are those of the accommodations, which decide whose scope it lies in."""

    status: IncidentStatus
    accommodations: tuple[AccommodationId, ...]
    counties: tuple[str, ...]
    meeting_place: MeetingPlaceId | None = None
    going_on: bool = False


class IncidentReported(Facts, type="registry.incident.reported"):
    accommodations: tuple[AccommodationId, ...]
    counties: tuple[str, ...]
    meeting_place: MeetingPlaceId | None = None
    going_on: bool = False


class IncidentSeen(Facts, type="registry.incident.seen"):
    pass


class IncidentHandled(Facts, type="registry.incident.handled"):
    pass


class IncidentClosed(Facts, type="registry.incident.closed"):
    pass


class IncidentMoved(Facts, type="registry.incident.moved"):
    """An accommodation where it happened lies in another county now."""

    counties: tuple[str, ...]


class IncidentWordsRemoved(Facts, type="registry.incident.words_removed"):
    pass
