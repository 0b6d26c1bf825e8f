"""What you may do (P14): a caller and the questions that permissions ask, to be read as policy."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from shared.contracts.registry import RoleGrant, Scope
from shared.tokens import Identity, Token


class Role(StrEnum):
    """The codes of the roles a person can hold."""

    OFFICER = "officer"
    COUNTY_READER = "county_reader"
    ADMINISTRATOR = "administrator"
    COORDINATOR = "coordinator"
    VOLUNTEER = "volunteer"
    OPERATOR = "operator"


# Who may hand on what; scope and end are never wider than the granter's own.
GRANTABLE: dict[Role, frozenset[Role]] = {
    Role.ADMINISTRATOR: frozenset(Role),
    Role.OFFICER: frozenset({Role.OFFICER, Role.COUNTY_READER}),
    Role.COORDINATOR: frozenset({Role.COORDINATOR, Role.VOLUNTEER}),
}


@dataclass(frozen=True)
class KnownPerson:
    """What a service knows of a person when it judges them, from its store or its replica.

    `active_organisations` are those of the person's organisations that are approved and whose
    parent, if any, is approved too; a role in any other organisation has no effect.
    """

    id: str
    protected: bool
    suspended: bool
    roles: tuple[RoleGrant, ...]
    active_organisations: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Caller:
    """A known person with a valid token, judged at the moment `now`."""

    person: KnownPerson
    token: Token
    now: datetime

    @property
    def person_id(self) -> str:
        """The person's id, which is what events and documents name them by."""
        return self.person.id

    @property
    def identity(self) -> Identity:
        """Who the issuer says it is."""
        return self.token.identity

    @property
    def protected(self) -> bool:
        """True when the person's identity is protected."""
        return self.person.protected

    def at(self, now: datetime) -> "Caller":
        """The same person judged at another moment: roles begin and end by the clock."""
        return replace(self, now=now)

    @cached_property
    def grants(self) -> tuple[RoleGrant, ...]:
        """The roles in effect now, organisations that are not active taken out of their scopes."""
        return in_effect(self.person, self.now)

    def has(self, role: Role) -> bool:
        """True when the role is in effect somewhere: enough to come in, not to touch an object."""
        return any(grant.role == role for grant in self.grants)

    @property
    def is_administrator(self) -> bool:
        """An administrator of the network."""
        return self._has_nationally(Role.ADMINISTRATOR)

    @property
    def is_operator(self) -> bool:
        """Someone who keeps the platform running."""
        return self._has_nationally(Role.OPERATOR)

    def is_officer_for(self, county: str, accommodation_id: str | None = None) -> bool:
        """An officer nationally, for this county, or for this very accommodation."""
        return any(
            scope.kind == "national"
            or (scope.kind == "counties" and county in scope.ids)
            or (scope.kind == "accommodations" and accommodation_id in scope.ids)
            for scope in self._scopes(Role.OFFICER)
        )

    def reads_county(self, county: str) -> bool:
        """A county board's reader of this county."""
        return any(
            scope.kind == "national" or (scope.kind == "counties" and county in scope.ids)
            for scope in self._scopes(Role.COUNTY_READER)
        )

    @cached_property
    def organisations(self) -> frozenset[str]:
        """The active organisations that the caller coordinates."""
        return self._organisations_as(Role.COORDINATOR)

    def coordinates(self, organisation_id: str, parent_id: str | None = None) -> bool:
        """A coordinator of the organisation; or of its parent, where `parent_id` is given.

        Give the parent only for what a national organisation does with its branches: see them,
        confirm them, appoint a first coordinator. It does not run them.
        """
        return organisation_id in self.organisations or parent_id in self.organisations

    def volunteers_for(self, organisation_id: str) -> bool:
        """A volunteer of the organisation."""
        return organisation_id in self._organisations_as(Role.VOLUNTEER)

    def may_grant(self, grant: RoleGrant, parent_id: str | None = None) -> bool:
        """True when one role of the caller covers the granted role, its scope and its end.

        `parent_id` is the parent of the branch that the grant is about: the parent's coordinator
        may appoint a coordinator there (that it is the first one is the registry's rule).
        """
        return covers(self.grants, grant, parent_id)

    def _scopes(self, role: Role) -> tuple[Scope, ...]:
        return tuple(grant.scope for grant in self.grants if grant.role == role)

    def _has_nationally(self, role: Role) -> bool:
        return any(scope.kind == "national" for scope in self._scopes(role))

    def _organisations_as(self, role: Role) -> frozenset[str]:
        scopes = self._scopes(role)
        return frozenset(id for scope in scopes if scope.kind == "organisation" for id in scope.ids)


def in_effect(person: KnownPerson, now: datetime) -> tuple[RoleGrant, ...]:
    """The person's roles in effect at a moment, organisations that are not active taken out."""
    narrowed = (
        _within_active(grant, person.active_organisations)
        for grant in person.roles
        if _is_in_force(grant, now)
    )
    return tuple(grant for grant in narrowed if grant is not None)


def covers(owned: Iterable[RoleGrant], grant: RoleGrant, parent_id: str | None = None) -> bool:
    """True when one role of those in effect lets its holder give `grant`; see Caller.may_grant."""
    return any(
        _may_hand_on(own, grant)
        and _ends_no_later(grant, own)
        and (_covers(own.scope, grant.scope) or _appoints_in_branch(own, grant, parent_id))
        for own in owned
    )


def _is_in_force(grant: RoleGrant, now: datetime) -> bool:
    return grant.from_ <= now and (grant.until is None or now < grant.until)


def _within_active(grant: RoleGrant, active: frozenset[str]) -> RoleGrant | None:
    if grant.scope.kind != "organisation":
        return grant
    ids = tuple(id for id in grant.scope.ids if id in active)
    if ids == grant.scope.ids:
        return grant if ids else None
    scope = grant.scope.model_copy(update={"ids": ids})
    return grant.model_copy(update={"scope": scope}) if ids else None


def _may_hand_on(own: RoleGrant, grant: RoleGrant) -> bool:
    return grant.role in GRANTABLE.get(Role(own.role), frozenset())


def _ends_no_later(grant: RoleGrant, own: RoleGrant) -> bool:
    return own.until is None or (grant.until is not None and grant.until <= own.until)


def _covers(own: Scope, other: Scope) -> bool:
    if own.kind == "national":
        return True
    return own.kind == other.kind and bool(other.ids) and set(other.ids) <= set(own.ids)


def _appoints_in_branch(own: RoleGrant, grant: RoleGrant, parent_id: str | None) -> bool:
    return (
        Role(grant.role) is Role.COORDINATOR
        and own.scope.kind == grant.scope.kind == "organisation"
        and len(grant.scope.ids) == 1
        and parent_id in own.scope.ids
    )
