"""Who may do what with meeting places."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.registry.domain.accommodation import Accommodation
from services.registry.domain.meeting_place_state import MeetingPlace
from services.registry.permissions.common import WITH_A_ROLE, has_a_role, is_administrator
from shared.caller import Caller, Role
from shared.contracts.problems import Text
from shared.kind import Stored
from shared.permissions import Permission

PUBLIC_STATUSES = ("agreed", "open", "open_on_trial", "paused")
HOST_OR_OFFICER = Text(
    "Värdarnas samordnare, och handläggare för alla boenden den betjänar",
    "The hosts' coordinators, and officers of all accommodations it serves",
)


@dataclass(frozen=True)
class Place:
    """A meeting place, there or proposed: who hosts it, and the accommodations it serves."""

    hosts: Sequence[str]
    accommodations: Sequence[Stored[Accommodation]]
    stored: Stored[MeetingPlace] | None = None

    @property
    def is_public(self) -> bool:
        """Known to everyone in the network."""
        return self.stored is not None and self.stored.state.status in PUBLIC_STATUSES


def hosts_it(caller: Caller, place: Place) -> bool:
    """A coordinator of one of its hosts."""
    return any(caller.coordinates(host) for host in place.hosts)


def speaks_for_agency(caller: Caller, place: Place) -> bool:
    """An officer whose scope holds all its accommodations."""
    return bool(place.accommodations) and all(
        caller.is_officer_for(one.state.county, one.id) for one in place.accommodations
    )


def is_to_host(caller: Caller, place: Place) -> bool:
    """A coordinator of a host of the next agreement."""
    renewal = place.stored.state.renewal if place.stored else None
    return renewal is not None and any(caller.coordinates(host) for host in renewal.hosts)


def is_party(caller: Caller, place: Place) -> bool:
    """Hosts and the agency."""
    return hosts_it(caller, place) or speaks_for_agency(caller, place)


def sees_place(caller: Caller, place: Place) -> bool:
    """What is agreed is known to the network; a proposal, and what is closed, to its parties."""
    return place.is_public or is_administrator(caller) or is_party(caller, place)


def _hosts_or_speaks(caller: Caller) -> bool:
    return caller.has(Role.COORDINATOR) or caller.has(Role.OFFICER)


PROPOSE_PLACE = Permission[Place](
    "meeting-place.propose", HOST_OR_OFFICER, rule=_hosts_or_speaks, within=is_party
)
READ_PLACES = Permission[Place](
    "meeting-place.read", WITH_A_ROLE, rule=has_a_role, visible=sees_place
)
RUN_PLACE = Permission[Place](
    "meeting-place.run",
    HOST_OR_OFFICER,
    rule=_hosts_or_speaks,
    within=is_party,
    visible=sees_place,
)
SIGN_RENEWAL = Permission[Place](
    "meeting-place.sign-renewal",
    Text(
        "De nya värdarnas samordnare, och handläggare för alla boenden den betjänar",
        "The next hosts' coordinators, and officers of all accommodations it serves",
    ),
    rule=_hosts_or_speaks,
    within=lambda caller, place: is_party(caller, place) or is_to_host(caller, place),
    visible=sees_place,
)
SPEAK_FOR_AGENCY = Permission[Place](
    "meeting-place.speak-for-agency",
    Text("Handläggare för alla boenden den betjänar", "Officers of all accommodations it serves"),
    rule=lambda caller: caller.has(Role.OFFICER),
    within=speaks_for_agency,
    visible=sees_place,
)
OPEN_PLACE = Permission[Place](
    "meeting-place.open",
    Text("Värdarnas samordnare", "The hosts' coordinators"),
    rule=lambda caller: caller.has(Role.COORDINATOR),
    within=hosts_it,
    visible=sees_place,
)
