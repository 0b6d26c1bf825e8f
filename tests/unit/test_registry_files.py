"""Files as people really have them: what is read of them, and what is refused in words."""

import csv
import io
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.domain.import_columns import KINDS, TABLES, columns, understood
from services.registry.reading import delimited as delimited_files
from services.registry.reading.child import read
from services.registry.reading.delimited import SEPARATORS
from services.registry.reading.table import HEADER_WITHIN, MOST_LINES, MOST_ROWS
from services.registry.views.import_errors import guarded
from shared.contracts.problems import Invalid
from tests.spreadsheets import bomb, date_cell, ods, xlsx

KNOWN = columns("organisations")
HOUSES = columns("accommodations")
HEADERS = HEADER_WITHIN * (len(SEPARATORS) + 1)


def rows_in(content: bytes, known: Any = KNOWN, **more: Any) -> list[tuple[int, list[str]]]:
    return list(read(content, known, **more)[1])


def code_of(content: bytes, known: Any = KNOWN, **more: Any) -> str:
    with pytest.raises(Invalid) as told:
        rows_in(content, known, **more)
    return told.value.code


class Counting:
    """Stands for the csv module, and counts the lines that are read."""

    Error = csv.Error

    def __init__(self) -> None:
        self.lines = 0

    def reader(self, *arguments: Any, **more: Any) -> Iterator[list[str]]:
        for line in csv.reader(*arguments, **more):
            self.lines += 1
            yield line


@pytest.mark.promise("P21")
@pytest.mark.parametrize(
    ("content", "code", "most"),
    [
        (b"a\n" * 500_000, "no-known-columns", HEADERS),
        (b"namn;slag\n" + b"a\n" * 490_000, "too-many-rows", HEADERS + 1 + MOST_ROWS + 1),
        (b"namn;slag\n" + b"\n" * 1_200_000, "too-many-rows", HEADERS + 1),
        (b";" * 120_000 + b"namn\n", "no-known-columns", HEADERS),
        (b"namn" + b";" * 120_000 + b"slag\n", "too-many-columns", HEADERS),
    ],
)
def test_no_more_of_a_file_is_read_than_a_table_may_have(
    content: bytes, code: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = Counting()
    monkeypatch.setattr(delimited_files, "csv", counting)
    assert code_of(content) == code
    assert counting.lines <= most + MOST_LINES


@pytest.mark.case("R10")
@pytest.mark.case("R09")
def test_titles_above_and_blank_lines_between_and_below_leave_the_rows_and_their_numbers() -> None:
    text = (
        "Sammanställning;\n;\nnamn;slag\nA;partner\n;\n;\n;\n;\n;\nB;partner\n" + ";;;;\n" * 5_000
    )
    assert rows_in(text.encode()) == [(4, ["A", "partner"]), (10, ["B", "partner"])]


@pytest.mark.case("R03")
@pytest.mark.case("R04")
@pytest.mark.case("R05")
@pytest.mark.parametrize(
    ("content", "separator", "encoding"),
    [
        ("namn;slag\nRöda Korset Åre;partner\n".encode("utf-8-sig"), ";", "utf-8-sig"),
        ("namn;slag\r\nRöda Korset Åre;partner\r\n".encode("cp1252"), ";", "cp1252"),
        ("namn;ort\nRöda Korset Åre;Åre\n".encode("cp1252"), ";", "cp1252"),
        ("namn,slag\nRöda Korset Åre,partner\n".encode(), ",", "utf-8-sig"),
        ("namn\tslag\nRöda Korset Åre\tpartner\n".encode("utf-16"), "\t", "utf-16"),
        ("sep=;\nnamn;slag;okänd\nRöda Korset Åre;partner;x\n".encode(), ";", "utf-8-sig"),
        ("sep=,\r\nnamn,slag\r\nRöda Korset Åre,partner\r\n".encode(), ",", "utf-8-sig"),
        ("namn;slag;språk\nRöda Korset Åre;partner;['sv', 'ar']\n".encode(), ";", "utf-8-sig"),
        ("namn\nRöda Korset Åre\n".encode(), ";", "utf-8-sig"),
    ],
)
def test_encoding_and_separator_are_found_without_guessing(
    content: bytes, separator: str, encoding: str
) -> None:
    how, rows = read(content, KNOWN)
    assert (how["separator"], how["encoding"], how["looks_wrong"]) == (separator, encoding, None)
    assert [cells[0] for _, cells in rows] == ["Röda Korset Åre"]
    assert how["fields"][0] == "name"


@pytest.mark.case("R03")
def test_the_separator_can_be_said_and_a_line_that_names_it_keeps_the_rows_numbers() -> None:
    assert rows_in(b"namn|slag\nA|partner\n", separator="|") == [(2, ["A", "partner"])]
    assert rows_in(b"sep=,\nnamn,slag\nA,partner\n") == [(3, ["A", "partner"])]


@pytest.mark.case("R05")
def test_a_text_that_was_decoded_wrongly_once_is_shown_in_a_sample() -> None:
    how, _ = read("namn;slag\nRÃ¶da Korset Ã…re;partner\n".encode(), KNOWN)
    assert "RÃ¶da Korset" in how["looks_wrong"]


@pytest.mark.case("R04")
def test_an_unknown_header_is_named_and_no_field() -> None:
    how, _ = read(b"namn;Ordf\xc3\xb6rande\nA;x\n", KNOWN)
    assert list(zip(how["headers"], how["fields"], strict=True)) == [
        ("namn", "name"),
        ("Ordförande", None),
    ]


@pytest.mark.case("R09")
def test_a_header_that_names_a_field_twice_is_refused() -> None:
    assert code_of(b"namn;name\nA;B\n") == "doubled-columns"
    assert code_of(xlsx({"A": [["namn", "namn"], ["A", "B"]]})) == "doubled-columns"


@pytest.mark.case("R09")
def test_hidden_sheets_are_never_read_and_titles_may_stand_above() -> None:
    rows = [["Boenden hösten 2026"], [], ["kod", "namn"], ["A-1", "Björknäs demo"]]
    old = [["kod", "namn"], ["A-9", "Gammalt"]]
    content = xlsx({"Gammalt": old, "Nytt": rows}, hidden={"Gammalt"}, merged=("A1:B1",))
    how, found = read(content, HOUSES)
    assert (how["sheet"], list(found)) == ("Nytt", [(4, ["A-1", "Björknäs demo"])])


@pytest.mark.case("R09")
def test_of_several_fitting_sheets_the_uploader_says_which() -> None:
    sheets = {"Norr": [["kod", "namn"], ["A", "a"]], "Syd": [["kod", "namn"], ["B", "b"]]}
    with pytest.raises(Invalid) as told:
        read(xlsx(sheets), HOUSES)
    assert (told.value.code, told.value.extra["sheets"]) == ("which-sheet", ["Norr", "Syd"])
    assert rows_in(xlsx(sheets), HOUSES, sheet_name="Syd") == [(2, ["B", "b"])]
    assert rows_in(ods(sheets), HOUSES, sheet_name="Norr") == [(2, ["A", "a"])]
    assert code_of(xlsx(sheets), HOUSES, sheet_name="Väst") == "which-sheet"


@pytest.mark.case("R10")
@pytest.mark.parametrize("last", [12_000, 1_048_576])
def test_a_bold_empty_cell_far_below_adds_no_rows(last: int) -> None:
    content = xlsx({"A": [["namn", "slag"], ["A", "partner"], ["B", "partner"]]}, bold_empty=last)
    began = time.monotonic()
    assert [number for number, _ in rows_in(content)] == [2, 3]
    assert time.monotonic() - began < 1


@pytest.mark.case("R01")
@pytest.mark.case("R07")
@pytest.mark.parametrize("make", [xlsx, ods])
def test_numbers_and_dates_in_cells_read_as_people_write_them(make: Any) -> None:
    head = ["kommun", "datum", "platser"]
    content = make({"A": [head, [114, date_cell(2026, 8, 1), 50.0]]})
    assert rows_in(content, HOUSES) == [(2, ["114", "2026-08-01", "50"])]


@pytest.mark.case("R07")
@pytest.mark.parametrize(
    ("cell", "from_1904", "day"),
    [
        ("46235", False, "2026-08-01"),
        ("44773", True, "2026-08-01"),
        ("2026-08-01", False, "2026-08-01"),
        ("20260801", False, "2026-08-01"),
        ("2026-08-01 00:00:00", False, "2026-08-01"),
        ("1/8/2026", False, "1/8/2026"),
        ("2026-08-01 13:00", False, "2026-08-01 13:00"),
    ],
)
def test_a_day_has_one_reading_or_none(cell: str, from_1904: bool, day: str) -> None:
    read_ = understood("accommodations", ["on"], [cell], from_1904)
    assert read_.values == {"on": day}
    assert read_.repairs == ({"on": (cell, day)} if cell != day else {})


@pytest.mark.case("R07")
def test_a_workbook_that_counts_from_1904_is_known_as_one() -> None:
    how, rows = read(xlsx({"A": [["datum"], [44773]]}, from_1904=True), HOUSES)
    assert (how["from_1904"], list(rows)) == (True, [(2, ["44773"])])


@pytest.mark.case("R01")
@pytest.mark.parametrize(
    "cell", ["114", "114.0", '"0114"', "0114", "Upplands Väsby", "UPPLANDS VASBY"]
)
def test_every_spelling_of_a_municipality_is_its_code(cell: str) -> None:
    assert understood("accommodations", ["municipality"], [cell]).values == {"municipality": "0114"}


@pytest.mark.case("R13")
def test_an_empty_cell_says_nothing_and_a_named_emptiness_clears() -> None:
    cells = ["A", "", "<tom>", "<EMPTY>"]
    found = understood("organisations", ["name", "phone", "mail", "web"], cells)
    assert found.values == {"name": "A", "mail": None, "web": None}


@pytest.mark.case("R11")
@pytest.mark.promise("P21")
def test_what_swells_is_refused_before_it_is_unpacked() -> None:
    content = bomb(301_000_000)
    assert len(content) < 1_000_000
    began = time.monotonic()
    assert code_of(content) == "swells-too-much"
    assert time.monotonic() - began < 0.2
    assert code_of(b"PK\x03\x04 no zip") == "not-a-spreadsheet"
    assert code_of(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500) == "old-spreadsheet"


@pytest.mark.case("R11")
def test_entities_are_not_expanded() -> None:
    doctype = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>'
    content = xlsx({"A": [["namn"], ["&c;"]]}, doctype=doctype, raw=True)
    try:
        cells = [cell for _, row in rows_in(content) for cell in row]
    except Invalid:
        return
    assert "bbbb" not in "".join(cells)


@pytest.mark.case("R19")
def test_a_personal_number_is_gone_before_a_row_is_anywhere() -> None:
    text = "namn;organisationsnummer;telefon\nVera 19121212-1212;121212-1212;0701740605\n"
    assert rows_in(text.encode()) == [(2, ["Vera [personnummer]", "[personnummer]", "0701740605"])]


@pytest.mark.case("R31")
@pytest.mark.parametrize(
    "name", ['=HYPERLINK("http://x";"y")', "@sum", "-5", "+1", "'=literal", "'", "''=x", "plain"]
)
def test_a_formula_stays_text_there_and_back(name: str) -> None:
    line = io.StringIO()
    csv.writer(line, delimiter=";").writerow([guarded(name), guarded("+46701740605")])
    content = f"namn;telefon\r\n{line.getvalue()}".encode("utf-8-sig")
    assert rows_in(content) == [(2, [name, "+46701740605"])]
    assert rows_in(xlsx({"A": [["namn"], [name]]})) == [(2, [name])]
    assert not guarded(name).startswith(("=", "+", "-", "@"))


_CELL = st.text(st.characters(codec="cp1252", exclude_categories=["Cc", "Cs"]), max_size=12).map(
    str.strip
)


@pytest.mark.case("R03")
@pytest.mark.case("R04")
@pytest.mark.case("R05")
@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(_CELL, _CELL, _CELL).filter(any), min_size=1, max_size=5),
    separator=st.sampled_from(SEPARATORS),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    named=st.booleans(),
)
def test_the_same_table_in_any_dialect_gives_the_same_rows(
    rows: list[tuple[str, str, str]],
    separator: str,
    encoding: str,
    end: str,
    quoting: Any,
    named: bool,
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator=end, quoting=quoting)
    writer.writerow(["namn", "organisationsnummer", "språk"])
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    first = f"sep={separator}{end}" if named else ""
    found = rows_in((first + text.getvalue()).encode(encoding))
    expected = [[cell.strip() for cell in row] for row in rows]
    assert [cells for _, cells in found] == expected
    sheet = [["namn", "organisationsnummer", "språk"], *map(list, rows)]
    assert [cells for _, cells in rows_in(xlsx({"A": sheet}))] == expected


def test_every_column_is_known_by_its_swedish_and_english_header() -> None:
    for kind in KINDS:
        for column in TABLES[kind]:
            for header in (column.swedish, column.english, column.swedish.upper()):
                how, _ = read(f"{header};x\na;b\n".encode(), columns(kind))
                assert how["fields"][0] == column.field, header
        names = [name for column in TABLES[kind] for name in set(column.names)]
        assert len(names) == len(set(names)), kind
