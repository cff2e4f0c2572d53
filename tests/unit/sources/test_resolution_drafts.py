"""Drafts from resolutions of an invented province: sentences in, rows out."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from kh02_pipelines.errors import SourceError
from kh02_pipelines.names.encodings import encode_legacy
from kh02_pipelines.sources.resolution import (
    DRAFT_COLUMNS,
    Draft,
    ListedCode,
    Province,
    Unit,
    draft_changes,
    read_resolution,
    read_text,
)
from kh02_pipelines.sources.resolution.text import MAX_BYTES

DAY = dt.date(2027, 1, 1)
ALL = "toàn bộ diện tích tự nhiên, quy mô dân số của"
SOME = "một phần diện tích tự nhiên, quy mô dân số của"
REST = "phần còn lại của"


def unit(code: str, name: str, district: str = "", province: str = "98", level: str = "commune") -> Unit:
    kinds = ("thị trấn", "đặc khu", "thị xã", "thành phố", "phường", "huyện", "quận", "tỉnh", "xã")
    kind = next(word for word in kinds if name.lower().startswith(word + " "))
    names = {"98": "Tỉnh Sông Mơ", "99": "Tỉnh Núi Mơ"}
    above = {"Huyện Tả": "801", "Huyện Hữu": "802", "": province}[district]
    return Unit(
        level, code, name, kind, "" if level == "province" else above, district, names.get(province, ""), province
    )


UNITS = [
    unit("98", "Tỉnh Sông Mơ", level="province"),
    unit("99", "Tỉnh Núi Mơ", province="99", level="province"),
    unit("801", "Huyện Tả", level="district"),
    unit("802", "Huyện Hữu", level="district"),
    unit("803", "Huyện Đảo Xa", level="district"),
    unit("90001", "Xã An Mơ", "Huyện Tả"),
    unit("90002", "Xã Bình Mơ", "Huyện Tả"),
    unit("90003", "Xã Cát Mơ", "Huyện Tả"),
    unit("90004", "Phường 1", "Huyện Tả"),
    unit("90005", "Phường 01", "Huyện Hữu"),
    unit("90006", "Xã Đông Mơ", "Huyện Hữu"),
    unit("90007", "Xã Đông Mơ", "Huyện Tả"),
    unit("90008", "Thị trấn Nông trường Mơ", "Huyện Hữu"),
    unit("90009", "Xã Ea H'Mơ", "Huyện Hữu"),
    unit("90010", "Xã Hòa và Thuận", "Huyện Hữu"),
    unit("90011", "Xã Giồng, Rạch Mơ", "Huyện Hữu"),
    unit("90012", "Xã Tây Mơ", "Huyện Hữu"),
    unit("90013", "Xã Lạc Mơ", province="99"),
]
PROVINCES = [
    Province("98", "Tỉnh Sông Mơ", frozenset({"98"})),
    Province("99", "Tỉnh Núi Mơ", frozenset({"99"})),
]


def resolution(*clauses: str, heading: str = "Sắp xếp các xã của tỉnh Sông Mơ") -> list[str]:
    numbered = [f"{number}. {clause}" for number, clause in enumerate(clauses, start=1)]
    return [
        "Số: 7/NQ-UBTVQH16",
        f"Điều 1. {heading}",
        *numbered,
        "Điều 2. Hiệu lực thi hành",
        "1. Nghị quyết này có hiệu lực thi hành từ ngày 01 tháng 01 năm 2027.",
    ]


def drafted(*clauses: str, codes: tuple[ListedCode, ...] = (), **how: str) -> Draft:
    read = read_resolution(resolution(*clauses, **how), Path("law.md"))
    return draft_changes(read, DAY, UNITS, PROVINCES, codes)


def brief(draft: Draft) -> list[tuple[str, ...]]:
    """Predecessor, successor's name, kind, extent, population, clause of each row."""
    return [
        (row["predecessor_code"], row["name"], row["kind"], row["extent"], row["population"], row["clause"])
        for row in draft.rows
    ]


def test_a_merger_has_every_column_and_waits_for_its_code() -> None:
    draft = drafted(f"Sắp xếp {ALL} các xã An Mơ, Bình Mơ và Cát Mơ thành xã mới có tên gọi là xã Ba Mơ.")
    assert draft.unread == []
    assert [row["predecessor_code"] for row in draft.rows] == ["90001", "90002", "90003"]
    first = draft.rows[0]
    assert tuple(first) == DRAFT_COLUMNS
    assert first == {
        "change_id": "",
        "effective_date": "2027-01-01",
        "kind": "merger",
        "predecessor_level": "commune",
        "predecessor_code": "90001",
        "successor_level": "commune",
        "successor_code": "",
        "name": "Xã Ba Mơ",
        "type": "xã",
        "parent_code": "98",
        "extent": "whole",
        "population": "all",
        "legal_document": "7/NQ-UBTVQH16",
        "clause": "1",
        "basis": "law",
        "confidence": "sourced",
        "ruling_id": "",
        "status": "draft",
        "doubt": "successor_code is open: the code list must give it (members: 90001, 90002, 90003)",
    }


def test_a_code_list_gives_the_code_of_its_own_province() -> None:
    codes = (ListedCode("91111", "Xã Ba Mơ", "Tỉnh Núi Mơ"), ListedCode("92222", "Xã ba mơ", "Tỉnh Sông Mơ"))
    draft = drafted(f"Nhập {ALL} xã An Mơ và xã Bình Mơ thành xã Ba Mơ.", codes=codes)
    assert {(row["successor_code"], row["change_id"], row["doubt"]) for row in draft.rows} == {
        ("92222", "2027-01-01/commune/92222", "")
    }
    lost = drafted(f"Nhập {ALL} xã An Mơ và xã Bình Mơ thành xã Khác.", codes=codes)
    assert {row["successor_code"] for row in lost.rows} == {""}
    assert "none fits Xã Khác" in lost.rows[0]["doubt"]


def test_parts_and_remainders_divide_land_and_people() -> None:
    draft = drafted(
        f"Sắp xếp {ALL} xã An Mơ và một phần diện tích tự nhiên của xã Bình Mơ thành xã mới có tên gọi là xã Mới Một.",
        f"Sắp xếp {SOME} xã Cát Mơ và {REST} xã Bình Mơ sau khi sắp xếp theo quy định tại khoản 1 Điều này thành xã "
        "mới có tên gọi là xã Mới Hai.",
        f"Sắp xếp {REST} xã Cát Mơ sau khi sắp xếp theo quy định tại khoản 2 Điều này thành xã Mới Ba.",
    )
    assert draft.unread == []
    assert brief(draft) == [
        ("90001", "Xã Mới Một", "merger", "whole", "all", "1"),
        ("90002", "Xã Mới Một", "merger", "part", "none", "1"),
        ("90003", "Xã Mới Hai", "merger", "part", "part", "2"),
        ("90002", "Xã Mới Hai", "merger", "part", "all", "2"),
        ("90003", "Xã Mới Ba", "split", "part", "part", "3"),
    ]
    assert all(row["doubt"].startswith("successor_code is open") for row in draft.rows)


def test_a_clause_may_divide_land_and_people_in_two_ways() -> None:
    draft = drafted(
        "Sắp xếp một phần diện tích tự nhiên, toàn bộ quy mô dân số của xã An Mơ và toàn bộ xã Cát Mơ thành xã Mới.",
        "Sắp xếp phần diện tích tự nhiên còn lại của xã An Mơ sau khi sắp xếp theo quy định tại khoản 1 Điều này và "
        f"{ALL} xã Bình Mơ thành xã Mới Hai.",
    )
    assert [row[3:5] for row in brief(draft)] == [("part", "all"), ("whole", "all"), ("part", "none"), ("whole", "all")]


def test_a_remainder_after_the_wrong_clause_is_doubtful() -> None:
    draft = drafted(
        f"Sắp xếp {SOME} xã An Mơ và {ALL} xã Cát Mơ thành xã Mới Một.",
        f"Sắp xếp {REST} xã An Mơ sau khi sắp xếp theo quy định tại khoản 5 Điều này thành xã Mới Hai.",
    )
    assert "the rest after clause 5, and the other parts are in clause 1" in draft.rows[-1]["doubt"]


def test_a_unit_that_two_clauses_take_whole_is_doubtful_in_both() -> None:
    draft = drafted(f"Sắp xếp {ALL} xã An Mơ và xã Cát Mơ thành xã Một.", f"Nhập {ALL} xã An Mơ vào xã Bình Mơ.")
    doubts = [row["doubt"] for row in draft.rows if row["predecessor_code"] == "90001"]
    assert len(doubts) == 2
    assert all("clause 1, 2 takes the whole unit, and 2 clauses name it" in doubt for doubt in doubts)


def test_joining_an_existing_unit_brings_that_unit_and_its_code() -> None:
    draft = drafted(f"Nhập {ALL} xã An Mơ và xã Cát Mơ vào xã Bình Mơ.")
    assert brief(draft) == [
        ("90002", "Xã Bình Mơ", "merger", "whole", "all", "1"),
        ("90001", "Xã Bình Mơ", "merger", "whole", "all", "1"),
        ("90003", "Xã Bình Mơ", "merger", "whole", "all", "1"),
    ]
    assert {(row["successor_code"], row["doubt"]) for row in draft.rows} == {("90002", "")}


def test_a_part_that_moves_leaves_the_rest_in_place_as_derived() -> None:
    draft = drafted("Điều chỉnh 2,5 km2 diện tích tự nhiên và 1.200 người của xã An Mơ để nhập vào xã Bình Mơ quản lý.")
    assert brief(draft) == [
        ("90002", "Xã Bình Mơ", "merger", "whole", "all", "1"),
        ("90001", "Xã Bình Mơ", "merger", "part", "part", "1"),
        ("90001", "Xã An Mơ", "split", "part", "part", "1"),
    ]
    assert [row["confidence"] for row in draft.rows] == ["sourced", "sourced", "derived"]
    assert "no clause says where the rest goes" in draft.rows[2]["doubt"]


@pytest.mark.parametrize(
    ("clause", "successor", "extents"),
    [
        ("Sáp nhập xã An Mơ với xã Cát Mơ, lấy tên là xã Mới.", "Xã Mới", ["whole", "whole"]),
        ("Hợp nhất xã An Mơ và xã Cát Mơ để thành lập xã Mới thuộc tỉnh Sông Mơ.", "Xã Mới", ["whole", "whole"]),
        ("Giải thể xã An Mơ để nhập vào xã Cát Mơ. Sau khi nhập, xã Cát Mơ có 9 km2.", "Xã Cát Mơ", ["whole", "whole"]),
        (f"Chuyển {SOME} xã An Mơ về xã Cát Mơ để quản lý.", "Xã Cát Mơ", ["whole", "part"]),
        (f"Thành lập thị trấn Mới trên cơ sở nhập {ALL} xã An Mơ và {ALL} xã Cát Mơ.", "Thị trấn Mới", ["whole"] * 2),
    ],
)
def test_older_formulas_read_alike(clause: str, successor: str, extents: list[str]) -> None:
    draft = drafted(clause)
    assert draft.unread == []
    merged = [row for row in draft.rows if row["name"] == successor]
    assert sorted(row["predecessor_code"] for row in merged) == ["90001", "90003"]
    assert [row["extent"] for row in merged] == extents
    assert {row["kind"] for row in merged} == {"merger"}


def test_a_divided_unit_has_a_part_for_each_successor() -> None:
    draft = drafted("Chia xã An Mơ thành xã An Một và xã An Hai.")
    assert brief(draft) == [
        ("90001", "Xã An Một", "split", "part", "part", "1"),
        ("90001", "Xã An Hai", "split", "part", "part", "1"),
    ]
    assert "which part goes where" in draft.rows[0]["doubt"]


@pytest.mark.parametrize(
    ("clause", "kind", "name"),
    [
        ("Đổi tên xã An Mơ thành xã An Mộng.", "rename", "Xã An Mộng"),
        (f"Thành lập phường An Mơ trên cơ sở {ALL} xã An Mơ.", "retype", "Phường An Mơ"),
        ("Chuyển xã An Mơ về huyện Hữu quản lý.", "transfer", "Xã An Mơ"),
        (
            "Sau khi sắp xếp, tỉnh có 1 đơn vị hành chính cấp xã không thực hiện sắp xếp là xã An Mơ.",
            "transfer",
            "Xã An Mơ",
        ),
    ],
)
def test_a_unit_that_goes_on_alone_keeps_its_code(clause: str, kind: str, name: str) -> None:
    (row,) = drafted(clause).rows
    assert (row["kind"], row["name"], row["extent"], row["doubt"]) == (kind, name, "whole", "")
    assert row["predecessor_code"] == row["successor_code"] == "90001"
    assert row["parent_code"] == ("802" if "Chuyển" in clause else "98")


def test_a_district_becomes_a_special_zone_with_its_communes_or_alone() -> None:
    alone = drafted(f"Sắp xếp {ALL} huyện Đảo Xa thành đặc khu có tên gọi là đặc khu Đảo Xa.").rows
    assert [(row["kind"], row["predecessor_level"], row["predecessor_code"]) for row in alone] == [
        ("creation", "district", "803")
    ]
    together = drafted(f"Sắp xếp {ALL} huyện Hữu thành đặc khu có tên gọi là đặc khu Hữu.").rows
    assert {row["predecessor_level"] for row in together} == {"commune"}
    assert [row["predecessor_code"] for row in together] == [u.code for u in UNITS if u.district == "Huyện Hữu"]


def test_provinces_merge_by_the_same_words() -> None:
    draft = drafted(
        f"Sắp xếp {ALL} tỉnh Sông Mơ và tỉnh Núi Mơ thành tỉnh mới có tên gọi là tỉnh Mơ.", heading="Sắp xếp cấp tỉnh"
    )
    assert [(row["predecessor_level"], row["predecessor_code"], row["successor_level"]) for row in draft.rows] == [
        ("province", "98", "province"),
        ("province", "99", "province"),
    ]
    assert {(row["type"], row["kind"], row["parent_code"]) for row in draft.rows} == {("tỉnh", "merger", "")}


def test_names_of_every_shape_are_found() -> None:
    draft = drafted(
        f"Sắp xếp {ALL} thị trấn Nông Trường Mơ, xã Ea H’Mơ, các xã Hòa và Thuận, Giồng, Rạch Mơ và Tây Mơ, Phường 01 "
        "(huyện Hữu) thành phường Lớn."
    )
    assert draft.unread == []
    assert [row["predecessor_code"] for row in draft.rows] == ["90008", "90009", "90010", "90011", "90012", "90005"]


def test_words_that_ran_together_are_parted() -> None:
    draft = drafted(
        "Sắp xếptoàn bộ diện tích tự nhiên, quy mô dân sốcủacác xãAn Mơ, Bình Mơvà Cát Mơthànhxã mới có tên "
        "gọilàxãBa Mơ."
    )
    assert draft.unread == []
    assert [row["predecessor_code"] for row in draft.rows] == ["90001", "90002", "90003"]
    assert {row["name"] for row in draft.rows} == {"Xã Ba Mơ"}


def test_a_name_of_two_districts_is_settled_by_its_place_or_left_open() -> None:
    placed = drafted(f"Sắp xếp {ALL} xã Đông Mơ (huyện Hữu) và xã Tây Mơ thành xã Mới.")
    assert placed.rows[0]["predecessor_code"] == "90006"
    assert "taken in" not in placed.rows[0]["doubt"]
    beside = drafted(f"Sắp xếp {ALL} xã Đông Mơ và xã Tây Mơ (huyện Hữu) thành xã Mới.")
    assert beside.rows[0]["predecessor_code"] == "90006"
    assert "taken in Huyện Hữu, as Xã Tây Mơ beside it" in beside.rows[0]["doubt"]
    near = drafted(f"Sắp xếp {ALL} xã Đông Mơ và xã An Mơ thành xã Mới.")
    assert "taken in Huyện Tả, where the others of the sentence lie" in near.rows[0]["doubt"]
    open_ = drafted(f"Sắp xếp {ALL} xã Đông Mơ, xã An Mơ và xã Tây Mơ thành xã Mới.")
    assert open_.unread == [("1", "Xã Đông Mơ may be any of 90006 (Huyện Hữu), 90007 (Huyện Tả)")]
    assert all("without Xã Đông Mơ, not found" in row["doubt"] for row in open_.rows)


def test_misspelled_names_are_taken_with_a_doubt_and_unknown_ones_listed() -> None:
    draft = drafted(f"Sắp xếp {ALL} xã Cat Mơ, thị trấn Bình Mơ, Phường I (huyện Tả) và xã Tay Mo thành xã Mới.")
    assert draft.unread == []
    assert [row["predecessor_code"] for row in draft.rows] == ["90003", "90002", "90004", "90012"]
    assert all("the text says" in row["doubt"] for row in draft.rows)
    near = drafted(f"Sắp xếp {ALL} xã Bình Mơơ và xã An Mơ thành xã Mới.")
    assert "the nearest name that no clause has is Xã Bình Mơ" in near.rows[0]["doubt"]
    lost = drafted(f"Sắp xếp {ALL} xã Lạc Mơ và xã An Mơ thành xã Mới.")
    assert lost.unread == [("1", "Xã Lạc Mơ is in force nowhere in the register of the day before")]
    elsewhere = drafted(f"Sắp xếp {ALL} xã Lạc Mơ (tỉnh Núi Mơ) và xã An Mơ thành xã Mới.")
    assert elsewhere.rows[0]["predecessor_code"] == "90013"


def test_what_cannot_be_read_is_listed_with_its_clause_and_is_no_row() -> None:
    draft = drafted(
        "Giải thể xã An Mơ theo phương án kèm theo.",
        f"Sắp xếp {ALL} xã An Mơ ngoại trừ thôn Hai thành xã Mới.",
        f"Sắp xếp {ALL} xã Bình Mơ, xã Cát Mơ và toàn bộ diện tích tự nhiên của Lâm trường Mơ thành xã Mới.",
        "Sau khi sắp xếp, tỉnh Sông Mơ có 9 đơn vị hành chính cấp xã, gồm 9 xã.",
    )
    assert [clause for clause, _ in draft.unread] == ["1", "2", "3", "4"]
    assert "no known formula" in draft.unread[0][1]
    assert draft.unread[2][1] == "no unit of a register: “Lâm trường Mơ”"
    assert draft.unread[3][1] == "the text counts 9 communes, the draft has 1"
    assert [row["clause"] for row in draft.rows] == ["3", "3"]


def test_a_commune_that_no_clause_names_is_listed_where_the_text_counts_all() -> None:
    others = ", ".join(f"xã {one.name[3:]}" for one in UNITS[10:17] if one.type == "xã")
    draft = drafted(
        f"Sắp xếp {ALL} các xã Bình Mơ, Cát Mơ, xã Đông Mơ (huyện Tả), Phường 1 và thị trấn Nông trường Mơ thành "
        "xã Một.",
        f"Sắp xếp {ALL} Phường 1 (huyện Hữu), xã Đông Mơ (huyện Hữu), {others} thành xã Hai.",
        "Sau khi sắp xếp, tỉnh Sông Mơ có 2 đơn vị hành chính cấp xã.",
    )
    assert ("3", "no clause names Xã An Mơ (90001)") in draft.unread


def test_clauses_are_cited_by_article_clause_and_point() -> None:
    lines = [
        "Điều 1. Sắp xếp các xã của tỉnh Sông Mơ",
        "1. Sắp xếp các xã thuộc huyện Tả như sau:",
        f"a) Nhập {ALL} xã An Mơ",
        "vào xã Bình Mơ;",
        "b) Đổi tên xã Cát Mơ thành xã Cát Mới.",
        "Điều 2. Các xã khác",
        "1. Đổi tên xã Tây Mơ thành xã Tây Mới.",
        "4. Đổi tên xã Ea H'Mơ thành xã Ea Mới.",
        "Điều 4. Hiệu lực: Nghị quyết này có hiệu lực thi hành kể từ ngày 1/1/2027.",
    ]
    read = read_resolution(lines, Path("law.txt"))
    assert [clause.cited for clause in read.clauses] == ["1 điểm a", "1 điểm b", "Điều 2 khoản 1", "Điều 2 khoản 4"]
    assert read.gaps == [("4", "line 8: clause 4 follows clause 1")]
    assert (read.number, read.effective_on) == ("", DAY)
    draft = draft_changes(read, DAY, UNITS, PROVINCES)
    assert [row["clause"] for row in draft.rows] == [
        "1 điểm a",
        "1 điểm a",
        "1 điểm b",
        "Điều 2 khoản 1",
        "Điều 2 khoản 4",
    ]
    assert ("4", "line 8: clause 4 follows clause 1") in draft.unread


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("chính thức hoạt động từ ngày 01 tháng 7 năm 2025. Có hiệu lực từ ngày 16/6/2025", dt.date(2025, 7, 1)),
        ("có hiệu lực thi hành kể từ ngày 01/03/2028", dt.date(2028, 3, 1)),
        (
            "có hiệu lực thi hành từ ngày được thông qua. Nghị quyết được thông qua ngày 2 tháng 4 năm 2026",
            dt.date(2026, 4, 2),
        ),
        ("có hiệu lực từ ngày 31 tháng 02 năm 2027", None),
        ("", None),
    ],
)
def test_the_day_is_that_of_the_new_units_then_of_the_law(words: str, day: dt.date | None) -> None:
    lines = ["Điều 1. Đổi tên xã", "1. Đổi tên xã An Mơ thành xã An Mới.", "Điều 2. Hiệu lực thi hành", words]
    assert read_resolution(lines, Path("law.txt")).effective_on == day


TEXT = "\n".join(resolution(f"Sắp xếp {ALL} các xã An Mơ, Bình Mơ và Cát Mơ thành xã mới có tên gọi là xã Ba Mơ."))


def test_any_file_of_text_reads_alike(tmp_path: Path) -> None:
    wrapped = TEXT.replace("1. Sắp", "**1\\.** Sắp").replace(" và Cát", "\nvà Cát")
    page = "<html><head><title>x</title></head><body>" + "".join(
        f"<p>{line.replace('Ba Mơ', '<b>Ba&nbsp;Mơ</b>')}</p>" for line in TEXT.split("\n")
    )
    files = {
        "plain.txt": TEXT.encode(),
        "wrapped.md": ("\ufeff" + wrapped).encode(),
        "page.html": page.encode(),
        "windows.txt": TEXT.replace("\n", "\r\n").encode("utf-16"),
        "old.txt": encode_legacy(pd.Series([TEXT]), "tcvn3").iloc[0].encode("latin-1"),
    }
    found = set()
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        read = read_resolution(read_text(tmp_path / name), Path(name))
        found.add((read.number, read.effective_on, tuple(clause.text.rstrip(".") for clause in read.clauses)))
    assert len(found) == 1
    assert next(iter(found))[:2] == ("7/NQ-UBTVQH16", DAY)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7 ...", "holds a PDF file, not text"),
        (b"PK\x03\x04....", "holds a Word or ZIP file, not text"),
        (b"abc\x00def", "holds binary data, not text"),
        ("Điều 1".encode("utf-16")[:-1], "cut short or damaged: not UTF-16"),
        (b"\xe9\xe8\xff caf\xe9 d\xe9j\xe0 vu \xfc\xdf", "neither UTF-8 nor a known Vietnamese encoding"),
        (b"x" * (MAX_BYTES + 1), "more than the"),
        ("Một bài báo.\n1. Không có gì.".encode(), "has no clause on units"),
    ],
)
def test_a_file_that_is_no_resolution_is_refused_in_one_line(data: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "law.txt"
    file.write_bytes(data)
    with pytest.raises(SourceError) as raised:
        read_resolution(read_text(file), file)
    text = str(raised.value)
    assert message in text
    assert f"file {file}" in text
    assert "remedy: " in text
    assert "\n" not in text


def test_long_nonsense_is_read_in_bounded_time() -> None:
    draft = drafted("Sắp xếp " + "các xã " * 20_000 + "thành xã Mới.", "Nhập " + "xã A, " * 20_000 + "vào xã An Mơ.")
    assert draft.unread
