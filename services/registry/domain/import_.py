"""An import: a file checked row by row, then committed as a whole: checked → committing → done.

Its rows lie beside it; the aggregate knows how far it has come, and when somebody else should go on.
"""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.registry.domain.import_columns import ImportKind
from shared.contracts.base import Facts, PersonId
from shared.contracts.problems import Refused
from shared.contracts.registry import ImportCommitted, ImportFinished

TAKEN_FOR = timedelta(seconds=10)


class Column(BaseModel):
    """A column's header in the file, and the field it fills; None when we know none."""

    model_config = ConfigDict(frozen=True)

    header: str
    field: str | None


class Import(BaseModel):
    """The aggregate; `position` counts the rows that are done with."""

    model_config = ConfigDict(frozen=True)

    kind: ImportKind
    importer: PersonId
    separator: str
    encoding: str
    looks_wrong: bool = False
    columns: tuple[Column, ...]
    counties: tuple[str, ...] = ()
    rows: int
    new: int
    existing: int
    faulty: int
    status: Literal["checked", "committing", "done"] = "checked"
    correlation: str | None = None
    position: int = 0
    made: int = 0
    failed: int = 0
    goes_on_at: datetime | None = None


Decision = tuple[Import, tuple[Facts, ...]]


def commit(one: Import, correlation: str, now: datetime) -> Decision:
    """Make what the file says, all of it or nothing: with a faulty row nothing is begun."""
    if one.status != "checked":
        return one, ()
    if one.faulty:
        raise Refused(
            "import-has-faults",
            sv=f"{one.faulty} rader behöver rättas. Rätta filen och ladda upp den igen.",
            en=f"{one.faulty} rows need correcting. Correct the file and upload it again.",
            extra={"faulty": one.faulty},
        )
    begun = one.model_copy(
        update={
            "status": "committing",
            "correlation": correlation,
            "goes_on_at": now + TAKEN_FOR,
        }
    )
    return begun, (ImportCommitted(kind=one.kind, rows=one.rows),)


def take(one: Import, now: datetime) -> Decision:
    """Whoever wakes it goes on with it, and is left alone for a while."""
    if one.status != "committing":
        return one, ()
    return one.model_copy(update={"goes_on_at": now + TAKEN_FOR}), ()


def advance(one: Import, since: int, rows: int, made: int, failed: int, now: datetime) -> Decision:
    """So many rows after `since` are done with; counted once, whoever else did the same."""
    if one.status != "committing" or one.position != since:
        return one, ()
    after = one.model_copy(
        update={
            "position": one.position + rows,
            "made": one.made + made,
            "failed": one.failed + failed,
            "goes_on_at": now + TAKEN_FOR,
        }
    )
    if after.position < after.rows:
        return after, ()
    done = after.model_copy(update={"status": "done", "goes_on_at": None})
    return done, (ImportFinished(made=done.made, failed=done.failed),)


def wakes_at(one: Import) -> datetime | None:
    """When it should be gone on with unless somebody has."""
    return one.goes_on_at
