"""Nothing about people is kept for ever (P21): what has reached its time is removed, by our clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from shared.clock import Clock
from shared.database import Database

log = structlog.get_logger()

LOOK_EVERY = timedelta(hours=1)
PAGE = 1000


@dataclass(frozen=True)
class Kept:
    """Rows of `collection` stay for a time after the moment in `since`; an index serves the two.

    `only` narrows it to some of them. `logged` says so, where somebody may miss them.
    """

    collection: str
    since: str
    time: timedelta
    only: Mapping[str, Any] = field(default_factory=dict)
    logged: bool = False


class Retention:
    """Removes what has been kept long enough, as part of the due loop of each copy."""

    def __init__(self, database: Database, clock: Clock, all_kept: Sequence[Kept]) -> None:
        self._database = database
        self._clock = clock
        self._all_kept = all_kept
        self._next: datetime | None = None

    async def work(self) -> bool:
        """Look once an hour; True while a page was full, so that there may be more."""
        now = self._clock.now()
        if self._next is not None and now < self._next:
            return False
        full = [await self._remove(kept, now) for kept in self._all_kept]
        if not any(full):
            self._next = now + LOOK_EVERY
        return any(full)

    async def _remove(self, kept: Kept, now: datetime) -> bool:
        rows = self._database.collection(kept.collection)
        over = {**kept.only, kept.since: {"$lt": now - kept.time}}
        page = await rows.find(over, projection={"_id": 1}, limit=PAGE)
        if page:
            removed = await rows.delete_many({"_id": {"$in": [one["_id"] for one in page]}, **over})
            if kept.logged:
                log.warning("kept-long-enough", collection=kept.collection, removed=removed)
        return len(page) == PAGE
