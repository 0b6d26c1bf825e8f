"""Workbooks made by hand, part by part: also such as no honest program would write."""

import io
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

Sheets = Mapping[str, Sequence[Sequence[Any]]]

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="2"><font/><font><b/></font></fonts>'
    '<cellXfs count="3"><xf/><xf numFmtId="14" applyNumberFormat="1"/><xf fontId="1"/></cellXfs>'
    "</styleSheet>"
)


@dataclass(frozen=True)
class DateCell:
    """A cell with a date's format."""

    day: date


def date_cell(year: int, month: int, day: int) -> DateCell:
    """A cell that a spreadsheet shows as a date."""
    return DateCell(date(year, month, day))


def xlsx(
    sheets: Sheets,
    *,
    hidden: Collection[str] = (),
    merged: Sequence[str] = (),
    bold_empty: int | None = None,
    from_1904: bool = False,
    doctype: str = "",
    raw: bool = False,
) -> bytes:
    """A workbook; `bold_empty` is the row of an empty cell that has a format."""
    parts = {
        "[Content_Types].xml": _types(len(sheets)),
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _workbook(sheets, hidden, from_1904),
        "xl/_rels/workbook.xml.rels": _relations(
            [("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)]
            + [("styles", "styles.xml")]
        ),
        "xl/styles.xml": _STYLES,
    }
    for number, rows in enumerate(sheets.values(), start=1):
        lines = [_row(at, row, raw) for at, row in enumerate(rows, start=1)]
        if bold_empty:
            lines.append(f'<row r="{bold_empty}"><c r="A{bold_empty}" s="2"/></row>')
        merge = "".join(f'<mergeCell ref="{area}"/>' for area in merged)
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'{doctype}<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData>'
            + (f"<mergeCells>{merge}</mergeCells>" if merge else "")
            + "</worksheet>"
        )
    return _zipped(parts)


def ods(sheets: Sheets) -> bytes:
    """An OpenDocument spreadsheet."""
    space = "urn:oasis:names:tc:opendocument:xmlns"
    tables = "".join(
        f'<table:table table:name="{escape(name)}">'
        + "".join(
            f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows
        )
        + "</table:table>"
        for name, rows in sheets.items()
    )
    content = (
        f'<office:document-content xmlns:office="{space}:office:1.0" '
        f'xmlns:table="{space}:table:1.0" xmlns:text="{space}:text:1.0">'
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        f'<manifest:manifest xmlns:manifest="{space}:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        "</manifest:manifest>"
    )
    return _zipped({"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})


def bomb(unpacked: int) -> bytes:
    """A workbook whose sheet is that many bytes of nothing."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _types(1))
        archive.writestr("xl/workbook.xml", _workbook({"A": []}, (), False))
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            block = b" " * 1_000_000
            for _ in range(unpacked // len(block)):
                sheet.write(block)
    return out.getvalue()


def _row(at: int, row: Sequence[Any], raw: bool) -> str:
    cells = "".join(_cell(f"{chr(65 + place)}{at}", value, raw) for place, value in enumerate(row))
    return f'<row r="{at}">{cells}</row>' if cells else ""


def _cell(place: str, value: Any, raw: bool) -> str:
    if isinstance(value, DateCell):
        return f'<c r="{place}" s="1"><v>{(value.day - date(1899, 12, 30)).days}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value}</v></c>'
    text = value if raw else escape(value)
    return (
        f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
        if value
        else ""
    )


def _ods_cell(value: Any) -> str:
    if isinstance(value, DateCell):
        said = f'office:value-type="date" office:date-value="{value.day}"'
        return f"<table:table-cell {said}><text:p>{value.day}</text:p></table:table-cell>"
    if isinstance(value, int | float):
        said = f'office:value-type="float" office:value="{value}"'
        return f"<table:table-cell {said}><text:p>{value}</text:p></table:table-cell>"
    return (
        '<table:table-cell office:value-type="string">'
        f"<text:p>{escape(value)}</text:p></table:table-cell>"
    )


def _workbook(sheets: Sheets, hidden: Collection[str], from_1904: bool) -> str:
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"'
        + (' state="hidden"' if name in hidden else "")
        + "/>"
        for n, name in enumerate(sheets, start=1)
    )
    dates = '<workbookPr date1904="1"/>' if from_1904 else ""
    return f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}">{dates}<sheets>{listed}</sheets></workbook>'


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def _types(sheets: int) -> str:
    office = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    listed = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{office}.worksheet+xml"/>'
        for n in range(1, sheets + 1)
    )
    return (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{office}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{office}.styles+xml"/>{listed}</Types>'
    )


def _zipped(parts: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()
