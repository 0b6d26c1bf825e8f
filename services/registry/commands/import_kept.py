"""Rows of imports as they are kept until they are done with, in a collection of their own.

Those of each reading lie under a batch of their own that the import names: what a refused or
repeated request has read belongs to nothing and is never made. A row that is made says nothing any
more but what it replaced; after a week none does.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel, UpdateOne

from services.registry.commands.import_rows import Judged
from services.registry.domain.import_ import KEPT_FOR, Import
from services.registry.reading.table import Cells
from shared.contracts.problems import FieldError
from shared.database import Database, Document

ROWS = "import_rows"
# By the server's own clock, for rows that no import has come to name; an import expires long before.
ROWS_KEPT_SECONDS = int(KEPT_FOR.total_seconds()) + 24 * 3600
ROWS_INDEXES = (
    IndexModel([("batch", ASCENDING), ("place", ASCENDING)], name="batch"),
    IndexModel(
        [("batch", ASCENDING), ("verdict", ASCENDING), ("place", ASCENDING)], name="verdict"
    ),
    IndexModel(
        [("person", ASCENDING)],
        name="person",
        partialFilterExpression={"person": {"$exists": True}},
    ),
    IndexModel([("read_at", ASCENDING)], name="kept", expireAfterSeconds=ROWS_KEPT_SECONDS),
)
_SAYS_NOTHING: Document = {"cells": [], "changes": {}}


class KeptRows:
    """The rows of all imports."""

    def __init__(self, database: Database) -> None:
        self._rows = database.collection(ROWS)

    async def keep(
        self, batch: str, first: int, rows: Sequence[tuple[int, Cells]], now: datetime
    ) -> None:
        """Keep a page of what has been read under this batch, for a while."""
        await self._rows.insert_new(
            [
                {
                    "_id": f"{batch}:{place:06}",
                    "batch": batch,
                    "place": place,
                    "row": number,
                    "cells": cells,
                    "verdict": "read",
                    "made": False,
                    "read_at": now,
                }
                for place, (number, cells) in enumerate(rows, start=first)
            ]
        )

    async def keep_on(self, batch: str) -> None:
        """They are to be made, and verdicts to be read for ever."""
        query = {"batch": batch, "read_at": {"$exists": True}}
        await self._rows.update_many(query, {"$unset": {"read_at": ""}})

    async def drop(self, batch: str) -> None:
        """Nobody is to make them."""
        await self._rows.delete_many({"batch": batch})

    async def forget(self, batch: str) -> None:
        """Keep the verdicts, not what was said."""
        await self._rows.update_many({"batch": batch}, {"$set": _SAYS_NOTHING})

    async def forget_person(self, id: str) -> None:
        """Whatever a file said of somebody who is erased."""
        await self._rows.update_many({"person": id}, {"$set": _SAYS_NOTHING})

    async def of(
        self, one: Import, since: int, size: int, verdicts: Sequence[str] = ()
    ) -> list[Document]:
        """At most `size` rows from place `since` on, in the file's order, if asked of some verdicts."""
        places: Document = {"$gte": since, "$lt": one.rows}
        query: Document = {"batch": one.batch, "place": places}
        if verdicts:
            query["verdict"] = {"$in": list(verdicts)}
        else:
            places["$lt"] = min(since + size, one.rows)
        return await self._rows.find(query, sort=[("place", 1)], limit=max(size, 1))

    async def judged(
        self, rows: Sequence[Document], judged: Sequence[Judged], person: bool
    ) -> None:
        """What the dry run says of them."""
        await self._update(
            (row, _verdict(one, person)) for row, one in zip(rows, judged, strict=True)
        )

    async def note(self, rows: Mapping[str, Document]) -> None:
        """What has become of rows, by their ids."""
        await self._rows.bulk([UpdateOne({"_id": id}, {"$set": said}) for id, said in rows.items()])

    async def _update(self, updates: Any) -> None:
        await self.note({row["_id"]: said for row, said in updates})


def made(target: str, stamp: str, replaced: Mapping[str, Any], verdict: str) -> Document:
    """A row whose record is made or changed."""
    changes = {name: list(change) for name, change in replaced.items()}
    return {
        "made": True,
        "verdict": verdict,
        "target": target,
        "stamp": stamp,
        "cells": [],
        "changes": changes,
    }


def failed(faults: Sequence[FieldError]) -> Document:
    """A row that could not be made; what it says stays, to be fetched back."""
    return {"verdict": "failed", "faults": in_both_languages(faults)}


def in_both_languages(faults: Sequence[FieldError]) -> list[Document]:
    """Faults, to be shown in the reader's language."""
    return [
        {"field": one.field, "code": one.code, "sv": one.detail.sv, "en": one.detail.en}
        for one in faults
    ]


def _verdict(one: Judged, person: bool) -> Document:
    said: Document = {
        "verdict": one.verdict,
        "target": one.target,
        "faults": in_both_languages(one.faults),
        "repairs": {name: list(change) for name, change in one.repairs.items()},
        "changes": {name: list(change) for name, change in one.changes.items()},
    }
    return {**said, "person": one.target} if person and one.target else said
