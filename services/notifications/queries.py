"""The inbox of one person, put into words as it is read."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.notifications import views
from services.notifications.domain.notification import Lines, Notification
from services.notifications.replicas import Replicas
from services.notifications.tables import Tables, as_notification, delivery_id
from shared.contracts.base import PersonId
from shared.contracts.problems import NotFound
from shared.database import Document
from shared.http import Listing, Page, Position

UNREAD_COUNTED = 100
CHANGES_READ = 200
CHANGES_KNOWN = 2_000
"""So many changes of the time that is read again are told apart from what is new."""
INBOX = Listing("inbox", sorts=("-at",), filters={"archived": bool, "unread": bool})


Key = tuple[str, datetime, int]


@dataclass(frozen=True, slots=True)
class Changed:
    """A notification that is new or has changed: its last change, and its item in words."""

    at: datetime
    lines: int
    notification: Notification
    item: dict[str, Any]

    @property
    def key(self) -> Key:
        """The same as long as nothing changes."""
        return self.notification.id, self.at, self.lines


@dataclass(frozen=True, slots=True)
class Changes:
    """`partial` when some are only half written yet. `too_many` are the keys of the changes when
    they are more than are read; then `changed` is empty.
    """

    changed: Sequence[Changed]
    partial: bool = False
    too_many: Sequence[Key] = ()


Known = Callable[[Key], bool]


class Inbox:
    """Questions about people's notifications."""

    def __init__(self, rows: Tables, replicas: Replicas, public_url: str) -> None:
        self._rows = rows
        self._replicas = replicas
        self._public_url = public_url

    async def page(self, person: PersonId, page: Page) -> tuple[list[dict[str, Any]], str | None]:
        """One page, newest first."""
        query: Document = {"person": person, "archived": page.filters.get("archived", False)}
        if "unread" in page.filters:
            query["unread"] = page.filters["unread"]
        if page.after is not None:
            query["$or"] = [
                {"at": {"$lt": page.after.value}},
                {"at": page.after.value, "_id": {"$lt": page.after.id}},
            ]
        found = await self._rows.notifications.find(
            query, sort=[("at", -1), ("_id", -1)], limit=page.limit + 1
        )
        shown, cursor = page.cut(found, lambda row: Position(row["at"], row["_id"]))
        return await self._items([as_notification(row) for row in shown]), cursor

    async def one(self, person: PersonId, id: str) -> dict[str, Any]:
        """One of one's own, with what became of its mail; NotFound when it is not theirs."""
        row = await self._rows.notifications.find_one({"_id": id, "person": person})
        items = await self._items([as_notification(row)]) if row else []
        if not items:
            raise NotFound()
        mail = await self._rows.deliveries.find_one({"_id": delivery_id(id, "mail")})
        return {**items[0], "deliveries": [views.delivery(mail)] if mail else []}

    async def items(self, rows: Sequence[Document]) -> list[dict[str, Any]]:
        """Stored notifications in words; those that nothing is known of are left out."""
        return await self._items([as_notification(row) for row in rows])

    async def unread(self, person: PersonId) -> int:
        """How many are unread; 100 means a hundred or more."""
        return await self._rows.notifications.count(
            {"person": person, "unread": True}, UNREAD_COUNTED
        )

    async def newest(self, person: PersonId, limit: int) -> Changes:
        """The newest of them, whenever they came."""
        found = await self._rows.notifications.find(
            {"person": person, "archived": False}, sort=[("at", -1), ("_id", -1)], limit=limit
        )
        return await self._changes([as_notification(row) for row in found], lambda _: False)

    async def changed_since(self, person: PersonId, since: datetime, known: Known) -> Changes:
        """What is new or has changed since then, oldest change first, but for what is known."""
        touched, late = await asyncio.gather(
            self._rows.notifications.find(
                {"person": person, "touched": {"$gte": since}},
                sort=[("touched", -1)],
                limit=CHANGES_KNOWN,
            ),
            self._rows.lines.find(
                {"person": person, "at": {"$gte": since}},
                projection={"notification": 1},
                sort=[("at", -1)],
                limit=CHANGES_KNOWN,
            ),
        )
        ids = {row["notification"] for row in late} - {row["_id"] for row in touched}
        further = await self._by_id(ids)
        notifications = [as_notification(row) for row in (*touched, *further)]
        changes = await self._changes(notifications, known)
        return replace(changes, partial=changes.partial or len(further) < len(ids))

    async def _by_id(self, ids: set[str]) -> list[Document]:
        if not ids:
            return []
        return await self._rows.notifications.find({"_id": {"$in": list(ids)}}, limit=len(ids))

    async def _changes(self, notifications: Sequence[Notification], known: Known) -> Changes:
        extents = await self._rows.extents_of([one.id for one in notifications])
        stamped = [(_key(one, extents.get(one.id)), one) for one in notifications]
        fresh = sorted(
            ((key, one) for key, one in stamped if not known(key)),
            key=lambda pair: (pair[0][1], pair[0][0]),
        )
        if len(fresh) > CHANGES_READ:
            return Changes((), too_many=[key for key, _ in fresh])
        shown = [one for _, one in fresh]
        items = await self._in_words(shown, await self._rows.lines_of([one.id for one in shown]))
        changed = [
            Changed(at, lines, one, items[id]) for (id, at, lines), one in fresh if id in items
        ]
        return Changes(changed, len(changed) < len(fresh))

    async def _items(self, notifications: Sequence[Notification]) -> list[dict[str, Any]]:
        lines = await self._rows.lines_of([one.id for one in notifications])
        items = await self._in_words(notifications, lines)
        return [items[one.id] for one in notifications if one.id in items]

    async def _in_words(
        self, notifications: Sequence[Notification], lines: dict[str, Lines]
    ) -> dict[str, dict[str, Any]]:
        """The items by id; what nothing is known of is left out."""
        if not notifications:
            return {}
        everything = [line for of_one in lines.values() for line in of_one.first]
        readers = {one.person for one in notifications}
        sources = await self._replicas.sources(everything, readers)
        items = {
            one.id: views.item(one, lines[one.id], sources, self._public_url)
            for one in notifications
        }
        return {id: item for id, item in items.items() if item is not None}


def _key(notification: Notification, extent: tuple[int, datetime] | None) -> Key:
    lines, last = extent or (0, notification.touched)
    return notification.id, max(notification.touched, last), lines
