"""Which of a person's roles hold at a moment."""

from collections.abc import Collection
from datetime import datetime

from shared.contracts.base import OrganisationId
from shared.contracts.registry import PersonSnapshot, RoleGrant


def in_force(grant: RoleGrant, now: datetime) -> bool:
    """The role has begun and not ended."""
    return grant.from_ <= now and (grant.until is None or now < grant.until)


def takes_part(person: PersonSnapshot, active: Collection[OrganisationId], now: datetime) -> bool:
    """The person holds some role: in an active organisation, or beyond organisations."""
    return any(
        in_force(grant, now)
        and (grant.scope.kind != "organisation" or any(id in active for id in grant.scope.ids))
        for grant in person.roles
    )
