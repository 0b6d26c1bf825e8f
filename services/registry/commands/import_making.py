"""Making the rows of a committed import, and undoing them: one page after the other, safe to repeat.

Every row is judged once more right before it is written. What has come to clash since the dry run is
that row's error; the rest stands. Ids of new records follow from the import and the row, so going on
after a kill, or two copies at once, make the same ones.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from pydantic import BaseModel

from services.registry.commands.import_kept import KeptRows, failed, made
from services.registry.commands.import_rows import (
    IN_USE,
    Judged,
    Rows,
    faults_of,
    marked,
    rows_of,
    stamp,
)
from services.registry.domain import import_values as values
from services.registry.domain.import_ import Import, Step
from services.registry.domain.import_columns import ImportKind
from services.registry.domain.import_decisions import restored
from shared import failpoints
from shared.contracts.problems import FieldError, NotFound, Problem, Text, Unavailable
from shared.database import Document
from shared.due import in_parallel
from shared.kind import By, Change, Stored
from shared.store import Store

AT_ONCE = 8

_CHANGED_SINCE = Text(
    "Posten har ändrats sedan filen kontrollerades. Ladda upp raden igen för att se vad som ändras.",
    "The record has changed since the file was checked. Upload the row again to see what changes.",
)


class Making:
    """Writes pages of rows."""

    def __init__(self, store: Store, kept: KeptRows, rows: Mapping[ImportKind, Rows]) -> None:
        self._store = store
        self._kept = kept
        self._rows = rows

    async def make(self, stored: Stored[Import], page: Sequence[Document]) -> Step:
        """Make a page; national organisations first, since branches stand below them."""
        open_ = [row for row in page if not row["made"] and row["verdict"] != "failed"]
        for turn in _nationals_first(stored.state, open_):
            await self._make_turn(stored, turn)
        verdicts = [row["verdict"] for row in page]
        failed = verdicts.count("failed")
        counted = {name: verdicts.count(name) for name in ("new", "changed", "unchanged")}
        return Step(
            made=counted["new"],
            updated=counted["changed"],
            left=counted["unchanged"],
            failed=failed,
        )

    async def _make_turn(self, stored: Stored[Import], rows: Sequence[Document]) -> None:
        if not rows:
            return
        writer = self._rows[stored.state.kind]
        fresh = await writer.judge(
            stored.state, stored.id, rows_of(stored.state, stored.id, rows), None
        )
        notes = {
            row["_id"]: said
            for row, one in zip(rows, fresh, strict=True)
            if (said := _without_writing(row, one)) is not None
        }
        to_write = [
            (row, one) for row, one in zip(rows, fresh, strict=True) if row["_id"] not in notes
        ]
        await self._begin([row for row, one in to_write if one.verdict == "changed"])
        failpoints.reach(failpoints.WITHIN_IMPORT)
        notes |= await self._create(stored, [pair for pair in to_write if pair[1].entered])
        notes |= await self._change(stored, [pair for pair in to_write if pair[1].rule])
        await self._kept.note(notes)
        for row in rows:
            row.update(notes[row["_id"]])

    async def _begin(self, rows: Sequence[Document]) -> None:
        """Should we be killed before it is noted: this import, and nobody else, has changed them."""
        await self._kept.note({row["_id"]: {"begun": True} for row in rows})

    async def _create(
        self, stored: Stored[Import], pairs: Sequence[tuple[Document, Judged]]
    ) -> dict[str, Document]:
        if not pairs:
            return {}
        new = {one.target: one.entered for _, one in pairs if one.entered is not None}
        writer = self._rows[stored.state.kind]
        taken = await self._store.create_many(writer.kind, list(new.items()), _by(stored))
        return {
            row["_id"]: failed((FieldError(_field(taken[one.target]), "in-use", IN_USE),))
            if taken.get(one.target, "_id") != "_id"
            else made(one.target, stamp(new[one.target].state), {}, "new")
            for row, one in pairs
        }

    async def _change(
        self, stored: Stored[Import], pairs: Sequence[tuple[Document, Judged]]
    ) -> dict[str, Document]:
        notes: dict[str, Document] = {}
        jobs = [partial(self._change_one, stored, row, one, notes) for row, one in pairs]
        await in_parallel(jobs, AT_ONCE)
        return notes

    async def _change_one(
        self, stored: Stored[Import], row: Document, one: Judged, notes: dict[str, Document]
    ) -> None:
        assert one.rule is not None
        writer = self._rows[stored.state.kind]
        try:
            after = await writer.change(one.target, one.rule, _by(stored))
        except Unavailable:
            raise
        except Problem as problem:
            notes[row["_id"]] = failed(faults_of(problem))
            return
        notes[row["_id"]] = made(one.target, stamp(after.state), row["changes"], "changed")

    async def undo(self, stored: Stored[Import], page: Sequence[Document]) -> Step:
        """Undo a page; what somebody has worked with since is kept, and named with why."""
        notes: dict[str, Document] = {}
        jobs = [
            partial(self._undo_one, stored, row, notes)
            for row in page
            if row["made"] and row["verdict"] in ("new", "changed")
        ]
        await in_parallel(jobs, AT_ONCE)
        await self._kept.note(notes)
        outcomes = [said["undone"] for said in notes.values()]
        counted = {name: outcomes.count(name) for name in ("ended", "restored", "kept")}
        return Step(**counted)

    async def _undo_one(
        self, stored: Stored[Import], row: Document, notes: dict[str, Document]
    ) -> None:
        if "undone" in row:
            notes[row["_id"]] = {"undone": row["undone"]}
            return
        writer, id = self._rows[stored.state.kind], row["target"]
        try:
            there = await self._store.load(writer.kind, id)
            if why := await self._why_kept(stored, row, there):
                notes[row["_id"]] = {"undone": "kept", "kept_since": why}
                return
            await self._kept.note({row["_id"]: {"undoing": True}})
            if row["verdict"] == "new":
                await writer.end(id, stored.id, _by(stored))
                notes[row["_id"]] = {"undone": "ended"}
            else:
                await self._restore(stored, row)
                notes[row["_id"]] = {"undone": "restored"}
        except Unavailable:
            raise
        except NotFound:
            notes[row["_id"]] = {"undone": "kept", "kept_since": "gone"}
        except Problem as problem:
            notes[row["_id"]] = {"undone": "kept", "kept_since": problem.code}

    async def _why_kept(
        self, stored: Stored[Import], row: Document, there: Stored[BaseModel]
    ) -> str | None:
        if stamp(there.state) != row["stamp"] and not row.get("undoing"):
            return "changed-since"
        in_use = await self._rows[stored.state.kind].in_use(row["target"], stored.id)
        return "in-use" if row["verdict"] == "new" and in_use else None

    async def _restore(self, stored: Stored[Import], row: Document) -> None:
        before = {name: change[0] for name, change in row["changes"].items()}

        def rule(one: BaseModel) -> Change[BaseModel]:
            after, events = restored(one, before)
            return Change(after, marked(events, stored.id))

        await self._rows[stored.state.kind].change(row["target"], rule, _by(stored))


def _by(stored: Stored[Import]) -> By:
    one = stored.state
    return By(actor=one.importer, correlation=one.correlation or stored.id)


def _without_writing(row: Document, fresh: Judged) -> Document | None:
    """What becomes of a row that needs no write: made before a kill, clashing, or as it is."""
    if fresh.verdict == "faulty":
        return failed(fresh.faults)
    if fresh.verdict == "made":
        return made(fresh.target, fresh.stamp, {}, "new")
    if row.get("begun") and fresh.verdict == "unchanged":
        return made(row["target"], fresh.stamp, row["changes"], "changed")
    same = {name: list(change) for name, change in fresh.changes.items()} == row["changes"]
    if fresh.verdict != row["verdict"] or fresh.target != row["target"] or not same:
        return failed((FieldError("", "changed-since", _CHANGED_SINCE),))
    return {"made": True, "cells": []} if fresh.verdict == "unchanged" else None


def _field(key: str) -> str:
    """`number` of `keys.number`."""
    return key.removeprefix("keys.")


def _nationals_first(
    one: Import, rows: Sequence[Document]
) -> tuple[list[Document], list[Document]]:
    """National organisations, then the rest; a parent stands above its branches in the file."""
    if one.kind != "organisations" or "kind" not in one.mapping:
        return list(rows), []
    at = one.mapping.index("kind")
    nationals = [row for row in rows if _is_national(row["cells"], at)]
    return nationals, [row for row in rows if not _is_national(row["cells"], at)]


def _is_national(cells: Sequence[str], at: int) -> bool:
    return len(cells) > at and values.kind(cells[at], False) == "national"
