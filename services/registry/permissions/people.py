"""Who may do what with people and roles."""

from services.registry.domain.joining import known_to
from services.registry.domain.person import Person
from services.registry.permissions.common import ADMINISTRATOR, is_administrator
from shared.caller import Caller, Role
from shared.contracts.problems import Text
from shared.contracts.registry import RoleGrant
from shared.kind import Stored
from shared.permissions import Permission


def knows_person(caller: Caller, one: Stored[Person]) -> bool:
    """Oneself, administrators, and coordinators where the person has a role or asks for one."""
    return (
        one.id == caller.person_id
        or is_administrator(caller)
        or any(known_to(one.state, own, caller.now) for own in caller.organisations)
    )


OWN_PROFILE = Permission[object]("me", Text("Var och en om sig själv", "Everyone about themselves"))
READ_PERSON = Permission[Stored[Person]](
    "person.read",
    Text(
        "En själv, nätverkets administratörer, samordnare där personen har en roll eller har frågat",
        "Oneself, network administrators, coordinators where the person has a role or has asked",
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


def could_revoke(caller: Caller, grant: RoleGrant) -> bool:
    """Whoever could have given it; an own role that ends sooner is enough to take one back."""
    return caller.may_grant(grant.model_copy(update={"until": caller.now}))


def _revokes_some(caller: Caller, one: Stored[Person]) -> bool:
    return any(could_revoke(caller, grant) for grant in one.state.roles)


REVOKE_ROLE = Permission[Stored[Person]](
    "role.revoke",
    Text(
        "En själv, och den som hade kunnat ge rollen",
        "Oneself, and whoever could have given the role",
    ),
    visible=lambda caller, one: knows_person(caller, one) or _revokes_some(caller, one),
)
SEE_EXTRACT = Permission[Stored[Person]](
    "person.extract",
    Text(
        "Samordnare i den organisation där personen har en roll",
        "Coordinators of the organisation where the person has a role",
    ),
    rule=lambda caller: caller.has(Role.COORDINATOR),
    visible=knows_person,
)
ANSWER_ASK = Permission[Stored[Person]](
    "person.answer",
    Text(
        "Samordnare i den organisation som personen har frågat, och nätverkets administratörer",
        "Coordinators of the organisation that was asked, and network administrators",
    ),
    visible=knows_person,
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
MERGE_PEOPLE = Permission[Stored[Person]](
    "person.merge", ADMINISTRATOR, rule=is_administrator, visible=knows_person
)
