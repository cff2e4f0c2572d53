"""``kh02 units`` and ``kh02 crosswalk`` as their entry point runs them, in a home without a release."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.no_cover  # each builds the history anew; other tests cover the code


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype="str") if path.suffix == ".csv" else pq.read_table(path).to_pandas()


@pytest.mark.parametrize(("day", "ending", "communes", "districts"), [("2009-04-01", "csv", 11068, 691),
                         ("2025-07-01", "parquet", 3321, 0)])  # fmt: skip
def test_the_register_of_a_day(kh02: Any, tmp_path: Path, day: str, ending: str, communes: int, districts: int) -> None:
    file = tmp_path / f"units.{ending}"
    assert kh02("units", "--on", day, "-o", str(file), home=tmp_path / "home").code == 0
    units = read(file)
    assert list(units.columns) == [
        "level", "code", "name", "type", "province_code", "district_code", "valid_from"
    ]  # fmt: skip
    assert not units.duplicated(["level", "code"]).any()
    by_level = units.set_index("level")
    assert len(by_level.loc["commune"]) == communes
    assert (units["level"] == "district").sum() == districts
    assert units.loc[units["level"] != "province", "province_code"].notna().all()
    assert by_level.loc["province", "province_code"].isna().all()


def test_a_crosswalk_between_days_and_its_reverse(kh02: Any, tmp_path: Path) -> None:
    there, back = tmp_path / "there.csv", tmp_path / "back.parquet"
    days = ("2024-11-30", "2025-06-30")
    assert kh02("crosswalk", "--from", days[0], "--to", days[1], "-o", str(there), home=tmp_path / "home").code == 0
    assert kh02("crosswalk", "--from", days[1], "--to", days[0], "-o", str(back), home=tmp_path / "home").code == 0
    rows, turned = read(there), read(back)
    assert list(rows.columns) == [
        "level", "from_code", "to_code", "extent", "population", "relation", "confidence", "legal_document", "clause",
        "legal_documents",
    ]  # fmt: skip
    pairs = set(zip(rows["from_code"], rows["to_code"].fillna(""), strict=True))
    assert pairs == set(zip(turned["to_code"], turned["from_code"].fillna(""), strict=True))
    unknown = rows[rows["to_code"].isna()]
    assert len(unknown) == 13
    assert set(unknown["relation"]) == {"unresolved"}
    assert set(rows["level"]) == {"commune", "district"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("units", "--on", "2004-08-30", "-o", "u.csv"), "no state is known for 2004-08-30"),
        (("units", "--on", "30/08/2009", "-o", "u.csv"), "'30/08/2009' is not a date"),
        (("units", "--on", "2009-08-30", "-o", "u.xlsx"), "let the file end in .csv or .parquet"),
        (
            ("crosswalk", "--from", "2003-01-01", "--to", "2009-08-30", "-o", "x.csv"),
            "no state is known for 2003-01-01",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(kh02: Any, tmp_path: Path, words: Any, said: str) -> None:
    answer = kh02(*words, home=tmp_path / "home")
    assert answer.code == 2
    (fault,) = answer.faults
    assert said in fault
    assert "remedy: " in fault
