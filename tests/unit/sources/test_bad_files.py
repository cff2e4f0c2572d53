"""Files as they come: cut short, empty, wrong, hostile. Each is refused in one line or listed row by row."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import xlwt

from kh02_pipelines.errors import SourceError
from kh02_pipelines.names import encode_legacy
from kh02_pipelines.sources.grid import read_bounded
from kh02_pipelines.sources.nso_conversion import read_nso_conversion
from kh02_pipelines.sources.nso_register import read_nso_register
from kh02_pipelines.sources.trace import Origin, Trace

HEADER = "Mã,Tên,Tên Tiếng Anh,Cấp,Mã QH,Quận Huyện,Mã TP,Tỉnh / Thành Phố"
OTHER_HEADER = "Tỉnh Thành Phố,Mã TP,Quận Huyện,Mã QH,Phường Xã,Mã PX,Cấp,Tên Tiếng Anh"
ROWS = [
    "00001,Phường Phúc Xá,,Phường,001,Quận Ba Đình,01,Thành phố Hà Nội",
    "00004,Phường Trúc Bạch,,Phường,001,Quận Ba Đình,01,Thành phố Hà Nội",
    "00688,Thị trấn Hà Giang,,Thị trấn,024,Huyện Vị Xuyên,02,Tỉnh Hà Giang",
]
CONVERSION_HEADER = "Tỉnh mới,Tên Xã mới,Mã Xã mới,Tên Xã cũ,Mã Xã cũ,Ghi chú,Quận/huyện,Tỉnh cũ"


def register(data: bytes | str, name: str = "register.csv", **options):
    trace = Trace(Origin("test", "0" * 64, name))
    raw = data.encode() if isinstance(data, str) else data
    return read_nso_register(raw, Path(name), trace, **options), trace


def csv(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def reasons(trace: Trace) -> list[tuple[int, str, str]]:
    return [(row.line, row.field, row.reason) for row in trace.quarantined().itertuples()]


def conserved(trace: Trace) -> bool:
    counts = trace.counts()
    return counts["rows_in"] == counts["accepted"] + counts["quarantined"] + counts["set_aside"]


def xlsx(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_an_old_excel_file_says_the_same_as_csv() -> None:
    sheet = (book := xlwt.Workbook()).add_sheet("PX")
    for at, cells in enumerate([HEADER.split(","), *(row.split(",") for row in ROWS)]):
        for column, cell in enumerate(cells):
            sheet.write(at, column, cell)
    stream = io.BytesIO()
    book.save(stream)
    from_xls, trace = register(stream.getvalue(), "register.xls")
    from_csv, _ = register(csv(*ROWS))
    assert from_xls.drop(columns="row").equals(from_csv.drop(columns="row"))
    assert conserved(trace)


def test_both_column_orders_with_and_without_bom_give_the_same_units() -> None:
    first, _ = register("\ufeff" + csv(*ROWS))
    cells = [row.split(",") for row in ROWS]
    turned = [",".join([c[7], c[6], c[5], c[4], c[1], c[0], c[3], c[2]]) for c in cells]
    second, _ = register(csv(*turned, header=OTHER_HEADER))
    assert first.equals(second)
    assert first["level"].value_counts().to_dict() == {"commune": 3, "province": 2, "district": 2}
    assert first.loc[first["code"] == "024", ["type", "parent_code"]].to_numpy().tolist() == [["Huyện", "02"]]


def test_a_csv_cut_inside_a_quote_or_a_letter_is_refused() -> None:
    with pytest.raises(SourceError, match="cut short"):
        register(csv(*ROWS) + '00007,"Phường Cống')
    with pytest.raises(SourceError, match="neither UTF-8 nor"):
        register(csv(*ROWS).encode()[:-3] + "ộ".encode()[:1])


def test_a_csv_cut_between_letters_loses_no_row_silently() -> None:
    units, trace = register(csv(*ROWS)[:-40])
    assert reasons(trace) == [(4, "province_code", "unknown parent: not a province code")]
    assert len(units[units["level"] == "commune"]) == 2
    assert conserved(trace)


def test_a_workbook_cut_short_is_refused() -> None:
    whole = xlsx([HEADER.split(","), *(row.split(",") for row in ROWS)])
    assert len(register(whole, "register.xlsx")[0]) == 7
    for size in (len(whole) // 2, len(whole) - 30, 40):
        with pytest.raises(SourceError, match="workbook"):
            register(whole[:size], "register.xlsx")


def test_wrong_columns_are_named() -> None:
    with pytest.raises(SourceError, match=r"no row names the columns Mã PX.*begins with Name, Code"):
        register("Name,Code\nHà Nội,01\n")
    with pytest.raises(SourceError, match="no row names"):
        register(csv())


@pytest.mark.parametrize("data", [b"", b"  \n\n", b"\xef\xbb\xbf"[:0]])
def test_empty_files_are_refused(tmp_path, data) -> None:
    path = tmp_path / "empty.csv"
    path.write_bytes(data)
    with pytest.raises(SourceError, match="empty"):
        read_bounded(path)


def test_a_folder_a_missing_file_and_a_huge_file_are_refused(tmp_path) -> None:
    with pytest.raises(SourceError, match="folder"):
        read_bounded(tmp_path)
    with pytest.raises(SourceError, match="does not exist"):
        read_bounded(tmp_path / "none.csv")
    (tmp_path / "huge.csv").write_bytes(b"x" * 200)
    with pytest.raises(SourceError, match="200 bytes, more than the 100"):
        read_bounded(tmp_path / "huge.csv", 100)


def test_binary_data_and_utf_16_are_told_apart() -> None:
    with pytest.raises(SourceError, match="binary"):
        register(csv(*ROWS).encode() + b"\0\1\2")
    units, _ = register(csv(*ROWS).encode("utf-16"))
    assert len(units) == 7


@pytest.mark.parametrize("encoding", ["tcvn3", "vni", "viscii"])
def test_legacy_encodings_are_detected_for_the_file_and_traced(encoding) -> None:
    text = encode_legacy(pd.Series(csv(*ROWS).splitlines()), encoding).str.cat(sep="\n")
    units, trace = register((text + "\n").encode("latin-1"))
    assert units.loc[units["code"] == "00688", "name"].iloc[0] == "Thị trấn Hà Giang"
    assert f"decode_{encoding}" in set(trace.issues()["rule"])
    forced, _ = register((text + "\n").encode("latin-1"), encoding=encoding)
    assert forced.equals(units)


def test_unicode_demanded_and_not_given_is_refused() -> None:
    with pytest.raises(SourceError, match="not UTF-8 at byte"):
        register(csv(*ROWS).encode("utf-8") + b"\xff\n", encoding="unicode")
    with pytest.raises(SourceError, match="unknown encoding"):
        register(csv(*ROWS), encoding="klingon")


def test_codes_as_numbers_and_lost_zeros_are_put_right_and_traced() -> None:
    row = [1.0, "Phường Phúc Xá", "", "Phường", 1, "Quận Ba Đình", 1, "Thành phố Hà Nội"]
    units, trace = register(xlsx([HEADER.split(","), row]), "r.xlsx")
    assert units["code"].tolist() == ["01", "001", "00001"]
    issues = trace.issues()
    assert issues[issues["rule"] == "leading_zeros"][["field", "raw_value", "cleaned_value"]].to_numpy().tolist() == [
        ["code", "1", "00001"],
        ["district_code", "1", "001"],
        ["province_code", "1", "01"],
    ]
    assert set(issues["rule"]) == {"number_to_text", "leading_zeros"}


def test_a_code_with_a_fraction_or_letters_is_quarantined() -> None:
    units, trace = register(
        csv(*ROWS, "12.5,Xã A,,Xã,024,Huyện Vị Xuyên,02,Tỉnh Hà Giang", "O0691,Xã B,,Xã,024,H,02,T")
    )
    assert [(line, field) for line, field, _ in reasons(trace)] == [(5, "code"), (6, "code")]
    assert conserved(trace)
    assert len(units[units["level"] == "commune"]) == 3


def test_one_code_for_two_names_sets_both_aside_and_a_repeat_only_itself() -> None:
    units, trace = register(csv(*ROWS, ROWS[1], ROWS[0].replace("Phúc Xá", "Phúc Tân")))
    assert [(line, field) for line, field, _ in reasons(trace)] == [(2, "code"), (5, "code"), (6, "code")]
    assert "Phường Phúc Xá / Phường Phúc Tân" in trace.quarantined()["reason"].iloc[0]
    assert units.loc[units["level"] == "commune", "code"].tolist() == ["00004", "00688"]
    assert conserved(trace)


def test_an_unknown_parent_is_quarantined() -> None:
    rows = [
        *ROWS,
        "00691,Xã Minh Tân,,Xã,,Huyện Vị Xuyên,02,Tỉnh Hà Giang",
        "00694,Xã Thuận Hoà,,Xã,024,Huyện Vị Xuyên,,Tỉnh Hà Giang",
        "00697,Xã Tùng Bá,,Xã,001,Quận Ba Đình,02,Tỉnh Hà Giang",
    ]
    _, trace = register(csv(*rows))
    assert [line for line, _, _ in reasons(trace)] == [5, 6, 7]
    assert all(reason.startswith("unknown parent") for _, _, reason in reasons(trace))
    assert conserved(trace)


def test_a_formula_in_a_name_stays_text() -> None:
    name = '=HYPERLINK("http://x.example","Xã A")'
    sheet = xlsx([HEADER.split(","), *(row.split(",") for row in ROWS)])
    quoted = name.replace('"', '""')
    units, _ = register(csv(*ROWS, f'00691,"{quoted}",,Xã,024,Huyện Vị Xuyên,02,Tỉnh Hà Giang'))
    assert units.loc[units["code"] == "00691", "name"].iloc[0] == name
    assert len(register(sheet, "r.xlsx")[0]) == 7


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


def test_a_sheet_that_declares_endless_cells_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", '<worksheet><dimension ref="A1:XFD1048576"/></worksheet>')
    with pytest.raises(SourceError, match="declares 17179869184 cells"):
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


def test_cyclic_and_strange_conversion_rows() -> None:
    rows = [
        CONVERSION_HEADER,
        "CAO BẰNG,,,,,,,",
        "Tỉnh A (01),Xã Một,00001,Xã Một,00001,Nhập toàn bộ,Huyện X (001),Tỉnh A (01)",
        ",,,Xã Hai,00002,Nhập một  phần,,",
        "Tỉnh A (01),Xã Ba,00003,Xã Hai,00002,Chia đôi,Huyện X (001),Tỉnh A (01)",
        "Tỉnh A (01),Xã Ba,00003,Khu đất trống,,Nhập toàn bộ,Huyện X (001),Tỉnh A (01)",
        "Tỉnh A (01),Xã Một,00001,Xã Một,00001,Nhập toàn bộ,Huyện X (001),Tỉnh A (01)",
        "Tỉnh A (01),Đặc khu Y,00009,,,Sắp xếp toàn bộ huyện Y thành đặc khu Y,Huyện Y (009),Tỉnh A (01)",
    ]
    trace = Trace(Origin("test", "0" * 64, "c.csv"))
    found = read_nso_conversion("\n".join(rows).encode(), Path("c.csv"), trace)
    assert found[["old_code", "new_code", "extent", "population"]].to_numpy().tolist() == [
        ["00001", "00001", "whole", "all"],
        ["00002", "00001", "part", "part"],
        ["", "00009", "whole", "all"],
    ]
    assert [(line, field) for line, field, _ in reasons(trace)] == [(5, "note"), (6, "old_name"), (7, "old_code")]
    assert trace.counts() == {"rows_in": 7, "accepted": 3, "quarantined": 3, "set_aside": 1}
    filled = trace.issues().query("rule == 'filled_down'")
    assert set(filled["field"]) == {"new_province", "new_name", "new_code", "old_district", "old_province"}
