"""Imports: check a file as a whole, then make its rows; a kill in the middle makes nothing twice.

Each row becomes an aggregate whose id follows from the import and the row, so that going on after a
kill, or two copies at once, make the same ones.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from uuid import uuid4

import structlog

from services.registry.commands.accommodations import Accommodations
from services.registry.commands.import_judging import Judging
from services.registry.commands.import_kept import KeptRows
from services.registry.commands.import_rows import (
    Judged,
    figure_in,
    house_in,
    no_such_parent,
    parent_not_national,
)
from services.registry.commands.organisations import Organisations
from services.registry.domain import import_ as rules
from services.registry.domain.import_ import Column, Import
from services.registry.domain.import_columns import ImportKind, columns
from services.registry.domain.import_file import Table, read
from services.registry.domain.organisation import ENDED
from services.registry.domain.organisation_profile import Profile
from services.registry.kinds import IMPORT
from shared import failpoints
from shared.caller import Caller
from shared.clock import local_date
from shared.contracts.problems import (
    FieldError,
    Invalid,
    KeyReused,
    NotFound,
    Problem,
    Unavailable,
)
from shared.database import Database, Document
from shared.due import in_parallel
from shared.kind import By, Change, Stored, derived_id, new_id
from shared.store import Store

log = structlog.get_logger()

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
        self._rows = KeptRows(database)
        self._judging = Judging(organisations, accommodations)
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
        id, batch, now = new_id(by), str(uuid4()), self._store.clock.now()
        table = read(content, columns(kind))
        judged = await self._judging.judge(kind, table.rows, id, caller, local_date(now))
        await self._rows.keep(id, batch, judged)
        one = _import(kind, batch, now + rules.KEPT_FOR, caller.person_id, table, judged)
        try:
            stored = await self._store.create(IMPORT, id, Change(one), by)
        except KeyReused:
            await self._rows.forget(batch)
            raise
        if stored.state.batch != batch:
            await self._rows.forget(batch)
        return stored

    async def commit(self, id: str, by: By) -> Stored[Import]:
        """Begin to make the rows; this returns at once, the rows follow."""
        now = self._store.clock.now()
        stored = await self._change(id, lambda one: rules.commit(one, by.correlation, now), by)
        if stored.state.status == "committing":
            self._wanted.put_nowait(id)
        return stored

    async def wake(self, id: str, by: By) -> None:
        """Nobody has gone on with it for a while: go on here. What nobody committed is forgotten."""
        now = self._store.clock.now()
        stored = await self._change(id, lambda one: rules.wake(one, now), by)
        if stored.state.status == "expired":
            await self._rows.forget(stored.state.batch)
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
        await self._rows.keep_on((await self.load(id)).state.batch)
        while (stored := await self.load(id)).state.status == "committing":
            one = stored.state
            size = min(CHUNK, one.rows - one.position)
            chunk = await self._rows.of(one, one.position, size)
            new = [row for row in chunk if row["verdict"] == "new" and not row["made"]]
            for turn in _parents_first(new):
                await in_parallel([partial(self._make, stored, row) for row in turn], AT_ONCE)
            await self._rows.made([row["_id"] for row in new if row["verdict"] == "new"])
            await self._advance(id, one.position, size, chunk)

    async def rows(self, one: Import, since: int, size: int) -> list[Document]:
        """Its rows in so many places from `since` on."""
        return await self._rows.of(one, since, size)

    async def _make(self, stored: Stored[Import], row: Document) -> None:
        """Make one row. What has come to clash since the dry run is this row's fault alone."""
        failpoints.reach(failpoints.WITHIN_IMPORT)
        one, id = stored.state, derived_id(stored.id, row["row"])
        by = By(actor=one.importer, correlation=one.correlation or stored.id)
        try:
            if one.kind == "organisations":
                profile = Profile.model_validate(row["values"])
                await self._insist_on_parent(profile.parent)
                await self._organisations.enter(id, profile, stored.id, by)
            else:
                await self._make_house(id, row["values"], stored.id, by)
        except Unavailable:
            raise
        except Problem as problem:
            row["verdict"] = "failed"
            await self._rows.failed(row["_id"], _faults_of(problem))

    async def _insist_on_parent(self, id: str | None) -> None:
        """A branch's national organisation may have gone, or failed itself, since the dry run."""
        if id is None:
            return
        try:
            parent = (await self._organisations.load(id)).state
        except NotFound:
            raise Invalid(fields=(no_such_parent(),)) from None
        if parent.kind != "national" or parent.status in ENDED:
            raise Invalid(fields=(parent_not_national(),))

    async def _make_house(self, id: str, values: Document, import_id: str, by: By) -> None:
        details, code = house_in(values)
        figure, _ = figure_in(values, local_date(self._store.clock.now()))
        await self._accommodations.enter(id, details, code, figure, import_id, by)

    async def _advance(self, id: str, since: int, size: int, chunk: Sequence[Document]) -> None:
        now, verdicts = self._store.clock.now(), [row["verdict"] for row in chunk]
        made = verdicts.count("new")
        # A row that is gone was not made.
        failed = size - made - verdicts.count("exists")
        await self._change(id, lambda one: rules.advance(one, since, size, made, failed, now), By())

    async def _change(
        self, id: str, rule: Callable[[Import], rules.Decision], by: By
    ) -> Stored[Import]:
        return await self._store.change(IMPORT, id, lambda one: Change(*rule(one)), by)


def _parents_first(rows: Sequence[Document]) -> tuple[list[Document], list[Document]]:
    """National organisations, then the rest; a parent stands above its branches in the file."""
    first = [row for row in rows if row["values"].get("kind") == "national"]
    return first, [row for row in rows if row["values"].get("kind") != "national"]


def _faults_of(problem: Problem) -> tuple[FieldError, ...]:
    return problem.fields or (FieldError("", problem.code, problem.detail),)


def _import(
    kind: ImportKind,
    batch: str,
    expires_at: datetime,
    importer: str,
    table: Table,
    judged: Sequence[Judged],
) -> Import:
    verdicts = [one.verdict for one in judged]
    return Import(
        kind=kind,
        batch=batch,
        expires_at=expires_at,
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
