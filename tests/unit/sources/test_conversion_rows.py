"""Rows of a conversion table as they come: titles, left-out cells, rows that contradict one another."""

from pathlib import Path

from small_registers import conserved, reasons

from kh02_pipelines.sources.nso_conversion import read_nso_conversion
from kh02_pipelines.sources.trace import Origin, Trace, accepted_lines

CONVERSION_HEADER = "Tỉnh mới,Tên Xã mới,Mã Xã mới,Tên Xã cũ,Mã Xã cũ,Ghi chú,Quận/huyện,Tỉnh cũ"


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
    trace.accepted = accepted_lines(found, trace)
    assert trace.counts() == {"rows_in": 7, "accepted": 3, "quarantined": 3, "set_aside": 1}
    filled = trace.issues().query("rule == 'filled_down'")
    assert set(filled["field"]) == {"new_province", "new_name", "new_code", "old_district", "old_province"}


def conversion(*rows: str):
    trace = Trace(Origin("test", "0" * 64, "c.csv"))
    found = read_nso_conversion("\n".join([CONVERSION_HEADER, *rows]).encode(), Path("c.csv"), trace)
    trace.accepted = accepted_lines(found, trace)
    assert conserved(trace)
    return found, trace


def test_a_pair_with_contradicting_notes_is_set_aside_wherever_the_rows_stand() -> None:
    pair = "Tỉnh A (01),Xã Một,00001,Xã Hai,00002,{},Huyện X (001),Tỉnh A (01)"
    other = "Tỉnh A (01),Xã Một,00001,Xã Một,00001,Nhập toàn bộ,Huyện X (001),Tỉnh A (01)"
    notes = ["Nhập toàn bộ", "Nhập một phần", "Nhập toàn bộ"]
    for order in (notes, notes[::-1], [notes[1], notes[0], notes[2]]):
        found, trace = conversion(*(pair.format(note) for note in order), other)
        assert found["old_code"].tolist() == ["00001"]
        assert [(line, field) for line, field, _ in reasons(trace)] == [(2, "note"), (3, "note"), (4, "note")]
        assert all("contradict" in reason for _, _, reason in reasons(trace))


def test_a_row_that_lost_its_old_commune_is_no_title() -> None:
    full = "Tỉnh A (01),Xã Một,00001,Xã Một,00001,Nhập toàn bộ,Huyện X (001),Tỉnh A (01)"
    lost = "Tỉnh A (01),Xã Một,00001,,,,Huyện X (001),Tỉnh A (01)"
    _, trace = conversion("TỈNH A,,,,,,,", full, lost, "Tỉnh A (01),,,,,,Huyện Y (002),")
    assert [line for line, _, _ in reasons(trace)] == [4, 5]
    assert trace.counts() == {"rows_in": 4, "accepted": 1, "quarantined": 2, "set_aside": 1}
