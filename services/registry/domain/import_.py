"""An import: a file whose rows are judged, then made as a whole, and undone for a week if need be.

checking → checked → committing → done → undoing → undone; checked → checking when its columns are
given other fields. What nobody committed within a week expires; a week after it was made it can no
longer be undone. Then its rows say nothing any more.

Its rows lie beside it; the aggregate knows how far it has come, and when somebody else should go on.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from services.registry.domain.import_columns import ImportKind, fields
from shared.contracts.base import Facts, PersonId
from shared.contracts.problems import FieldError, Invalid, Refused, Text
from shared.contracts.registry import (
    ImportCommitted,
    ImportExpired,
    ImportFinished,
    ImportReceived,
    ImportRemapped,
    ImportStatus,
    ImportUndoBegun,
    ImportUndone,
)

TAKEN_FOR = timedelta(seconds=10)
KEPT_FOR = timedelta(days=7)
MOVING = ("checking", "committing", "undoing")


class Column(BaseModel):
    """A column's header in the file, and the field it fills; None when it is left out."""

    model_config = ConfigDict(frozen=True)

    header: str
    field: str | None


class Counts(BaseModel):
    """Verdicts of the dry run."""

    model_config = ConfigDict(frozen=True)

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    faulty: int = 0


class Import(Counts):
    """The aggregate; `position` counts the rows that are done with in the present status.

    `batch` is what its rows are kept under: another reading, even of the same file, has another.
    `area` are the counties in which the importer may enter accommodations; None is everywhere.
    `source` names the system whose ids stand in the file's column of external ids.
    """

    kind: ImportKind
    batch: str = ""
    importer: PersonId
    area: tuple[str, ...] | None = None
    source: str = "file"
    sheet: str | None = None
    separator: str | None = None
    encoding: str | None = None
    from_1904: bool = False
    looks_wrong: str | None = None
    """A sample of the text, when its encoding may have been another."""
    columns: tuple[Column, ...]
    counties: tuple[str, ...] = ()
    rows: int
    received_at: datetime | None = None
    status: ImportStatus = "checking"
    expires_at: datetime | None = None
    correlation: str | None = None
    notify: bool = False
    position: int = 0
    made: int = 0
    updated: int = 0
    left: int = 0
    failed: int = 0
    ended: int = 0
    restored: int = 0
    kept: int = 0
    goes_on_at: datetime | None = None

    @property
    def mapping(self) -> tuple[str | None, ...]:
        """The field of each column."""
        return tuple(one.field for one in self.columns)


class Step(BaseModel):
    """What became of some rows: of a commit the first four, of an undo the last three."""

    model_config = ConfigDict(frozen=True)

    made: int = 0
    updated: int = 0
    left: int = 0
    failed: int = 0
    ended: int = 0
    restored: int = 0
    kept: int = 0


Decision = tuple[Import, tuple[Facts, ...]]


def receive(one: Import, now: datetime) -> Decision:
    """A file has been read; its rows are to be judged."""
    begun = _with(one, status="checking", received_at=now, goes_on_at=now + TAKEN_FOR)
    return begun, (ImportReceived(kind=one.kind, rows=one.rows),)


def judged(
    one: Import, as_read: Import, counts: Counts, counties: Sequence[str], now: datetime
) -> Decision:
    """Every row has its verdict; nothing when its columns mean something else since."""
    if one.status != "checking" or one.columns != as_read.columns:
        return one, ()
    return _with(
        one,
        status="checked",
        **dict(counts),
        counties=tuple(counties),
        position=0,
        goes_on_at=None,
        expires_at=now + KEPT_FOR,
    ), ()


def reached(one: Import, position: int, now: datetime) -> Decision:
    """So many rows have their verdict; whoever judges is still at it."""
    if one.status != "checking":
        return one, ()
    return _with(one, position=position, goes_on_at=now + TAKEN_FOR), ()


def remap(one: Import, mapping: Sequence[str | None], now: datetime) -> Decision:
    """Other fields for its columns; None leaves a column out. Every row is judged anew."""
    _insist_on_alive(one, now)
    if one.status not in ("checked", "checking"):
        raise _wrong_status(one)
    _insist_on_fields(one, mapping)
    if tuple(mapping) == one.mapping:
        return one, ()
    columns = tuple(
        Column(header=column.header, field=field)
        for column, field in zip(one.columns, mapping, strict=True)
    )
    anew = _with(
        one,
        **dict(Counts()),
        columns=columns,
        status="checking",
        position=0,
        expires_at=None,
        goes_on_at=now + TAKEN_FOR,
    )
    return anew, (ImportRemapped(),)


def commit(one: Import, correlation: str, notify: bool, now: datetime) -> Decision:
    """Make what the file says, all of it or nothing: with a faulty row nothing is begun."""
    _insist_on_alive(one, now)
    if one.status == "checking":
        raise _wrong_status(one)
    if one.status != "checked":
        return one, ()
    if one.faulty:
        raise Refused(
            "import-has-faults",
            sv=f"{one.faulty} rader behöver rättas. Rätta filen och ladda upp den igen.",
            en=f"{one.faulty} rows need correcting. Correct the file and upload it again.",
            extra={"faulty": one.faulty},
        )
    begun = _with(
        one,
        status="committing",
        correlation=correlation,
        notify=notify,
        expires_at=None,
        goes_on_at=now + TAKEN_FOR,
    )
    return begun, (ImportCommitted(kind=one.kind, rows=one.rows, notify=notify),)


def undo(one: Import, correlation: str, now: datetime) -> Decision:
    """It was the wrong file: end what it made and restore what it changed, as far as nobody else has."""
    if one.status in ("undoing", "undone"):
        return one, ()
    if one.status != "done":
        raise _wrong_status(one)
    if one.expires_at is None or one.expires_at <= now:
        raise Refused(
            "undo-too-late",
            sv="Importen är äldre än en vecka och går inte att ångra. Ändra posterna en och en.",
            en="The import is more than a week old and cannot be undone. Change the records singly.",
        )
    begun = _with(
        one,
        status="undoing",
        correlation=correlation,
        position=0,
        expires_at=None,
        goes_on_at=now + TAKEN_FOR,
    )
    return begun, (ImportUndoBegun(),)


def advance(one: Import, status: str, since: int, rows: int, step: Step, now: datetime) -> Decision:
    """So many rows after `since` are done with; counted once, whoever else did the same."""
    if one.status != status or one.position != since:
        return one, ()
    sums = {name: getattr(one, name) + more for name, more in step}
    after = _with(one, **sums, position=since + rows, goes_on_at=now + TAKEN_FOR)
    if after.position < after.rows:
        return after, ()
    over = _with(after, goes_on_at=None, expires_at=now + KEPT_FOR)
    if status == "undoing":
        facts = ImportUndone(
            ended=over.ended, restored=over.restored, kept=over.kept, importer=one.importer
        )
        return _with(over, status="undone"), (facts,)
    return _with(over, status="done"), (_finished(over),)


def wake(one: Import, now: datetime) -> Decision:
    """What nobody committed expires; what is under way is taken over, and left alone for a while."""
    if _is_over(one, now):
        forgotten = _with(one, expires_at=None, looks_wrong=None)
        if one.status != "checked":
            return forgotten, ()
        return _with(forgotten, status="expired"), (ImportExpired(),)
    if one.status not in MOVING:
        return one, ()
    return _with(one, goes_on_at=now + TAKEN_FOR), ()


def wakes_at(one: Import) -> datetime | None:
    """When its rows are forgotten, or it should be gone on with unless somebody has."""
    return one.goes_on_at if one.status in MOVING else one.expires_at


def is_forgotten(one: Import) -> bool:
    """Whether its rows say nothing any more."""
    return one.status not in MOVING and one.expires_at is None


def _finished(one: Import) -> ImportFinished:
    return ImportFinished(
        made=one.made,
        changed=one.updated,
        unchanged=one.left,
        failed=one.failed,
        importer=one.importer,
    )


def _insist_on_fields(one: Import, mapping: Sequence[str | None]) -> None:
    known = fields(one.kind)
    faults = [
        FieldError(f"columns.{place}", "not-one-of", _one_of(known))
        for place, name in enumerate(mapping)
        if name is not None and (name not in known or name in mapping[:place])
    ]
    if len(mapping) != len(one.columns):
        text = Text(
            f"Ange ett fält eller null för var och en av de {len(one.columns)} kolumnerna.",
            f"Give a field or null for each of the {len(one.columns)} columns.",
        )
        faults = [FieldError("columns", "wrong-length", text)]
    if not any(mapping):
        text = Text("Minst en kolumn behöver ett fält.", "At least one column needs a field.")
        faults = [*faults, FieldError("columns", "missing", text)]
    if faults:
        raise Invalid(fields=tuple(faults))


def _one_of(known: Sequence[str]) -> Text:
    names = ", ".join(known)
    return Text(f"Ange vart fält en gång, något av: {names}.", f"Each field once, one of: {names}.")


def _insist_on_alive(one: Import, now: datetime) -> None:
    if one.status == "expired" or (one.status == "checked" and _is_over(one, now)):
        raise Refused(
            "import-expired",
            sv="Filen lästes in för mer än en vecka sedan och är borttagen här. "
            "Ladda upp den igen.",
            en="The file was read more than a week ago and is no longer here. Upload it again.",
        )


def _wrong_status(one: Import) -> Refused:
    return Refused(
        "wrong-status",
        sv="Importen kan inte det som läget är nu. Vänta tills den är klar, eller läs om sidan.",
        en="The import cannot do that as things stand. Wait until it is ready, or reload the page.",
        extra={"status": one.status},
    )


def _is_over(one: Import, now: datetime) -> bool:
    return one.status not in MOVING and one.expires_at is not None and one.expires_at <= now


def _with(one: Import, **changes: object) -> Import:
    return one.model_copy(update=changes)
