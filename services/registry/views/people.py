"""Which field of a person whom is shown."""

from typing import Any

from services.registry.domain.person import Person, initials, works_in
from services.registry.permissions.common import is_administrator
from shared.caller import Caller
from shared.kind import Stored
from shared.views import FieldTable

ALL = ("self", "coordinator", "coordinator-protected", "administrator")
UNPROTECTED = ("self", "coordinator", "administrator")
OVERSEERS = ("self", "administrator")

PERSON_FIELDS = FieldTable[Person](
    ALL,
    {
        "name": ALL,
        "mail": UNPROTECTED,
        "phone": UNPROTECTED,
        "languages": ALL,
        "preferred_language": ALL,
        "municipality": UNPROTECTED,
        "protected": ALL,
        "status": OVERSEERS,
        "roles": OVERSEERS,
        "asks": OVERSEERS,
    },
)


def person_view(caller: Caller, one: Stored[Person]) -> str:
    """Oneself, an administrator, or else a coordinator (permissions let in nobody else)."""
    if one.id == caller.person_id:
        return "self"
    if is_administrator(caller):
        return "administrator"
    return "coordinator-protected" if one.state.protected else "coordinator"


def show_person(one: Stored[Person], view: str) -> dict[str, Any]:
    """The person as this view has it: of a protected one a coordinator sees the initials."""
    shown = PERSON_FIELDS.show(one, view)
    if view == "coordinator-protected":
        shown["name"] = initials(one.state.name)
    return shown


def show_member(one: Stored[Person], organisation: str, caller: Caller) -> dict[str, Any]:
    """The person as a line of an organisation's own list: with what they have and want there."""
    roles = works_in(one.state, organisation, caller.now)
    asked = next((ask.at for ask in one.state.asks if ask.organisation == organisation), None)
    shown = show_person(one, person_view(caller, one))
    shown.pop("asks", None)
    return shown | {
        "roles": [role.model_dump(mode="json", by_alias=True) for role in roles],
        "asked_at": asked,
    }
