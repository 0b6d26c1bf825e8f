"""What the registry says of people, their roles and, apart, their contact ways."""

from datetime import datetime
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
    """One role of one person; effective while from ≤ now < until (no until: for ever)."""

    id: str
    role: RoleName
    scope: Scope
    from_: datetime = Field(alias="from")
    until: datetime | None = None
    granted_by: PersonId | None = None


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
    """Travels on samverkan.contacts, which only notifications may read.

    A person's; or, where `accommodation` is given, those of whom to call there (no account).
    """

    mail: str | None = None
    phone: str | None = None
    accommodation: AccommodationId | None = None


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
