"""The ledger of who was erased, in hashes only: it is run again when an old backup comes back (P16).

It says of an id that one already has whether it was erased; it cannot be read the other way.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from shared.database import Database, Document

ERASURES = "erasures"
PAGE = 1000


class Erasures:
    """Who was erased; kept for ever, and beside the backups (`entries`, `take_in`)."""

    def __init__(self, database: Database) -> None:
        self._rows = database.collection(ERASURES)

    async def note(self, person_id: str, now: datetime) -> None:
        """Remember an erasure; noting it again changes nothing."""
        await self._rows.update_one(
            {"_id": _hash(person_id)}, {"$setOnInsert": {"at": now}}, upsert=True
        )

    async def among(self, person_ids: Sequence[str]) -> list[str]:
        """Those of the ids that were erased."""
        if not person_ids:
            return []
        by_hash = {_hash(id): id for id in person_ids}
        found = await self._rows.find({"_id": {"$in": list(by_hash)}}, limit=len(by_hash))
        return [by_hash[row["_id"]] for row in found]

    async def entries(self) -> list[Document]:
        """The whole ledger, to be kept beside the backups."""
        rows: list[Document] = []
        last = ""
        while page := await self._rows.find({"_id": {"$gt": last}}, sort=[("_id", 1)], limit=PAGE):
            rows += page
            last = page[-1]["_id"]
        return rows

    async def take_in(self, entries: Sequence[Document]) -> int:
        """Add what a kept ledger knows and this one does not; how many entries were new."""
        return await self._rows.insert_new(entries)


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
