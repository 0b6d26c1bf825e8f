"""The collections of this service: what was told (`notifications`, `lines`) and is to be sent.

All ids are derived, so that telling twice inserts once.

Nothing is kept for ever (P21): `gone_at` is set when a message ends (180 days later) and when a
notification is read or put away (365 days later, with its lines), taken away when it is opened
again, and MongoDB removes what has reached it.
"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateMany

from services.notifications.domain.notification import Line, Lines, Notification
from shared.contracts.base import PersonId
from shared.database import Collection, Database, Document
from shared.kind import derived_id

NOTIFICATIONS, LINES, DELIVERIES = "notifications", "lines", "deliveries"
LINES_READ = 200
"""Of one notification, the first to begin; nobody reads more. The others are counted."""
DELIVERIES_KEPT = timedelta(days=180)
NOTIFICATIONS_KEPT = timedelta(days=365)
DROPPED = "dropped"
"""The mark of lines that were decided one by one."""
MOVED = "moved"
"""The state of a message whose lines are being moved to another account of the same human."""
GONE = IndexModel([("gone_at", ASCENDING)], name="gone", expireAfterSeconds=0)

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
        GONE,
    ),
    LINES: (
        IndexModel(
            [("notification", ASCENDING), ("start", ASCENDING), ("_id", ASCENDING)], name="start"
        ),
        IndexModel([("person", ASCENDING), ("at", ASCENDING)], name="person"),
        GONE,
    ),
    DELIVERIES: (
        IndexModel(
            [("due", ASCENDING)],
            name="due",
            partialFilterExpression={"due": {"$type": "date"}},
        ),
        IndexModel([("person", ASCENDING)], name="person"),
        IndexModel([("status", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)], name="status"),
        GONE,
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
    return Line(
        id=document["_id"], **{name: document[name] for name in _OF_LINE if name in document}
    )


def as_notification(document: Document) -> Notification:
    """A notification from its document."""
    given = {name: document[name] for name in _OF_NOTIFICATION if name in document}
    return Notification(id=document["_id"], **given)


_OF_LINE = [one.name for one in fields(Line) if one.name != "id"]
_OF_NOTIFICATION = [one.name for one in fields(Notification) if one.name != "id"]


def new_delivery(notification: Notification, channel: str, due: datetime) -> Document:
    """A message that waits. `decided` are the leases under which lines were decided, sent or not.

    A line is marked with the lease that claims it and is decided when that is among them: what is
    written after the claim is not, however many there are.
    """
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
        "decided": [DROPPED],
    }


def undecided(delivery: Document) -> Document:
    """The lines of a message that nobody has decided yet."""
    return {
        "notification": delivery["notification"],
        "claim": {"$nin": delivery["decided"]},
    }


class Tables:
    """The three collections, and the questions that several rooms ask them."""

    def __init__(self, database: Database) -> None:
        self.notifications: Collection = database.collection(NOTIFICATIONS)
        self.lines: Collection = database.collection(LINES)
        self.deliveries: Collection = database.collection(DELIVERIES)

    async def lines_of(
        self, notifications: Sequence[str], further: Document | None = None
    ) -> dict[str, Lines]:
        """The lines of each notification, of those that fit `further`."""
        first = {"$firstN": {"input": "$$ROOT", "n": LINES_READ}}
        found = await self._of_each(notifications, {"first": first}, further)
        gathered = {
            one["_id"]: Lines(tuple(map(as_line, one["first"])), one["count"] - len(one["first"]))
            for one in found
        }
        return {id: gathered.get(id, Lines()) for id in notifications}

    async def extents_of(self, notifications: Sequence[str]) -> dict[str, tuple[int, datetime]]:
        """How many lines each notification has, and when the last was written; none is left out."""
        found = await self._of_each(notifications, {"last": {"$max": "$at"}}, None)
        return {one["_id"]: (one["count"], one["last"]) for one in found}

    async def _of_each(
        self, notifications: Sequence[str], what: Document, further: Document | None
    ) -> list[Document]:
        if not notifications:
            return []
        pipeline: list[dict[str, Any]] = [
            {"$match": {"notification": {"$in": list(notifications)}, **(further or {})}},
            {"$sort": {"notification": 1, "start": 1, "_id": 1}},
            {"$group": {"_id": "$notification", "count": {"$sum": 1}, **what}},
        ]
        return await self.lines.aggregate(pipeline, limit=len(notifications))

    async def claim_lines(self, deliveries: Sequence[Document]) -> None:
        """Mark the undecided lines of leased messages as those that are decided now."""
        await self.lines.bulk(
            [UpdateMany(undecided(row), {"$set": {"claim": row["lease"]}}) for row in deliveries]
        )

    async def with_undecided(self, deliveries: Sequence[Document]) -> set[str]:
        """Which of these messages have lines that nobody has decided."""
        if not deliveries:
            return set()
        found = await self.lines.aggregate(
            [
                {"$match": {"$or": [undecided(row) for row in deliveries]}},
                {"$group": {"_id": "$notification"}},
            ],
            limit=len(deliveries),
        )
        return {one["_id"] for one in found}

    async def show_again(self, lines: Sequence[str], now: datetime) -> None:
        """Notifications that are older than what these lines add to them are new once more.

        Judged by when the lines were first written, so that a repeat does nothing.
        """
        written = await self.lines.find(
            {"_id": {"$in": list(lines)}},
            projection={"notification": 1, "at": 1},
            limit=max(1, len(lines)),
        )
        at = {one["notification"]: one["at"] for one in written}
        found = await self.notifications.find(
            {"_id": {"$in": list(at)}}, projection={"touched": 1}, limit=max(1, len(at))
        )
        older = [one["_id"] for one in found if one["touched"] < at[one["_id"]]]
        again: Document = {
            "$set": {"unread": True, "archived": False, "touched": now},
            "$unset": {"gone_at": ""},
        }
        await self.notifications.bulk(
            [UpdateMany({"_id": id, "touched": {"$lt": at[id]}}, again) for id in older]
        )
        if older:
            await self.lines.update_many(
                {"notification": {"$in": older}}, {"$unset": {"gone_at": ""}}
            )

    async def forget(self, people: Sequence[PersonId]) -> None:
        """Remove every trace of these people (P16)."""
        for rows in (self.notifications, self.lines, self.deliveries):
            await rows.delete_many({"person": {"$in": list(people)}})
