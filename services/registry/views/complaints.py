"""Which field of a complaint whom is shown."""

from services.registry.domain.complaint import Complaint
from services.registry.permissions.complaints import oversees
from shared.caller import Caller
from shared.kind import Stored
from shared.views import FieldTable

ALL = ("host", "overseer")
OVERSEERS = ("overseer",)

COMPLAINT_FIELDS = FieldTable[Complaint](
    ALL,
    {
        "meeting_place": ALL,
        "about": ALL,
        "pictures": ALL,
        "words": ALL,
        "received_at": ALL,
        "status": ALL,
        "answer": ALL,
        "accommodations": OVERSEERS,
        "seen": OVERSEERS,
        "answered": OVERSEERS,
        "closed": OVERSEERS,
    },
)


def complaint_view(caller: Caller, one: Stored[Complaint]) -> str:
    """Hosts see what was said and what became of it, not which officer did what."""
    return "overseer" if oversees(caller, one) else "host"
