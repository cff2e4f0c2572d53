"""Composing changes that have not happened yet: mergers, splits, re-mergers, recodes, and holes."""

import pandas as pd
import pytest
from small_country import NO_SAME_NAMES, OPENING_DAY, register, replayed

from kh02_pipelines.history.algebra import compose, walk
from kh02_pipelines.history.crosswalk import described, units_of_land
from kh02_pipelines.history.graph import day_number, graph_of
from kh02_pipelines.history.history import History

STANDING = "the code list"
CODES = ("00001", "00002", "00003", "00004")
OPENING = register(
    OPENING_DAY,
    ("01", "province", "Tỉnh Một", "tỉnh", None),
    ("001", "district", "Huyện Hai", "huyện", "01"),
    *((code, "commune", f"Xã {code}", "xã", "001") for code in CODES),
)
LAST = pd.Timestamp("2030-01-01")
Step = tuple[str, str, str, str, str]  # day, old, new, extent, population


def composed(*steps: Step, retype: tuple[str, str] | None = None) -> dict[tuple[str, str], tuple[str, str, str]]:
    """(old, new) → extent, population, law. Laws are called by their day."""
    rows: list[dict[str, object]] = [
        {
            "effective_date": pd.Timestamp(day),
            "predecessor_level": "commune",
            "predecessor_code": old,
            "successor_level": "commune",
            "successor_code": new,
            "name": f"Xã {new} {day}",
            "type": "xã",
            "parent_code": "001",
            "extent": extent,
            "population": population,
            "legal_document": day,
            "ruling_id": "",
        }
        for day, old, new, extent, population in steps
    ]
    if retype:
        day, code = retype
        rows.append(
            {
                **(rows[0] if rows else {}),
                "effective_date": pd.Timestamp(day),
                "predecessor_level": "commune",
                "successor_level": "commune",
                "predecessor_code": code,
                "successor_code": code,
                "name": f"Phường {code}",
                "type": "phường",
                "parent_code": "001",
                "extent": "whole",
                "population": "all",
                "legal_document": day,
                "ruling_id": "",
            }
        )
    found = described_between(replayed(OPENING, *rows))
    found["legal_document"] = found["legal_document"].fillna(found["first_legal_document"]).fillna(STANDING)
    found = found[found["level"] == "commune"]
    assert not found.duplicated(["old_code", "new_code"]).any()
    assert set(found["old_code"]) == set(CODES)
    return {
        (row.old_code, row.new_code if isinstance(row.new_code, str) else ""): (
            row.extent,
            row.population,
            row.legal_document,
        )
        for row in found.itertuples()
    }


def described_between(history: History) -> pd.DataFrame:
    """The pairs from the opening day to the last, which the day between makes no difference to."""
    graph = graph_of(history.unit_version, history.change_event, history.succession)
    first, last = day_number(OPENING_DAY), day_number(LAST)
    found = described(graph, walk(graph, units_of_land(graph, first), last, first).pairs, NO_SAME_NAMES)
    between = day_number(pd.Timestamp("2027-06-01"))
    halves = compose(
        walk(graph, units_of_land(graph, first), between, first).pairs,
        walk(graph, units_of_land(graph, between), last, between).pairs,
    )
    pd.testing.assert_frame_equal(found, described(graph, halves, NO_SAME_NAMES))
    return found


UNTOUCHED = {(code, code): ("whole", "all", STANDING) for code in CODES}
MERGED = (("2027-01-01", "00001", "00001", "whole", "all"), ("2027-01-01", "00002", "00001", "whole", "all"))
SPLIT = (("2027-01-01", "00001", "00001", "part", "part"), ("2027-01-01", "00001", "00009", "part", "part"))


def test_units_that_never_changed_lead_to_themselves() -> None:
    assert composed() == UNTOUCHED


def test_two_mergers_in_a_row_keep_everything_whole() -> None:
    found = composed(
        *MERGED,
        ("2028-01-01", "00001", "00003", "whole", "all"),
        ("2028-01-01", "00003", "00003", "whole", "all"),
    )
    assert found == {
        ("00001", "00003"): ("whole", "all", "2028-01-01"),
        ("00002", "00003"): ("whole", "all", "2028-01-01"),
        ("00003", "00003"): ("whole", "all", "2028-01-01"),
        ("00004", "00004"): ("whole", "all", STANDING),
    }


def test_merged_units_that_split_leave_every_member_split() -> None:
    found = composed(
        *MERGED,
        ("2028-01-01", "00001", "00001", "part", "part"),
        ("2028-01-01", "00001", "00009", "part", "part"),
    )
    for old in ("00001", "00002"):
        assert found[old, "00001"] == found[old, "00009"] == ("part", "part", "2028-01-01")


def test_a_split_with_all_people_on_one_side_stays_so_through_later_steps() -> None:
    found = composed(
        ("2027-01-01", "00001", "00001", "part", "all"),
        ("2027-01-01", "00001", "00009", "part", "none"),
        ("2028-01-01", "00009", "00002", "whole", "all"),
        ("2028-01-01", "00002", "00002", "whole", "all"),
    )
    assert found["00001", "00001"] == ("part", "all", "2027-01-01")
    # nobody lived in the part that moved on, so all of the nobody moved on
    assert found["00001", "00002"] == ("part", "none", "2028-01-01")
    assert found["00002", "00002"] == ("whole", "all", "2028-01-01")


def test_part_of_a_part_without_people_has_no_people() -> None:
    found = composed(
        *SPLIT,
        ("2028-01-01", "00009", "00009", "part", "none"),
        ("2028-01-01", "00009", "00008", "part", "all"),
    )
    assert found["00001", "00009"] == ("part", "none", "2028-01-01")
    assert found["00001", "00008"] == ("part", "part", "2028-01-01")


def test_split_then_merged_again_is_one_whole_row() -> None:
    found = composed(
        *SPLIT,
        ("2028-01-01", "00001", "00001", "whole", "all"),
        ("2028-01-01", "00009", "00001", "whole", "all"),
    )
    assert found == UNTOUCHED | {("00001", "00001"): ("whole", "all", "2028-01-01")}


def test_parts_that_meet_beside_a_third_stay_a_part() -> None:
    found = composed(
        ("2027-01-01", "00001", "00001", "part", "part"),
        ("2027-01-01", "00001", "00008", "part", "part"),
        ("2027-01-01", "00001", "00009", "part", "none"),
        ("2028-01-01", "00008", "00002", "whole", "all"),
        ("2028-01-01", "00009", "00002", "whole", "all"),
        ("2028-01-01", "00002", "00002", "whole", "all"),
    )
    assert found["00001", "00001"] == ("part", "part", "2027-01-01")
    assert found["00001", "00002"] == ("part", "part", "2028-01-01")


def test_an_heir_and_its_empty_land_that_meet_have_all_the_people() -> None:
    found = composed(
        ("2027-01-01", "00001", "00001", "part", "none"),
        ("2027-01-01", "00001", "00008", "part", "all"),
        ("2027-01-01", "00001", "00009", "part", "none"),
        ("2028-01-01", "00008", "00002", "whole", "all"),
        ("2028-01-01", "00009", "00002", "whole", "all"),
        ("2028-01-01", "00002", "00002", "whole", "all"),
    )
    assert found["00001", "00002"] == ("part", "all", "2028-01-01")
    assert found["00001", "00001"] == ("part", "none", "2027-01-01")


def test_a_recode_leads_to_the_new_code() -> None:
    found = composed(("2027-01-01", "00001", "00007", "whole", "all"))
    assert found["00001", "00007"] == ("whole", "all", "2027-01-01")
    assert ("00001", "00001") not in found


def test_a_code_used_again_leads_only_its_own_unit() -> None:
    found = composed(("2027-01-01", "00001", "00007", "whole", "all"), ("2028-01-01", "00002", "00001", "whole", "all"))
    assert found["00001", "00007"][0] == "whole"
    assert found["00002", "00001"][0] == "whole"
    assert {old for old, new in found if new == "00001"} == {"00002"}


def test_a_later_change_of_type_keeps_the_law_of_the_territory() -> None:
    assert composed(*MERGED, retype=("2028-01-01", "00001"))["00002", "00001"] == ("whole", "all", "2027-01-01")


def test_the_first_change_gives_its_law_even_if_only_the_type_changes() -> None:
    assert composed(retype=("2028-01-01", "00004"))["00004", "00004"] == ("whole", "all", "2028-01-01")


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_the_links_does_not_matter(order: int) -> None:
    steps = [
        *SPLIT,
        ("2027-01-01", "00003", "00002", "whole", "all"),
        ("2027-01-01", "00002", "00002", "whole", "all"),
        ("2028-01-01", "00009", "00002", "whole", "all"),
        ("2028-01-01", "00002", "00002", "whole", "all"),
    ]
    assert composed(*steps[::order]) == composed(*steps)


def test_an_unknown_extent_stays_unknown_through_everything_that_follows() -> None:
    found = composed(
        ("2027-01-01", "00001", "00002", "unknown", "unknown"),
        ("2027-01-01", "00002", "00002", "whole", "all"),
        ("2028-01-01", "00002", "00003", "whole", "all"),
        ("2028-01-01", "00003", "00003", "whole", "all"),
    )
    assert found["00001", "00003"] == ("unknown", "unknown", "2028-01-01")
    assert found["00002", "00003"] == ("whole", "all", "2028-01-01")


def test_a_part_whose_rest_is_not_known_never_becomes_whole() -> None:
    found = composed(
        ("2027-01-01", "00001", "00002", "part", "unknown"),
        ("2027-01-01", "00002", "00002", "whole", "all"),
        ("2028-01-01", "00002", "00003", "whole", "all"),
        ("2028-01-01", "00003", "00003", "whole", "all"),
    )
    assert found["00001", "00003"] == ("part", "unknown", "2028-01-01")
    assert found["00001", ""][:2] == ("unknown", "unknown")


def test_parts_of_unknown_people_that_meet_again_are_whole_with_all_people() -> None:
    found = composed(
        ("2027-01-01", "00001", "00001", "part", "unknown"),
        ("2027-01-01", "00001", "00009", "part", "unknown"),
        ("2028-01-01", "00001", "00001", "whole", "all"),
        ("2028-01-01", "00009", "00001", "whole", "all"),
    )
    assert found["00001", "00001"] == ("whole", "all", "2028-01-01")
