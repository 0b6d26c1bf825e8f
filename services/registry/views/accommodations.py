"""Which field of an accommodation whom is shown; figures in bands for all but officers in scope."""

from typing import Any

from services.registry.domain.accommodation import Accommodation
from services.registry.domain.accommodation_public import as_everyone_sees
from services.registry.permissions.accommodations import is_in_scope
from shared.caller import Caller
from shared.http import etag
from shared.kind import Stored
from shared.views import FieldTable

ALL = ("network", "officer")
OFFICER = ("officer",)

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
        "rhythm": ALL,
        "external_ids": OFFICER,
        "corrections": OFFICER,
    },
)


def accommodation_view(caller: Caller, one: Stored[Accommodation]) -> str:
    """Officers in scope see figures; everyone else bands, as everyone sees them."""
    return "officer" if is_in_scope(caller, one) else "network"


def show_accommodation(one: Stored[Accommodation], view: str) -> dict[str, Any]:
    """The accommodation as this view has it: to the network the newest figures in bands."""
    if view == "officer":
        return ACCOMMODATION_FIELDS.show(one, view)
    seen = as_everyone_sees(one.state)
    shown = {name: seen[name] for name in sorted(ACCOMMODATION_FIELDS.seen_in(view))}
    return {"id": one.id, "version": one.state.public_version, **shown}


def accommodation_tag(one: Stored[Accommodation], view: str) -> str:
    """The ETag; the network's rises with what the network sees, and with nothing else."""
    if view == "officer":
        return ACCOMMODATION_FIELDS.etag(one, view)
    return etag(one.state.public_version, view)
