"""Who may do what with complaints: one about a person never comes before the hosts."""

from services.registry.domain.complaint import Complaint
from services.registry.permissions.common import is_administrator, works_for
from services.registry.permissions.incidents import is_in_scope
from shared.caller import Caller, Role
from shared.contracts.problems import Text
from shared.kind import Stored
from shared.permissions import Permission

READERS = Text(
    "Handläggare för området och nätverkets administratörer; den ansvariga värdens samordnare, om "
    "det inte gäller en person. Den som hör till en värd läser aldrig vad som gäller en person",
    "Officers of the area and network administrators; the responsible host's coordinators, unless "
    "it is about a person. Whoever belongs to a host never reads what is about a person",
)


def oversees(caller: Caller, one: Stored[Complaint]) -> bool:
    """Answers for the house or the network."""
    return is_administrator(caller) or is_in_scope(caller, one.state)


def sees_complaint(caller: Caller, one: Stored[Complaint]) -> bool:
    """What is about a person is kept from all who belong to a host, whatever else they are."""
    if one.state.is_kept_from_hosts:
        return oversees(caller, one) and not works_for(caller, one.state.hosts)
    return oversees(caller, one) or caller.coordinates(one.state.hosts[0])


READ_COMPLAINTS = Permission[Stored[Complaint]](
    "complaint.read",
    READERS,
    rule=lambda caller: (
        is_administrator(caller) or caller.has(Role.OFFICER) or caller.has(Role.COORDINATOR)
    ),
    visible=sees_complaint,
)
