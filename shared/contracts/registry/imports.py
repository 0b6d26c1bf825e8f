"""What the registry says of imports."""

from typing import Literal

from shared.contracts.base import Facts, Snapshot


class ImportCommitted(Facts, type="registry.import.committed"):
    kind: Literal["organisations", "accommodations"]
    rows: int


class ImportFinished(Facts, type="registry.import.finished"):
    made: int
    failed: int = 0


class ImportExpired(Facts, type="registry.import.expired"):
    pass


class ImportSnapshot(Snapshot, aggregate="registry.import"):
    kind: Literal["organisations", "accommodations"]
    status: Literal["checked", "committing", "done", "expired"]
    rows: int
    position: int
    failed: int = 0
