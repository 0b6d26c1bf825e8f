"""The error file: the faulty rows as they were, with what is wrong, to be corrected and sent again.

CSV as a Swedish Excel opens it. No personal number stands in it, and no cell can run as a formula.
"""

import csv
import io
from collections.abc import AsyncIterator, Sequence

from starlette.responses import Response, StreamingResponse

from services.registry.commands.imports import Imports
from services.registry.domain.import_ import Import
from shared.contracts.problems import Language, Text
from shared.database import Document
from shared.deadline import renew_deadline
from shared.kind import Stored

PAGE = 500
WRONG = ("faulty", "failed")
_COLUMN = Text("fel", "errors")
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def errors_file(imports: Imports, stored: Stored[Import], language: Language) -> Response:
    """The file, page by page: it can be as long as the import."""
    return StreamingResponse(
        _pages(imports, stored.state, language),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{_COLUMN.en}-{stored.id}.csv"'},
    )


async def _pages(imports: Imports, one: Import, language: Language) -> AsyncIterator[str]:
    headers = [column.header for column in one.columns]
    yield "\ufeff" + _written([[_COLUMN.in_language(language), *headers]])
    since = 0
    while True:
        renew_deadline()
        rows = await imports.rows(one, since, PAGE, WRONG)
        if not rows:
            return
        since = rows[-1]["place"] + 1
        yield _written([_line(row, language) for row in rows])


def _line(row: Document, language: Language) -> list[str]:
    faults = [f"{one['field']}: {one[language]}".removeprefix(": ") for one in row["faults"]]
    return [" ".join(faults), *row["cells"]]


def _written(lines: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(
        [guarded(cell) for cell in line] for line in lines
    )
    return text.getvalue()


def guarded(cell: str) -> str:
    """With one `'` before what a spreadsheet would run, or what already has such a `'`."""
    return f"'{cell}" if cell.lstrip("'").startswith(_FORMULA_SIGNS) else cell
