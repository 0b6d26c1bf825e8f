"""Who may plan the closing of accommodations."""

from collections.abc import Sequence

from services.registry.domain.accommodation import Accommodation
from services.registry.permissions.accommodations import is_in_scope, sees_accommodation
from services.registry.permissions.common import is_officer
from shared.caller import Caller
from shared.contracts.problems import NotYetKnown, Text
from shared.kind import Stored
from shared.permissions import Permission

Houses = Sequence[Stored[Accommodation]]
OFFICER_OF_ALL = Text(
    "Handläggare för alla boenden i planen", "Officers of all accommodations in the plan"
)


def _all_in_scope(caller: Caller, houses: Houses) -> bool:
    return all(is_in_scope(caller, one) for one in houses)


CLOSE_MANY = Permission[Houses](
    "closing-plan.decide", OFFICER_OF_ALL, rule=is_officer, within=_all_in_scope
)
RUN_CLOSING_PLAN = Permission[Houses](
    "closing-plan.run", OFFICER_OF_ALL, rule=is_officer, visible=_all_in_scope
)


def insist_on_known(caller: Caller, houses: Houses) -> None:
    """What the caller may not see is not known to them, though they name its id."""
    if not all(sees_accommodation(caller, one) for one in houses):
        raise NotYetKnown(extra={"field": "houses"})
