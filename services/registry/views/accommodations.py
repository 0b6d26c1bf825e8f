"""Which field of an accommodation whom is shown; figures in bands for all but officers in scope."""

from typing import Any

from services.registry.domain.accommodation import Accommodation, shown_municipality
from services.registry.domain.bands import band, banded
from services.registry.permissions.accommodations import is_in_scope
from shared.caller import Caller
from shared.store import Stored
from shared.views import FieldTable

ALL = ("network", "officer")

ACCOMMODATION_FIELDS = FieldTable[Accommodation](
    ALL,
    {
        "code": ALL,
        "name": ALL,
        "kind": ALL,
        "status": ALL,
        "operator": ALL,
        "municipality": ALL,
        "county": ALL,
        "confidentiality": ALL,
        "capacity": ALL,
        "opens_on": ALL,
        "closes_on": ALL,
        "languages": ALL,
        "facilities": ALL,
        "residents": ALL,
    },
)


def accommodation_view(caller: Caller, one: Stored[Accommodation]) -> str:
    """Officers in scope see figures; everyone else bands."""
    return "officer" if is_in_scope(caller, one) else "network"


def show_accommodation(one: Stored[Accommodation], view: str) -> dict[str, Any]:
    """The accommodation as this view has it: to the network the newest figures in bands."""
    shown = ACCOMMODATION_FIELDS.show(one, view)
    if view == "officer":
        return shown
    return shown | {
        "municipality": shown_municipality(one.state),
        "capacity": band(one.state.capacity),
        "residents": [banded(figure) for figure in shown["residents"][-1:]],
    }
