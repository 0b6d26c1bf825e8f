"""What the way to an accommodation shows, and what the log of its readings does."""

from typing import Any

from services.registry.commands.ways import WayThere
from services.registry.domain.site_contact import Contact
from shared.database import Document

WHERE = ("address", "position", "directions")


def way_shown(way: WayThere, contact: Contact | None) -> dict[str, Any]:
    """Where it lies, the doors that open to the caller, and whom to call if they may know."""
    where = way.location.state.model_dump(include=set(WHERE)) if way.location else {}
    return {
        **dict.fromkeys(WHERE),
        **where,
        "right": way.ground.right,
        "doors": [
            {"meeting_place": one.id, "name": one.state.name, "door": one.state.door}
            for one in way.ground.doors
        ],
        "site_contact": contact,
    }


def read_shown(row: Document) -> dict[str, Any]:
    """One reading: who, when and by which right; `because_of` is the session or meeting place."""
    return {name: row[name] for name in ("person", "at", "right", "because_of")}
