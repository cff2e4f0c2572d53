"""The crosswalk and the legacy register against the files of the National Statistics Office.

The files lie beside the repository, in ``../shared/data``, and are no part of it; without them these tests skip.
"""

import csv
from pathlib import Path

import pandas as pd
import pytest

from kh02_pipelines.catalogue.candidate import Candidate

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "nso"
RULED_IN = {("01651", "01648"), ("02482", "02494"), ("00556", "00562"), ("23053", "23041")}
RULED_OUT = {("01615", "01648"), ("02485", "02494"), ("00553", "00562")}


def rows(name: str) -> list[list[str]]:
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"the real file ../shared/data/nso/{name} is not here")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [[" ".join(cell.split()) for cell in row] for row in csv.reader(file)]


@pytest.fixture(scope="module")
def printed() -> list[tuple[str, str]]:
    """(old, new) of every row of the conversion table that has both codes."""
    pairs = [(row[4], row[2]) for row in rows("conversion_2025-07-01.csv")[2:] if row[2] and row[4]]
    assert len(pairs) == len(set(pairs)) == 10_565
    return pairs


@pytest.fixture(scope="module")
def register() -> pd.DataFrame:
    header, *body = rows("registry_2025-06-30.csv")
    return pd.DataFrame(body, columns=header, dtype="str")


def test_the_crosswalk_is_the_conversion_table_but_for_four_rulings(
    printed: list[tuple[str, str]], candidate_today: Candidate, candidate_reform: Candidate
) -> None:
    for candidate in (candidate_reform, candidate_today):
        links = candidate.tables["commune_crosswalk"]
        ours = set(zip(links["old_code"], links["new_code"], strict=True))
        assert ours - set(printed) == RULED_IN
        assert set(printed) - ours == RULED_OUT


def test_new_communes_without_old_ones_are_the_islands_zones_and_one_that_continues(
    printed: list[tuple[str, str]], candidate_reform: Candidate
) -> None:
    new = {code for _, code in printed}
    without = set(candidate_reform.tables["commune"]["code"]) - new
    assert without == {"11948", "19742", "20333", "21548", "26732"}


def test_the_legacy_register_has_its_codes_and_parents(register: pd.DataFrame, candidate_today: Candidate) -> None:
    ours = candidate_today.tables["legacy_commune"].set_index("code")
    theirs = register.set_index("Mã").loc[lambda frame: frame.index != ""]
    assert theirs.index.is_unique
    assert set(ours.index) == set(theirs.index)
    theirs = theirs.loc[ours.index]
    assert (ours["district_code"] == theirs["Mã QH"]).all()
    assert (ours["province_code"] == theirs["Mã TP"]).all()


def test_the_legacy_register_has_its_types_but_for_the_rulings(
    register: pd.DataFrame, candidate_today: Candidate
) -> None:
    ours = candidate_today.tables["legacy_commune"].set_index("code")["type"]
    theirs = register[register["Mã"] != ""].set_index("Mã").loc[ours.index, "Cấp"].str.lower()
    different = ours.index[ours != theirs]
    assert set(different) <= {"13369", "15061", "27046", "27076"}
    assert "13369" in set(different)


def test_the_legacy_districts_and_provinces_are_those_of_the_register(
    register: pd.DataFrame, candidate_today: Candidate
) -> None:
    islands = {"318", "471", "498", "536", "755"}
    districts = set(candidate_today.tables["legacy_district"]["code"])
    assert set(register["Mã QH"]) - {""} - islands == districts - islands
    assert set(register["Mã TP"]) - {""} == set(candidate_today.tables["legacy_province"]["code"])
