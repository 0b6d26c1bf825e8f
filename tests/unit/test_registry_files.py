"""Reading a file costs what its table is worth, however long the rest of it is."""

import csv
from collections.abc import Iterator
from typing import Any

import pytest

from services.registry.domain import import_file
from services.registry.domain.import_columns import columns
from services.registry.domain.import_file import HEADER_WITHIN, MOST_LINES, MOST_ROWS, SEPARATORS
from shared.contracts.problems import Invalid

KNOWN = columns("organisations")
HEADERS = HEADER_WITHIN * (len(SEPARATORS) + 1)


class Counting:
    """Stands for the csv module, and counts the lines that are read."""

    Error = csv.Error

    def __init__(self) -> None:
        self.lines = 0

    def reader(self, *arguments: Any, **more: Any) -> Iterator[list[str]]:
        for line in csv.reader(*arguments, **more):
            self.lines += 1
            yield line


def refused(content: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[str, int]:
    """The code with which a file is refused, and how many lines were read for that."""
    counting = Counting()
    monkeypatch.setattr(import_file, "csv", counting)
    with pytest.raises(Invalid) as told:
        import_file.read(content, KNOWN)
    return told.value.code, counting.lines


@pytest.mark.promise("P21")
@pytest.mark.parametrize(
    ("content", "code", "most"),
    [
        (b"a\n" * 500_000, "no-known-columns", HEADERS),
        (b"namn;slag\n" + b"a\n" * 490_000, "too-many-rows", HEADERS + 1 + MOST_ROWS + 1),
        (b"namn;slag\n" + b"\n" * 990_000, "too-many-rows", HEADERS + MOST_LINES + 1),
        (b";" * 120_000 + b"namn\n", "no-known-columns", HEADERS),
        (b"namn" + b";" * 120_000 + b"\n", "too-many-columns", HEADERS),
    ],
)
def test_no_more_of_a_file_is_read_than_a_table_may_have(
    content: bytes, code: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, lines = refused(content, monkeypatch)
    assert found == code
    assert lines <= most


def test_a_table_as_long_as_it_may_be_is_read_whole_blank_lines_below_and_all() -> None:
    text = "Sammanställning\n\nnamn;slag\n" + "A;partner\n" * MOST_ROWS + ";\n" * 5_000
    table = import_file.read(text.encode(), KNOWN)
    assert len(table.rows) == MOST_ROWS
    assert (table.rows[0].number, table.rows[-1].number) == (4, MOST_ROWS + 3)


def test_a_separator_named_in_the_first_line_keeps_the_rows_numbers() -> None:
    for end in ("\n", "\r\n"):
        table = import_file.read(f"sep=,{end}namn,slag{end}A,partner{end}".encode(), KNOWN)
        assert (table.separator, table.rows[0].number) == (",", 3)
        assert table.rows[0].values == {"name": "A", "kind": "partner"}
