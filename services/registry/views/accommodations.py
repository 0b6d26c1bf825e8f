"""Which field of an accommodation whom is shown; figures in bands for all but officers in scope."""

from datetime import date
from hashlib import sha256
from typing import Any

from pydantic_core import to_json

from services.registry.domain.accommodation import Accommodation
from services.registry.domain.accommodation_public import as_everyone_sees
from services.registry.permissions.accommodations import is_in_scope
from shared.caller import Caller
from shared.http import etag
from shared.kind import Stored
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
    """Officers in scope see figures; everyone else bands, as everyone sees them."""
    return "officer" if is_in_scope(caller, one) else "network"


def show_accommodation(one: Stored[Accommodation], view: str, today: date) -> dict[str, Any]:
    """The accommodation as this view has it: to the network the present figures in bands."""
    if view == "officer":
        return ACCOMMODATION_FIELDS.show(one, view)
    return {"id": one.id, "version": one.state.public_version, **_network(one, today)}


def accommodation_tag(one: Stored[Accommodation], view: str, today: date) -> str:
    """The ETag; the network's follows from what it sees, for that changes by the calendar too."""
    if view == "officer":
        return ACCOMMODATION_FIELDS.etag(one, view)
    seen = sha256(to_json(_network(one, today))).hexdigest()[:16]
    return etag(one.state.public_version, f"{view}-{seen}")


def _network(one: Stored[Accommodation], today: date) -> dict[str, Any]:
    seen = as_everyone_sees(one.state, today)
    return {name: seen[name] for name in sorted(ACCOMMODATION_FIELDS.seen_in("network"))}
