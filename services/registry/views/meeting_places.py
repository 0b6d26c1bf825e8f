"""Which field of a meeting place whom is shown."""

from typing import Any

from services.registry.domain.meeting_place import MeetingPlace, in_force
from services.registry.permissions.common import is_administrator
from services.registry.permissions.meeting_places import Place, hosts_it, speaks_for_agency
from shared.caller import Caller
from shared.kind import Stored
from shared.views import FieldTable

ALL = ("network", "host", "overseer")
PARTY = ("host", "overseer")

# Door and signatures are for the parties: a door's code opens a house.
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
    """Its parties, and the administrators who help them, see all; a host its own people's names."""
    if speaks_for_agency(caller, place) or is_administrator(caller):
        return "overseer"
    return "host" if hosts_it(caller, place) else "network"


def show_meeting_place(one: Stored[MeetingPlace], view: str, caller: Caller) -> dict[str, Any]:
    """The meeting place as this view has it; of others' signatures a host sees the party alone."""
    shown = {**MEETING_PLACE_FIELDS.show(one, view), "agreed": in_force(one.state)}
    if view == "host":
        shown["signatures"] = [
            signature if signature["party"] in caller.organisations else {**signature, "by": None}
            for signature in shown["signatures"]
        ]
    return shown
