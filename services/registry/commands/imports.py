"""Imports: check a file as a whole, then make its rows; a kill in the middle makes nothing twice.

The rows lie in a collection of their own. Each becomes an aggregate whose id follows from the import
and the row, so that going on after a kill, or two copies at once, make the same ones.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import structlog
from pymongo import ASCENDING, IndexModel

from services.registry.commands.accommodations import Accommodations
from services.registry.commands.import_rows import (
    AccommodationRows,
    Judged,
    OrganisationRows,
    faults_kept,
    figure_in,
    house_in,
    house_key,
    number_in,
    row_document,
)
from services.registry.commands.organisations import Organisations
from services.registry.domain import import_ as rules
from services.registry.domain.import_ import Column, Import
from services.registry.domain.import_columns import ImportKind, Read, columns, understood
from services.registry.domain.import_file import Row, Table, read
from services.registry.domain.organisation import Profile
from services.registry.kinds import IMPORT
from shared import failpoints
from shared.caller import Caller
from shared.clock import local_date
from shared.contracts.problems import FieldError, NotFound, Problem, Unavailable
from shared.database import Database, Document
from shared.due import in_parallel
from shared.store import By, Change, Store, Stored, derived_id, new_id
from shared.words import sort_key

log = structlog.get_logger()

ROWS = "import_rows"
ROWS_INDEXES = (IndexModel([("import", ASCENDING), ("place", ASCENDING)], name="import"),)
CHUNK = 50
AT_ONCE = 16


class Imports:
    """Use cases of the import aggregate; `run` makes the rows, beside everything else."""

    def __init__(
        self,
        store: Store,
        database: Database,
        organisations: Organisations,
        accommodations: Accommodations,
    ) -> None:
        self._store = store
        self._rows = database.collection(ROWS)
        self._organisations = organisations
        self._accommodations = accommodations
        self._wanted: asyncio.Queue[str] = asyncio.Queue()

    async def load(self, id: str) -> Stored[Import]:
        """One import; NotFound when there is none."""
        return await self._store.load(IMPORT, id)

    async def check(
        self, kind: ImportKind, content: bytes, caller: Caller, by: By
    ) -> Stored[Import]:
        """The dry run: every row's verdict, nothing made. Invalid for a file that cannot be read."""
        id = new_id(by)
        table = read(content, columns(kind))
        judged = await self._judge(kind, table.rows, id, caller)
        await self._rows.insert_new([row_document(id, n, one) for n, one in enumerate(judged)])
        one = _import(kind, caller.person_id, table, judged)
        return await self._store.create(IMPORT, id, Change(one), by)

    async def commit(self, id: str, by: By) -> Stored[Import]:
        """Begin to make the rows; this returns at once, the rows follow."""
        now = self._store.clock.now()
        stored = await self._change(id, lambda one: rules.commit(one, by.correlation, now), by)
        if stored.state.status == "committing":
            self._wanted.put_nowait(id)
        return stored

    async def wake(self, id: str, by: By) -> None:
        """Nobody has gone on with it for a while: go on here."""
        now = self._store.clock.now()
        stored = await self._change(id, lambda one: rules.take(one, now), by)
        if stored.state.status == "committing":
            self._wanted.put_nowait(id)

    async def run(self) -> None:
        """Go on with what was committed or woken here, one import at a time, until cancelled."""
        while True:
            id = await self._wanted.get()
            try:
                await self.go_on(id)
            except (Unavailable, NotFound) as reason:
                log.warning("import-waits", id=id, reason=type(reason).__name__)
            except Exception:
                log.exception("import-failed", id=id)

    async def go_on(self, id: str) -> None:
        """Make what is left of its rows, in chunks; after each the aggregate knows how far."""
        while (stored := await self.load(id)).state.status == "committing":
            since = stored.state.position
            chunk = await self.rows(id, since, CHUNK)
            new = [row for row in chunk if row["verdict"] == "new" and not row["made"]]
            await in_parallel([partial(self._make, stored, row) for row in new], AT_ONCE)
            await self._note_made([row["_id"] for row in new if row["verdict"] == "new"])
            await self._advance(id, since, chunk)

    async def rows(self, id: str, since: int, limit: int) -> list[Document]:
        """So many of its rows, from the one in place `since` on."""
        query = {"import": id, "place": {"$gte": since}}
        return await self._rows.find(query, sort=[("place", 1)], limit=limit)

    async def _judge(
        self, kind: ImportKind, rows: Sequence[Row], id: str, caller: Caller
    ) -> list[Judged]:
        read_ = [understood(row.values) for row in rows]
        judge: Callable[[Row, Mapping[str, Any]], Judged]
        if kind == "organisations":
            judge = OrganisationRows(id, await self._known_organisations(read_)).judge
        else:
            today = local_date(self._store.clock.now())
            houses = AccommodationRows(today, await self._known_houses(read_))

            def judge(row: Row, values: Mapping[str, Any]) -> Judged:
                return houses.judge(row, values, caller)

        return [
            replace(judge(row, one.values), repairs=one.repairs)
            for row, one in zip(rows, read_, strict=True)
        ]

    async def _known_organisations(self, rows: Sequence[Read]) -> dict[str, str]:
        texts = [
            str(one.values[name])
            for one in rows
            for name in ("name", "number", "parent")
            if name in one.values
        ]
        numbers = {number for text in texts for number in number_in(text)}
        found = await self._organisations.known_among(numbers, {sort_key(text) for text in texts})
        known = {sort_key(one.state.name): one.id for one in found}
        return known | {one.state.number: one.id for one in found if one.state.number}

    async def _known_houses(self, rows: Sequence[Read]) -> set[str]:
        codes = {str(one.values.get("code", "")).casefold() for one in rows}
        names = {sort_key(str(one.values.get("name", ""))) for one in rows}
        found = [one.state for one in await self._accommodations.known_among(codes, names)]
        return {one.code.casefold() for one in found} | {
            house_key(one.name, one.county) for one in found if one.status != "closed"
        }

    async def _make(self, stored: Stored[Import], row: Document) -> None:
        """Make one row. What has come to clash since the dry run is this row's fault alone."""
        failpoints.reach(failpoints.WITHIN_IMPORT)
        one, id = stored.state, derived_id(stored.id, row["row"])
        by = By(actor=one.importer, correlation=one.correlation or stored.id)
        try:
            if one.kind == "organisations":
                profile = Profile.model_validate(row["values"])
                await self._organisations.enter(id, profile, stored.id, by)
            else:
                await self._make_house(id, row["values"], stored.id, by)
        except Unavailable:
            raise
        except Problem as problem:
            row["verdict"] = "failed"
            await self._note(row, {"verdict": "failed", "faults": faults_kept(_faults_of(problem))})

    async def _make_house(self, id: str, values: Document, import_id: str, by: By) -> None:
        details, code = house_in(values)
        figure, _ = figure_in(values, local_date(self._store.clock.now()))
        await self._accommodations.enter(id, details, code, figure, import_id, by)

    async def _note_made(self, ids: Sequence[str]) -> None:
        """What the file said of them is no longer needed here."""
        await self._rows.update_many(
            {"_id": {"$in": list(ids)}}, {"$set": {"made": True, "values": {}}}
        )

    async def _note(self, row: Document, fields: Document) -> None:
        await self._rows.update_one({"_id": row["_id"]}, {"$set": fields})

    async def _advance(self, id: str, since: int, chunk: Sequence[Document]) -> None:
        now, verdicts = self._store.clock.now(), [row["verdict"] for row in chunk]
        made, failed = verdicts.count("new"), verdicts.count("failed")
        await self._change(
            id, lambda one: rules.advance(one, since, len(chunk), made, failed, now), By()
        )

    async def _change(
        self, id: str, rule: Callable[[Import], rules.Decision], by: By
    ) -> Stored[Import]:
        return await self._store.change(IMPORT, id, lambda one: Change(*rule(one)), by)


def _faults_of(problem: Problem) -> tuple[FieldError, ...]:
    return problem.fields or (FieldError("", problem.code, problem.detail),)


def _import(kind: ImportKind, importer: str, table: Table, judged: Sequence[Judged]) -> Import:
    verdicts = [one.verdict for one in judged]
    return Import(
        kind=kind,
        importer=importer,
        separator=table.separator,
        encoding=table.encoding,
        looks_wrong=table.looks_wrong,
        columns=tuple(Column(header=header, field=field) for header, field in table.columns),
        counties=tuple(sorted({one.county for one in judged if one.county})),
        rows=len(judged),
        new=verdicts.count("new"),
        existing=verdicts.count("exists"),
        faulty=verdicts.count("faulty"),
    )
