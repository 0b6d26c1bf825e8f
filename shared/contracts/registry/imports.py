"""What the registry says of imports: numbers only, never what a file says."""

from typing import Literal

from shared.contracts.base import Facts, PersonId, Snapshot

ImportKind = Literal["organisations", "people", "accommodations"]
ImportStatus = Literal["checking", "checked", "committing", "done", "undoing", "undone", "expired"]


class ImportReceived(Facts, type="registry.import.received"):
    kind: ImportKind
    rows: int


class ImportRemapped(Facts, type="registry.import.remapped"):
    """Its columns were given other fields; every row is judged anew."""


class ImportCommitted(Facts, type="registry.import.committed"):
    kind: ImportKind
    rows: int
    notify: bool = False


class ImportFinished(Facts, type="registry.import.finished"):
    """How many records were made, changed, left as they are, and could not be; who is to be told."""

    made: int
    failed: int = 0
    changed: int = 0
    unchanged: int = 0
    importer: PersonId | None = None


class ImportUndoBegun(Facts, type="registry.import.undo_begun"):
    pass


class ImportUndone(Facts, type="registry.import.undone"):
    """How many records were ended, restored, and kept since somebody works with them."""

    ended: int
    restored: int
    kept: int
    importer: PersonId | None = None


class ImportExpired(Facts, type="registry.import.expired"):
    pass


class ImportSnapshot(Snapshot, aggregate="registry.import"):
    """`position` counts the rows that are done with, of `rows`."""

    kind: ImportKind
    status: ImportStatus
    rows: int
    position: int
    failed: int = 0
