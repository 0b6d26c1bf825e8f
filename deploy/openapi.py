"""The OpenAPI document of each service, under version control in docs/openapi/.

Clients are generated from these files. `python -m deploy.openapi` writes them anew; `--check` exits 1
when a service answers for something else than what is committed.
"""

import json
import sys
from pathlib import Path
from typing import Any

from deploy.services import unstarted

FOLDER = Path(__file__).parent.parent / "docs" / "openapi"


def documents() -> dict[str, dict[str, Any]]:
    """What each service describes itself as today."""
    return {name: app.openapi() for name, app in unstarted().items()}


def written(document: dict[str, Any]) -> str:
    """A document as its file holds it: sorted, so that a change shows as that change alone."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the files, or say which are not as committed."""
    faults = []
    for name, document in documents().items():
        path, text = FOLDER / f"{name}.json", written(document)
        if "--check" not in sys.argv[1:]:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            faults.append(f"{path.name} is not as the {name} describes itself")
    if faults:
        faults.append("Run `python -m deploy.openapi` and commit docs/openapi/.")
    print("\n".join(faults) or "docs/openapi/ has what the services describe themselves as.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
