"""What the importer is shown of an import: nobody else sees any of it."""

from typing import Any

from services.registry.domain.import_ import Import
from services.registry.domain.import_columns import understood
from shared.contracts.problems import Language
from shared.database import Document
from shared.http import etag
from shared.kind import Stored

_OWN = ("importer", "batch", "correlation", "goes_on_at", "counties", "area", "from_1904")


def shown_import(stored: Stored[Import]) -> dict[str, Any]:
    """How it was read and how far it has come; headers that no field is known for are named."""
    one = stored.state
    unknown = [column.header for column in one.columns if column.field is None and column.header]
    state = one.model_dump(mode="json", exclude=set(_OWN))
    return {"id": stored.id, "version": stored.version, **state, "unknown_columns": unknown}


def import_tag(stored: Stored[Import]) -> str:
    """Its ETag; there is one view."""
    return etag(stored.version, "importer")


def shown_row(stored: Stored[Import], row: Document, language: Language) -> dict[str, Any]:
    """A row's verdict, faults and repairs, and old → new for each field that it sets."""
    shown = {
        "row": row["row"],
        "verdict": row["verdict"],
        "made": row.get("target") if row["made"] else None,
        "errors": [
            {"field": one["field"], "code": one["code"], "detail": one[language]}
            for one in row.get("faults", ())
        ],
        "repairs": _from_to(row.get("repairs", {})),
        "changes": _from_to(_changes(stored.state, row)),
    }
    undone = {name: row[name] for name in ("undone", "kept_since") if name in row}
    return shown | undone


def _changes(one: Import, row: Document) -> Document:
    if row["verdict"] != "new" or row["made"]:
        changes: Document = row.get("changes", {})
        return changes
    values = understood(one.kind, one.mapping, row["cells"], one.from_1904).values
    return {name: (None, value) for name, value in values.items()}


def _from_to(changes: Document) -> dict[str, Any]:
    return {name: {"from": old, "to": new} for name, (old, new) in changes.items()}
