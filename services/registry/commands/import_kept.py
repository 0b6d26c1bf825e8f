"""Rows of imports as they are kept until they are made, in a collection of their own.

Those of each reading lie under a batch of their own that the import names: what a refused or
repeated request has read belongs to nothing and is never made. Of a faulty row, and of one that is
done with, no values are kept: they may be somebody's mail address, or personal number.
"""

from collections.abc import Sequence

from pymongo import ASCENDING, IndexModel, UpdateOne

from services.registry.commands.import_rows import Judged
from services.registry.domain.import_ import KEPT_FOR, Import
from shared.contracts.problems import FieldError
from shared.database import Database, Document

ROWS = "import_rows"
# By the server's own clock, for rows that no import has come to name; an import expires long before.
ROWS_KEPT_SECONDS = int(KEPT_FOR.total_seconds()) + 24 * 3600
ROWS_INDEXES = (
    IndexModel([("batch", ASCENDING), ("place", ASCENDING)], name="batch"),
    IndexModel([("read_at", ASCENDING)], name="kept", expireAfterSeconds=ROWS_KEPT_SECONDS),
)


class KeptRows:
    """The rows of all imports."""

    def __init__(self, database: Database) -> None:
        self._rows = database.collection(ROWS)

    async def keep(self, import_id: str, batch: str, judged: Sequence[Judged]) -> None:
        """Keep what has been read under this batch, for a while."""
        rows = [_document(import_id, batch, place, one) for place, one in enumerate(judged)]
        await self._rows.bulk(
            [
                UpdateOne(
                    {"_id": row["_id"]},
                    {"$set": row, "$currentDate": {"read_at": True}},
                    upsert=True,
                )
                for row in rows
            ]
        )

    async def keep_on(self, batch: str) -> None:
        """They are to be made, and verdicts to be read for ever."""
        query = {"batch": batch, "read_at": {"$exists": True}}
        await self._rows.update_many(query, {"$unset": {"read_at": ""}})

    async def forget(self, batch: str) -> None:
        """Nobody is to make them."""
        await self._rows.delete_many({"batch": batch})

    async def of(self, one: Import, since: int, size: int) -> list[Document]:
        """An import's rows in so many places from `since` on, never beyond its own."""
        places = {"$gte": since, "$lt": min(since + size, one.rows)}
        query = {"batch": one.batch, "place": places}
        return await self._rows.find(query, sort=[("place", 1)], limit=max(size, 1))

    async def made(self, ids: Sequence[str]) -> None:
        """These are made."""
        done = {"made": True, "values": {}}
        await self._rows.update_many({"_id": {"$in": list(ids)}}, {"$set": done})

    async def failed(self, id: str, faults: Sequence[FieldError]) -> None:
        """This one could not be made."""
        done = {"verdict": "failed", "faults": _faults(faults), "values": {}}
        await self._rows.update_one({"_id": id}, {"$set": done})


def _document(import_id: str, batch: str, place: int, judged: Judged) -> Document:
    """`place` counts rows from 0; `row` is the line in the file."""
    return {
        "_id": f"{batch}:{place:05}",
        "import": import_id,
        "batch": batch,
        "place": place,
        "row": judged.number,
        "made": False,
        "values": dict(judged.values) if judged.verdict == "new" else {},
        "verdict": judged.verdict,
        "faults": _faults(judged.faults),
        "repairs": {name: list(change) for name, change in judged.repairs.items()},
    }


def _faults(faults: Sequence[FieldError]) -> list[Document]:
    """In both languages, to be shown in the reader's."""
    return [
        {"field": one.field, "code": one.code, "sv": one.detail.sv, "en": one.detail.en}
        for one in faults
    ]
