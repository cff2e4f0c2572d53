"""The embedded history from 2004 on against facts that stand here: registers, retired codes, holes, odd cases."""

import datetime as dt
import itertools
import random
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.history.algebra import Pairs, compose, walk
from kh02_pipelines.history.crosswalk import crosswalk, units_of_land
from kh02_pipelines.history.graph import Graph, day_number, graph_of
from kh02_pipelines.history.history import History
from kh02_pipelines.history.states import units, units_as_of

COMMUNES = {
    "2004-08-31": 10_751,
    "2009-04-01": 11_068,
    "2013-12-31": 11_161,
    "2019-04-01": 11_161,
    "2019-12-31": 11_055,
    "2023-12-31": 10_598,
    "2024-12-31": 10_322,
    "2025-06-30": 10_035,
    "2025-07-01": 3_321,
}
LAST = pd.Timestamp("2025-06-30")
GHOSTS = "07693 07732 07744 16387 16411 18448 20176 20674 25102 25174 25177 25186"


@pytest.fixture(scope="module")
def graph(whole: History) -> Graph:
    return graph_of(whole.unit_version, whole.change_event, whole.succession)


@pytest.fixture(scope="module")
def codes(candidate_today: Candidate) -> pd.DataFrame:
    return candidate_today.tables["code_crosswalk"]


@pytest.mark.parametrize("day", COMMUNES)
def test_registers_of_any_day(whole: History, day: str) -> None:
    state = units_as_of(whole.unit_version, pd.Timestamp(day), "commune")
    assert len(state) == COMMUNES[day]
    assert not state["code"].duplicated().any()


def test_every_unit_lies_in_a_province_of_its_day(whole: History) -> None:
    state = units(whole, pd.Timestamp("2009-04-01"))
    provinces = set(state.loc[state["level"] == "province", "code"])
    assert len(provinces) == 63
    below = state[state["level"] != "province"]
    assert set(below["province_code"]) == provinces
    assert below.loc[below["level"] == "commune", "district_code"].notna().all()


@pytest.mark.parametrize(
    ("since", "confidences"),
    [
        ("2018-10-16", {"sourced": 1012, "derived": 108, "unknown": 13}),
        ("2009-04-01", {"sourced": 1017, "derived": 112, "unknown": 13}),
    ],
)
def test_no_retired_code_is_silent(
    codes: pd.DataFrame, whole: History, since: str, confidences: dict[str, int]
) -> None:
    spans = codes[(codes["level"] == "commune") & (codes["valid_to"] >= since) & (codes["valid_to"] <= LAST)]
    in_force = units_as_of(whole.unit_version, LAST, "commune")["code"]
    last = spans[~spans["old_code"].isin(in_force)].sort_values("valid_to")
    last = last[last["valid_to"] == last.groupby("old_code")["valid_to"].transform("max")]
    weakest = last.groupby("old_code")["confidence"].agg(lambda words: max(words, key=list(confidences).index))
    assert weakest.value_counts().to_dict() == confidences
    assert len(weakest) == sum(confidences.values())


def test_every_code_has_a_row_for_every_day_since_april_2009(codes: pd.DataFrame, whole: History) -> None:
    rng = random.Random(9)  # noqa: S311
    for _ in range(6):
        day = pd.Timestamp("2009-04-01") + pd.Timedelta(days=rng.randrange(6_400))
        state = units_as_of(whole.unit_version, day)
        rows = codes[(codes["valid_from"] <= day) & (codes["valid_to"].isna() | (codes["valid_to"] > day))]
        found = rows.drop_duplicates(["level", "old_code"]).set_index(["level", "old_code"])["old_name"]
        assert found.to_dict() == state.set_index(["level", "code"])["name"].to_dict()
        assert not rows.duplicated(["level", "old_code", "successor_number"]).any()


def test_holes_are_published_with_document_and_candidates(candidate_today: Candidate, codes: pd.DataFrame) -> None:
    unresolved, candidates = (candidate_today.tables[name] for name in ("unresolved", "unresolved_candidate"))
    assert int((unresolved["ended_on"] >= "2009-04-01").sum()) == 13
    assert unresolved["legal_document"].notna().all()
    assert set(candidates["unit_id"]) == set(unresolved["unit_id"])
    rows = codes[(codes["relation"] == "unresolved") & (codes["level"] == "commune")]
    assert len(rows) == 13
    assert rows["new_code"].isna().all()
    assert set(rows["status"]) == {"unresolved"}
    assert set(rows["confidence"]) == {"unknown"}
    assert {"10774", "16651", "28006"} <= set(rows["old_code"])


def test_unknown_extents_are_published_as_unknown(whole: History) -> None:
    versions, links = whole.unit_version, whole.succession
    ended = versions[(versions["level"] == "commune") & (versions["valid_to"] <= LAST)]
    alone = links[links["predecessor_id"].isin(ended["unit_id"])].drop_duplicates("predecessor_id", keep=False)
    unknown = alone[alone["extent"] == "unknown"]
    assert unknown["confidence"].value_counts().to_dict() == {"derived": 110, "sourced": 21}
    found = crosswalk(whole, pd.Timestamp("2019-12-31"), LAST, NO_NAMES)
    assert (found["extent"] == "unknown").sum() >= 100
    assert set(found.loc[found["extent"] == "unknown", "population"]) == {"unknown"}


NO_NAMES = pd.DataFrame(columns=["old_code", "new_code", "old_name", "new_name"], dtype="str")


def test_codes_that_were_given_again(codes: pd.DataFrame) -> None:
    def spans(code: str) -> list[tuple[str, str, str]]:
        rows = codes[(codes["level"] == "commune") & (codes["old_code"] == code)].drop_duplicates("valid_from")
        ends = rows["valid_to"].dt.strftime("%Y-%m-%d").fillna("")
        return list(zip(rows["valid_from"].dt.strftime("%Y-%m-%d"), ends, rows["old_name"], strict=True))

    assert spans("11344") == [
        ("2009-04-01", "2020-02-01", "Phường Lương Khánh Thiện"),
        ("2022-04-10", "2025-07-01", "Phường Cầu Đất"),
    ]
    assert [name for _, _, name in spans("03388")] == ["Phường Quyết Tiến", "Phường Đoàn Kết"]
    recoded = codes[(codes["old_code"] == "11353") & (codes["valid_to"] == "2022-04-10")]
    assert set(recoded["status"]) == {"ended"}  # its unit was divided in 2025


def test_lines_that_names_would_send_elsewhere(whole: History) -> None:
    found = crosswalk(whole, pd.Timestamp("2019-12-31"), LAST, NO_NAMES).set_index("from_code")
    assert found.loc["27106", "to_code"] == "27118"  # An Khánh in Thủ Thiêm's line, not 27094 by its name
    assert sorted(found.loc["04966", "to_code"]) == ["04960", "04969"]  # Liên Sơn, not Cư Yên alone
    assert set(found.loc["04966", "extent"]) == {"part"}
    exchanged = found.loc[["06139", "06154"]]
    assert set(zip(exchanged.index, exchanged["to_code"], strict=True)) == {
        (old, new) for old in ("06139", "06154") for new in ("06139", "06154")
    }
    assert found.loc["21541", "to_code"] == "536"  # a commune of Lý Sơn, which the district took over


def test_aliases_of_registers(candidate_today: Candidate) -> None:
    aliases = candidate_today.tables["code_alias"]
    assert set(aliases.loc[aliases["kind"] == "ghost", "printed_code"]) == set(GHOSTS.split())
    assert aliases["kind"].value_counts().to_dict() == {
        "recoded": 107, "ghost": 12, "not_matched": 7, "swapped": 6, "reused": 1
    }  # fmt: skip


def test_a_total_that_others_count_differently_is_a_conflict_in_public(candidate_today: Candidate) -> None:
    conflicts = candidate_today.tables["source_conflict"].query("`class` == 'total'")
    assert conflicts[["subject", "value", "other_value", "ruling"]].to_numpy().tolist() == [
        ["2009-12-31/commune/xã", "9120", "9121", "open"]
    ]
    assert len(candidate_today.totals[~candidate_today.totals["lawful"].astype(bool)]) == 20


def test_what_is_not_known_is_counted(whole: History) -> None:
    events = whole.change_event[whole.change_event["effective_date"] <= LAST]
    assert events["legal_document"].isna().equals(events["confidence"] == "unknown")
    of_communes = events[events["event_id"].str.contains("/commune/")]
    assert int((of_communes["confidence"] == "unknown").sum()) == 9  # seven spellings, the recode, Cẩm Nam
    assert "07/NĐ-CP (2009-02-24)" in set(events["legal_document"])


def pairs_between(graph: Graph, earlier: int, later: int) -> Pairs:
    return walk(graph, units_of_land(graph, earlier), later, earlier).pairs


@pytest.fixture(scope="module")
def twenty_days() -> list[int]:
    """Days of change, the day before one, and days between."""
    rng = random.Random(2004)  # noqa: S311
    first, last = day_number(pd.Timestamp("2004-08-31")), day_number(pd.Timestamp("2026-11-21"))
    fixed = [first, *(day_number(pd.Timestamp(day)) for day in ("2020-01-01", "2025-06-30", "2025-07-01")), last]
    return sorted({*fixed, *(rng.randrange(first, last) for _ in range(15))})


def test_crosswalks_between_any_days_are_those_of_the_days_between(graph: Graph, twenty_days: list[int]) -> None:
    """Sums of steps of every length: a step of n days is one of n - 1 and one of 1, so all splits agree."""
    steps = [pairs_between(graph, *span) for span in itertools.pairwise(twenty_days)]
    for start in range(0, len(twenty_days) - 1, 3):
        told = steps[start]
        for end in range(start + 2, len(twenty_days)):
            told = compose(told, steps[end - 1])
            if (end - start) % 4 and end != len(twenty_days) - 1:
                continue
            direct = pairs_between(graph, twenty_days[start], twenty_days[end])
            assert_same(direct, told)
            middle = (start + end) // 2
            halves = pairs_between(graph, twenty_days[start], twenty_days[middle])
            assert_same(direct, compose(halves, pairs_between(graph, twenty_days[middle], twenty_days[end])))


def assert_same(one: Pairs, other: Pairs) -> None:
    for field in ("old", "new", "extent", "population", "confidence"):
        assert np.array_equal(getattr(one, field), getattr(other, field)), field


def test_the_reverse_has_the_same_pairs(whole: History) -> None:
    days = pd.Timestamp("2019-04-01"), pd.Timestamp("2025-07-01")
    there, back = crosswalk(whole, *days, NO_NAMES), crosswalk(whole, *days[::-1], NO_NAMES)
    turned = back.rename(columns={"from_code": "to_code", "to_code": "from_code"})
    columns = ["level", "from_code", "to_code", "extent", "population", "relation", "confidence"]
    sides = [frame[columns].fillna("").sort_values(columns, ignore_index=True) for frame in (there, turned)]
    pd.testing.assert_frame_equal(*sides)


@pytest.mark.parametrize("table", ["unit_version", "change_event", "succession"])
def test_a_history_that_ends_earlier_is_the_beginning_of_the_whole(
    candidate_reform: Candidate, whole: History, table: str
) -> None:
    key = {"unit_version": "unit_id", "change_event": "event_id", "succession": "event_id"}[table]
    earlier = set(candidate_reform.tables[table][key])
    assert earlier <= set(getattr(whole, table)[key])
    assert len(earlier) > 5_000


def test_two_histories_of_the_same_changes_are_equal(history_again: Callable[[], History], whole: History) -> None:
    started = time.process_time()
    again = history_again()
    assert time.process_time() - started < 4  # well under 2 s on an idle machine, reading the files included
    for table in ("unit_version", "change_event", "succession"):
        pd.testing.assert_frame_equal(getattr(again, table), getattr(whole, table))


@pytest.fixture
def history_again(raw: dict[str, pd.DataFrame]) -> Callable[[], History]:
    from kh02_pipelines.catalogue.plan import history_in, run_plan

    return lambda: history_in(run_plan(raw, dt.date(2300, 1, 1), upto="unit_history"))
