"""Where a table begins and which of its columns we know: the same for every kind of file.

The header is the row, among the first twenty, that names most of our fields; titles and blank rows
may stand above it. Row numbers are the sheet's own.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from shared.contracts.problems import Invalid
from shared.words import fold

MOST_ROWS = 100_000
MOST_LINES = 1_100_000
"""Blank ones counted: a sheet has 1,048,576."""
MOST_COLUMNS = 100
HEADER_WITHIN = 20
LONGEST_NAME = 60
LONGEST_CELL = 5_000

Known = Mapping[str, str]
"""A column's plain name → the field it fills."""
Cells = list[str]


@dataclass(frozen=True, slots=True)
class Head:
    """The header: headers as they are written, and the field each fills, if we know one."""

    headers: tuple[str, ...]
    fields: tuple[str | None, ...]


def plain(name: str) -> str:
    """A header as it is looked up: letters and digits only, no accents; nothing of a long text."""
    if len(name) > LONGEST_NAME:
        return ""
    return "".join(sign for sign in fold(name) if sign.isalnum())


def names_known(cells: Sequence[str], known: Known) -> int:
    """How many of our fields a row names."""
    names = {plain(cell) for cell in cells[:MOST_COLUMNS]}
    return len({known[name] for name in names if name in known})


def best(lines: Iterable[Sequence[str]], known: Known) -> int:
    """How many fields the best of these rows names."""
    return max((names_known(line, known) for line in lines), default=0)


def table(lines: Iterator[Cells], known: Known) -> tuple[Head, Iterator[tuple[int, Cells]]]:
    """The header, and the rows below it with their numbers; Invalid when there is none."""
    first = list(islice(lines, HEADER_WITHIN))
    at, cells = _header(first, known)
    head = _head(cells, known)
    below = chain(first[at + 1 :], lines)
    return head, _rows(below, at + 2, len(head.headers))


def _header(first: Sequence[Cells], known: Known) -> tuple[int, Cells]:
    most = best(first, known)
    if most == 0:
        raise Invalid(
            "no-known-columns",
            sv="Ingen rubrik känns igen på de första tjugo raderna. Rubriken kan till exempel vara "
            "namn;organisationsnummer;kommun.",
            en="No header is recognised in the first twenty rows. It could be, for example, "
            "name;number;municipality.",
        )
    return next((at, cells) for at, cells in enumerate(first) if names_known(cells, known) == most)


def _head(cells: Cells, known: Known) -> Head:
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    if len(cells) > MOST_COLUMNS:
        raise Invalid(
            "too-many-columns",
            sv=f"Rubriken har fler än {MOST_COLUMNS} kolumner. Ta bort dem som inte behövs.",
            en=f"The header has more than {MOST_COLUMNS} columns. Remove those not needed.",
            extra={"most": MOST_COLUMNS},
        )
    fields = tuple(known.get(plain(name)) for name in cells)
    insist_on_single(fields)
    return Head(tuple(" ".join(name.split())[:LONGEST_NAME] for name in cells), fields)


def insist_on_single(fields: Sequence[str | None]) -> None:
    """No field stands in two columns."""
    named = [field for field in fields if field]
    doubled = sorted({field for field in named if named.count(field) > 1})
    if doubled:
        raise Invalid(
            "doubled-columns",
            sv=f"Samma uppgift står i flera kolumner: {', '.join(doubled)}. Behåll en av dem.",
            en=f"Several columns hold the same: {', '.join(doubled)}. Keep one of them.",
            extra={"doubled": doubled},
        )


def _rows(below: Iterator[Cells], first: int, width: int) -> Iterator[tuple[int, Cells]]:
    """Rows that say something; too many are refused as soon as that is seen."""
    found = 0
    for number, cells in enumerate(below, start=first):
        if number > MOST_LINES:
            raise _too_many_rows()
        shown = [cell.strip()[:LONGEST_CELL] for cell in cells[:width]]
        if not any(shown):
            continue
        found += 1
        if found > MOST_ROWS:
            raise _too_many_rows()
        yield number, shown + [""] * (width - len(shown))
    if not found:
        raise Invalid(
            "no-rows",
            sv="Filen har en rubrik men inga rader under den.",
            en="The file has a header but no rows below it.",
        )


def _too_many_rows() -> Invalid:
    return Invalid(
        "too-many-rows",
        sv=f"Filen har fler än {MOST_ROWS} rader. Dela den i delar om högst {MOST_ROWS}.",
        en=f"The file has more than {MOST_ROWS} rows. Split it into parts of at most {MOST_ROWS}.",
        extra={"most": MOST_ROWS},
    )
