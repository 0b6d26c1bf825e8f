"""Which field of a meeting place whom is shown."""

from typing import Any

from services.registry.domain.meeting_place_state import MeetingPlace, in_force, last_day
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
        "days_apart": ALL,
        "agreement": ALL,
        "renewal": ALL,
        "open_since": ALL,
        "edition": ALL,
        "trial": PARTY,
        "ending": PARTY,
        "renewal_signatures": PARTY,
        "void_signatures": PARTY,
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
    state = one.state
    shown = {
        **MEETING_PLACE_FIELDS.show(one, view),
        "agreed": in_force(state),
        "last_day": last_day(state),
        "trial_until": state.trial.until if state.trial else None,
        "shared": len(state.accommodations) > 1,
    }
    if view == "host":
        for name in ("signatures", "renewal_signatures", "void_signatures"):
            shown[name] = [_of_own(each, caller) for each in shown[name]]
        shown["ending"] = shown["ending"] and _of_own(shown["ending"], caller)
        shown["trial"] = shown["trial"] and {**shown["trial"], "by": None}
    return shown


def _of_own(said: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Who said it for a party, if that is the caller's own."""
    return said if said["party"] in caller.organisations else {**said, "by": None}
