"""The public language as JSON Schema, under version control in shared/contracts/schemas/.

`python -m deploy.contracts` writes the files anew; `--check` only compares with them and exits 1 when
a change would break somebody who still speaks the committed version. Removing or retyping a field,
asking for a new one, or taking a word out of a vocabulary breaks; a new optional field or word does
not (consumers go out before publishers).
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.contracts import FACTS, SNAPSHOTS
from shared.contracts.base import Event

FOLDER = Path(__file__).parent.parent / "shared" / "contracts" / "schemas"
Schema = dict[str, Any]


def schemas() -> dict[str, Schema]:
    """Every contract by name: the envelope, each snapshot, the facts of each event."""
    found = {"event": Event.model_json_schema()}
    found |= {f"{name}.snapshot": kind.model_json_schema() for name, kind in SNAPSHOTS.items()}
    found |= {f"{name}.facts": kind.model_json_schema() for name, kind in FACTS.items()}
    return dict(sorted(found.items()))


def committed() -> dict[str, Schema]:
    """The contracts as they are under version control."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def write() -> None:
    """Replace the committed contracts by today's."""
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for name, schema in schemas().items():
        text = json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False)
        (FOLDER / f"{name}.json").write_text(text + "\n")


def breaks(old: dict[str, Schema], new: dict[str, Schema]) -> Iterator[str]:
    """What somebody who speaks the old contracts could no longer read or say."""
    for name, schema in old.items():
        if name not in new:
            yield f"{name} is gone"
        else:
            yield from _schema_breaks(name, schema, new[name], schema, new[name])


def _schema_breaks(
    path: str, old: Schema, new: Schema, old_root: Schema, new_root: Schema
) -> Iterator[str]:
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    if _shape(old) - _shape(new):
        yield f"{path} changes from {sorted(_shape(old))} to {sorted(_shape(new))}"
    yield from (f"{path} loses the word {word}" for word in _words(old) - _words(new))
    added = set(new.get("required", ())) - set(old.get("required", ()))
    yield from (f"{path}.{name} is asked for now" for name in sorted(added))
    for name, part in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{path}.{name} is gone"
        else:
            where = f"{path}.{name}"
            yield from _schema_breaks(where, part, new["properties"][name], old_root, new_root)
    for inner in ("items", "additionalProperties"):
        if isinstance(old.get(inner), dict) and isinstance(new.get(inner), dict):
            where = f"{path}.{inner}"
            yield from _schema_breaks(where, old[inner], new[inner], old_root, new_root)


def _resolved(schema: Schema, root: Schema) -> Schema:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        found: Schema = root["$defs"][name]
        return found
    return schema


def _shape(schema: Schema) -> set[str]:
    """The JSON types that a value may have."""
    options = schema.get("anyOf", [schema])
    return {str(one.get("type", one.get("$ref", "any"))) for one in options}


def _words(schema: Schema) -> set[str]:
    options = schema.get("anyOf", [schema])
    return {str(word) for one in options for word in (*one.get("enum", ()), one.get("const"))} - {
        "None"
    }


def main() -> int:
    """Write, or compare and say what breaks or is not committed yet."""
    if "--check" not in sys.argv[1:]:
        write()
        return 0
    old, new = committed(), schemas()
    faults = list(breaks(old, new))
    if old != new and not faults:
        faults = ["contracts have grown: run `python -m deploy.contracts` and commit the result"]
    print("\n".join(faults) or f"{len(new)} contracts are as committed.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
