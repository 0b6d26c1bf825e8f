"""Which of a person's roles hold at a moment."""

from collections.abc import Collection
from datetime import datetime

from shared.contracts.base import AccommodationId, OrganisationId
from shared.contracts.registry import PersonSnapshot, RoleGrant

NOBODY, ROLE, MEMBER = 0, 1, 2
"""Standings: no role at all < a role, whatever has become of its organisation < part of the network."""


def in_force(grant: RoleGrant, now: datetime) -> bool:
    """The role has begun and not ended."""
    return grant.from_ <= now and (grant.until is None or now < grant.until)


def standing(
    person: PersonSnapshot | None, active: Collection[OrganisationId], now: datetime
) -> int:
    """MEMBER with a role in an active organisation or beyond organisations; else ROLE, or NOBODY."""
    held = [grant for grant in person.roles if in_force(grant, now)] if person else []
    if any(
        grant.scope.kind != "organisation" or any(id in active for id in grant.scope.ids)
        for grant in held
    ):
        return MEMBER
    return ROLE if held else NOBODY


def oversees(
    grant: RoleGrant, counties: Collection[str], accommodations: Collection[AccommodationId]
) -> bool:
    """An administrator's role, or an officer's within whose scope one of these places lies."""
    if grant.role == "administrator":
        return grant.scope.kind == "national"
    if grant.role != "officer":
        return False
    if grant.scope.kind == "national":
        return bool(accommodations)
    here = counties if grant.scope.kind == "counties" else accommodations
    return any(id in here for id in grant.scope.ids)
