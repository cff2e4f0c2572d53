"""As-of states for any date: one version per code, totals that change only with events, total crosswalks."""

import datetime as dt
from collections.abc import Callable
from functools import cache

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.catalogue.plan import history_in, run_plan
from kh02_pipelines.history.algebra import walk
from kh02_pipelines.history.crosswalk import units_of_land
from kh02_pipelines.history.graph import day_number, graph_of
from kh02_pipelines.history.history import History
from kh02_pipelines.history.states import units_as_of

EVENT_DAYS = [
    dt.date(2025, 6, 30),
    dt.date(2025, 7, 1),
    dt.date(2026, 4, 30),
    dt.date(2026, 9, 1),
    dt.date(2026, 9, 20),
]
days = st.one_of(
    st.dates(dt.date(2025, 6, 30), dt.date(2040, 1, 1)),
    st.sampled_from(
        [
            day + dt.timedelta(shift)
            for day in EVENT_DAYS
            for shift in (-1, 0, 1)
            if day + dt.timedelta(shift) >= EVENT_DAYS[0]
        ]
    ),
)


def last_event(day: dt.date) -> dt.date:
    return max(event for event in EVENT_DAYS if event <= day)


@pytest.fixture(scope="module")
def history_until(raw: dict[str, pd.DataFrame]) -> Callable[[dt.date], History]:
    return cache(lambda day: history_in(run_plan(raw, day, upto="unit_history")))


def counted(units: pd.DataFrame) -> dict[tuple[str, str], int]:
    return {(str(level), str(kind)): int(n) for (level, kind), n in units.groupby(["level", "type"]).size().items()}


@settings(max_examples=30)
@given(day=days)
def test_one_version_per_code_and_totals_constant_between_events(candidate_today: Candidate, day: dt.date) -> None:
    versions = candidate_today.tables["unit_version"]
    units = units_as_of(versions, pd.Timestamp(day))
    assert not units.duplicated(["level", "code"]).any()
    assert counted(units) == counted(units_as_of(versions, pd.Timestamp(last_event(day))))


@settings(max_examples=30)
@given(day=days)
def test_a_history_that_ends_on_a_day_has_the_state_of_that_day(
    candidate_today: Candidate, history_until: Callable[[dt.date], History], day: dt.date
) -> None:
    ended = history_until(last_event(day)).unit_version
    now = ended[ended["valid_to"].isna()].sort_values(["level", "code"])
    assert (
        now["unit_id"].tolist()
        == units_as_of(candidate_today.tables["unit_version"], pd.Timestamp(day))["unit_id"].tolist()
    )


@pytest.mark.parametrize("day", EVENT_DAYS)
@pytest.mark.parametrize(("level", "count"), [("commune", 10_035), ("province", 63)])
def test_composing_is_total_on_every_date(
    history_until: Callable[[dt.date], History], day: dt.date, level: str, count: int
) -> None:
    history = history_until(day)
    graph = graph_of(history.unit_version, history.change_event, history.succession)
    first = day_number(pd.Timestamp(EVENT_DAYS[0]))
    pairs = walk(graph, units_of_land(graph, first), day_number(pd.Timestamp(day)), first).pairs
    ours = (graph.versions["level"] == level).to_numpy()[pairs.old]
    codes = graph.versions["code"].to_numpy()
    assert len(set(codes[pairs.old[ours]])) == count
    assert (pairs.new >= 0).all()
    in_force = units_as_of(history.unit_version, pd.Timestamp(day), level)
    reached = set(codes[pairs.new[ours]])
    zones = 5 if level == "commune" and day >= EVENT_DAYS[1] else 0
    assert len(set(in_force["code"]) - reached) == zones
    assert reached <= set(in_force["code"])
