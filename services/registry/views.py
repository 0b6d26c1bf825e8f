"""Which field of the registry's aggregates whom is shown (P15)."""

from services.registry.domain.organisation import Organisation
from services.registry.domain.person import Person
from services.registry.permissions import runs_organisation
from shared.caller import Caller
from shared.store import Stored
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


# `name` reaches a coordinator in full, also a protected person's: they are the one who must know.
PERSON_FIELDS = FieldTable[Person](
    ("self", "coordinator", "administrator"),
    {
        "name": ("self", "coordinator", "administrator"),
        "mail": ("self", "coordinator", "administrator"),
        "phone": ("self", "coordinator", "administrator"),
        "languages": ("self", "coordinator", "administrator"),
        "preferred_language": ("self", "coordinator", "administrator"),
        "municipality": ("self", "coordinator", "administrator"),
        "protected": ("self", "coordinator", "administrator"),
        "status": ("self", "administrator"),
        "roles": ("self", "administrator"),
    },
)


def person_view(caller: Caller, one: Stored[Person]) -> str:
    """Oneself, an administrator, or else a coordinator (permissions let in nobody else)."""
    if one.id == caller.person_id:
        return "self"
    return "administrator" if caller.is_administrator else "coordinator"
