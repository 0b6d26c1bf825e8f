"""Imports: read a file, judge it as a whole, make its rows, undo them for a week.

`run` does what takes long, beside everything else in the process: a page at a time, with rests. After
each page the aggregate knows how far it has come; whoever finds it left alone goes on.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

import structlog

from services.registry.commands.accommodations import Accommodations
from services.registry.commands.import_houses import HouseRows
from services.registry.commands.import_kept import KeptRows
from services.registry.commands.import_making import Making
from services.registry.commands.import_organisations import OrganisationRows
from services.registry.commands.import_pace import BACKLOG_AT_MOST, Pace
from services.registry.commands.import_people import PeopleRows
from services.registry.commands.import_rows import Judged, Rows, Seen, rows_of
from services.registry.commands.organisations import Organisations
from services.registry.commands.people import People
from services.registry.domain import import_ as rules
from services.registry.domain.import_ import Column, Counts, Import
from services.registry.domain.import_columns import ImportKind, columns
from services.registry.kinds import IMPORT
from services.registry.queries.common import as_step
from services.registry.reading.parent import Wish, reading
from shared.contracts.problems import NotFound, Problem, Unavailable
from shared.database import Database, Document
from shared.deadline import database_deadline, renew_deadline
from shared.kind import By, Change, Stored, new_id
from shared.relay import Relay
from shared.store import Store

log = structlog.get_logger()

PAGE = 100
JUDGED_AT_ONCE = 2_000
"""Rows that the upload itself waits for; a longer file is judged beside it."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file and what its uploader says of it; `area` are the counties they may enter, None is all."""

    kind: ImportKind
    content: bytes
    importer: str
    area: tuple[str, ...] | None = None
    source: str = "file"
    wish: Wish = field(default_factory=Wish)


class Imports:
    """Use cases of the import aggregate."""

    def __init__(
        self,
        store: Store,
        database: Database,
        relay: Relay,
        organisations: Organisations,
        people: People,
        accommodations: Accommodations,
    ) -> None:
        self._store = store
        self._relay = relay
        self._kept = KeptRows(database)
        self._rows: dict[ImportKind, Rows] = {
            "organisations": OrganisationRows(organisations),
            "people": PeopleRows(people, organisations, store.clock),
            "accommodations": HouseRows(accommodations, store.clock),
        }
        self._making = Making(store, self._kept, self._rows)
        self._wanted: asyncio.Queue[str] = asyncio.Queue()

    async def load(self, id: str) -> Stored[Import]:
        """One import; NotFound when there is none."""
        return await self._store.load(IMPORT, id)

    async def check(self, upload: Upload, by: By) -> Stored[Import]:
        """The dry run: every row's verdict, nothing made. Invalid for a file that cannot be read.

        Of a long file the verdicts follow (`status` is `checking` until then).
        """
        batch, now = str(uuid4()), self._store.clock.now()
        try:
            one = await self._read(upload, batch, now)
            stored = await self._store.create(
                IMPORT, new_id(by), Change(*rules.receive(one, now)), by
            )
        except Problem:
            await self._drop(batch)
            raise
        if stored.state.batch != batch:
            await self._drop(batch)
        return await self._judged_if_short(stored)

    async def remap(self, id: str, mapping: Sequence[str | None], by: By) -> Stored[Import]:
        """Other fields for its columns (If-Match), and the dry run anew."""
        now = self._store.clock.now()
        stored = await self._change(id, lambda one: rules.remap(one, mapping, now), by)
        return await self._judged_if_short(stored)

    async def commit(self, id: str, notify: bool, by: By) -> Stored[Import]:
        """Begin to make the rows; this returns at once, the rows follow."""
        now = self._store.clock.now()
        return self._go_on_soon(
            await self._change(id, lambda one: rules.commit(one, by.correlation, notify, now), by)
        )

    async def undo(self, id: str, by: By) -> Stored[Import]:
        """Begin to undo what it made; this returns at once."""
        now = self._store.clock.now()
        return self._go_on_soon(
            await self._change(id, lambda one: rules.undo(one, by.correlation, now), by)
        )

    async def wake(self, id: str, by: By) -> None:
        """Nobody has gone on with it for a while: go on here. What is over is forgotten."""
        now = self._store.clock.now()
        stored = await self._change(id, lambda one: rules.wake(one, now), by)
        if stored.state.status == "expired":
            await self._kept.drop(stored.state.batch)
        elif rules.is_forgotten(stored.state):
            await self._kept.forget(stored.state.batch)
        self._go_on_soon(stored)

    async def forget_person(self, id: str) -> None:
        """What files said of somebody who is erased."""
        await self._kept.forget_person(id)

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
        """Do what is left of it, page by page."""
        stored = await self.load(id)
        if stored.state.status == "checking":
            await self._judge(stored, Pace())
        elif stored.state.status in rules.MOVING:
            await self._kept.keep_on(stored.state.batch)
            while stored.state.status in ("committing", "undoing"):
                async with Pace():
                    stored = await self._page_done(stored)
                await self._until_told()

    async def timeline(self, id: str) -> list[Document]:
        """What was done with it, and when."""
        return [as_step(row) for row in await self._store.timeline(IMPORT, id)]

    async def rows(
        self, one: Import, since: int, size: int, verdicts: Sequence[str] = ()
    ) -> list[Document]:
        """At most `size` of its rows from place `since` on."""
        return await self._kept.of(one, since, size, verdicts)

    async def _read(self, upload: Upload, batch: str, now: datetime) -> Import:
        rows = 0
        known = columns(upload.kind)
        async with reading(upload.content, known, upload.wish) as file:
            async for page in file.pages():
                renew_deadline()
                await self._kept.keep(batch, rows, page, now)
                rows += len(page)
            how = file.how
        named = zip(how.headers, how.fields, strict=True)
        return Import(
            kind=upload.kind,
            batch=batch,
            importer=upload.importer,
            area=upload.area,
            source=upload.source,
            sheet=how.sheet,
            separator=how.separator,
            encoding=how.encoding,
            from_1904=how.from_1904,
            looks_wrong=how.looks_wrong,
            columns=tuple(Column(header=header, field=field) for header, field in named),
            rows=rows,
        )

    async def _judged_if_short(self, stored: Stored[Import]) -> Stored[Import]:
        if stored.state.status == "checking" and stored.state.rows <= JUDGED_AT_ONCE:
            return await self._judge(stored, None)
        return self._go_on_soon(stored)

    async def _judge(self, stored: Stored[Import], pace: Pace | None) -> Stored[Import]:
        """Every row's verdict; from the first on, also after a kill: it costs little, and is the same."""
        seen, verdicts, counties = Seen(), Counts(), set[str]()
        one = stored.state
        while page := await self._kept.of(one, sum(dict(verdicts).values()), PAGE):
            if pace is None:
                renew_deadline()
                judged = await self._judge_page(stored, page, seen)
            else:
                async with pace:
                    judged = await self._judge_page(stored, page, seen)
            verdicts = _with(verdicts, judged)
            counties |= {row.county for row in judged if row.county}
            if pace is not None and not await self._is_still_wanted(stored, verdicts):
                return await self.load(stored.id)
        now = self._store.clock.now()
        return await self._change(
            stored.id, lambda new: rules.judged(new, one, verdicts, sorted(counties), now), By()
        )

    async def _judge_page(
        self, stored: Stored[Import], page: Sequence[Document], seen: Seen
    ) -> list[Judged]:
        one = stored.state
        rows = rows_of(one, stored.id, page)
        judged = await self._rows[one.kind].judge(one, stored.id, rows, seen)
        for row, verdict in zip(rows, judged, strict=True):
            verdict.repairs = row.read.repairs
        await self._kept.judged(page, judged, one.kind == "people")
        return judged

    async def _is_still_wanted(self, stored: Stored[Import], verdicts: Counts) -> bool:
        """Say how far it has come; whether its columns still mean what they did."""
        now, reached = self._store.clock.now(), sum(dict(verdicts).values())
        after = await self._change(stored.id, lambda one: rules.reached(one, reached, now), By())
        return after.state.status == "checking" and after.state.columns == stored.state.columns

    async def _page_done(self, stored: Stored[Import]) -> Stored[Import]:
        one = stored.state
        size = min(PAGE, one.rows - one.position)
        page = await self._kept.of(one, one.position, size)
        work = self._making.make if one.status == "committing" else self._making.undo
        step = await work(stored, page)
        if one.status == "committing" and len(page) < size:
            # A row that is gone was not made.
            step = step.model_copy(update={"failed": step.failed + size - len(page)})
        now = self._store.clock.now()
        return await self._change(
            stored.id,
            lambda new: rules.advance(new, one.status, one.position, size, step, now),
            By(actor=one.importer, correlation=one.correlation or stored.id),
        )

    async def _until_told(self) -> None:
        while self._relay.backlog > BACKLOG_AT_MOST:
            await asyncio.sleep(0.005)

    def _go_on_soon(self, stored: Stored[Import]) -> Stored[Import]:
        if stored.state.status in rules.MOVING:
            self._wanted.put_nowait(stored.id)
        return stored

    async def _drop(self, batch: str) -> None:
        database_deadline.set(None)
        await self._kept.drop(batch)

    async def _change(
        self, id: str, rule: Callable[[Import], rules.Decision], by: By
    ) -> Stored[Import]:
        return await self._store.change(IMPORT, id, lambda one: Change(*rule(one)), by)


def _with(counts: Counts, judged: Sequence[Judged]) -> Counts:
    verdicts = [one.verdict for one in judged]
    return Counts(
        **{name: number + verdicts.count(name) for name, number in counts}  # type: ignore[arg-type]
    )
