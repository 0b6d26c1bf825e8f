"""Which field of a person whom is shown."""

from services.registry.domain.person import Person
from shared.caller import Caller
from shared.store import Stored
from shared.views import FieldTable

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
