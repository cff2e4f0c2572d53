"""Lookup by code and by name: every candidate, with its law."""

import pytest

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.history.lookup import LINK_COLUMNS, NEEDED_TABLES, Found, lookup


@pytest.fixture(scope="module")
def tables(candidate_today: Candidate) -> dict[str, object]:
    return {name: candidate_today.tables[name] for name in NEEDED_TABLES}


def found(tables: dict[str, object], query: str) -> dict[tuple[str, str], Found]:
    return {(unit.table, unit.code): unit for unit in lookup(tables, query)}  # type: ignore[arg-type]


def test_a_code_of_both_systems_shows_both(tables: dict[str, object]) -> None:
    units = found(tables, " 00004 ")
    assert set(units) == {("legacy_commune", "00004"), ("commune", "00004")}
    assert units["legacy_commune", "00004"].above == "Quận Ba Đình, Thành phố Hà Nội"
    assert units["commune", "00004"].above == "Thành phố Hà Nội"
    assert [unit.is_old for unit in units.values()] == [True, False]


def test_a_split_commune_shows_every_successor_with_its_law(tables: dict[str, object]) -> None:
    links = found(tables, "00112")["legacy_commune", "00112"].links
    assert list(links.columns) == LINK_COLUMNS
    assert links["code"].tolist() == ["00004", "00103"]
    assert links["population"].tolist() == ["none", "all"]
    assert set(links["legal_document"]) == {"1656/NQ-UBTVQH15"}
    assert links["clause"].tolist() == [3, 28]


def test_a_new_commune_shows_all_its_predecessors(tables: dict[str, object], candidate_today: Candidate) -> None:
    crosswalk = candidate_today.tables["commune_crosswalk"]
    links = found(tables, "00004")["commune", "00004"].links
    expected = crosswalk[crosswalk["new_code"] == "00004"]
    assert set(links["code"]) == set(expected["old_code"])
    assert set(links["name"]) == set(expected["old_name"])


@pytest.mark.parametrize("query", ["Thụy Khuê", "Phường Thụy Khuê", "Thuỵ Khuê", "thụy khuê", "thuy khue"])
def test_names_match_with_and_without_type_and_accents(tables: dict[str, object], query: str) -> None:
    assert ("legacy_commune", "00112") in found(tables, query)


def test_an_accented_name_does_not_match_other_accents(tables: dict[str, object]) -> None:
    with_accents = {unit.name for unit in lookup(tables, "Hòa An")}  # type: ignore[arg-type]
    without = {unit.name for unit in lookup(tables, "hoa an")}  # type: ignore[arg-type]
    assert with_accents < without
    assert not any("Hóa" in name for name in with_accents)


def test_districts_provinces_and_islands(tables: dict[str, object]) -> None:
    district = found(tables, "001")["legacy_district", "001"]
    assert len(district.links) > 1
    assert set(district.links["province_name"]) == {"Thành phố Hà Nội"}
    province = found(tables, "10")["legacy_province", "10"]
    assert province.links["code"].tolist() == ["15"]
    zone = found(tables, "26732")
    assert set(zone) == {("commune", "26732")}
    assert zone["commune", "26732"].links["code"].tolist() == ["755"]


@pytest.mark.parametrize(
    ("query", "code", "dates", "became", "law"),
    [
        ("Xã Trảng Bom", "26248", ("2025-07-01", "2026-04-30"), "Phường Trảng Bom", "237/NQ-UBTVQH16"),
        ("Xã Lộc Ninh", "25270", ("2025-07-01", "2026-04-30"), "Phường Lộc Ninh", "237/NQ-UBTVQH16"),
        ("Tỉnh Bắc Ninh", "24", ("2025-07-01", "2026-09-20"), "Thành phố Bắc Ninh", "39/2026/QH16"),
    ],
)
def test_a_name_of_2025_that_2026_ended_shows_its_dates_and_what_it_is_now(
    tables: dict[str, object], query: str, code: str, dates: tuple[str, str], became: str, law: str
) -> None:
    unit = found(tables, query)["unit_version", code]
    assert (unit.name, str(unit.valid_from), str(unit.valid_to)) == (query, *dates)
    assert unit.leads_on
    assert not unit.is_old
    assert unit.links[["code", "name", "legal_document"]].to_numpy().tolist() == [[code, became, law]]
    assert unit.links["extent"].tolist() == ["whole"]
    assert unit.above == ("" if code == "24" else "Tỉnh Đồng Nai")


def test_names_of_2025_do_not_hide_the_old_ones(tables: dict[str, object]) -> None:
    assert ("legacy_province", "27") in found(tables, "Tỉnh Bắc Ninh")
    assert list(found(tables, "26248")) == [
        ("legacy_commune", "26248"),
        ("unit_version", "26248"),
        ("commune", "26248"),
    ]


def test_nothing_found(tables: dict[str, object]) -> None:
    assert lookup(tables, "99999") == []  # type: ignore[arg-type]
    assert lookup(tables, "Xã Không Có Đâu") == []  # type: ignore[arg-type]
    assert lookup(tables, "") == []  # type: ignore[arg-type]


def test_no_answer_is_cut_off(tables: dict[str, object]) -> None:
    answers = lookup(tables, "tan thanh")  # type: ignore[arg-type]
    assert len(answers) > 50
    assert any(not unit.is_old for unit in answers)
