"""`python -m services.registry.reading.child`: read one file from stdin within hard limits.

First line in: the wish (known names, sheet, separator) as JSON; then the file. First line out: how
it was read, as JSON; then pages of rows; last an empty page, or `{"problem": ...}` in words.
What is parsed here can exhaust this process only.
"""

import json
import resource
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any

from services.registry.domain.import_columns import without_personal_numbers
from services.registry.reading.delimited import delimited
from services.registry.reading.spreadsheets import is_spreadsheet, sheet
from services.registry.reading.table import Cells, Known, table
from shared.contracts.problems import Invalid

MEMORY_BYTES = 1_500_000_000
"""Address space, of which an honest 100,000 rows take a third."""
CPU_SECONDS = 20
PAGE_ROWS = 200


def main() -> None:
    """Limit oneself, read, write."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    wish = json.loads(sys.stdin.buffer.readline())
    try:
        how, rows = read(sys.stdin.buffer.read(), **wish)
        _say(how)
        while page := list(islice(rows, PAGE_ROWS)):
            _say({"rows": page})
        _say({"rows": []})
    except Invalid as problem:
        _say({"problem": problem_in(problem)})


def read(
    content: bytes, known: Known, sheet_name: str | None = None, separator: str | None = None
) -> tuple[dict[str, Any], Iterator[tuple[int, Cells]]]:
    """How a file was read, and its rows with their numbers; Invalid, in words, when it cannot be."""
    how: dict[str, Any] = {"separator": None, "encoding": None, "looks_wrong": None}
    if is_spreadsheet(content):
        found = sheet(content, known, sheet_name)
        lines = found.lines
        how |= {"sheet": found.name, "from_1904": found.from_1904}
    else:
        text = delimited(content, known, separator)
        lines = text.lines()
        how |= {"sheet": None, "from_1904": False, "separator": text.separator}
        how |= {"encoding": text.encoding, "looks_wrong": text.looks_wrong}
    head, rows = table(lines, known)
    hidden = ((number, without_personal_numbers(head.fields, cells)) for number, cells in rows)
    return how | {"headers": head.headers, "fields": head.fields}, hidden


def problem_in(problem: Invalid) -> dict[str, Any]:
    """A problem as it travels to the parent."""
    detail = problem.detail
    return {"code": problem.code, "sv": detail.sv, "en": detail.en, "extra": problem.extra}


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
