"""What the store must know of imports, and what the public may: numbers only."""

from services.registry.domain import import_ as rules
from services.registry.domain.import_ import Import
from shared.contracts.registry import ImportSnapshot
from shared.kind import Kind


def _snapshot(one: Import) -> ImportSnapshot:
    return ImportSnapshot(
        kind=one.kind, status=one.status, rows=one.rows, position=one.position, failed=one.failed
    )


IMPORT = Kind(
    name="registry.import",
    state=Import,
    snapshots={"registry.import": _snapshot},
    wakes_at=rules.wakes_at,
)
