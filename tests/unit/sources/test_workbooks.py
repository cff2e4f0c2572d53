"""Workbooks from outsiders: hostile ones end a process of their own, hidden sheets are not read."""

import io
import re
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import openpyxl
import pytest
import python_calamine
import xlwt
from hostile_workbooks import ATTACKS, BOOK, SHEET, damaged, many_sheets, packed, parts
from small_registers import HEADER, ROWS, conserved, csv, register

from kh02_pipelines.errors import SourceError
from kh02_pipelines.sources import workbook, workbook_child
from kh02_pipelines.sources.nso_code_list import read_nso_code_list
from kh02_pipelines.sources.nso_conversion import read_nso_conversion
from kh02_pipelines.sources.nso_register import read_nso_register
from kh02_pipelines.sources.trace import Origin, Trace
from kh02_pipelines.sources.workbook import WorkbookSheet, read_workbook


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
    with pytest.raises(SourceError, match=r"sheet 'PX' has too many cells; the limit is 3000000; file far.xls"):
        register(far, "far.xls")
    monkeypatch.setattr(workbook, "MAX_MEMORY", 160 * 1024**2)
    with pytest.raises(SourceError, match=r"takes more than 160 MB or 60 seconds to read.*; file far.xls"):
        register(far, "far.xls")


def test_an_old_excel_file_cut_short_or_too_slow_is_refused(monkeypatch) -> None:
    whole = old_excel(*((0, column, text) for column, text in enumerate(HEADER.split(","))))
    with pytest.raises(SourceError, match="not a readable workbook"):
        register(whole[: len(whole) // 2], "cut.xls")
    monkeypatch.setattr(workbook, "MAX_SECONDS", 0)
    with pytest.raises(SourceError, match="takes more than 1024 MB or 0 seconds"):
        register(whole, "slow.xls")


def one_line(data: bytes, name: str = "hostile.xlsx") -> str:
    """The refusal of a hostile workbook, or nothing where it is read."""
    said = ""
    try:
        read_workbook(data, Path(name))
    except SourceError as error:
        said = str(error)
    assert not said or (f"; file {name}; remedy: " in said and said.isprintable() and len(said) < 600)
    return said


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_in_one_line(name: str) -> None:
    make, words = ATTACKS[name]
    assert re.search(words, one_line(make()))


def test_the_child_is_limited_in_time_even_where_nobody_waits() -> None:
    """The library reads one part for 150 sheets; who started the child has no time limit of its own."""
    files = parts()
    rows = files[SHEET].replace(b"</sheetData>", b"<row><c><f>1</f></c></row>" * 200_000 + b"</sheetData>")
    data = packed({**files, SHEET: rows, BOOK: many_sheets(150)})
    command = [
        sys.executable,
        "-I",
        "-S",
        workbook_child.__file__,
        str(Path(python_calamine.__file__).parents[1]),
        str(workbook.MAX_MEMORY),
        "1",
    ]
    ended = subprocess.run(command, input=data, capture_output=True, check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout == b""


def test_a_sound_workbook_is_read_with_all_its_text() -> None:
    expected = [row.split(",") for row in (HEADER, *ROWS)]
    assert read_workbook(packed(parts()), Path("r.xlsx")) == [WorkbookSheet("PX", expected, 0, True)]
    bare = re.sub(rb'(<dimension[^>]*/>| r="[A-Z]*[0-9]+")', b"", parts()[SHEET])
    assert read_workbook(packed({**parts(), SHEET: bare}), Path("bare.xlsx"))[0].rows == expected


def damage(seeds: Iterable[int]) -> None:
    """Every damage is refused in one line, or the workbook still says what its parts say."""
    sound = read_workbook(packed(parts()), Path("sound.xlsx"))
    for seed in seeds:
        data, packed_anew = damaged(seed)
        if not one_line(data) and not packed_anew:
            assert read_workbook(data, Path("r.xlsx")) == sound, seed


def test_random_damage_never_changes_what_is_read() -> None:
    damage(range(10))


@pytest.mark.drill
def test_much_random_damage_never_changes_what_is_read() -> None:
    damage(range(10, 510))


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
