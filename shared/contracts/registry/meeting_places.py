"""What the registry says of meeting places and their agreements."""

from datetime import date
from typing import Literal

from pydantic import Field

from shared.contracts.base import (
    AccommodationId,
    Contract,
    Facts,
    OrganisationId,
    PersonId,
    Snapshot,
)

MeetingPlaceStatus = Literal["proposed", "agreed", "open", "open_on_trial", "paused", "closed"]


class Room(Contract):
    id: str
    name: str
    capacity: int | None = None


class OpeningHours(Contract):
    """Weekly opening in local time, ISO weekday 1 = Monday; closes ≤ opens means next day."""

    weekday: int = Field(ge=1, le=7)
    opens: str
    closes: str


class Agreement(Contract):
    """In force when every party has signed and from ≤ today ≤ until (local dates)."""

    from_: date = Field(alias="from")
    until: date
    signed_by_agency: PersonId | None = None
    signed_by_hosts: tuple[OrganisationId, ...] = ()


class MeetingPlaceSnapshot(Snapshot, aggregate="registry.meeting_place"):
    """`hosts[0]` is the responsible host; `agreed` while the agreement is in force.

    `municipality` is None where one of its accommodations' confidentiality is `county`.
    """

    name: str
    status: MeetingPlaceStatus
    accommodations: tuple[AccommodationId, ...]
    municipality: str | None = None
    county: str
    hosts: tuple[OrganisationId, ...]
    rooms: tuple[Room, ...] = ()
    opening_hours: tuple[OpeningHours, ...] = ()
    agreement: Agreement
    agreed: bool = False


class MeetingPlaceProposed(Facts, type="registry.meeting_place.proposed"):
    accommodations: tuple[AccommodationId, ...]
    hosts: tuple[OrganisationId, ...]


class MeetingPlaceSigned(Facts, type="registry.meeting_place.signed"):
    party: str


class MeetingPlaceAgreed(Facts, type="registry.meeting_place.agreed"):
    pass


class MeetingPlaceOpened(Facts, type="registry.meeting_place.opened"):
    county: str


class MeetingPlacePaused(Facts, type="registry.meeting_place.paused"):
    cause: Literal["host", "officer", "host_not_active"] = "host"


class MeetingPlaceResumed(Facts, type="registry.meeting_place.resumed"):
    pass


class MeetingPlaceClosed(Facts, type="registry.meeting_place.closed"):
    cause: Literal["host", "officer", "accommodation_closed", "host_not_active", "agreement_ended"]


class MeetingPlaceChanged(Facts, type="registry.meeting_place.changed"):
    fields: tuple[str, ...]
