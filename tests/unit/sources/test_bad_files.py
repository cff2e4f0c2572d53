"""Files as they come: cut short, empty, wrong. Each is refused in one line or listed row by row."""

import pandas as pd
import pytest
from small_registers import HEADER, OTHER_HEADER, ROWS, conserved, csv, reasons, register, xlsx

from kh02_pipelines.errors import SourceError
from kh02_pipelines.names.encodings import encode_legacy
from kh02_pipelines.sources.grid import read_bounded


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
    for cut in (1, 31):
        with pytest.raises(SourceError, match="cut short or damaged: not UTF-16 at byte"):
            register(csv(*ROWS).encode("utf-16")[:-cut])


def test_a_csv_cut_between_letters_loses_no_row_silently() -> None:
    units, trace = register(csv(*ROWS)[:-40])
    assert reasons(trace) == [(4, "province_code", "unknown parent: not a province code")]
    assert len(units[units["level"] == "commune"]) == 2
    assert conserved(trace)


def test_cells_beyond_the_header_and_short_rows_are_traced() -> None:
    units, trace = register(csv(ROWS[0] + ",a remark,,more", ROWS[1], ROWS[2]))
    issues = trace.issues()
    assert issues[["line", "field", "raw_value", "rule"]].to_numpy().tolist() == [
        [2, "column 11", "more", "cell_beyond_header"],
        [2, "column 9", "a remark", "cell_beyond_header"],
    ]
    turned = [",".join([c[7], c[6], c[5], c[4], c[1], c[0], *c[3:4]]) for c in (row.split(",") for row in ROWS)]
    short, trace = register(csv(turned[0] + ",", *turned[1:], header=OTHER_HEADER))
    assert short.equals(units)
    assert trace.issues()[["line", "field", "raw_value", "cleaned_value", "rule"]].to_numpy().tolist() == [
        [line, "row", "7 cells", "8 cells", "short_row_filled"] for line in (3, 4)
    ]


def test_wrong_columns_are_named() -> None:
    with pytest.raises(SourceError, match=r"no row names the columns Mã PX.*begins with Name, Code"):
        register("Name,Code\nHà Nội,01\n")
    with pytest.raises(SourceError, match=r"has a header and no rows; file register.csv, row 1"):
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


def test_the_reasons_of_many_rows_under_one_code_stay_short() -> None:
    """Once every reason named every row: 5,000 of them took 3 GB."""
    trace = register(csv(*(ROWS[0].replace("Phúc Xá", f"Số {at}") for at in range(5_000)), *ROWS[1:]))[1]
    reason = "the code stands for several units: Phường Số 0 / Phường Số 1 / Phường Số 2 and 4997 more"
    assert set(trace.quarantined()["reason"]) == {reason}
    assert trace.counts()["quarantined"] == 5_000
    assert conserved(trace)


def test_a_cell_longer_than_any_name_is_refused_with_its_row() -> None:
    with pytest.raises(SourceError, match=r"a cell of more than 2000 characters; file register.csv, row 3"):
        register(csv(ROWS[0], ROWS[1].replace("Trúc Bạch", "x" * 2_001), ROWS[2]))


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


def test_a_row_that_lost_its_commune_is_no_island() -> None:
    island = ",,,Huyện,755,Huyện Côn Đảo,77,Tỉnh Bà Rịa - Vũng Tàu"
    blanked = ROWS[1].replace("00004,Phường Trúc Bạch", ",")
    units, trace = register(csv(ROWS[0], blanked, blanked, ROWS[2], island, island, ",,,,,,01,Thành phố Hà Nội"))
    assert [(line, reason.partition(":")[0]) for line, _, reason in reasons(trace)] == [
        (3, "no commune code and no name, in a district of which other rows print communes"),
        (4, "no commune code and no name, in a district of which other rows print communes"),
        (7, "the row repeats an earlier one of its district"),
        (8, "the row names neither commune nor district"),
    ]
    assert set(units.loc[units["level"] == "district", "code"]) == {"001", "024", "755"}
    assert trace.counts() == {"rows_in": 7, "accepted": 3, "quarantined": 4, "set_aside": 0}


def test_a_formula_in_a_name_stays_text() -> None:
    name = '=HYPERLINK("http://x.example","Xã A")'
    sheet = xlsx([HEADER.split(","), *(row.split(",") for row in ROWS)])
    quoted = name.replace('"', '""')
    units, _ = register(csv(*ROWS, f'00691,"{quoted}",,Xã,024,Huyện Vị Xuyên,02,Tỉnh Hà Giang'))
    assert units.loc[units["code"] == "00691", "name"].iloc[0] == name
    assert len(register(sheet, "r.xlsx")[0]) == 7
