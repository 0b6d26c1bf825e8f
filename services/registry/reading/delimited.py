"""CSV in any Swedish Excel's dialect. Pure text work.

Nothing is guessed from the content: UTF-16 by its mark, else strict UTF-8, else cp1252; and the
separator under which the header yields most known names. Every value stays a text.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from services.registry.reading.table import HEADER_WITHIN, Cells, Known, best
from shared.contracts.problems import Invalid

SEPARATORS = (";", ",", "\t")
SIGNS_OF_WRONG_ENCODING = ("Ã¥", "Ã¤", "Ã¶", "Ã…", "Ã„", "Ã–", "â€")
SAMPLE = 40
_CONTROL_SIGNS = re.compile("[\x80-\x9f]")
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Delimited:
    """A CSV file as text, and how it was read; `looks_wrong` is a sample of it when it does."""

    text: str
    separator: str
    encoding: str
    looks_wrong: str | None

    def lines(self) -> Iterator[Cells]:
        """One line after the other, as cells: whoever has enough stops."""
        return _lines(self.text, self.separator)


def delimited(content: bytes, known: Known, separator: str | None = None) -> Delimited:
    """The text in a CSV file; Invalid, in words, when it is none."""
    text, encoding = _decoded(content)
    found, text = _separated(text, known)
    return Delimited(text, separator or found, encoding, _odd_sample(text))


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
        sv="Filen är ingen textfil vi kan läsa. Spara den som CSV UTF-8 eller XLSX och försök igen.",
        en="The file is no text file that we can read. Save it as CSV UTF-8 or XLSX and try again.",
    )


def _separated(text: str, known: Known) -> tuple[str, str]:
    """The separator, and the text without the line in which a spreadsheet names it."""
    first = text[:100].partition("\n")[0]
    asked = first.strip().lower()
    if asked.startswith("sep=") and len(asked) <= 5:
        # The line stays as a blank one, so that rows keep their numbers.
        return asked[4:] or "\t", "\n" + text[len(first) + 1 :]
    return max(SEPARATORS, key=lambda one: best(_first_lines(text, one), known)), text


def _first_lines(text: str, separator: str) -> list[Cells]:
    return list(islice(_lines(text, separator), HEADER_WITHIN))


def _lines(text: str, separator: str) -> Iterator[Cells]:
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            yield [_unguarded(cell) for cell in cells]
    except (csv.Error, TypeError) as error:
        raise Invalid(
            "not-csv",
            sv="Filen går inte att läsa som CSV. Kontrollera citattecken och radbrytningar.",
            en="The file cannot be read as CSV. Check quotation marks and line breaks.",
        ) from error


def _unguarded(cell: str) -> str:
    """Without the one `'` that keeps a spreadsheet from running the cell as a formula."""
    is_guarded = cell[:1] == "'" and cell.lstrip("'").startswith(_FORMULA_SIGNS)
    return cell[1:] if is_guarded else cell


def _odd_sample(text: str) -> str | None:
    signs = (text.find(sign) for sign in SIGNS_OF_WRONG_ENCODING)
    places = [place for place in signs if place >= 0]
    if control := _CONTROL_SIGNS.search(text):
        places.append(control.start())
    if not places:
        return None
    start = max(0, min(places) - SAMPLE // 2)
    return " ".join(text[start : start + SAMPLE].split())
