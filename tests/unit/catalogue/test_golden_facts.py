"""The catalogue against the facts of the field, which stand here and not in the reference files."""

import datetime as dt
import re

import pandas as pd
import pytest

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.history.states import units_as_of

OLD_TOTALS = {
    "province": {"thành phố": 6, "tỉnh": 57},
    "district": {"huyện": 508, "thành phố": 87, "thị xã": 52, "quận": 49},
    "commune": {"xã": 7691, "phường": 1727, "thị trấn": 617},
}
NEW_TOTALS = {
    "2025-07-01": ({"thành phố": 6, "tỉnh": 28}, {"xã": 2621, "phường": 687, "đặc khu": 13}),
    "2026-04-29": ({"thành phố": 6, "tỉnh": 28}, {"xã": 2621, "phường": 687, "đặc khu": 13}),
    "2026-04-30": ({"thành phố": 7, "tỉnh": 27}, {"xã": 2611, "phường": 697, "đặc khu": 13}),
    "2026-09-01": ({"thành phố": 8, "tỉnh": 26}, {"xã": 2611, "phường": 697, "đặc khu": 13}),
    "2026-09-19": ({"thành phố": 8, "tỉnh": 26}, {"xã": 2611, "phường": 697, "đặc khu": 13}),
    "2026-09-20": ({"thành phố": 9, "tỉnh": 25}, {"xã": 2599, "phường": 709, "đặc khu": 13}),
    "2026-11-21": ({"thành phố": 9, "tỉnh": 25}, {"xã": 2599, "phường": 709, "đặc khu": 13}),
}
WARDS_OF_2026 = {
    "2026-04-30": "25270 25357 25363 26116 26170 26248 26326 26368 26425 26485",
    "2026-09-20": "07294 07375 07399 07444 07840 09193 09292 09313 09319 09454 09475 09496",
}
CITIES_OF_2026 = {"75": "30/2026/QH16", "22": "36/2026/QH16", "24": "39/2026/QH16"}
ISLANDS = {"318": "11948", "471": "19742", "498": "20333", "536": "21548", "755": "26732"}
OTHER_PARTNERS_CODE = {"10": "15", "27": "24", "45": "44", "64": "52", "72": "80", "87": "82", "89": "91"}
RULED_PAIRS = {
    ("01651", "01648"): ("1657/NQ-UBTVQH15", 38),
    ("02482", "02494"): ("1684/NQ-UBTVQH15", 28),
    ("00556", "00562"): ("1656/NQ-UBTVQH15", 110),
    ("23053", "23041"): ("1671/NQ-UBTVQH15", 46),
}
MISPRINTED_PAIRS = {("01615", "01648"), ("02485", "02494"), ("00553", "00562")}
LAWS = (  # new province code and the number of its resolution of 16/06/2025 (NQ-UBTVQH15)
    "01 1656, 04 1657, 08 1684, 11 1661, 12 1670, 14 1681, 15 1673, 19 1683, 20 1672, 22 1679, 24 1658, 25 1676, "
    "31 1669, 33 1666, 37 1674, 38 1686, 40 1678, 42 1665, 44 1680, 46 1675, 48 1659, 51 1677, 52 1664, 56 1667, "
    "66 1660, 68 1671, 75 1662, 79 1685, 80 1682, 82 1663, 86 1687, 91 1654, 92 1668, 96 1655"
)
LAW_OF_PROVINCE = dict(re.findall(r"(\d\d) (\d{4})", LAWS))
HEIRS = (
    "00112→00103 00118→00118 00136→00136 00139→00118 00145→00145 00316→00316 00409→00433 00427→00376 00445→00433 "
    "00457→00475 00490→00493 00493→00493 00499→00493 00508→00508 00556→00562 00565→00565 00607→00613 00661→00640 "
    "00670→00685 00685→00685 06799→06886 07180→07180 09007→08980 09619→09619 09667→09619 09685→09619 09787→09787 "
    "09790→09787 09793→09787 09796→09817 09799→09817 09802→09817 09808→09817 09820→09817 09853→09832 09862→09871 "
    "09880→09877 09895→09895 09904→09895 09907→09910 09910→09910 09922→09952 10444→10459 10798→10804 10816→10816 "
    "10993→10993 11008→11020 11041→11020 11071→11065 11086→11086 11239→11239 11242→11242 11251→11242 11411→11411 "
    "11518→11506 11656→11629 11740→11692 21634→21622 23053→23053 26833→26833"
)


@pytest.fixture(scope="module")
def links(candidate_today: Candidate) -> pd.DataFrame:
    return candidate_today.tables["commune_crosswalk"]


def counts(values: pd.Series) -> dict[str, int]:
    return {str(key): int(number) for key, number in values.value_counts().items()}


def pairs(links: pd.DataFrame) -> set[tuple[str, str]]:
    return set(zip(links["old_code"], links["new_code"], strict=True))


@pytest.mark.parametrize("level", ["province", "district", "commune"])
def test_old_totals_by_type(candidate_today: Candidate, candidate_reform: Candidate, level: str) -> None:
    for candidate in (candidate_today, candidate_reform):
        assert counts(candidate.tables[f"legacy_{level}"]["type"]) == OLD_TOTALS[level]


@pytest.mark.parametrize("day", NEW_TOTALS)
def test_new_totals_by_type_on_every_date(candidate_today: Candidate, day: str) -> None:
    units = units_as_of(candidate_today.tables["unit_version"], pd.Timestamp(day))
    provinces, communes = NEW_TOTALS[day]
    assert counts(units.loc[units["level"] == "province", "type"]) == provinces
    assert counts(units.loc[units["level"] == "commune", "type"]) == communes
    assert not (units["level"] == "district").any()


def test_catalogue_tables_are_those_of_their_dates(candidate_today: Candidate, candidate_reform: Candidate) -> None:
    for candidate, day in ((candidate_today, "2026-11-21"), (candidate_reform, "2025-07-01")):
        provinces, communes = NEW_TOTALS[day]
        assert counts(candidate.tables["province"]["type"]) == provinces
        assert counts(candidate.tables["commune"]["type"]) == communes


def test_changes_of_2026_have_their_units_and_their_law(candidate_today: Candidate) -> None:
    communes = candidate_today.tables["commune"].set_index("code")
    for day, codes in WARDS_OF_2026.items():
        began = communes[communes["valid_from"] == pd.Timestamp(day)]
        assert set(began.index) == set(codes.split())
        assert set(began["type"]) == {"phường"}
        assert set(began["legal_document"]) == {{"2026-04-30": "237/NQ-UBTVQH16", "2026-09-20": "388/NQ-UBTVQH16"}[day]}
    provinces = candidate_today.tables["province"].set_index("code")
    for code, document in CITIES_OF_2026.items():
        assert provinces.loc[code, ["type", "legal_document"]].tolist() == ["thành phố", document]
        assert provinces.loc[code, "name"] == "Thành phố " + provinces.loc[code, "short_name"]


def test_renamed_types_change_no_territory(candidate_today: Candidate, candidate_reform: Candidate) -> None:
    now, then = (candidate.tables["commune_crosswalk"] for candidate in (candidate_today, candidate_reform))
    same = ["old_code", "new_code", "extent", "population", "successor_count", "same_code", "legal_document", "clause"]
    pd.testing.assert_frame_equal(now[same], then[same])


def test_before_the_reform_everything_is_itself(raw: dict[str, pd.DataFrame]) -> None:
    from kh02_pipelines.catalogue.plan import build_candidate
    from kh02_pipelines.release.audit import audit

    candidate = build_candidate(raw, dt.date(2025, 6, 30))
    links = candidate.tables["commune_crosswalk"]
    assert len(links) == 10_035
    assert set(links["relation"]) == {"unchanged"}
    assert set(links["legal_document"]) == {"124/2004/QĐ-TTg"}
    assert counts(candidate.tables["commune"]["type"]) == OLD_TOTALS["commune"]
    assert candidate.tables["district_crosswalk"].empty
    assert len(candidate.tables["province_crosswalk"]) == 63
    assert {name: len(found) for name, found in audit(candidate).items() if len(found)} == {}


def test_successions_whole_and_split(links: pd.DataFrame) -> None:
    assert len(links) == 10_566
    successors = links.groupby("old_code").size()
    assert len(successors) == 10_035
    assert successors.value_counts().to_dict() == {1: 9_594, 2: 369, 3: 55, 4: 16, 5: 1}
    assert int((links["extent"] == "whole").sum()) == 9_594
    assert links.loc[links["relation"] == "split", "old_code"].nunique() == 441


def test_unchanged_communes_and_codes_that_deceive(candidate_reform: Candidate) -> None:
    links = candidate_reform.tables["commune_crosswalk"]
    assert counts(links["relation"])["unchanged"] == 127
    assert int(links["same_code"].sum()) == 3_316
    kept = links[links["same_code"] & (links["relation"] != "unchanged") & (links["old_name"] == links["new_name"])]
    assert len(kept) == 1_050


def test_what_a_ruling_finds_unchanged_is_no_renaming_in_its_event(candidate_reform: Candidate) -> None:
    events = candidate_reform.tables["change_event"]
    renamed = events.loc[(events["kind"] == "rename") & (events["effective_date"] == "2025-07-01"), "event_id"]
    assert set(renamed) == {"2025-07-01/commune/24235", "2025-07-01/commune/25114"}
    kinds = events.set_index("event_id")["kind"]
    assert {kinds[f"2025-07-01/commune/{code}"] for code in ("04603", "25225", "26119")} == {"transfer"}


def test_population_heirs(links: pd.DataFrame) -> None:
    heirs = links[(links["population"] == "all") & (links["extent"] == "part")]
    assert len(heirs) == 60
    assert pairs(heirs) == {tuple(pair.split("→")) for pair in HEIRS.split()}
    others = links[links["old_code"].isin(heirs["old_code"]) & ~links.index.isin(heirs.index)]
    assert set(others["population"]) == {"none"}
    assert set(links.loc[links["extent"] == "whole", "population"]) == {"all"}


def test_four_pairs_are_ruled_with_document_and_clause(links: pd.DataFrame) -> None:
    ruled = links[links["ruling_id"].notna()]
    assert pairs(ruled) == set(RULED_PAIRS)
    cited = ruled.set_index(["old_code", "new_code"])
    for pair, (document, clause) in RULED_PAIRS.items():
        assert tuple(cited.loc[pair, ["legal_document", "clause"]]) == (document, clause)
    assert not pairs(links) & MISPRINTED_PAIRS
    remainder = links[(links["old_code"] == "23053") & (links["new_code"] == "23053")].iloc[0]
    assert (remainder["extent"], remainder["population"], remainder["clause"]) == ("part", "all", 51)


def test_every_link_cites_the_resolution_of_its_new_province(links: pd.DataFrame) -> None:
    law = links["new_province_code"].map(LAW_OF_PROVINCE) + "/NQ-UBTVQH15"
    assert len(LAW_OF_PROVINCE) == 34
    assert links["legal_document"].tolist() == law.tolist()


def test_provinces_and_the_seven_that_carry_the_other_partners_code(candidate_reform: Candidate) -> None:
    provinces = candidate_reform.tables["province_crosswalk"].set_index("old_code")
    assert len(provinces) == 63
    assert provinces.index.is_unique
    assert provinces["new_code"].nunique() == 34
    assert set(provinces["legal_document"]) == {"202/2025/QH15"}
    bare = {
        side: provinces[f"{side}_name"].str.replace(r"^(Tỉnh|Thành phố) ", "", regex=True) for side in ("old", "new")
    }
    misleading = provinces[~provinces["same_code"] & (bare["old"] == bare["new"])]
    assert misleading["new_code"].to_dict() == OTHER_PARTNERS_CODE


def test_a_province_that_2025_left_alone_cites_the_law_that_changed_it(candidate_today: Candidate) -> None:
    provinces = candidate_today.tables["province_crosswalk"].set_index("old_code")
    assert provinces.loc["22", ["relation", "legal_document"]].tolist() == ["renamed", "36/2026/QH16"]
    # Đồng Nai and Bắc Ninh were merged in 2025: their link keeps that law
    assert set(provinces.loc[provinces.index != "22", "legal_document"]) == {"202/2025/QH15"}


def test_districts(candidate_today: Candidate) -> None:
    districts = candidate_today.tables["district_crosswalk"]
    successors = districts.groupby("old_district_code")["new_commune_code"].size()
    assert len(successors) == 696
    assert int(successors.median()) == 5
    assert int((successors == 1).sum()) == 14
    alone = districts[districts["sole_successor"]]
    assert len(alone) == 14
    assert ISLANDS.items() <= dict(zip(alone["old_district_code"], alone["new_commune_code"], strict=True)).items()
    assert (districts.groupby("old_district_code")["new_province_code"].nunique() == 1).all()
    from_several = districts.groupby("new_commune_code")["old_district_code"].nunique() > 1
    assert int(from_several.sum()) == 297
    flagged = districts.loc[~districts["commune_within_district"], "new_commune_code"]
    assert set(flagged) == set(from_several[from_several].index)


def test_island_zones_have_new_codes_and_no_old_commune(candidate_today: Candidate, links: pd.DataFrame) -> None:
    zones = candidate_today.tables["commune"].set_index("code").loc[list(ISLANDS.values())]
    assert set(zones["type"]) == {"đặc khu"}
    assert not set(ISLANDS.values()) & (set(links["old_code"]) | set(links["new_code"]))
    new_codes = set(candidate_today.tables["commune"]["code"])
    old_codes = set(candidate_today.tables["legacy_commune"]["code"])
    assert new_codes - old_codes == set(ISLANDS.values())
    assert not set(ISLANDS) & set(candidate_today.tables["legacy_commune"]["district_code"])


def test_ruled_types_are_published(candidate_today: Candidate) -> None:
    old = candidate_today.tables["legacy_commune"].set_index("code")["type"]
    new = candidate_today.tables["commune"].set_index("code")["type"]
    assert old[["13369", "15061", "27046", "27076"]].tolist() == ["phường", "thị trấn", "phường", "phường"]
    assert new[["10543", "31213", "11848", "31299"]].tolist() == ["phường", "phường", "xã", "xã"]


def test_ghost_communes_are_absent(candidate_today: Candidate) -> None:
    ghosts = {"07693", "07732", "07744", "16387", "16411", "18448"}
    ghosts |= {"20176", "20674", "25102", "25174", "25177", "25186"}
    assert not ghosts & set(candidate_today.tables["legacy_commune"]["code"])


def test_every_old_unit_of_the_reform_ends_that_day(candidate_today: Candidate) -> None:
    reform = pd.Timestamp("2025-07-01")
    assert (candidate_today.tables["legacy_district"]["valid_to"] == reform).all()
    communes = candidate_today.tables["legacy_commune"]
    # even an unchanged commune loses its district: a version of its own
    assert (communes["valid_to"] == reform).all()
    provinces = candidate_today.tables["legacy_province"]
    assert int((provinces["valid_to"] == reform).sum()) == 52


def test_history_of_a_commune_is_one_chain(candidate_today: Candidate) -> None:
    versions = candidate_today.tables["unit_version"]
    chain = versions[versions["code"] == "07294"].sort_values("valid_from")
    days = ["2004-08-31", "2020-01-01", "2025-07-01", "2026-09-20"]
    assert chain["unit_id"].tolist() == [f"07294@{day}" for day in days]
    assert chain["valid_from_exact"].tolist() == [False, True, True, True]
    assert chain["valid_to"].dt.strftime("%Y-%m-%d").fillna("").tolist() == [*days[1:], ""]
    assert chain["started_by"].fillna("").tolist() == ["", *(f"{day}/commune/07294" for day in days[1:])]
