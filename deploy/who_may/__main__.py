"""`python -m deploy.who_may` writes docs/who-may-what.md; `--check` exits 1 when it is not up to date."""

import sys
from pathlib import Path

from deploy.who_may.document import document

PAGE = Path(__file__).parent.parent.parent / "docs" / "who-may-what.md"


def main() -> int:
    """Write the page, or compare."""
    text = document()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text)
    elif not PAGE.exists() or PAGE.read_text() != text:
        print("docs/who-may-what.md is not up to date: run `python -m deploy.who_may`.")
        return 1
    print("Who may what stands in docs/who-may-what.md.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
