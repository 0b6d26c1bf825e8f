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

ClosedReason = Literal[
    "public_holiday",
    "too_few_people",
    "room_unavailable",
    "repairs",
    "weather",
    "incident",
    "other",
]
EndReason = Literal[
    "host_cannot", "room_lost", "not_needed", "accommodation_closing", "terms_not_kept", "other"
]


class Room(Contract):
    id: str
    name: str
    capacity: int | None = None


class OpeningHours(Contract):
    """Weekly opening in local time, ISO weekday 1 = Monday; closes ≤ opens means next day."""

    weekday: int = Field(ge=1, le=7)
    opens: str
    closes: str


class OpenSpan(Contract):
    """From when until when in local time; closes ≤ opens means next day."""

    opens: str
    closes: str


class DayApart(Contract):
    """A date that is not as its weekday; without hours it is closed, for a reason."""

    on: date
    hours: tuple[OpenSpan, ...] = ()
    reason: ClosedReason | None = None


class Agreement(Contract):
    """In force when every party has signed and from ≤ today ≤ until (local dates).

    `ends_on` is its last day where a party has ended it early.
    """

    from_: date = Field(alias="from")
    until: date
    signed_by_agency: PersonId | None = None
    signed_by_hosts: tuple[OrganisationId, ...] = ()
    ends_on: date | None = None


class Renewal(Agreement):
    """What takes over on its first day from the agreement in force, if every party has signed."""

    hosts: tuple[OrganisationId, ...]


class TrialPeriod(Contract):
    """First and last day (local dates) of being open without an agreement."""

    since: date
    until: date


class MeetingPlaceSnapshot(Snapshot, aggregate="registry.meeting_place"):
    """`hosts[0]` is the responsible host; `agreed` while the agreement is in force.

    `municipality` is None where one of its accommodations' confidentiality is `county`. `open_since`
    is the first day on which it was open under an agreement; a pause does not make it new again.
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
    days_apart: tuple[DayApart, ...] = ()
    renewal: Renewal | None = None
    trial: TrialPeriod | None = None
    open_since: date | None = None


class MeetingPlaceProposed(Facts, type="registry.meeting_place.proposed"):
    accommodations: tuple[AccommodationId, ...]
    hosts: tuple[OrganisationId, ...]


class MeetingPlaceSigned(Facts, type="registry.meeting_place.signed"):
    party: str


class MeetingPlaceAgreed(Facts, type="registry.meeting_place.agreed"):
    pass


class MeetingPlaceOpened(Facts, type="registry.meeting_place.opened"):
    county: str


class MeetingPlaceTrialAllowed(Facts, type="registry.meeting_place.trial_allowed"):
    """The officer's yes (the event's actor) to so many days."""

    days: int


class MeetingPlaceOpenedOnTrial(Facts, type="registry.meeting_place.opened_on_trial"):
    county: str
    until: date


class MeetingPlaceSignaturesVoided(Facts, type="registry.meeting_place.signatures_voided"):
    """What these parties had signed has changed; they are asked again."""

    parties: tuple[str, ...]


class MeetingPlaceRenewalProposed(Facts, type="registry.meeting_place.renewal_proposed"):
    """The agency and these hosts are asked to sign what takes over on `from`."""

    hosts: tuple[OrganisationId, ...]
    from_: date = Field(alias="from")
    until: date


class MeetingPlaceRenewalSigned(Facts, type="registry.meeting_place.renewal_signed"):
    party: str


class MeetingPlaceRenewed(Facts, type="registry.meeting_place.renewed"):
    """The next agreement has taken over."""

    hosts: tuple[OrganisationId, ...]
    until: date


class MeetingPlaceAgreementEnding(Facts, type="registry.meeting_place.agreement_ending"):
    """A party has ended the agreement early; `on` is its last day."""

    party: str
    on: date
    reason: EndReason


class MeetingPlacePaused(Facts, type="registry.meeting_place.paused"):
    cause: Literal["host", "officer", "host_not_active"] = "host"


class MeetingPlaceResumed(Facts, type="registry.meeting_place.resumed"):
    pass


class MeetingPlaceClosed(Facts, type="registry.meeting_place.closed"):
    cause: Literal[
        "host",
        "officer",
        "accommodation_closed",
        "host_not_active",
        "agreement_ended",
        "trial_ended",
    ]


class MeetingPlaceChanged(Facts, type="registry.meeting_place.changed"):
    """`closed_days` are those that are closed by this change and were not before."""

    fields: tuple[str, ...]
    closed_days: tuple[date, ...] = ()
