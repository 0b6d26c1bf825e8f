"""The collections of this service: what was told (`notifications`, `lines`) and is to be sent.

All ids are derived, so that telling twice inserts once.
"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.notifications.domain.notification import Line, Notification
from shared.contracts.base import PersonId
from shared.database import Collection, Database, Document
from shared.store import derived_id

NOTIFICATIONS, LINES, DELIVERIES = "notifications", "lines", "deliveries"
LINES_READ = 200
"""Of one notification; nobody reads more, and no command touches more at once."""

INDEXES: dict[str, Sequence[IndexModel]] = {
    NOTIFICATIONS: (
        IndexModel(
            [
                ("person", ASCENDING),
                ("archived", ASCENDING),
                ("at", DESCENDING),
                ("_id", DESCENDING),
            ],
            name="inbox",
        ),
        IndexModel(
            [("person", ASCENDING), ("unread", ASCENDING), ("at", DESCENDING)], name="unread"
        ),
        IndexModel([("person", ASCENDING), ("touched", ASCENDING)], name="touched"),
    ),
    LINES: (
        IndexModel([("notification", ASCENDING)], name="notification"),
        IndexModel([("person", ASCENDING), ("at", ASCENDING)], name="person"),
    ),
    DELIVERIES: (
        IndexModel(
            [("due", ASCENDING)],
            name="due",
            partialFilterExpression={"due": {"$type": "date"}},
        ),
        IndexModel([("person", ASCENDING)], name="person"),
        IndexModel([("status", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)], name="status"),
    ),
}


def notification_id(correlation: str, person: PersonId, matter: str) -> str:
    """One per command, recipient and matter."""
    return derived_id("notification", correlation, person, matter)


def line_id(event: str, person: PersonId) -> str:
    """One per event and recipient."""
    return derived_id("line", event, person)


def delivery_id(notification: str, channel: str) -> str:
    """One per notification and channel."""
    return derived_id("delivery", notification, channel)


def stored(row: Line | Notification) -> Document:
    """A row as the database keeps it."""
    # Not asdict(), which copies deeply and takes most of the time of a fan-out.
    names = fields(row)
    return {"_id" if one.name == "id" else one.name: getattr(row, one.name) for one in names}


def as_line(document: Document) -> Line:
    """A line from its document."""
    return Line(**{"id" if name == "_id" else name: value for name, value in document.items()})


def as_notification(document: Document) -> Notification:
    """A notification from its document."""
    return Notification(
        **{"id" if name == "_id" else name: value for name, value in document.items()}
    )


def new_delivery(notification: Notification, channel: str, due: datetime) -> Document:
    """A message that waits; `seen` are the lines that have been decided (sent or dropped)."""
    return {
        "_id": delivery_id(notification.id, channel),
        "notification": notification.id,
        "person": notification.person,
        "channel": channel,
        "status": "waiting",
        "reason": None,
        "due": due,
        "at": notification.at,
        "tries": 0,
        "round": 0,
        "seen": [],
    }


class Tables:
    """The three collections, and the questions that several rooms ask them."""

    def __init__(self, database: Database) -> None:
        self.notifications: Collection = database.collection(NOTIFICATIONS)
        self.lines: Collection = database.collection(LINES)
        self.deliveries: Collection = database.collection(DELIVERIES)

    async def lines_of(self, notifications: Sequence[str]) -> dict[str, list[Line]]:
        """The lines of each notification, oldest first."""
        wanted = list(notifications)
        found = await self.lines.find(
            {"notification": {"$in": wanted}},
            sort=[("at", 1)],
            limit=LINES_READ * max(1, len(wanted)),
        )
        gathered: dict[str, list[Line]] = {id: [] for id in wanted}
        for document in found:
            gathered[document["notification"]].append(as_line(document))
        return gathered

    async def forget(self, people: Sequence[PersonId]) -> None:
        """Remove every trace of these people (P16)."""
        for rows in (self.notifications, self.lines, self.deliveries):
            await rows.delete_many({"person": {"$in": list(people)}})
