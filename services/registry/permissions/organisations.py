"""Who may do what with organisations."""

from dataclasses import dataclass

from services.registry.domain.organisation import UNDECIDED, Organisation
from services.registry.permissions.common import ADMINISTRATOR, REGISTERED, is_administrator
from shared.caller import Caller, Role
from shared.contracts.problems import Text
from shared.kind import Stored
from shared.permissions import Permission


def sees_organisation(caller: Caller, one: Stored[Organisation]) -> bool:
    """The network's organisations are known to all; an application to those it concerns."""
    concerned = is_administrator(caller) or runs_organisation(caller, one)
    return (
        one.state.status in ("approved", "paused")
        or concerned
        or caller.coordinates(one.id, one.state.parent)
        or one.state.applicant == caller.person_id
    )


def runs_organisation(caller: Caller, one: Stored[Organisation]) -> bool:
    """Its own coordinators; while it is undecided, whoever applied."""
    return caller.coordinates(one.id) or (
        one.state.applicant == caller.person_id and one.state.status in UNDECIDED
    )


def decides_membership(caller: Caller, one: Stored[Organisation]) -> bool:
    """A national organisation confirms its own branches; the network's administrators all others."""
    return is_administrator(caller) or (
        one.state.parent is not None and caller.coordinates(one.state.parent)
    )


APPLY = Permission[object]("organisation.apply", REGISTERED)
READ_ORGANISATIONS = Permission[Stored[Organisation]](
    "organisation.read", REGISTERED, visible=sees_organisation
)
CHANGE_ORGANISATION = Permission[Stored[Organisation]](
    "organisation.change",
    Text("Organisationens egna samordnare", "The organisation's own coordinators"),
    within=lambda caller, one: is_administrator(caller) or runs_organisation(caller, one),
    visible=sees_organisation,
)
READ_STEPS = Permission[Stored[Organisation]](
    "organisation.timeline",
    Text(
        "Organisationens och dess riksorganisations samordnare, nätverkets administratörer",
        "Coordinators of the organisation and its national one, network administrators",
    ),
    within=lambda caller, one: runs_organisation(caller, one) or decides_membership(caller, one),
    visible=sees_organisation,
)
CONFIRM_BRANCHES = Permission[Stored[Organisation]](
    "organisation.confirm-branches",
    Text(
        "Riksorganisationens egna samordnare och nätverkets administratörer",
        "The national organisation's own coordinators and network administrators",
    ),
    within=lambda caller, one: is_administrator(caller) or caller.coordinates(one.id),
    visible=sees_organisation,
)
MOVE_BRANCH = Permission[Stored[Organisation]](
    "organisation.move", ADMINISTRATOR, rule=is_administrator, visible=sees_organisation
)
ASK_TO_JOIN = Permission[Stored[Organisation]](
    "organisation.ask-to-join", REGISTERED, visible=sees_organisation
)
READ_OWN_PEOPLE = Permission[Stored[Organisation]](
    "organisation.people",
    Text(
        "Organisationens egna samordnare och nätverkets administratörer",
        "The organisation's own coordinators and network administrators",
    ),
    within=lambda caller, one: is_administrator(caller) or caller.coordinates(one.id),
    visible=sees_organisation,
)
DECIDE_MEMBERSHIP = Permission[Stored[Organisation]](
    "organisation.decide",
    Text(
        "Nätverkets administratörer; för lokalföreningar även riksorganisationens samordnare",
        "Network administrators; for branches also the national organisation's coordinators",
    ),
    rule=lambda caller: caller.is_administrator or caller.has(Role.COORDINATOR),
    within=decides_membership,
    visible=sees_organisation,
)
LEAVE_NETWORK = Permission[Stored[Organisation]](
    "organisation.leave",
    Text("Organisationens egna samordnare", "The organisation's own coordinators"),
    within=lambda caller, one: is_administrator(caller) or caller.coordinates(one.id),
    visible=sees_organisation,
)
END_MEMBERSHIP = Permission[Stored[Organisation]](
    "organisation.exclude", ADMINISTRATOR, rule=is_administrator, visible=sees_organisation
)


@dataclass(frozen=True)
class Pair:
    """The organisation that is to be merged, and the one that is to remain."""

    loser: Stored[Organisation]
    winner: Stored[Organisation]


def merges_organisations(caller: Caller, pair: Pair) -> bool:
    """Administrators; of two branches of one national organisation also its coordinators."""
    parent = pair.loser.state.parent
    of_one_parent = parent is not None and parent == pair.winner.state.parent
    return is_administrator(caller) or (of_one_parent and caller.coordinates(str(parent)))


MERGE_ORGANISATIONS = Permission[Pair](
    "organisation.merge",
    Text(
        "Nätverkets administratörer; för två föreningar i samma riksorganisation även dess samordnare",
        "Network administrators; for two branches of one national organisation also its coordinators",
    ),
    rule=lambda caller: caller.is_administrator or caller.has(Role.COORDINATOR),
    within=merges_organisations,
    visible=lambda caller, pair: sees_organisation(caller, pair.loser),
)
