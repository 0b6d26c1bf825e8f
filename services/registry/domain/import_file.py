"""A table out of a CSV file: which encoding, which separator, where the header is. Pure text work.

Nothing is guessed from the content: strict UTF-8 or else cp1252, and the separator under which the
header yields most known names. Every value stays a text.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from shared.contracts.problems import Invalid
from shared.words import fold

SEPARATORS = (";", ",", "\t")
MOST_ROWS = 2_000
MOST_LINES = 20_000
"""Blank ones counted: what a spreadsheet leaves below the table, and no more."""
MOST_COLUMNS = 100
HEADER_WITHIN = 20
LONGEST_NAME = 60
LONGEST_CELL = 5_000
SIGNS_OF_WRONG_ENCODING = ("Ã¥", "Ã¤", "Ã¶", "Ã…", "Ã„", "Ã–", "â€")
_CONTROL_SIGNS = re.compile("[\x80-\x9f]")

Columns = Mapping[str, str]
"""A column's folded name → the field it fills."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the file (the header's own counted), and values by field."""

    number: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """What was read, and how; `columns` are headers and the fields they fill, if any."""

    rows: tuple[Row, ...]
    columns: tuple[tuple[str, str | None], ...]
    separator: str
    encoding: str
    looks_wrong: bool


def read(content: bytes, known: Columns) -> Table:
    """The table in a file; Invalid, in words, when there is none that we can read."""
    text, encoding = _decoded(content)
    separator, text = _separated(text, known)
    head, names = _header(_first_lines(text, separator), known)
    _insist_on_width(names)
    fields = [known.get(_plain(name)) for name in names]
    _insist_on_fields(fields)
    rows = _rows(text, separator, head, fields)
    columns = tuple(
        (name.strip()[:LONGEST_NAME], field) for name, field in zip(names, fields, strict=True)
    )
    wrong = any(sign in text for sign in SIGNS_OF_WRONG_ENCODING) or _CONTROL_SIGNS.search(text)
    return Table(rows, columns, separator, encoding, bool(wrong))


def _decoded(content: bytes) -> tuple[str, str]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        attempts: tuple[str, ...] = ("utf-16",)
    else:
        attempts = ("utf-8-sig", "cp1252")
    for encoding in attempts:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding
    raise Invalid(
        "not-a-text-file",
        sv="Filen är ingen textfil vi kan läsa. Spara den som CSV UTF-8 och försök igen.",
        en="The file is no text file that we can read. Save it as CSV UTF-8 and try again.",
    )


def _separated(text: str, known: Columns) -> tuple[str, str]:
    """The separator, and the text without the line in which a spreadsheet names it."""
    first = text[:100].partition("\n")[0]
    asked = first.strip().lower()
    if asked.startswith("sep=") and len(asked) <= 5:
        # The line stays as a blank one, so that rows keep their numbers.
        return asked[4:] or "\t", "\n" + text[len(first) + 1 :]
    return max(SEPARATORS, key=lambda one: _best(_first_lines(text, one), known)), text


def _lines(text: str, separator: str) -> Iterator[list[str]]:
    """One line after the other, as cells: whoever has enough stops."""
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    except (csv.Error, TypeError) as error:
        raise Invalid(
            "not-csv",
            sv="Filen går inte att läsa som CSV. Kontrollera citattecken och radbrytningar.",
            en="The file cannot be read as CSV. Check quotation marks and line breaks.",
        ) from error


def _first_lines(text: str, separator: str) -> list[list[str]]:
    return list(islice(_lines(text, separator), HEADER_WITHIN)) or [[]]


def _rows(text: str, separator: str, head: int, fields: Sequence[str | None]) -> tuple[Row, ...]:
    """The rows below the header; what is too much is refused as soon as that is seen."""
    rows: list[Row] = []
    for number, cells in enumerate(_lines(text, separator), start=1):
        if number > MOST_LINES:
            raise _too_many_rows()
        if number > head + 1 and any(cell.strip() for cell in cells):
            rows.append(Row(number, _values(cells, fields)))
        if len(rows) > MOST_ROWS:
            raise _too_many_rows()
    if not rows:
        raise Invalid(
            "no-rows",
            sv="Filen har en rubrik men inga rader under den.",
            en="The file has a header but no rows below it.",
        )
    return tuple(rows)


def _best(lines: Sequence[Sequence[str]], known: Columns) -> int:
    return max(_names_known(line, known) for line in lines)


def _names_known(cells: Sequence[str], known: Columns) -> int:
    plain = {_plain(cell) for cell in cells[:MOST_COLUMNS]}
    return len({known[name] for name in plain if name in known})


def _header(lines: Sequence[list[str]], known: Columns) -> tuple[int, list[str]]:
    """The line, among the first twenty, that names most of our fields; and its place from 0."""
    best = _best(lines, known)
    if best == 0:
        raise Invalid(
            "no-known-columns",
            sv="Ingen av de första raderna har en rubrik vi känner igen. Kolumner vi läser: namn, "
            "kommun, platser, organisationsnummer och fler; se API-beskrivningen.",
            en="None of the first lines has a header we know. Columns we read: name, municipality, "
            "capacity, number and more; see the API description.",
        )
    return next((n, line) for n, line in enumerate(lines) if _names_known(line, known) == best)


def _plain(name: str) -> str:
    return "".join(letter for letter in fold(name[:LONGEST_NAME]) if letter.isalnum())


def _values(cells: Sequence[str], fields: Sequence[str | None]) -> dict[str, str]:
    pairs = zip(fields, cells, strict=False)
    return {
        field: cleaned
        for field, cell in pairs
        if field and (cleaned := _cell(cell)) not in ("", "<tom>", "<empty>")
    }


def _cell(cell: str) -> str:
    """The cell without surrounding space, and without the `'` that keeps a formula from running."""
    cell = cell.strip()[:LONGEST_CELL]
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@", "'") else cell


def _insist_on_width(names: Sequence[str]) -> None:
    if len(names) > MOST_COLUMNS:
        raise Invalid(
            "too-many-columns",
            sv=f"Rubriken har fler än {MOST_COLUMNS} kolumner. Ta bort dem som inte behövs.",
            en=f"The header has more than {MOST_COLUMNS} columns. Remove those not needed.",
            extra={"most": MOST_COLUMNS},
        )


def _insist_on_fields(fields: Sequence[str | None]) -> None:
    named = [field for field in fields if field]
    doubled = sorted({field for field in named if named.count(field) > 1})
    if doubled:
        raise Invalid(
            "doubled-columns",
            sv=f"Samma uppgift står i flera kolumner: {', '.join(doubled)}. Behåll en av dem.",
            en=f"Several columns hold the same: {', '.join(doubled)}. Keep one of them.",
        )


def _too_many_rows() -> Invalid:
    return Invalid(
        "too-many-rows",
        sv=f"Filen har fler än {MOST_ROWS} rader. Ta bort tomma rader, eller dela den i delar om högst {MOST_ROWS}.",
        en=f"The file has more than {MOST_ROWS} rows. Remove blank ones, or split it into parts of at most {MOST_ROWS}.",
        extra={"most": MOST_ROWS},
    )
