"""Who may have something new (P24): one change stream per process wakes the open streams.

A hint only. Each stream reads the collections, which are the truth, also without being woken.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from pymongo.errors import PyMongoError

from services.notifications.tables import LINES, NOTIFICATIONS
from shared.contracts.base import PersonId
from shared.database import Database

log = structlog.get_logger()

AGAIN_AFTER_SECONDS = 0.5
LONGEST_SILENCE_MILLISECONDS = 250
WATCHED: list[dict[str, Any]] = [
    {
        "$match": {
            "$or": [
                {"ns.coll": LINES, "operationType": "insert"},
                {"ns.coll": NOTIFICATIONS, "operationType": "update"},
            ]
        }
    },
    {"$project": {"fullDocument.person": 1}},
]


class Hints:
    """Wakes whoever waits for a person's news."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[PersonId, set[asyncio.Event]] = {}
        self._somebody_waits = asyncio.Event()

    @contextmanager
    def of(self, person: PersonId) -> Iterator[asyncio.Event]:
        """An event that is set whenever there may be something new for the person."""
        hint = asyncio.Event()
        self._waiting.setdefault(person, set()).add(hint)
        self._somebody_waits.set()
        try:
            yield hint
        finally:
            self._waiting[person].discard(hint)
            if not self._waiting[person]:
                del self._waiting[person]

    async def run(self) -> None:
        """Until cancelled; a stream that breaks is opened anew, and everybody looks once."""
        while True:
            await self._somebody_waits.wait()
            try:
                await self._watch()
            except PyMongoError as error:
                log.warning("hints-interrupted", reason=type(error).__name__)
                await asyncio.sleep(AGAIN_AFTER_SECONDS)

    async def _watch(self) -> None:
        """Watch as long as somebody waits: a fan-out to thousands is much to read for nobody."""
        database = self._database.raw(LINES).database
        async with database.watch(
            WATCHED, full_document="updateLookup", max_await_time_ms=LONGEST_SILENCE_MILLISECONDS
        ) as changes:
            change = await changes.try_next()
            # Only now is it open; who has read before that may have missed something.
            self._wake_all()
            while self._waiting and changes.alive:
                if change is not None:
                    self._wake((change.get("fullDocument") or {}).get("person"))
                change = await changes.try_next()
        if not self._waiting:
            self._somebody_waits.clear()

    def _wake(self, person: PersonId | None) -> None:
        for hint in self._waiting.get(person or "", ()):
            hint.set()

    def _wake_all(self) -> None:
        for person in self._waiting:
            self._wake(person)
