"""Workbooks from outsiders: hostile ones are refused before they are opened, hidden sheets are not read."""

import io
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlwt
from small_registers import HEADER, ROWS, conserved, csv, register, xlsx

from kh02_pipelines.errors import SourceError
from kh02_pipelines.sources import workbook_child, workbook_parts
from kh02_pipelines.sources.nso_code_list import read_nso_code_list
from kh02_pipelines.sources.nso_conversion import read_nso_conversion
from kh02_pipelines.sources.nso_register import read_nso_register
from kh02_pipelines.sources.trace import Origin, Trace


def test_an_old_excel_file_says_the_same_as_csv() -> None:
    rows = [HEADER.split(","), *(row.split(",") for row in ROWS)]
    cells = ((at, column, cell) for at, row in enumerate(rows) for column, cell in enumerate(row))
    data = old_excel(*cells)
    from_xls, trace = register(data, "register.xls")
    from_csv, _ = register(csv(*ROWS))
    assert from_xls.drop(columns="row").equals(from_csv.drop(columns="row"))
    assert conserved(trace)


def old_excel(*cells: tuple[int, int, str]) -> bytes:
    sheet = (book := xlwt.Workbook()).add_sheet("PX")
    for row, column, text in cells:
        sheet.write(row, column, text)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_an_old_excel_file_with_far_cells_cannot_end_the_process(monkeypatch) -> None:
    far = old_excel((0, 0, "Mã"), (65_535, 80, "x"))
    with pytest.raises(SourceError, match=r"sheet 'PX' has too many cells; file far.xls"):
        register(far, "far.xls")
    monkeypatch.setattr(workbook_child, "MAX_MEMORY", 160 * 1024**2)
    with pytest.raises(SourceError, match=r"its cells take too much memory; file far.xls"):
        register(far, "far.xls")


def test_an_old_excel_file_cut_short_or_too_slow_is_refused(monkeypatch) -> None:
    whole = old_excel(*((0, column, text) for column, text in enumerate(HEADER.split(","))))
    with pytest.raises(SourceError, match="not a readable workbook"):
        register(whole[: len(whole) // 2], "cut.xls")
    monkeypatch.setattr(workbook_child, "MAX_SECONDS", 0.001)
    with pytest.raises(SourceError, match=r"more than 0\.001 seconds"):
        register(whole, "slow.xls")


def test_a_workbook_cut_short_is_refused() -> None:
    whole = xlsx([HEADER.split(","), *(row.split(",") for row in ROWS)])
    assert len(register(whole, "register.xlsx")[0]) == 7
    for size in (len(whole) // 2, len(whole) - 30, 40):
        with pytest.raises(SourceError, match="workbook"):
            register(whole[:size], "register.xlsx")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(monkeypatch) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(1024):
                part.write(b"\0" * 1024 * 1024)
        archive.writestr("[Content_Types].xml", "<Types/>")
    bomb = stream.getvalue()
    assert len(bomb) < 8 * 1024 * 1024

    def opened(*arguments, **options):
        raise AssertionError("nothing may be unpacked")

    monkeypatch.setattr(zipfile.ZipFile, "open", opened)
    with pytest.raises(SourceError, match=r"would unpack to 10737[0-9]+ bytes.*refused before unpacking"):
        register(bomb, "bomb.xlsx")


def altered(whole: bytes, part: str, change) -> bytes:
    """The workbook with one part changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            data = source.read(info)
            target.writestr(info.filename, change(data) if info.filename == part else data)
    return stream.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', "span .* cells"),
        ('<row><c r="XFD700000"><v>1</v></c></row>', "span .* cells"),
        ('<x:row xmlns:x="urn:x" r="&#49;048576"><x:c r="XFD1048576"/></x:row>', "span .* cells"),
        ('<row r="5000001"><c/></row>', "span 4[0-9]{7} cells"),
        ('<row r="1e9"/>', "has a row '1e9'"),
        ('<row r="9"><c r="A1B2"/></row>', "has a cell at 'A1B2'"),
        ('<row r="9"><c r="A9"></row>', "no sound XML"),
    ],
)
def test_cells_far_apart_are_refused_whatever_the_sheet_declares(cells, words) -> None:
    whole = xlsx([HEADER.split(","), *(row.split(",") for row in ROWS)])
    far = altered(whole, SHEET, lambda data: data.replace(b"</sheetData>", cells.encode() + b"</sheetData>"))
    for declared in (b'<dimension ref="A1:H4"/>', b""):
        with pytest.raises(SourceError, match=rf"{SHEET} .*{words}"):
            register(altered(far, SHEET, lambda data, d=declared: re.sub(b"<dimension[^>]*/>", d, data)), "far.xlsx")


def test_rows_and_cells_without_references_are_counted(monkeypatch) -> None:
    whole = xlsx([HEADER.split(","), *(row.split(",") for row in ROWS)])
    bare = altered(whole, SHEET, lambda data: re.sub(rb'(<dimension[^>]*/>| r="[A-Z]*[0-9]+")', b"", data))
    assert len(register(bare, "bare.xlsx")[0]) == 7
    monkeypatch.setattr(workbook_parts, "MAX_CELLS", 31)
    with pytest.raises(SourceError, match="span 32 cells"):
        register(bare, "bare.xlsx")


def test_a_sheet_under_another_name_and_other_kinds_of_zip_are_refused() -> None:
    whole = xlsx([HEADER.split(","), *(row.split(",") for row in ROWS)])
    rels = "xl/_rels/workbook.xml.rels"
    with pytest.raises(SourceError, match=r"names the part '/xl/worksheets/sheet1.bin', which is no XML"):
        register(altered(whole, rels, lambda data: data.replace(b"sheet1.xml", b"sheet1.bin")), "b.xlsx")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", '<t n:number-rows-repeated="1048576" xmlns:n="n"/>')
    with pytest.raises(SourceError, match="no XLSX workbook"):
        register(stream.getvalue(), "table.ods")


def book(*sheets: tuple[str, list[str], str]) -> bytes:
    """Sheets of name, rows of CSV, and state."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows, state in sheets:
        sheet = made.create_sheet(name)
        sheet.sheet_state = state
        for row in rows:
            sheet.append(row.split(","))
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def test_hidden_sheets_are_read_only_when_named() -> None:
    old = [HEADER, *(row.replace("Trúc Bạch", "Cũ") for row in ROWS)]
    data = book(("Cũ", old, "hidden"), ("Nay", [HEADER, *ROWS], "visible"), ("Nháp", old, "veryHidden"))
    units, trace = register(data, "r.xlsx")
    assert "Phường Trúc Bạch" in set(units["name"])
    notices = trace.issues().query("rule == 'sheet_not_read'")
    assert notices[["field", "raw_value"]].to_numpy().tolist() == [["sheet Cũ", "hidden"], ["sheet Nháp", "hidden"]]
    assert "Phường Cũ" in set(register(data, "r.xlsx", sheet="Cũ")[0]["name"])


def test_two_sheets_with_the_table_and_a_wrong_name_are_errors() -> None:
    data = book(("Bắc", [HEADER, *ROWS[:2]], "visible"), ("Nam", [HEADER, ROWS[2]], "visible"), ("X", ["a"], "visible"))
    with pytest.raises(SourceError, match="the table on several sheets: 'Bắc', 'Nam'"):
        register(data, "r.xlsx")
    assert len(register(data, "r.xlsx", sheet="Nam ")[0]) == 3
    for read in (read_nso_register, read_nso_code_list, read_nso_conversion):
        trace = Trace(Origin("test", "0" * 64, "r.xlsx"))
        with pytest.raises(SourceError, match="has no sheet 'Trung'; there are 'Bắc', 'Nam', 'X'"):
            read(data, Path("r.xlsx"), trace, sheet="Trung")
    with pytest.raises(SourceError, match="has no sheet 'Nam'; there are none: it is no workbook"):
        register(csv(*ROWS), sheet="Nam")


def test_a_sheet_that_declares_endless_cells_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", '<worksheet><dimension ref="A1:XFD1048576"/></worksheet>')
    with pytest.raises(SourceError, match=r"sheet1.xml declares 17179869184 cells"):
        register(stream.getvalue(), "wide.xlsx")


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "[Content_Types].xml"]
)
@pytest.mark.parametrize(
    "trick",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_xml_entity_tricks_are_refused(part, trick) -> None:
    whole = xlsx([HEADER.split(","), *(row.split(",") for row in ROWS)])
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(stream, "w") as target:
        for info in source.infolist():
            data = source.read(info)
            if info.filename == part:
                start = data.find(b"?>") + 2 if data.startswith(b"<?xml") else 0
                data = data[:start] + trick.encode() + data[start:]
            target.writestr(info.filename, data)
        if part not in source.namelist():
            target.writestr(part, f'<?xml version="1.0"?>{trick}<x/>')
    with pytest.raises(SourceError, match="document type or entities"):
        register(stream.getvalue(), "tricky.xlsx")
