"""Which field of a question to the network whom is shown."""

from typing import Any

from services.registry.domain.support_case import SupportCase
from shared.caller import Caller
from shared.kind import Stored
from shared.views import FieldTable

ALL = ("asker", "administrator")
ADMINISTRATORS = ("administrator",)

SUPPORT_CASE_FIELDS = FieldTable[SupportCase](
    ALL,
    {
        "organisation": ALL,
        "asker": ALL,
        "subject": ALL,
        "said": ALL,
        "status": ALL,
        "waiting_since": ALL,
        "lifted": ALL,
        "lift_at": ALL,
        "ended_at": ALL,
        "owner": ADMINISTRATORS,
    },
)


def support_case_view(caller: Caller) -> str:
    """Administrators see who has it; permissions let in nobody else but those who ask."""
    return "administrator" if caller.is_administrator else "asker"


def show_support_case(one: Stored[SupportCase], view: str) -> dict[str, Any]:
    """The question as this view has it: whoever asks is answered by the network, not by a name."""
    shown = SUPPORT_CASE_FIELDS.show(one, view)
    if view == "asker":
        shown["said"] = [
            {**said, "by": said["by"] if said["side"] == "asker" else None}
            for said in shown["said"]
        ]
    return shown


def support_case_line(one: Stored[SupportCase], view: str) -> dict[str, Any]:
    """The question as a line of a list: without what was said."""
    shown = SUPPORT_CASE_FIELDS.show(one, view)
    shown.pop("said")
    return shown
