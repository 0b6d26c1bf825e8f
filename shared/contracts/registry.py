"""What the registry says: organisations, people, accommodations, meeting places."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from shared.contracts.base import (
    AccommodationId,
    Contract,
    Facts,
    MeetingPlaceId,
    OrganisationId,
    PersonId,
    Snapshot,
)

OrganisationKind = Literal["national", "branch", "independent", "partner"]
OrganisationStatus = Literal[
    "applied",
    "under_review",
    "information_requested",
    "approved",
    "paused",
    "declined",
    "left",
    "excluded",
    "merged",
]
RoleName = Literal[
    "officer", "county_reader", "administrator", "coordinator", "volunteer", "operator"
]
ScopeKind = Literal["national", "counties", "accommodations", "organisation"]
AccommodationKind = Literal[
    "arrival", "asylum_centre", "flats", "supplier_run", "return_centre", "municipal_home"
]
AccommodationStatus = Literal["planned", "open", "closing", "closed"]
Confidentiality = Literal["open", "municipality", "county"]
MeetingPlaceStatus = Literal["proposed", "agreed", "open", "open_on_trial", "paused", "closed"]


class Scope(Contract):
    """Where a role holds: everywhere, in counties, at accommodations or in one organisation."""

    kind: ScopeKind
    ids: tuple[str, ...] = ()


class RoleGrant(Contract):
    """One role of one person; effective while from ≤ now < until (no until: for ever)."""

    id: str
    role: RoleName
    scope: Scope
    from_: datetime = Field(alias="from")
    until: datetime | None = None
    granted_by: PersonId | None = None


class OrganisationSnapshot(Snapshot, aggregate="registry.organisation"):
    name: str
    kind: OrganisationKind
    status: OrganisationStatus
    parent: OrganisationId | None = None
    languages: tuple[str, ...] = ()
    competences: tuple[str, ...] = ()
    target_groups: tuple[str, ...] = ()
    counties: tuple[str, ...] = ()
    municipalities: tuple[str, ...] = ()


class PersonSnapshot(Snapshot, aggregate="registry.person"):
    """`name` is initials for a protected person; the name itself never leaves the registry.

    `identity` is a pseudonym of (issuer, subject); see shared.tokens.Identity.key.
    """

    name: str
    identity: str | None = None
    languages: tuple[str, ...] = ()
    preferred_language: str = "sv"
    municipality: str | None = None
    protected: bool = False
    suspended: bool = False
    roles: tuple[RoleGrant, ...] = ()


class ContactSnapshot(Snapshot, aggregate="registry.contact"):
    """Travels on samverkan.contacts, which only notifications may read."""

    mail: str | None = None
    phone: str | None = None


class ResidentsFigure(Contract):
    """Residents on a date; a group is None when not known yet."""

    on: date
    total: int
    women: int | None = None
    men: int | None = None
    girls: int | None = None
    boys: int | None = None
    unaccompanied_minors: int | None = None


class AccommodationSnapshot(Snapshot, aggregate="registry.accommodation"):
    """Address and position are not here: they live in the registry's own Location.

    `municipality` is None where the confidentiality is `county`: nobody is to tell which one.
    `residents` is the dated series, oldest first. `closes_on` is the first day it is closed.
    """

    code: str
    name: str
    kind: AccommodationKind
    status: AccommodationStatus
    municipality: str | None = None
    county: str
    confidentiality: Confidentiality = "municipality"
    capacity: int
    opens_on: date | None = None
    closes_on: date | None = None
    languages: tuple[str, ...] = ()
    residents: tuple[ResidentsFigure, ...] = ()


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


class OrganisationApplied(Facts, type="registry.organisation.applied"):
    applicant: PersonId | None
    imported_by: str | None = None


class OrganisationReviewed(Facts, type="registry.organisation.reviewed"):
    pass


class OrganisationInformationRequested(Facts, type="registry.organisation.information_requested"):
    applicant: PersonId | None


class OrganisationApproved(Facts, type="registry.organisation.approved"):
    applicant: PersonId | None
    imported_by: str | None = None


class OrganisationDeclined(Facts, type="registry.organisation.declined"):
    applicant: PersonId | None


class OrganisationPaused(Facts, type="registry.organisation.paused"):
    pass


class OrganisationResumed(Facts, type="registry.organisation.resumed"):
    pass


class OrganisationLeft(Facts, type="registry.organisation.left"):
    pass


class OrganisationExcluded(Facts, type="registry.organisation.excluded"):
    pass


class OrganisationChanged(Facts, type="registry.organisation.changed"):
    fields: tuple[str, ...]


class PersonRegistered(Facts, type="registry.person.registered"):
    pass


class PersonChanged(Facts, type="registry.person.changed"):
    fields: tuple[str, ...]


class RoleGranted(Facts, type="registry.person.role_granted"):
    grant: RoleGrant


class RoleRevoked(Facts, type="registry.person.role_revoked"):
    grant: RoleGrant


class RoleEnded(Facts, type="registry.person.role_ended"):
    grants: tuple[RoleGrant, ...]


class RoleSettled(Facts, type="registry.person.role_settled"):
    """A change that depended on others' at the same moment stands; nothing else changes."""

    grant: str


class AskedToJoin(Facts, type="registry.person.asked_to_join"):
    organisation: OrganisationId


class AskTakenBack(Facts, type="registry.person.ask_taken_back"):
    organisation: OrganisationId


class AskDeclined(Facts, type="registry.person.ask_declined"):
    organisation: OrganisationId


class PersonErased(Facts, type="registry.person.erased"):
    pass


class ContactChanged(Facts, type="registry.contact.changed"):
    pass


class ContactErased(Facts, type="registry.contact.erased"):
    pass


class AccommodationRegistered(Facts, type="registry.accommodation.registered"):
    imported_by: str | None = None


class AccommodationOpened(Facts, type="registry.accommodation.opened"):
    imported_by: str | None = None


class AccommodationChanged(Facts, type="registry.accommodation.changed"):
    fields: tuple[str, ...]


class ResidentsChanged(Facts, type="registry.accommodation.residents_changed"):
    on: date


class AccommodationClosing(Facts, type="registry.accommodation.closing"):
    closes_on: date


class AccommodationClosed(Facts, type="registry.accommodation.closed"):
    pass


class AccommodationReopened(Facts, type="registry.accommodation.reopened"):
    pass


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


class ImportCommitted(Facts, type="registry.import.committed"):
    kind: Literal["organisations", "accommodations"]
    rows: int


class ImportFinished(Facts, type="registry.import.finished"):
    made: int
    failed: int = 0


class ImportExpired(Facts, type="registry.import.expired"):
    pass


class ImportSnapshot(Snapshot, aggregate="registry.import"):
    kind: Literal["organisations", "accommodations"]
    status: Literal["checked", "committing", "done", "expired"]
    rows: int
    position: int
    failed: int = 0


__all__ = [name for name in dir() if name[0].isupper()] + ["MeetingPlaceId"]
