"""Facts that the embedded reference tables must keep, whoever edits them."""

import csv
import hashlib
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "kh02_pipelines" / "sources" / "reference"
SCRIPT = ROOT / "scripts" / "build_reference.py"

Row = dict[str, str]

HEADERS = {
    "rulings": "ruling_id,target,action,key,field,source_value,ruled_value,legal_document,clause,reason",
    "legal_documents": "number,issuer,issued_on,effective_on,title,governs,register_date",
    "periods": (
        "valid_from,valid_to,levels,province_types,district_types,commune_types,code_list,opening_codes,new_codes,"
        "standing_document,chain"
    ),
    "totals": "valid_from,valid_to,level,type,province_code,count,source",
    "change_totals": "effective_date,fact,count,source",
    "code_aliases": "printed_in,as_of,level,printed_code,code,kind",
    "registers/2004-08-31": "code,level,name,type,parent_code,confidence",
    "registers/2025-06-30": "code,level,name,type,parent_code,confidence",
    "registers/2025-07-01": "code,level,name,type,parent_code,confidence",
    **{
        f"changes/{path.stem}": (
            "change_id,effective_date,kind,predecessor_level,predecessor_code,successor_level,successor_code,name,type,"
            "parent_code,extent,population,legal_document,clause,basis,confidence,document_basis,evidence,ruling_id"
        )
        for path in sorted((REFERENCE / "changes").glob("*.csv"))
    },
}
DIGITS = {"province": 2, "district": 3, "commune": 5}
ISLANDS = {"318": "11948", "471": "19742", "498": "20333", "536": "21548", "755": "26732"}


REFORM = "2025-07-01"


@cache
def load(table: str) -> list[Row]:
    """The rows of a file, or of a part of the changes of 1 July 2025 that has facts of its own."""
    parts = {
        "successions_2025-07-01": lambda row: (row["predecessor_level"], row["successor_level"]) == ("commune",) * 2,
        "province_successions_2025-07-01": lambda row: row["predecessor_level"] == "province",
        "islands": lambda row: (row["predecessor_level"], row["successor_level"]) == ("district", "commune"),
    }
    if table in parts:
        return [row for row in load("changes/2025") if row["effective_date"] == REFORM and parts[table](row)]
    with (REFERENCE / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def clauses() -> dict[str, Row]:
    """The row of the changes that gives each new commune its law and clause."""
    rows = [*load("successions_2025-07-01"), *load("islands")]
    found = {row["successor_code"]: row for row in rows}
    assert {(row["legal_document"], row["clause"]) for row in rows} == {
        (row["legal_document"], row["clause"]) for row in found.values()
    }
    return found


def heirs() -> list[tuple[str, str]]:
    """Parts of divided communes that have all the people, as ruled."""
    rows = load("successions_2025-07-01")
    ruled = {ruling["key"]: ruling["ruled_value"] for ruling in load("rulings") if ruling["action"] == "set"}
    return [
        (
            ruled.get(f"{row['predecessor_code']}>{row['successor_code']}", row["predecessor_code"]),
            row["successor_code"],
        )
        for row in rows
        if (row["extent"], row["population"]) == ("part", "all")
    ]


def pairs(table: str) -> list[tuple[str, str]]:
    return [(row["predecessor_code"], row["successor_code"]) for row in load(table)]


def units(date: str) -> dict[tuple[str, str], Row]:
    return {(row["level"], row["code"]): dict(row) for row in load(f"registers/{date}")}


def ruled_pairs(table: str = "successions_2025-07-01") -> set[tuple[str, str]]:
    found = set(pairs(table))
    for ruling in load("rulings"):
        if ruling["target"] == table:
            old, new = ruling["key"].split(">")
            if ruling["action"] in {"set", "drop"}:
                found.remove((old, new))
            if ruling["action"] == "set":
                found.add((ruling["ruled_value"], new))
            if ruling["action"] == "add":
                found.add((old, new))
    return found


def ruled_units(date: str) -> dict[tuple[str, str], Row]:
    register = units(date)
    for ruling in load("rulings"):
        if ruling["target"] == f"units_{date}":
            register["commune", ruling["key"]][ruling["field"]] = ruling["ruled_value"]
    return register


def types(register: dict[tuple[str, str], Row], level: str) -> dict[str, int]:
    return dict(Counter(row["type"] for (found, _), row in register.items() if found == level))


@pytest.mark.parametrize("table", sorted(HEADERS))
def test_every_table_is_plain_utf8_with_its_header(table: str) -> None:
    content = (REFERENCE / f"{table}.csv").read_bytes()
    assert b"\r" not in content
    assert not content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\n")
    assert content.decode("utf-8").split("\n", 1)[0] == HEADERS[table]


@pytest.mark.parametrize("date", ["2025-06-30", "2025-07-01"])
def test_registers_are_complete_unique_and_sorted(date: str) -> None:
    rows = load(f"registers/{date}")
    order = [(list(DIGITS).index(row["level"]), row["code"]) for row in rows]
    assert order == sorted(set(order))
    known = set(units(date))
    for row in rows:
        assert re.fullmatch(rf"[0-9]{{{DIGITS[row['level']]}}}", row["code"])
        assert row["name"].strip() == row["name"] != ""
        assert row["type"]
        parent = {"province": "", "district": "province", "commune": "district"}[row["level"]]
        if date == "2025-07-01" and row["level"] == "commune":
            parent = "province"
        assert (parent, row["parent_code"]) in known or not (parent or row["parent_code"])


def test_old_register_has_the_official_totals_once_ruled() -> None:
    register = ruled_units("2025-06-30")
    assert types(register, "province") == {"Tỉnh": 57, "Thành phố": 6}
    assert types(register, "district") == {"Huyện": 508, "Thành phố": 87, "Thị xã": 52, "Quận": 49}
    assert types(register, "commune") == {"Xã": 7691, "Phường": 1727, "Thị trấn": 617}
    empty = {code for level, code in register if level == "district"} - {
        row["parent_code"] for row in register.values()
    }
    assert empty == set(ISLANDS)


def test_new_register_has_the_official_totals_once_ruled() -> None:
    register = ruled_units("2025-07-01")
    assert types(register, "province") == {"Tỉnh": 28, "Thành phố": 6}
    assert types(register, "commune") == {"Xã": 2621, "Phường": 687, "Đặc khu": 13}


@pytest.mark.parametrize("date", ["2025-06-30", "2025-07-01"])
def test_ruled_types_are_the_leading_words_of_the_names(date: str) -> None:
    register = ruled_units(date)
    assert not [row for row in register.values() if not row["name"].casefold().startswith(row["type"].casefold() + " ")]


def test_successions_are_those_of_the_source_and_of_the_rulings() -> None:
    printed = pairs("successions_2025-07-01")
    assert len(printed) == len(set(printed)) == 10565
    ruled = ruled_pairs()
    assert len(ruled) == 10566
    sizes = Counter(Counter(old for old, _ in ruled).values())
    assert sizes == {1: 9594, 2: 369, 3: 55, 4: 16, 5: 1}
    assert {old for old, _ in ruled} == {code for level, code in units("2025-06-30") if level == "commune"}
    new = {code for level, code in units("2025-07-01") if level == "commune"}
    assert {code for _, code in ruled} == new - set(ISLANDS.values())


def test_a_new_code_is_that_of_a_member() -> None:
    members: dict[str, set[str]] = {}
    for old, new in ruled_pairs():
        members.setdefault(new, set()).add(old)
    assert len(members) == 3316
    assert all(new in old for new, old in members.items())


def test_provinces_have_one_successor_and_communes_follow_it() -> None:
    printed = pairs("province_successions_2025-07-01")
    assert len(printed) == len(set(printed)) == 64
    ruled = ruled_pairs("province_successions_2025-07-01")
    assert len(ruled) == len(dict(ruled)) == 63
    assert set(dict(ruled).values()) == {code for level, code in units("2025-07-01") if level == "province"}
    old, new = units("2025-06-30"), units("2025-07-01")
    for one, other in ruled_pairs():
        district = old["commune", one]["parent_code"]
        province = old["district", district]["parent_code"]
        assert dict(ruled)[province] == new["commune", other]["parent_code"]


def test_rulings_are_numbered_and_say_why() -> None:
    rulings = load("rulings")
    assert [row["ruling_id"] for row in rulings] == [f"R{n:03d}" for n in range(1, len(rulings) + 1)]
    for row in rulings:
        assert row["action"] in {"set", "add", "drop", "same_name"}
        assert row["reason"].endswith(".")
        assert re.fullmatch(r"(Điều 1 khoản [0-9]+)?", row["clause"])
        assert row["clause"] or row["legal_document"] == "202/2025/QH15"


@pytest.mark.parametrize("ruling", load("rulings"), ids=lambda row: row["ruling_id"])
def test_a_ruling_starts_from_what_the_source_prints(ruling: Row) -> None:
    target, key = ruling["target"], ruling["key"]
    assert ruling["source_value"] != ruling["ruled_value"]
    if target.startswith("units_"):
        assert ruling["action"] == "set"
        row = units(target.removeprefix("units_"))["commune", key]
        assert row[ruling["field"]] == ruling["source_value"]
        return
    old, new = key.split(">")
    if ruling["action"] == "same_name":
        assert target == "relations_2025-07-01"
        assert units("2025-06-30")["commune", old]["name"] == ruling["source_value"]
        assert units("2025-07-01")["commune", new]["name"] == ruling["ruled_value"]
        assert [pair for pair in ruled_pairs() if old in pair or new in pair] == [(old, new)]
        return
    if ruling["action"] == "add":
        assert ruling["source_value"] == ""
        assert ruling["ruled_value"] == key
        assert (old, new) not in pairs(target)
        assert ("commune", old) in units("2025-06-30")
        assert ("commune", new) in units("2025-07-01")
        return
    assert (old, new) in pairs(target)
    if ruling["action"] == "drop":
        assert (ruling["source_value"], ruling["ruled_value"]) == (key, "")
    else:
        assert (ruling["field"], ruling["source_value"]) == ("predecessor_code", old)
        assert (ruling["ruled_value"], new) not in pairs(target)


def test_rulings_on_pairs_cite_the_clause_that_creates_the_successor() -> None:
    for ruling in load("rulings"):
        if ruling["target"] in {"successions_2025-07-01", "relations_2025-07-01"}:
            clause = clauses()[ruling["key"].split(">")[1]]
            assert ruling["legal_document"] == clause["legal_document"]
            assert ruling["clause"] == f"Điều 1 khoản {clause['clause']}"


def test_every_cited_document_is_listed_once() -> None:
    listed = [row["number"] for row in load("legal_documents")]
    assert listed == sorted(set(listed))
    for table in HEADERS:
        cited = {row.get("legal_document", "") for row in load(table)} - {""}
        assert cited <= set(listed), table


def test_documents_have_an_issuer_a_title_and_possible_dates() -> None:
    for row in load("legal_documents"):
        issuers = {"Quốc hội", "Ủy ban Thường vụ Quốc hội", "Thủ tướng Chính phủ", "Chính phủ", "Tổng cục Thống kê"}
        assert row["issuer"] in issuers
        assert row["title"]
        scope = r"(province|district|commune|\*):([0-9]{2}|\*)"
        assert re.fullmatch(rf"{scope}( {scope})*|codes", row["governs"])
        for field in ("issued_on", "effective_on", "register_date"):
            assert re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})?", row[field])
        if row["issued_on"] and row["effective_on"]:
            assert row["issued_on"] <= row["effective_on"]


def test_one_resolution_of_june_2025_for_each_new_province() -> None:
    found = {
        row["governs"]: row["number"]
        for row in load("legal_documents")
        if row["number"].endswith("/NQ-UBTVQH15") and row["issued_on"] == "2025-06-16"
    }
    assert set(found) == {f"commune:{code}" for level, code in units("2025-07-01") if level == "province"}
    assert sorted(found.values()) == [f"{n}/NQ-UBTVQH15" for n in range(1654, 1688)]


def test_every_new_commune_has_a_clause_of_its_own_province() -> None:
    rows = list(clauses().values())
    register = {code: row for (level, code), row in units("2025-07-01").items() if level == "commune"}
    assert sorted(row["successor_code"] for row in rows) == sorted(register)
    governs = {row["number"]: row["governs"] for row in load("legal_documents")}
    for row in rows:
        assert int(row["clause"]) > 0
        assert governs[row["legal_document"]] == f"commune:{register[row['successor_code']]['parent_code']}"


def test_a_clause_creates_one_commune_unless_it_is_the_closing_list() -> None:
    rows = list(clauses().values())
    uses = Counter((row["legal_document"], int(row["clause"])) for row in rows)
    last: dict[str, int] = {}
    for document, clause in uses:
        last[document] = max(clause, last.get(document, 0))
    assert all(count == 1 or clause == last[document] for (document, clause), count in uses.items())


@pytest.mark.parametrize(
    ("code", "document", "clause"),
    [
        ("01648", "1657/NQ-UBTVQH15", "38"),
        ("02494", "1684/NQ-UBTVQH15", "28"),
        ("00562", "1656/NQ-UBTVQH15", "110"),
        ("23041", "1671/NQ-UBTVQH15", "46"),
        ("23053", "1671/NQ-UBTVQH15", "51"),
        ("13363", "1674/NQ-UBTVQH15", "102"),
        ("31864", "1655/NQ-UBTVQH15", "38"),
        ("24823", "1671/NQ-UBTVQH15", "104"),
    ],
)
def test_known_clauses(code: str, document: str, clause: str) -> None:
    found = clauses()[code]
    assert (found["legal_document"], found["clause"]) == (document, clause)


def test_heirs_are_sixty_successors_of_divided_communes() -> None:
    assert len(heirs()) == len(dict(heirs())) == 60
    ruled = ruled_pairs()
    successors = Counter(old for old, _ in ruled)
    assert set(heirs()) <= ruled
    assert all(successors[old] > 1 for old, _ in heirs())


def test_changes_of_2026_name_existing_units_once() -> None:
    rows = load("changes/2026")
    assert len({row["change_id"] for row in rows}) == len(rows) == 25
    new = units("2025-07-01")
    for row in rows:
        unit = (row["successor_level"], row["successor_code"])
        assert row["change_id"] == f"{row['effective_date']}/{'/'.join(unit)}"
        assert (row["extent"], row["population"]) == ("whole", "all")
        assert unit in new


def test_island_districts_become_special_zones_of_their_new_province() -> None:
    rows = load("islands")
    assert {row["predecessor_code"]: row["successor_code"] for row in rows} == ISLANDS
    assert {row["kind"] for row in rows} == {"creation"}
    for row in rows:
        assert units("2025-07-01")["commune", row["successor_code"]]["type"] == "Đặc khu"


def test_changes_of_2026_only_change_the_type() -> None:
    rows = load("changes/2026")
    register = ruled_units("2025-07-01")
    governs = {row["number"]: row["governs"] for row in load("legal_documents")}
    effective = {row["number"]: row["effective_on"] for row in load("legal_documents")}
    for row in rows:
        unit = register[row["successor_level"], row["successor_code"]]
        assert row["predecessor_code"] == row["successor_code"]
        assert row["name"].removeprefix(row["type"]) == unit["name"].removeprefix(unit["type"])
        assert (unit["type"], row["type"]) in {("Xã", "Phường"), ("Tỉnh", "Thành phố")}
        province = unit["parent_code"] or unit["code"]
        assert governs[row["legal_document"]] == f"{row['successor_level']}:{province}"
        assert effective[row["legal_document"]] == row["effective_date"]


@pytest.mark.parametrize(
    ("date", "cities", "phuong", "xa"),
    [
        ("2025-07-01", 6, 687, 2621),
        ("2026-04-29", 6, 687, 2621),
        ("2026-04-30", 7, 697, 2611),
        ("2026-09-01", 8, 697, 2611),
        ("2026-09-20", 9, 709, 2599),
    ],
)
def test_totals_by_type_and_date(date: str, cities: int, phuong: int, xa: int) -> None:
    register = ruled_units("2025-07-01")
    for row in load("changes/2026"):
        if row["effective_date"] <= date:
            register[row["successor_level"], row["successor_code"]]["type"] = row["type"]
    assert types(register, "province") == {"Tỉnh": 34 - cities, "Thành phố": cities}
    assert types(register, "commune") == {"Xã": xa, "Phường": phuong, "Đặc khu": 13}


def test_readme_gives_the_hash_of_every_table() -> None:
    text = (REFERENCE / "README.md").read_text(encoding="utf-8")
    written = dict(re.findall(r"^\| `(\S+\.csv)` \| `([0-9a-f]{64})` \|$", text, flags=re.MULTILINE))
    assert set(written) == {path.relative_to(REFERENCE).as_posix() for path in REFERENCE.rglob("*.csv")}
    found = {name: hashlib.sha256((REFERENCE / name).read_bytes()).hexdigest() for name in written}
    assert written == found


def test_readme_and_script_pin_the_same_wheels() -> None:
    readme = (REFERENCE / "README.md").read_text(encoding="utf-8")
    script = SCRIPT.read_text(encoding="utf-8")
    wheels = re.findall(r"^\| `(\S+\.whl)` \| `([0-9a-f]{64})` \|$", readme, flags=re.MULTILINE)
    assert len(wheels) == 2
    for name, digest in wheels:
        assert f'filename="{name}"' in script
        assert f'sha256="{digest}"' in script


def test_readme_row_counts() -> None:
    text = (REFERENCE / "README.md").read_text(encoding="utf-8")
    written = dict(re.findall(r"^\| `(\S+)\.csv` \| ([0-9,]+) \|", text, flags=re.MULTILINE))
    assert set(written) >= {name for name in HEADERS if not name.startswith("changes/")}
    for name, rows in written.items():
        assert int(rows.replace(",", "")) == len(load(name)), name


def run_script(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_script_says_which_wheel_is_missing(tmp_path: Path) -> None:
    done = run_script("--check", "--wheel-dir", str(tmp_path))
    assert done.returncode == 2
    assert "vietnamadminunits-1.0.4-py3-none-any.whl is not in" in done.stderr
    assert "Traceback" not in done.stderr


def test_script_refuses_an_altered_wheel(tmp_path: Path) -> None:
    (tmp_path / "vietnamadminunits-1.0.4-py3-none-any.whl").write_bytes(b"not the wheel")
    done = run_script("--check", "--wheel-dir", str(tmp_path))
    assert done.returncode == 2
    assert "expected 737ee366" in done.stderr
