"""Words and rules that several of the registry's permissions share."""

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
