"""An import: a file checked row by row, then committed as a whole: checked → committing → done.

What is not committed within a week is expired, and its rows are gone.

Its rows lie beside it; the aggregate knows how far it has come, and when somebody else should go on.
"""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.registry.domain.import_columns import ImportKind
from shared.contracts.base import Facts, PersonId
from shared.contracts.problems import Refused
from shared.contracts.registry import ImportCommitted, ImportExpired, ImportFinished

TAKEN_FOR = timedelta(seconds=10)
KEPT_FOR = timedelta(days=7)


class Column(BaseModel):
    """A column's header in the file, and the field it fills; None when we know none."""

    model_config = ConfigDict(frozen=True)

    header: str
    field: str | None


class Import(BaseModel):
    """The aggregate; `position` counts the rows that are done with.

    `batch` is what its rows are kept under: another reading, even of the same file, has another.
    """

    model_config = ConfigDict(frozen=True)

    kind: ImportKind
    batch: str = ""
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
    status: Literal["checked", "committing", "done", "expired"] = "checked"
    expires_at: datetime | None = None
    correlation: str | None = None
    position: int = 0
    made: int = 0
    failed: int = 0
    goes_on_at: datetime | None = None


Decision = tuple[Import, tuple[Facts, ...]]


def commit(one: Import, correlation: str, now: datetime) -> Decision:
    """Make what the file says, all of it or nothing: with a faulty row nothing is begun."""
    if one.status == "expired" or _is_over(one, now):
        raise Refused(
            "import-expired",
            sv="Filen lästes in för mer än en vecka sedan och är borttagen här. "
            "Ladda upp den igen.",
            en="The file was read more than a week ago and is no longer here. Upload it again.",
        )
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


def wake(one: Import, now: datetime) -> Decision:
    """What nobody committed expires; what is under way is taken over, and left alone for a while."""
    if _is_over(one, now):
        return one.model_copy(update={"status": "expired"}), (ImportExpired(),)
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
    """When it expires, or should be gone on with unless somebody has."""
    return one.expires_at if one.status == "checked" else one.goes_on_at


def _is_over(one: Import, now: datetime) -> bool:
    return one.status == "checked" and one.expires_at is not None and one.expires_at <= now
