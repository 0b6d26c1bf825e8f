"""Who may do what with questions to the network."""

from services.registry.domain.support_case import SupportCase
from services.registry.permissions.common import ADMINISTRATOR, is_administrator
from shared.caller import Caller, Role
from shared.contracts.problems import Text
from shared.kind import Stored
from shared.permissions import Permission

ASKING_SIDE = Text(
    "Den som frågade, och organisationens samordnare",
    "Whoever asked, and the organisation's coordinators",
)
ALL_CONCERNED = Text(
    "Den som frågade, organisationens samordnare och nätverkets administratörer",
    "Whoever asked, the organisation's coordinators and network administrators",
)


def asks_for(caller: Caller, one: Stored[SupportCase]) -> bool:
    """Whoever asked, for ever; and who coordinates the organisation now."""
    return one.state.asker == caller.person_id or caller.coordinates(one.state.organisation)


def sees_case(caller: Caller, one: Stored[SupportCase]) -> bool:
    """Both sides; nobody else knows that it was asked."""
    return is_administrator(caller) or asks_for(caller, one)


ASK_NETWORK = Permission[str](
    "support-case.ask",
    Text(
        "Samordnare, för sin organisation (volontärer frågar sin samordnare)",
        "Coordinators, for their organisation (volunteers ask their coordinator)",
    ),
    rule=lambda caller: caller.has(Role.COORDINATOR),
    within=lambda caller, organisation: caller.coordinates(organisation),
)
"""Judged by the organisation for which it is asked."""

READ_CASES = Permission[Stored[SupportCase]]("support-case.read", ALL_CONCERNED, visible=sees_case)
CLOSE_CASE = Permission[Stored[SupportCase]]("support-case.close", ALL_CONCERNED, visible=sees_case)
ASK_ON = Permission[Stored[SupportCase]](
    "support-case.reopen", ASKING_SIDE, within=asks_for, visible=sees_case
)
ANSWER_CASE = Permission[Stored[SupportCase]](
    "support-case.answer", ADMINISTRATOR, rule=is_administrator, visible=sees_case
)
