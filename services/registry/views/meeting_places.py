"""Which field of a meeting place whom is shown."""

from typing import Any

from services.registry.domain.meeting_place import MeetingPlace, in_force
from services.registry.permissions.common import is_administrator
from services.registry.permissions.meeting_places import Place, is_party
from shared.caller import Caller
from shared.store import Stored
from shared.views import FieldTable

ALL = ("network", "party")
PARTY = ("party",)

# Door and signatures (with who signed) are for the parties: a door's code opens a house.
MEETING_PLACE_FIELDS = FieldTable[MeetingPlace](
    ALL,
    {
        "name": ALL,
        "status": ALL,
        "accommodations": ALL,
        "hosts": ALL,
        "municipality": ALL,
        "county": ALL,
        "rooms": ALL,
        "opening_hours": ALL,
        "accessibility": ALL,
        "agreement": ALL,
        "door": PARTY,
        "signatures": PARTY,
    },
)


def meeting_place_view(caller: Caller, place: Place) -> str:
    """Its parties, and the administrators who help them, see all."""
    return "party" if is_party(caller, place) or is_administrator(caller) else "network"


def show_meeting_place(one: Stored[MeetingPlace], view: str) -> dict[str, Any]:
    """The meeting place as this view has it."""
    return {**MEETING_PLACE_FIELDS.show(one, view), "agreed": in_force(one.state)}
