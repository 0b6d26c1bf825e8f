"""What the registry says of people, their roles and, apart, their contact ways."""

from datetime import date, datetime
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

RoleName = Literal[
    "officer", "county_reader", "administrator", "coordinator", "volunteer", "operator"
]


ScopeKind = Literal["national", "counties", "accommodations", "organisation"]


class Scope(Contract):
    """Where a role holds: everywhere, in counties, at accommodations or in one organisation."""

    kind: ScopeKind
    ids: tuple[str, ...] = ()


class RoleGrant(Contract):
    """One role of one person; effective while from ≤ now < until (no until: for ever).

    `formerly` are organisations that have been merged into the scope's own: whoever has not heard
    of that yet finds the role under their ids as well.
    """

    id: str
    role: RoleName
    scope: Scope
    from_: datetime = Field(alias="from")
    until: datetime | None = None
    granted_by: PersonId | None = None
    formerly: tuple[OrganisationId, ...] = ()


class ExtractValidity(Contract):
    """Until when (its last day) a register extract counts that was shown to an organisation."""

    organisation: OrganisationId
    valid_until: date


class AcceptedPledge(Contract):
    """Which version of an organisation's pledge the person has accepted."""

    organisation: OrganisationId
    version: int


class PersonSnapshot(Snapshot, aggregate="registry.person"):
    """`name` is initials for a protected person; the name itself never leaves the registry.

    `identity` is a pseudonym of (issuer, subject); see shared.tokens.Identity.key. Who was merged
    (`merged_into`) still signs in by it, as the other. `absorbed` are all whose roles and shifts
    are this person's now.
    """

    name: str
    identity: str | None = None
    languages: tuple[str, ...] = ()
    preferred_language: str = "sv"
    municipality: str | None = None
    protected: bool = False
    suspended: bool = False
    roles: tuple[RoleGrant, ...] = ()
    merged_into: PersonId | None = None
    absorbed: tuple[PersonId, ...] = ()
    extracts: tuple[ExtractValidity, ...] = ()
    pledges: tuple[AcceptedPledge, ...] = ()


class ContactSnapshot(Snapshot, aggregate="registry.contact"):
    """Travels on samverkan.contacts, which only notifications may read.

    A person's; or, where `accommodation` is given, those of whom to call there (no account).
    """

    mail: str | None = None
    phone: str | None = None
    accommodation: AccommodationId | None = None


class PersonRegistered(Facts, type="registry.person.registered"):
    imported_by: str | None = None


class PersonChanged(Facts, type="registry.person.changed"):
    fields: tuple[str, ...]
    imported_by: str | None = None


class RoleGranted(Facts, type="registry.person.role_granted"):
    grant: RoleGrant
    imported_by: str | None = None


class RoleRevoked(Facts, type="registry.person.role_revoked"):
    grant: RoleGrant


class RoleEnded(Facts, type="registry.person.role_ended"):
    grants: tuple[RoleGrant, ...]


class RoleSettled(Facts, type="registry.person.role_settled"):
    """A change that depended on others' at the same moment stands; nothing else changes."""

    grant: str


class ExtractShown(Facts, type="registry.person.extract_shown"):
    organisation: OrganisationId


class ExtractTakenBack(Facts, type="registry.person.extract_taken_back"):
    organisation: OrganisationId


class ExtractReinterpreted(Facts, type="registry.person.extract_reinterpreted"):
    """It counts for another time than before, since the organisation's policy has changed."""

    organisation: OrganisationId


class PledgeAccepted(Facts, type="registry.person.pledge_accepted"):
    organisation: OrganisationId
    version: int


class AskedToJoin(Facts, type="registry.person.asked_to_join"):
    organisation: OrganisationId


class AskTakenBack(Facts, type="registry.person.ask_taken_back"):
    organisation: OrganisationId


class AskDeclined(Facts, type="registry.person.ask_declined"):
    organisation: OrganisationId


class RolesMoved(Facts, type="registry.person.roles_moved"):
    """Organisations were merged into others: roles and asks there go on in those."""

    moved: dict[OrganisationId, OrganisationId]


class PersonMerged(Facts, type="registry.person.merged"):
    """Two accounts of one human: this one is `into` from now on."""

    into: PersonId


class PersonMergeUndone(Facts, type="registry.person.merge_undone"):
    """It yielded to another merger of the same moment that went the other way."""

    into: PersonId


class PersonAbsorbed(Facts, type="registry.person.absorbed"):
    """The roles and asks of `person`, who was merged into this one, are this one's now."""

    person: PersonId


class PersonHandedOver(Facts, type="registry.person.handed_over"):
    """Nothing of a merged account is kept but whose it is now."""

    into: PersonId


class PersonWarned(Facts, type="registry.person.warned"):
    """Nobody has used the account for months; it is suspended then unless its person does."""

    person: PersonId
    suspended_at: datetime


class PersonErased(Facts, type="registry.person.erased"):
    """`coordinated`: where they coordinated until now, which may have nobody left."""

    coordinated: tuple[OrganisationId, ...] = ()


class ContactChanged(Facts, type="registry.contact.changed"):
    pass


class ContactErased(Facts, type="registry.contact.erased"):
    pass
