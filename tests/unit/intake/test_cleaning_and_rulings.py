"""Cleaning one register, and rulings that apply where the source says what they say and nowhere else."""

import pandas as pd
import pytest

from kh02_pipelines.errors import RulingError, SourceError
from kh02_pipelines.history.rulings import (
    apply_succession_rulings,
    apply_unit_rulings,
    pair_keys,
    same_name_pairs,
)
from kh02_pipelines.intake.cleaning import UNIT_COLUMNS, clean_units

TARGET = "units_x"
RULING_COLUMNS = ["ruling_id", "target", "action", "key", "field", "source_value", "ruled_value"]
NONE = pd.DataFrame(columns=[*RULING_COLUMNS, "row"], dtype="str")


def units(*rows: tuple[str, str, str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["code", "level", "name", "type", "parent_code"], dtype="str")
    return frame.assign(row=range(2, len(frame) + 2))


def rulings(*rows: tuple[str, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=RULING_COLUMNS, dtype="str")
    return frame.assign(row=range(2, len(frame) + 2))


def three_tiers() -> pd.DataFrame:
    return units(
        ("01", "province", "Tỉnh Một", "Tỉnh", "ignored"),
        ("001", "district", "Huyện Hai", "Huyện", "01"),
        ("00001", "commune", "Xã  Ba ", "Xã", "001"),
        ("00002", "commune", "Thị trấn Bốn", "THỊ TRẤN", "001"),
    )


def test_clean_units_have_lower_case_types_short_names_and_no_province_parent() -> None:
    cleaned = clean_units(three_tiers(), NONE, TARGET)
    assert list(cleaned.columns) == UNIT_COLUMNS
    assert cleaned["type"].tolist() == ["tỉnh", "huyện", "xã", "thị trấn"]
    assert cleaned["name"].tolist() == ["Tỉnh Một", "Huyện Hai", "Xã Ba", "Thị trấn Bốn"]
    assert cleaned["short_name"].tolist() == ["Một", "Hai", "Ba", "Bốn"]
    assert cleaned["parent_code"].isna().tolist() == [True, False, False, False]
    assert cleaned["ruling_id"].tolist() == [""] * 4


def test_communes_of_a_two_tier_register_hang_on_provinces() -> None:
    two = units(("01", "province", "Tỉnh Một", "Tỉnh", ""), ("00001", "commune", "Xã Ba", "Xã", "01"))
    assert len(clean_units(two, NONE, TARGET)) == 2


@pytest.mark.parametrize(
    ("row", "column", "value", "problem", "field"),
    [
        (2, "code", "0001", "not a commune code", "code"),
        (2, "code", "1", "not a commune code", "code"),
        (2, "code", "0000a", "not a commune code", "code"),
        (2, "code", "00001 ", "not a commune code", "code"),
        (2, "code", "\u0660\u0660\u0660\u0660\u0661", "not a commune code", "code"),
        (1, "code", "01", "not a district code", "code"),
        (3, "code", "00001", "code stands twice", "code"),
        (2, "level", "ward", "unknown level", "level"),
        (2, "type", "Phường", "name and type disagree", "type"),
        (2, "name", "Ba", "name and type disagree", "type"),
        (2, "name", "", "name and type disagree", "type"),
        (2, "parent_code", "01", "no such parent unit", "parent_code"),
        (2, "parent_code", "", "no such parent unit", "parent_code"),
        (1, "parent_code", "02", "no such parent unit", "parent_code"),
    ],
)
def test_malformed_units_are_refused_with_their_row(
    row: int, column: str, value: str, problem: str, field: str
) -> None:
    raw = three_tiers()
    raw.loc[row, column] = value
    with pytest.raises(SourceError, match=problem) as caught:
        clean_units(raw, NONE, TARGET)
    assert (caught.value.file, caught.value.row, caught.value.field) == ("units_x.csv", row + 2, field)


def test_the_number_of_further_rows_is_said() -> None:
    raw = three_tiers().assign(parent_code="99")
    with pytest.raises(
        SourceError, match=r"no such parent unit: '99' of unit 00001 .* \(and 1 more rows\)|of unit 001 "
    ):
        clean_units(raw, NONE, TARGET)


def test_a_ruling_sets_a_value_and_leaves_its_id() -> None:
    ruled = clean_units(
        three_tiers(),
        rulings(
            ("R1", TARGET, "set", "00001", "type", "Xã", "Phường"),
            ("R2", TARGET, "set", "00001", "name", "Xã Ba", "Phường Ba"),
            ("R3", "elsewhere", "set", "00001", "name", "Xã Ba", "Xã Khác"),
        ),
        TARGET,
    )
    commune = ruled[ruled["code"] == "00001"].iloc[0]
    assert (commune["name"], commune["type"], commune["ruling_id"]) == ("Phường Ba", "phường", "R1 R2")
    assert (ruled.loc[ruled["code"] != "00001", "ruling_id"] == "").all()


@pytest.mark.parametrize(
    ("ruling", "problem"),
    [
        (("R1", TARGET, "set", "99999", "type", "Xã", "Phường"), "no unit 99999"),
        (("R1", TARGET, "set", "00001", "type", "Phường", "Xã"), "prints 'Xã' for 00001, not 'Phường'"),
        (("R1", TARGET, "set", "00001", "level", "commune", "district"), "means nothing for units"),
        (("R1", TARGET, "drop", "00001", "type", "Xã", ""), "means nothing for units"),
    ],
)
def test_a_unit_ruling_that_fits_nothing_is_refused(ruling: tuple[str, ...], problem: str) -> None:
    with pytest.raises(RulingError, match="ruling R1 matches nothing") as caught:
        apply_unit_rulings(three_tiers(), rulings(ruling), TARGET)
    assert problem in str(caught.value)
    assert (caught.value.file, caught.value.row) == ("rulings.csv", 2)


def printed(*keys: str) -> pd.DataFrame:
    both = [key.split(">") for key in keys]
    frame = pd.DataFrame(both, columns=["predecessor_code", "successor_code"], dtype="str")
    return frame.assign(row=range(2, len(frame) + 2))


def test_pair_rulings_set_add_and_drop() -> None:
    ruled = apply_succession_rulings(
        printed("1>a", "2>b", "3>c"),
        rulings(
            ("R1", "pairs", "set", "1>a", "predecessor_code", "1", "9"),
            ("R2", "pairs", "add", "2>d", "", "", "2>d"),
            ("R3", "pairs", "drop", "3>c", "", "3>c", ""),
            ("R4", "other", "drop", "2>b", "", "2>b", ""),
        ),
        "pairs",
    )
    assert pair_keys(ruled).tolist() == ["9>a", "2>b", "2>d"]
    assert ruled["ruling_id"].tolist() == ["R1", "", "R2"]


@pytest.mark.parametrize(
    ("ruling", "problem"),
    [
        (("R1", "pairs", "set", "1>z", "predecessor_code", "1", "9"), "prints no pair 1>z"),
        (("R1", "pairs", "set", "1>a", "predecessor_code", "2", "9"), "predecessor_code of 1>a is not '2'"),
        (("R1", "pairs", "set", "1>a", "row", "1", "9"), "means nothing for pairs"),
        (("R1", "pairs", "drop", "1>z", "", "", ""), "prints no pair 1>z"),
        (("R1", "pairs", "add", "1>a", "", "", "1>a"), "has the pair 1>a already"),
        (("R1", "pairs", "renumber", "1>a", "", "", ""), "means nothing for pairs"),
        (("R1", "pairs", "set", "1>a", "predecessor_code", "1", "2"), "the pair 2>a stands twice"),
    ],
)
def test_a_pair_ruling_that_fits_nothing_is_refused(ruling: tuple[str, ...], problem: str) -> None:
    with pytest.raises(RulingError, match=r"rulings\.csv") as caught:
        apply_succession_rulings(printed("1>a", "2>a"), rulings(ruling), "pairs")
    assert problem in str(caught.value)


def test_two_additions_of_one_pair_are_refused() -> None:
    twice = rulings(("R1", "pairs", "add", "", "", "", "5>a"), ("R2", "pairs", "add", "", "", "", "5>a"))
    with pytest.raises(RulingError, match="5>a"):
        apply_succession_rulings(printed("1>a"), twice, "pairs")


def test_same_name_rulings_are_read_apart() -> None:
    found = same_name_pairs(
        rulings(
            ("R1", "relations", "same_name", "1>2", "name", "Xã A", "Xã Á"),
            ("R2", "relations", "other", "1>3", "name", "Xã A", "Xã Á"),
        )
    )
    assert found.to_dict("records") == [{"old_code": "1", "new_code": "2", "old_name": "Xã A", "new_name": "Xã Á"}]


def test_no_ruling_on_names_gives_no_pairs() -> None:
    for frame in (NONE, rulings(("R1", "pairs", "drop", "1>a", "", "", ""))):
        found = same_name_pairs(frame)
        assert found.empty
        assert list(found.columns) == ["old_code", "new_code", "old_name", "new_name"]
