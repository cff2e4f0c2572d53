"""Which releases may go."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from kh02_pipelines.release.retention import Retention

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def published(*days_ago: int) -> list[tuple[str, dt.datetime]]:
    return [(f"r{days}", NOW - dt.timedelta(days=days)) for days in days_ago]


def test_the_newest_and_the_young_stay() -> None:
    keep_two = Retention(releases=2, days=7)
    assert keep_two.to_drop(published(1, 2, 3, 4), NOW, ()) == []
    assert keep_two.to_drop(published(7, 8, 9, 10), NOW, ()) == ["r10", "r9"]
    assert keep_two.to_drop(published(1, 8, 9, 10), NOW, ()) == ["r10", "r9"]


def test_what_a_pointer_names_stays() -> None:
    assert Retention(releases=1, days=0).to_drop(published(5, 6, 7), NOW, {"r7"}) == ["r6"]


@given(st.lists(st.integers(0, 60), unique=True, max_size=30), st.integers(0, 12), st.integers(0, 20))
def test_never_fewer_than_asked_for(days: list[int], releases: int, young: int) -> None:
    dropped = Retention(releases, young).to_drop(published(*days), NOW, ())
    kept = {f"r{day}" for day in days} - set(dropped)
    assert {f"r{day}" for day in sorted(days)[:releases]} <= kept
    assert {f"r{day}" for day in days if day <= young} <= kept
