"""Words and rules that several of the registry's permissions share."""

from collections.abc import Iterable

from shared.caller import Caller, Role
from shared.contracts.problems import Text

ADMINISTRATOR = Text("Nätverkets administratörer", "Network administrators")
OFFICER = Text("Handläggare för området", "Officers of the area")
REGISTERED = Text("Alla som är registrerade", "Everyone registered")
WITH_A_ROLE = Text("Alla som har en roll i nätverket", "Everyone with a role in the network")


def is_administrator(caller: Caller) -> bool:
    """A network administrator."""
    return caller.is_administrator


def is_officer(caller: Caller) -> bool:
    """An officer somewhere."""
    return caller.has(Role.OFFICER)


def has_a_role(caller: Caller) -> bool:
    """Any role in effect: anyone may register, so being registered says nothing of a person."""
    return bool(caller.grants)


def organisations_of(caller: Caller) -> set[str]:
    """The active organisations for which the caller works, as coordinator or volunteer."""
    roles = (Role.COORDINATOR, Role.VOLUNTEER)
    return {id for grant in caller.grants if grant.role in roles for id in grant.scope.ids}


def works_for(caller: Caller, organisations: Iterable[str]) -> bool:
    """Belongs to one of these organisations."""
    return not organisations_of(caller).isdisjoint(organisations)
