"""Which field of an organisation whom is shown."""

from typing import Any

from services.registry.domain.organisation import UNDECIDED, Organisation, effective
from services.registry.domain.organisation_profile import inherited_fields
from services.registry.permissions.organisations import runs_organisation
from shared.caller import Caller
from shared.kind import Stored
from shared.views import FieldTable

ALL = ("network", "own", "administrator")
CONCERNED = ("own", "administrator")

ORGANISATION_FIELDS = FieldTable[Organisation](
    ALL,
    {
        "name": ALL,
        "kind": ALL,
        "status": ALL,
        "parent": ALL,
        "number": ALL,
        "web": ALL,
        "languages": ALL,
        "competences": ALL,
        "target_groups": ALL,
        "counties": ALL,
        "municipalities": ALL,
        "around": ALL,
        "activities_a_week": ALL,
        "mail": CONCERNED,
        "phone": CONCERNED,
        "applicant": CONCERNED,
        "uncoordinated": CONCERNED,
    },
)


def organisation_view(caller: Caller, one: Stored[Organisation]) -> str:
    """Administrators see all, its own people (and its national organisation's) nearly all.

    Whoever applied is one of them until the application has been answered with a yes.
    """
    if caller.is_administrator:
        return "administrator"
    applied = one.state.applicant == caller.person_id
    waits = applied and one.state.status in (*UNDECIDED, "declined")
    own = runs_organisation(caller, one) or caller.coordinates(one.id, one.state.parent)
    return "own" if own or waits else "network"


def show_organisation(one: Stored[Organisation], view: str) -> dict[str, Any]:
    """The organisation as this view has it: effective values, and which of them are inherited.

    `words` are those of its latest step: what is missing, why not, why it is paused.
    """
    seen = Stored(one.id, one.version, effective(one.state))
    shown = ORGANISATION_FIELDS.show(seen, view)
    inherited = [name for name in inherited_fields(one.state, one.state.inherited) if name in shown]
    if view == "network":
        return {**shown, "inherited": inherited}
    latest = one.state.steps[-1] if one.state.steps else None
    return {
        **shown,
        "inherited": inherited,
        "words": latest and latest.words,
        "since": latest and latest.at,
    }
