"""Which field of a person whom is shown."""

from typing import Any

from services.registry.domain.person import Person, initials, works_in
from services.registry.permissions.common import is_administrator
from shared.caller import Caller
from shared.kind import Stored
from shared.views import FieldTable

ALL = ("self", "coordinator", "coordinator-protected", "initials", "administrator")
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
        "extracts": ("self", "coordinator", "coordinator-protected"),
        "pledges": ("self", "coordinator", "coordinator-protected"),
    },
)


def person_view(caller: Caller, one: Stored[Person]) -> str:
    """Oneself, an administrator, or else a coordinator (permissions let in nobody else)."""
    if one.id == caller.person_id:
        return "self"
    if is_administrator(caller):
        return "administrator"
    if not one.state.protected:
        return "coordinator"
    own = any(
        works_in(one.state, organisation, caller.now) for organisation in caller.organisations
    )
    return "coordinator-protected" if own else "initials"


def show_person(one: Stored[Person], view: str, caller: Caller | None = None) -> dict[str, Any]:
    """The person as this view has it.

    Of a protected one only the coordinators where they have a role see the name. Of extracts and
    pledges a coordinator sees those of the own organisations: hence the `caller`.
    """
    shown = PERSON_FIELDS.show(one, view)
    if view == "initials":
        shown["name"] = initials(one.state.name)
    if view.startswith("coordinator"):
        own = caller.organisations if caller else frozenset()
        for name in ("extracts", "pledges"):
            shown[name] = [it for it in shown[name] if it["organisation"] in own]
    return shown


def show_member(one: Stored[Person], organisation: str, caller: Caller) -> dict[str, Any]:
    """The person as a line of an organisation's own list: with what they have and want there."""
    roles = works_in(one.state, organisation, caller.now)
    asked = next((ask.at for ask in one.state.asks if ask.organisation == organisation), None)
    shown = show_person(one, person_view(caller, one), caller)
    shown.pop("asks", None)
    return shown | {
        "roles": [role.model_dump(mode="json", by_alias=True) for role in roles],
        "asked_at": asked,
    }
