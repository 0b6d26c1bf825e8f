"""Who may do what in the registry. The table in the documentation is generated from this file."""

from services.registry.domain.organisation import Organisation
from services.registry.domain.person import Person
from shared.caller import Caller, Role
from shared.contracts.problems import Text
from shared.permissions import Permission
from shared.store import Stored

ADMINISTRATOR = Text("Nätverkets administratörer", "Network administrators")
REGISTERED = Text("Alla som är registrerade", "Everyone registered")


def is_administrator(caller: Caller) -> bool:
    """A network administrator."""
    return caller.is_administrator


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
    """Its own coordinators; while nobody is one yet, whoever applied."""
    return caller.coordinates(one.id) or (
        one.state.applicant == caller.person_id and one.state.status != "approved"
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


def knows_person(caller: Caller, one: Stored[Person]) -> bool:
    """Oneself, administrators, and coordinators of an organisation where the person has a role."""
    theirs = {id for grant in one.state.roles for id in grant.scope.ids}
    return (
        one.id == caller.person_id
        or is_administrator(caller)
        or bool(theirs & caller.organisations)
    )


OWN_PROFILE = Permission[object](
    "me", Text("Var och en om sig själv", "Everyone about themselves")
)
READ_PERSON = Permission[Stored[Person]](
    "person.read",
    Text(
        "En själv, nätverkets administratörer, samordnare där personen har en roll",
        "Oneself, network administrators, coordinators where the person has a role",
    ),
    visible=knows_person,
)
GRANT_ROLE = Permission[object](
    "role.grant",
    Text(
        "Den som själv har rollens rätt, aldrig vidare än den egna",
        "Whoever has the right themselves, never wider than their own",
    ),
    rule=lambda caller: any(
        caller.has(role) for role in (Role.ADMINISTRATOR, Role.OFFICER, Role.COORDINATOR)
    ),
)
ADMINISTER_PERSON = Permission[Stored[Person]](
    "person.administer", ADMINISTRATOR, rule=is_administrator, visible=knows_person
)
ERASE_PERSON = Permission[Stored[Person]](
    "person.erase",
    Text("En själv och nätverkets administratörer", "Oneself and network administrators"),
    within=lambda caller, one: is_administrator(caller) or one.id == caller.person_id,
    visible=knows_person,
)
