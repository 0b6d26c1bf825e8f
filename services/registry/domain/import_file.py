"""A table out of a CSV file: which encoding, which separator, where the header is. Pure text work.

Nothing is guessed from the content: strict UTF-8 or else cp1252, and the separator under which the
header yields most known names. Every value stays a text.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.contracts.problems import Invalid
from shared.words import fold

SEPARATORS = (";", ",", "\t")
MOST_ROWS = 2_000
MOST_COLUMNS = 100
HEADER_WITHIN = 20
LONGEST_CELL = 5_000
SIGNS_OF_WRONG_ENCODING = ("Ã¥", "Ã¤", "Ã¶", "Ã…", "Ã„", "Ã–", "â€")

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
    separator, lines = _separated(text, known)
    head = _header(lines, known)
    fields = [known.get(_plain(name)) for name in lines[head]]
    _insist_on_fields(fields)
    rows = tuple(
        Row(number, _values(cells, fields))
        for number, cells in enumerate(lines[head + 1 :], start=head + 2)
        if any(cell.strip() for cell in cells)
    )
    _insist_on_size(rows)
    columns = tuple(
        (name.strip()[:60], field) for name, field in zip(lines[head], fields, strict=True)
    )
    wrong = any(sign in text for sign in SIGNS_OF_WRONG_ENCODING) or any(
        "\x80" <= sign <= "\x9f" for sign in text
    )
    return Table(rows, columns, separator, encoding, wrong)


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


def _separated(text: str, known: Columns) -> tuple[str, list[list[str]]]:
    first, _, rest = text.partition("\n")
    asked = first.strip().lower()
    if asked.startswith("sep=") and len(asked) <= 5:
        separator = asked[4:] or "\t"
        # The line stays as a blank one, so that rows keep their numbers.
        return separator, _cells("\n" + rest, separator)
    tried = [(separator, _cells(text, separator)) for separator in SEPARATORS]
    return max(tried, key=lambda one: _best(one[1], known))


def _cells(text: str, separator: str) -> list[list[str]]:
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except (csv.Error, TypeError) as error:
        raise Invalid(
            "not-csv",
            sv="Filen går inte att läsa som CSV. Kontrollera citattecken och radbrytningar.",
            en="The file cannot be read as CSV. Check quotation marks and line breaks.",
        ) from error
    return lines or [[]]


def _best(lines: Sequence[Sequence[str]], known: Columns) -> int:
    return max(_names_known(line, known) for line in lines[:HEADER_WITHIN])


def _names_known(cells: Sequence[str], known: Columns) -> int:
    return len({known[plain] for cell in cells if (plain := _plain(cell)) in known})


def _header(lines: Sequence[Sequence[str]], known: Columns) -> int:
    """The line, among the first twenty, that names most of our fields."""
    best = _best(lines, known)
    if best == 0:
        raise Invalid(
            "no-known-columns",
            sv="Ingen av de första raderna har en rubrik vi känner igen. Kolumner vi läser: namn, "
            "kommun, platser, organisationsnummer och fler; se API-beskrivningen.",
            en="None of the first lines has a header we know. Columns we read: name, municipality, "
            "capacity, number and more; see the API description.",
        )
    return next(n for n, line in enumerate(lines) if _names_known(line, known) == best)


def _plain(name: str) -> str:
    return "".join(letter for letter in fold(name) if letter.isalnum())


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


def _insist_on_fields(fields: Sequence[str | None]) -> None:
    named = [field for field in fields if field]
    doubled = sorted({field for field in named if named.count(field) > 1})
    if doubled or len(fields) > MOST_COLUMNS:
        raise Invalid(
            "doubled-columns",
            sv=f"Samma uppgift står i flera kolumner: {', '.join(doubled)}. Behåll en av dem.",
            en=f"Several columns hold the same: {', '.join(doubled)}. Keep one of them.",
        )


def _insist_on_size(rows: Sequence[Row]) -> None:
    if not rows:
        raise Invalid(
            "no-rows",
            sv="Filen har en rubrik men inga rader under den.",
            en="The file has a header but no rows below it.",
        )
    if len(rows) > MOST_ROWS:
        raise Invalid(
            "too-many-rows",
            sv=f"Filen har {len(rows)} rader. Dela den i delar om högst {MOST_ROWS}.",
            en=f"The file has {len(rows)} rows. Split it into parts of at most {MOST_ROWS}.",
            extra={"rows": len(rows)},
        )
