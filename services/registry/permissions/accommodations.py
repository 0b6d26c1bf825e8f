"""Who may do what with accommodations; who may learn where they lie is judged by the way there."""

from services.registry.domain.accommodation import Accommodation
from services.registry.permissions.common import (
    OFFICER,
    WITH_A_ROLE,
    has_a_role,
    is_administrator,
    is_officer,
)
from shared.caller import Caller
from shared.contracts.problems import Text
from shared.kind import Stored
from shared.permissions import Permission

PUBLIC_STATUSES = ("open", "closing")


def is_in_scope(caller: Caller, one: Stored[Accommodation]) -> bool:
    """An officer of the country, of its county, or of this very accommodation."""
    return caller.is_officer_for(one.state.county, one.id)


def sees_accommodation(caller: Caller, one: Stored[Accommodation]) -> bool:
    """Officers in scope and administrators see all, everyone with a role those where people live."""
    return (
        one.state.status in PUBLIC_STATUSES or is_administrator(caller) or is_in_scope(caller, one)
    )


REGISTER_ACCOMMODATION = Permission[str](
    "accommodation.register",
    OFFICER,
    rule=is_officer,
    within=lambda caller, county: caller.is_officer_for(county),
)
"""Judged by the county in which it lies, or is to lie."""

READ_ACCOMMODATIONS = Permission[Stored[Accommodation]](
    "accommodation.read", WITH_A_ROLE, rule=has_a_role, visible=sees_accommodation
)
RUN_ACCOMMODATION = Permission[Stored[Accommodation]](
    "accommodation.run",
    OFFICER,
    rule=is_officer,
    within=is_in_scope,
    visible=sees_accommodation,
)
FIND_THE_WAY = Permission[Stored[Accommodation]](
    "accommodation.way-there",
    Text(
        "Handläggare för området, samordnare som ordnar något där, och den som har ett pass där, "
        "från 48 timmar före till dess slut",
        "Officers of the area, coordinators who organise something there, and whoever has a shift "
        "there, from 48 hours before until its end",
    ),
    rule=has_a_role,
    visible=sees_accommodation,
)
READ_SITE_CONTACT = Permission[Stored[Accommodation]](
    "accommodation.site-contact",
    Text(
        "Handläggare för området, och samordnare som ordnar något där",
        "Officers of the area, and coordinators who organise something there",
    ),
    rule=has_a_role,
    visible=sees_accommodation,
)
