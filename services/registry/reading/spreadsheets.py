"""XLSX and ODS: the one visible sheet whose header we know, as rows of texts.

A workbook is a zip: it is refused before it is unpacked when it would swell beyond what an honest
table needs. Every cell becomes the text that a person would type.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook
from python_calamine import SheetTypeEnum as Types
from python_calamine import SheetVisibleEnum as Visible

from services.registry.reading.table import HEADER_WITHIN, MOST_COLUMNS, Cells, Known, best
from shared.contracts.problems import Invalid

MOST_UNPACKED_BYTES = 100_000_000
MOST_SWOLLEN = 100
"""Times its packed size; an honest 100,000 rows swell 12 times, a bomb 770."""
SMALL_PART_BYTES = 1_000_000
ZIP = b"PK\x03\x04"
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_DATES_FROM_1904 = re.compile(rb'date1904="(?:1|true)"')


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet that was chosen; `from_1904` when its bare numbers count days from 1904."""

    name: str
    lines: Iterator[Cells]
    from_1904: bool


def is_spreadsheet(content: bytes) -> bool:
    """A zip, as both formats are; the old binary one is refused with what to do."""
    if content.startswith(OLD_EXCEL):
        raise Invalid(
            "old-spreadsheet",
            sv="Filen är i Excels gamla format. Spara den som XLSX och försök igen.",
            en="The file is in Excel's old format. Save it as XLSX and try again.",
        )
    return content.startswith(ZIP)


def sheet(content: bytes, known: Known, wanted: str | None) -> Sheet:
    """The visible sheet with a header we know; Invalid when there is none, or several to choose from."""
    from_1904 = _insist_on_honest_zip(content)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        visible = [
            workbook.get_sheet_by_name(one.name)
            for one in workbook.sheets_metadata
            if one.visible == Visible.Visible and one.typ == Types.WorkSheet
        ]
    except (CalamineError, ValueError) as error:
        raise _unreadable() from error
    chosen = _chosen(visible, known, wanted)
    return Sheet(chosen.name, _lines(chosen), from_1904)


def _insist_on_honest_zip(content: bytes) -> bool:
    """Refuse a bomb by what its directory says, before a byte is unpacked; whether it has 1904 dates."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            infos = parts.infolist()
            if sum(one.file_size for one in infos) > MOST_UNPACKED_BYTES or any(
                one.file_size > max(SMALL_PART_BYTES, MOST_SWOLLEN * one.compress_size)
                for one in infos
            ):
                raise _bomb()
            with suppress(KeyError), parts.open("xl/workbook.xml") as workbook:
                return bool(_DATES_FROM_1904.search(workbook.read(SMALL_PART_BYTES)))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise _unreadable() from error
    return False


def _chosen(sheets: Sequence[CalamineSheet], known: Known, wanted: str | None) -> CalamineSheet:
    fitting = {one.name: best(islice(_lines(one), HEADER_WITHIN), known) for one in sheets}
    names = [name for name, fields in fitting.items() if fields]
    # A notes page with one word that we happen to know is no table beside one that knows many.
    if clear := [name for name in names if fitting[name] > 1]:
        names = clear
    if wanted is not None:
        names = [one.name for one in sheets if one.name == wanted]
    if len(names) == 1:
        return next(one for one in sheets if one.name == names[0])
    if not names and wanted is None and sheets:
        # Its table is refused with the words for a header that nobody knows.
        return sheets[0]
    raise _which_sheet(names or list(fitting))


def _lines(one: CalamineSheet) -> Iterator[Cells]:
    """From the sheet's first row on, so that rows keep their numbers."""
    if one.start is None:
        return
    rows_above, columns_left = one.start
    yield from ([] for _ in range(min(rows_above, HEADER_WITHIN)))
    if rows_above >= HEADER_WITHIN:
        return
    left = [""] * min(columns_left, MOST_COLUMNS + 1)
    for cells in one.iter_rows():
        yield left + [_text(cell) for cell in cells[: MOST_COLUMNS + 1]]


def _text(cell: Any) -> str:
    """A number without its `.0`, a day without its midnight, everything else as it reads."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "ja" if cell else "nej"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _bomb() -> Invalid:
    return Invalid(
        "swells-too-much",
        sv="Filen blir för stor när den packas upp. Ta bort tomma rader och bilder, eller dela den.",
        en="The file becomes too large when unpacked. Remove blank rows and images, or split it.",
    )


def _unreadable() -> Invalid:
    return Invalid(
        "not-a-spreadsheet",
        sv="Filen går inte att läsa som kalkylblad, eller är låst. Spara den som XLSX utan lösenord.",
        en="The file cannot be read as a spreadsheet, or is locked. Save it as XLSX without password.",
    )


def _which_sheet(names: Sequence[str]) -> Invalid:
    return Invalid(
        "which-sheet",
        sv="Filen har flera blad. Säg vilket med sheet=BLADETS NAMN.",
        en="The file has several sheets. Say which one with sheet=ITS NAME.",
        extra={"sheets": [name[:100] for name in names[:50]]},
    )
