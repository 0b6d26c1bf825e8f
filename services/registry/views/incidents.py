"""Which field of an incident whom is shown."""

from typing import Any

from services.registry.domain.incident import Incident
from services.registry.permissions.incidents import oversees
from shared.caller import Caller
from shared.kind import Stored
from shared.views import FieldTable

ALL = ("reporter", "officer", "administrator")
OVERSEERS = ("officer", "administrator")

INCIDENT_FIELDS = FieldTable[Incident](
    ALL,
    {
        "status": ALL,
        "accommodations": ALL,
        "meeting_place": ALL,
        "reported_at": ALL,
        "happened_at": ALL,
        "kind": OVERSEERS,
        "going_on": OVERSEERS,
        "words": OVERSEERS,
        "handled_words": OVERSEERS,
        "seen": OVERSEERS,
        "handled": OVERSEERS,
        "closed": OVERSEERS,
        "reporter": ("administrator",),
    },
)
_WORDS = ("words", "handled_words")


def incident_view(caller: Caller, one: Stored[Incident]) -> str:
    """Whoever reported sees that it was received and how it stands, not even their own words."""
    if caller.is_administrator:
        return "administrator"
    return "officer" if oversees(caller, one) else "reporter"


def incident_line(one: Stored[Incident], view: str) -> dict[str, Any]:
    """The incident as a line of a list: words are read one by one, and each reading is logged."""
    shown = INCIDENT_FIELDS.show(one, view)
    return {name: value for name, value in shown.items() if name not in _WORDS}
