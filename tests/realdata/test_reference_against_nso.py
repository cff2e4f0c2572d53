"""The embedded reference tables against the files of the National Statistics Office and the resolutions.

The files lie beside the repository, in ``../shared/data``, and are no part of it; without them these tests
skip.
"""

import csv
import re
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "kh02_pipelines" / "sources" / "reference"
DATA = ROOT.parent / "shared" / "data"

Row = dict[str, str]
TONES = dict.fromkeys(map(ord, "\u0300\u0301\u0303\u0309\u0323"))


def real(path: str) -> Path:
    found = DATA / path
    if not found.is_file():
        pytest.skip(f"the real file ../shared/data/{path} is not here")
    return found


@cache
def load(table: str) -> list[Row]:
    """The rows of a reference file, or the part of the changes of 1 July 2025 that a table of the office speaks of."""
    if table.startswith("units_"):
        table = table.replace("units_", "registers/")
    pairs = {"successions_2025-07-01", "population_heirs", "clauses_2025-07-01"}
    with (REFERENCE / f"{'changes/2025' if table in pairs else table}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if table not in pairs:
        return rows
    rows = [row for row in rows if row["effective_date"] == "2025-07-01" and row["successor_level"] == "commune"]
    if table == "clauses_2025-07-01":
        return [*{row["successor_code"]: row for row in rows}.values()]
    rows = [row for row in rows if row["predecessor_level"] == "commune"]
    if table.startswith("succ"):
        return rows
    right = {row["key"]: row["ruled_value"] for row in load("rulings") if row["action"] == "set"}
    for row in rows:  # a misprint that a ruling corrects
        pair = f"{row['predecessor_code']}>{row['successor_code']}"
        row["predecessor_code"] = right.get(pair, row["predecessor_code"])
    return [row for row in rows if (row["extent"], row["population"]) == ("part", "all")]


def key(name: str) -> str:
    """A name without spaces, marks, case and tones' places, for comparing spellings."""
    split = unicodedata.normalize("NFD", name.casefold().replace("đ", "d_"))
    tones = "".join(letter for letter in split if ord(letter) in TONES)
    return re.sub(r"[^\w]", "", unicodedata.normalize("NFC", split.translate(TONES))) + "|" + tones


@cache
def conversion() -> list[Row]:
    """The data rows of the conversion table, with line breaks and repeated spaces taken out."""
    fields = ("new_province", "new_name", "new_code", "old_name", "old_code", "note", "district", "province")
    with real("nso/conversion_2025-07-01.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [[" ".join(cell.split()) for cell in row[:8]] for row in list(csv.reader(file))[2:]]
    return [dict(zip(fields, row, strict=True)) for row in cells if row[2]]


@cache
def clauses(document: str) -> dict[int, str]:
    """The clauses of article 1 of one resolution, by number."""
    text = real(f"resolutions/{document.replace('/', '_')}.md").read_text(encoding="utf-8")
    text = " ".join(unicodedata.normalize("NFC", re.sub(r"[*\\]", "", text)).split())
    article = re.search(r"Điều 1 ?\. ?Sắp xếp(.*?)Điều 2 ?\. ?Hiệu lực", text)
    assert article, document
    body, starts = article[1], []
    while match := re.compile(rf"(?<![\d,]){len(starts) + 1} ?\. ?(?=[A-ZĐ])").search(
        body, starts[-1][1] if starts else 0
    ):
        starts.append(match.span())
    ends = [start for start, _ in starts[1:]] + [len(body)]
    return {
        n: body[start:end].strip(" .") for n, ((_, start), end) in enumerate(zip(starts, ends, strict=True), start=1)
    }


def ruled_pairs() -> set[tuple[str, str]]:
    found = {(row["predecessor_code"], row["successor_code"]) for row in load("successions_2025-07-01")}
    for ruling in load("rulings"):
        if ruling["target"] == "successions_2025-07-01":
            old, new = ruling["key"].split(">")
            found.discard((old, new))
            found.add((ruling["ruled_value"], new) if ruling["action"] == "set" else (old, new))
    return found


def test_pairs_are_those_of_the_conversion_table() -> None:
    printed = [(row["old_code"], row["new_code"]) for row in conversion() if row["old_code"]]
    assert len(printed) == len(set(printed))
    assert set(printed) == {(row["predecessor_code"], row["successor_code"]) for row in load("successions_2025-07-01")}


def test_rows_without_an_old_code_are_islands_and_one_mudflat() -> None:
    islands = {
        row["successor_code"]
        for row in load("changes/2025")
        if row["effective_date"] == "2025-07-01"
        and (row["predecessor_level"], row["successor_level"]) == ("district", "commune")
    }
    assert {row["new_code"] for row in conversion() if not row["old_code"]} == islands | {"14698"}


def test_ruled_predecessors_have_the_name_that_the_conversion_table_prints() -> None:
    names = {row["code"]: row["name"] for row in load("units_2025-06-30") if row["level"] == "commune"}
    printed = {(row["old_code"], row["new_code"]): row["old_name"] for row in conversion()}
    checked = 0
    for ruling in load("rulings"):
        if ruling["target"] == "successions_2025-07-01" and ruling["action"] == "set":
            old, new = ruling["key"].split(">")
            assert key(printed[old, new]) == key(names[ruling["ruled_value"]]) != key(names[old])
            checked += 1
    assert checked == 3


def test_old_register_has_the_codes_parents_and_types_of_the_nso_export() -> None:
    units = {(row["level"], row["code"]): row for row in load("units_2025-06-30")}
    with real("nso/registry_2025-06-30.csv").open(encoding="utf-8-sig", newline="") as file:
        export = list(csv.DictReader(file))
    assert len(export) == 10035
    for row in export:
        commune = units["commune", row["Mã"]]
        assert (commune["parent_code"], commune["type"]) == (row["Mã QH"], row["Cấp"])
        assert units["district", row["Mã QH"]]["parent_code"] == row["Mã TP"]
        assert key(units["province", row["Mã TP"]]["name"]) == key(row["Tỉnh / Thành Phố"])
    spelled = [row["Mã"] for row in export if key(row["Tên"]) != key(units["commune", row["Mã"]]["name"])]
    assert len(spelled) <= 142  # minority-language names mostly; codes, parents and types are equal


def test_new_register_has_the_codes_and_names_of_the_official_list() -> None:
    units = {row["code"]: row for row in load("units_2025-07-01") if row["level"] == "commune"}
    text = real("nso/1027_CTK-CSCL.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\|\s*\d+\s*\|\s*(\d{5})\s*\|\s*(.*?)\s*\|", text, flags=re.MULTILINE))
    assert set(listed) ^ set(units) == {"23737", "23938"}  # the list misprints the code of Xã Ia Mơ
    for code in set(listed) & set(units):
        assert key(listed[code].replace("<br>", " ")) == key(units[code]["name"])


def test_new_provinces_have_the_codes_of_the_official_list() -> None:
    units = {row["code"]: row["name"] for row in load("units_2025-07-01") if row["level"] == "province"}
    with real("nso/915_CTK-CSCL.csv").open(encoding="utf-8-sig", newline="") as file:
        listed = {row["Mã số"]: row["Tên 34 tỉnh sau sáp nhập"] for row in csv.DictReader(file)}
    assert set(listed) == set(units)
    for code, name in listed.items():
        assert key(units[code].removeprefix("Tỉnh ")) == key(name)


def test_heirs_are_what_the_notes_say_and_two_more() -> None:
    heirs = {(row["predecessor_code"], row["successor_code"]) for row in load("population_heirs")}
    right = {
        tuple(row["key"].split(">")): (row["ruled_value"], row["key"].split(">")[1])
        for row in load("rulings")
        if row["target"] == "successions_2025-07-01" and row["action"] == "set"
    }
    noted = {(row["old_code"], row["new_code"]) for row in conversion() if "toàn bộ dân số" in row["note"]}
    noted = {right.get(pair, pair) for pair in noted}
    assert heirs - noted == {("00136", "00136"), ("23053", "23053")}
    assert noted <= heirs


def test_a_kept_commune_is_one_that_its_resolution_lists_as_not_rearranged() -> None:
    kept = {row["new_code"] for row in conversion() if row["note"] == "Giữ nguyên"}
    rows = load("clauses_2025-07-01")
    last = {row["legal_document"]: max(clauses(row["legal_document"])) for row in rows}
    listed = {row["successor_code"] for row in rows if int(row["clause"]) == last[row["legal_document"]]}
    assert len(kept) == 127
    assert listed == kept


def test_kept_communes_are_spelled_alike_or_ruled() -> None:
    old = {row["code"]: row["name"] for row in load("units_2025-06-30") if row["level"] == "commune"}
    new = {row["code"]: row["name"] for row in load("units_2025-07-01") if row["level"] == "commune"}
    kept = {row["new_code"] for row in conversion() if row["note"] == "Giữ nguyên"}
    ruled = {row["key"].split(">")[0] for row in load("rulings") if row["action"] == "same_name"}
    assert {code for code in kept if old[code] != new[code]} == ruled


def test_the_province_pair_that_is_dropped_rests_on_one_misprint() -> None:
    units = {(row["level"], row["code"]): row for row in load("units_2025-06-30")}
    wrong = {}
    for row in conversion():
        if row["old_code"]:
            district = units["commune", row["old_code"]]["parent_code"]
            province = units["district", district]["parent_code"]
            printed = re.search(r"\((\d+)\)", row["province"])
            if not printed or printed[1].zfill(2) != province:
                wrong[row["old_code"]] = (row["province"], province)
    assert wrong == {"27691": ("Tỉnh Tiền Giang (82)", "80"), "30781": ("Tỉnh An Giang (89)", "91")}


def test_every_clause_names_the_commune_it_is_cited_for() -> None:
    names = {row["code"]: row["name"] for row in load("units_2025-07-01") if row["level"] == "commune"}
    missing = []
    for row in load("clauses_2025-07-01"):
        text = clauses(row["legal_document"])[int(row["clause"])]
        kind = next(word for word in ("Đặc khu", "Phường", "Xã") if names[row["successor_code"]].startswith(word))
        closing = int(row["clause"]) == max(clauses(row["legal_document"]))
        # the list of communes that are not rearranged leaves out the type of most of them
        sought = names[row["successor_code"]].removeprefix(kind) if closing else names[row["successor_code"]]
        wanted = key(sought).split("|")[0]
        found = key(text).split("|")[0]
        if not (wanted in found if closing else found.endswith(wanted)):
            missing.append((row["successor_code"], sought, text[-80:]))
    assert missing == []


def test_the_clause_of_an_heir_names_its_predecessor() -> None:
    names = {row["code"]: row["name"] for row in load("units_2025-06-30") if row["level"] == "commune"}
    for row in load("population_heirs"):
        text = clauses(row["legal_document"])[int(row["clause"])]
        bare = re.sub(r"^(Phường|Xã|Thị trấn) ", "", names[row["predecessor_code"]])
        assert key(bare).split("|")[0] in key(text).split("|")[0], row


@pytest.mark.parametrize("ruling", [row for row in load("rulings") if row["clause"]], ids=lambda r: r["ruling_id"])
def test_the_clause_of_a_ruling_names_the_unit(ruling: Row) -> None:
    old = {row["code"]: row["name"] for row in load("units_2025-06-30") if row["level"] == "commune"}
    new = {row["code"]: row["name"] for row in load("units_2025-07-01") if row["level"] == "commune"}
    text = clauses(ruling["legal_document"])[int(ruling["clause"].removeprefix("Điều 1 khoản "))]
    if ruling["target"] == "units_2025-06-30":
        name = old[ruling["key"]]
    elif ruling["target"] == "units_2025-07-01":
        name = new[ruling["key"]]
    elif ruling["action"] == "same_name":
        name = ruling["ruled_value"]
    else:
        name = old[ruling["ruled_value"].split(">")[0]]
    bare = name if re.search(r"\d$", name) else name.split(" ", 1)[-1].removeprefix("trấn ")
    assert key(bare).split("|")[0] in key(text).split("|")[0]


def test_the_34_resolutions_are_of_16_june_2025() -> None:
    count = Counter()
    for row in load("legal_documents"):
        if row["number"].endswith("/NQ-UBTVQH15"):
            text = real(f"resolutions/{row['number'].replace('/', '_')}.md").read_text(encoding="utf-8")
            text = " ".join(unicodedata.normalize("NFC", re.sub(r"[*\\]", "", text)).split())
            assert f"Số: {row['number']}" in text
            assert re.search(r"thông qua ngày 16 ?tháng 0?6 ?năm 2025", text)
            assert re.search(r"có hiệu lực thi hành ?từ ngày ?được thông qua", text)
            assert key(row["title"]) in key(text) or key(row["title"]).split("|")[0] in key(text).split("|")[0]
            assert (row["issued_on"], row["effective_on"]) == ("2025-06-16", "2025-06-16")
            count["read"] += 1
    assert count["read"] == 34


def test_province_totals_are_those_of_the_resolutions() -> None:
    """The last sentence of Điều 1 gives each province's communes by type; some copies lost the spaces in it."""
    governs = {row["number"]: row["governs"] for row in load("legal_documents")}
    found: dict[tuple[str, str], int] = {}
    for number, what in governs.items():
        if not number.endswith("/NQ-UBTVQH15"):
            continue
        text = real(f"resolutions/{number.replace('/', '_')}.md").read_text("utf-8")
        text = re.sub(r"[\s*>\\]", "", unicodedata.normalize("NFC", text))
        total, types = re.findall(r"có(\d+)đơnvịhànhchínhcấpxã,?(?:bao)?gồm(.{0,60}?)(?:;|\.|,trong|trong)", text)[-1]
        counts = {kind: int(count) for count, kind in re.findall(r"(\d+)(xã|phường|đặckhu)", types)}
        assert sum(counts.values()) == int(total), number
        province = what.removeprefix("commune:")
        found |= {(province, kind.replace("đặckhu", "đặc khu")): count for kind, count in counts.items()}
    held = [row for row in load("province_totals") if row["valid_from"] == "2025-07-01"]
    assert {(row["province_code"], row["type"]): int(row["count"]) for row in held} == found
