"""Who may do what with incidents."""

from services.registry.domain.incident import Incident, Where
from services.registry.permissions.common import WITH_A_ROLE, has_a_role, is_administrator
from shared.caller import Caller, Role
from shared.contracts.problems import Text
from shared.kind import Stored
from shared.permissions import Permission

OVERSEERS = Text(
    "Handläggare för området och nätverkets administratörer",
    "Officers of the area and network administrators",
)
REPORTER_OR_OVERSEER = Text(
    "Handläggare för området, nätverkets administratörer; den som rapporterade ser läget",
    "Officers of the area, network administrators; whoever reported sees how it stands",
)


def is_in_scope(caller: Caller, where: Where) -> bool:
    """An officer of one of the accommodations: each of them must know what happens there."""
    return any(
        caller.is_officer_for(county, id)
        for id, county in zip(where.accommodations, where.counties, strict=True)
    )


def oversees(caller: Caller, one: Stored[Incident]) -> bool:
    """Who reads what was written."""
    return is_administrator(caller) or is_in_scope(caller, one.state)


def sees_incident(caller: Caller, one: Stored[Incident]) -> bool:
    """Who reads it, and whoever reported it; nobody else knows that it happened."""
    return oversees(caller, one) or one.state.reporter == caller.person_id


REPORT_INCIDENT = Permission[object](
    "incident.report",
    Text("Alla som har en roll på platsen", "Everyone with a role at the place"),
    rule=has_a_role,
)
"""What a role at the place is depends on who does what there: commands/presence.py."""

FIRST_CHOICES = Permission[object]("incident.choices", WITH_A_ROLE, rule=has_a_role)
READ_INCIDENTS = Permission[Stored[Incident]](
    "incident.read", REPORTER_OR_OVERSEER, visible=sees_incident
)
HANDLE_INCIDENT = Permission[Stored[Incident]](
    "incident.handle",
    OVERSEERS,
    rule=lambda caller: is_administrator(caller) or caller.has(Role.OFFICER),
    within=oversees,
    visible=sees_incident,
)
