"""What the store must know of imports, and what the public may: numbers only."""

from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.registry.domain import import_ as rules
from services.registry.domain.import_ import Import
from shared.contracts.registry import ImportSnapshot
from shared.database import Document
from shared.kind import Kind


def _snapshot(one: Import) -> ImportSnapshot:
    return ImportSnapshot(
        kind=one.kind, status=one.status, rows=one.rows, position=one.position, failed=one.failed
    )


def _keys(one: Import) -> dict[str, Any]:
    received = one.received_at.isoformat() if one.received_at else ""
    return {"importer": one.importer, "received_at": received}


def _with_verdicts(state: Document) -> Document:
    """Before there was more than new and existing, `looks_wrong` was no sample."""
    kept = {name: value for name, value in state.items() if name not in ("existing", "looks_wrong")}
    return {**kept, "unchanged": state["existing"], "looks_wrong": None}


IMPORT = Kind(
    name="registry.import",
    state=Import,
    snapshots={"registry.import": _snapshot},
    wakes_at=rules.wakes_at,
    keys=_keys,
    indexes=(
        IndexModel(
            [
                ("keys.importer", ASCENDING),
                ("keys.received_at", DESCENDING),
                ("_id", DESCENDING),
            ],
            name="importer",
        ),
    ),
    schema=2,
    upcasts={1: _with_verdicts},
)
