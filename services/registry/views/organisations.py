"""Which field of an organisation whom is shown."""

from services.registry.domain.organisation import Organisation
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
        "mail": CONCERNED,
        "phone": CONCERNED,
        "activities_a_week": CONCERNED,
        "words": CONCERNED,
        "applicant": CONCERNED,
    },
)


def organisation_view(caller: Caller, one: Stored[Organisation]) -> str:
    """Administrators see all, its own people (and its national organisation's) nearly all."""
    if caller.is_administrator:
        return "administrator"
    own = runs_organisation(caller, one) or caller.coordinates(one.id, one.state.parent)
    return "own" if own else "network"
