"""Who may do what with invitations."""

from services.registry.domain.invitation import Invitation, offered
from services.registry.permissions.common import is_administrator
from services.registry.permissions.people import GRANT_ROLE, could_revoke
from shared.caller import Caller
from shared.contracts.problems import Text
from shared.kind import Stored
from shared.permissions import Permission

_CONCERNED = Text(
    "Den som bjöd in, nätverkets administratörer, och den som själv kan ge rollen",
    "Whoever invited, network administrators, and whoever can give the role themselves",
)


def concerned(caller: Caller, one: Stored[Invitation]) -> bool:
    """Who may see an invitation with its address, send it again and take it back."""
    return (
        one.state.invited_by == caller.person_id
        or is_administrator(caller)
        or could_revoke(caller, offered(one.id, one.state, caller.now))
    )


INVITE = Permission[object]("invitation.send", GRANT_ROLE.who, rule=GRANT_ROLE.rule)
READ_INVITATION = Permission[Stored[Invitation]]("invitation.read", _CONCERNED, visible=concerned)
RESEND_INVITATION = Permission[Stored[Invitation]](
    "invitation.resend", _CONCERNED, rule=GRANT_ROLE.rule, visible=concerned
)
WITHDRAW_INVITATION = Permission[Stored[Invitation]](
    "invitation.withdraw", _CONCERNED, visible=concerned
)
