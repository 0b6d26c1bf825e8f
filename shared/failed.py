"""Messages that a handler could not take: seen, tried again with growing pauses, mended (P7)."""

import traceback
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from pymongo import ASCENDING, DESCENDING, IndexModel

from shared.clock import Clock
from shared.contracts.base import Event
from shared.contracts.problems import NotFound
from shared.database import Database, DatabaseAway, Document
from shared.due import claim, in_parallel
from shared.kind import due_index
from shared.retention import Kept

log = structlog.get_logger()

PAUSES_SECONDS = (1, 2, 4, 8, 15, 30, 60, 120, 300, 600)
NOT_YET_PAUSE_SECONDS = 5
NOT_YET_FOR = timedelta(minutes=10)
KEPT = Kept("failed", since="first_at", time=timedelta(days=180), only={"dead": True}, logged=True)
"""Half a year is time enough to mend a dead message; it may hold what somebody wrote."""
INDEXES = (
    due_index("due"),
    IndexModel([("dead", ASCENDING), ("first_at", DESCENDING), ("_id", DESCENDING)], name="newest"),
    IndexModel([("subject", ASCENDING)], name="subject"),
)


class NotThereYet(Exception):
    """A handler needs something that another message will bring; tried by time, not by count."""


class NobodyListens(Exception):
    """The subscriber of a failed message is not there any more."""


class GivenUp(Exception):
    """The broker has delivered a message as often as it may; nobody acknowledged it."""


Handle = Callable[[Event], Awaitable[None]]


class FailedMessages:
    """One service's failed messages: rows `{subscriber, event, error, tries, due, dead}`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.rows = database.collection("failed")
        self._clock = clock
        self._handlers: dict[str, Handle] = {}

    def handled_by(self, subscriber: str, handle: Handle) -> None:
        """Say who takes a subscriber's messages when they are tried again."""
        self._handlers[subscriber] = handle

    async def record(self, subscriber: str, event: Event, error: Exception) -> None:
        """Write the first failure down; the same failure twice is one row."""
        now = self._clock.now()
        row = {
            "subscriber": subscriber,
            "event": event.model_dump(mode="json"),
            "type": event.type,
            "subject": event.subject,
            "error": describe(error),
            "tries": 1,
            "first_at": now,
            "dead": False,
            "due": now + timedelta(seconds=PAUSES_SECONDS[0]),
        }
        id = f"{subscriber}:{event.id}"
        await self.rows.update_one({"_id": id}, {"$setOnInsert": row}, upsert=True)
        log.warning("message-failed", subscriber=subscriber, message=event.id, reason=row["error"])

    async def park(self, subscriber: str, message_id: str, body: bytes, reason: str) -> None:
        """Set aside, dead, what no handler may see: a forged or unreadable message. An alarm."""
        row = {
            "subscriber": subscriber,
            "event": None,
            "body": body[:65_536],
            "type": "",
            "subject": "",
            "error": reason,
            "tries": 0,
            "first_at": self._clock.now(),
            "dead": True,
            "due": None,
        }
        id = f"{subscriber}:parked:{message_id}"
        await self.rows.update_one({"_id": id}, {"$setOnInsert": row}, upsert=True)
        log.error("message-parked", subscriber=subscriber, message=message_id, reason=reason)

    async def work(self) -> bool:
        """Try again what is due (as part of the due loop)."""
        rows = await claim(self.rows, self._clock, limit=100)
        await in_parallel([lambda row=row: self.try_again(row) for row in rows])  # type: ignore[misc]
        return len(rows) == 100

    async def try_again(self, row: Document) -> bool:
        """Hand one row's event to its handler; True (and the row gone) when it succeeds."""
        handle = self._handlers.get(row["subscriber"])
        try:
            if handle is None:
                raise NobodyListens
            await handle(Event.model_validate(row["event"]))
        except DatabaseAway:
            raise
        except Exception as error:
            await self._failed_again(row, error)
            return False
        await self.rows.delete_many({"_id": row["_id"]})
        return True

    async def replay(self, id: str) -> bool:
        """An operator's order to try a (dead) row now; True when it succeeded."""
        row = await self.rows.find_one({"_id": id})
        if row is None or row["event"] is None:
            raise NotFound()
        return await self.try_again(row)

    async def drop(self, id: str, operator: str, reason: str) -> None:
        """An operator's decision that nobody needs it any more; who and why stay in the log."""
        if not await self.rows.delete_many({"_id": id}):
            raise NotFound()
        log.warning("message-dropped", id=id, operator=operator, reason=reason)

    async def forget(self, subject: str) -> None:
        """Remove the rows about an erased subject."""
        await self.rows.delete_many({"subject": subject})

    async def _failed_again(self, row: Document, error: Exception) -> None:
        due = self._next_try(row, error)
        # What is only early is counted by time: it must not use up the tries of a real fault.
        tries = row["tries"] + (not isinstance(error, NotThereYet))
        await self.rows.update_one(
            {"_id": row["_id"]},
            {"$set": {"error": describe(error), "tries": tries, "due": due, "dead": due is None}},
        )
        if due is None:
            log.error("message-dead", subscriber=row["subscriber"], id=row["_id"], tries=tries)

    def _next_try(self, row: Document, error: Exception) -> datetime | None:
        now = self._clock.now()
        if isinstance(error, NotThereYet):
            soon = now + timedelta(seconds=NOT_YET_PAUSE_SECONDS)
            return soon if now - row["first_at"] < NOT_YET_FOR else None
        if row["tries"] >= len(PAUSES_SECONDS):
            return None
        return now + timedelta(seconds=PAUSES_SECONDS[row["tries"]])


def describe(error: Exception) -> str:
    """The kind of error and where it arose, without the values that it may carry."""
    text = f": {error}" if isinstance(error, NotThereYet) and str(error) else ""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}{text}{place}"
