"""Differences between the releases of a store, and where they are kept."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.diff.change_files import (
    change_rows,
    changes_between,
    changes_path,
    previous_release,
    read_release,
    resolve_release,
    write_changes,
)
from kh02_pipelines.release.files.parquet_store import ParquetStore
from kh02_pipelines.release.staging import stage

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)

Publish = Callable[[Candidate, int], str]


@pytest.fixture
def store(tmp_path: Path) -> ParquetStore:
    return ParquetStore(tmp_path / "parquet")


@pytest.fixture
def publish(store: ParquetStore, tmp_path: Path) -> Publish:
    """Publish a candidate so many hours after noon; the release id."""

    def do(candidate: Candidate, hour: int) -> str:
        info = store.add(stage(candidate, tmp_path / "staging"), NOON + dt.timedelta(hours=hour))
        store.point_to(info.release_id)
        return info.release_id

    return do


def respelled(candidate: Candidate) -> Candidate:
    """The same catalogue with one name spelled otherwise."""
    communes = candidate.tables["commune"].replace({"name": {"Phường Ba Đình": "Phường Ba Đinh"}})
    return replace(candidate, tables={**candidate.tables, "commune": communes})


def test_releases_are_compared_in_the_order_of_publication(
    store: ParquetStore, publish: Publish, candidate_reform: Candidate, candidate_today: Candidate
) -> None:
    reform, today = publish(candidate_reform, 0), publish(candidate_today, 1)
    spelled = publish(respelled(candidate_today), 2)
    assert [previous_release(store, release) for release in (spelled, today, reform)] == [today, reform, None]
    [change] = changes_between(store, today, spelled).to_pylist()
    assert (change["kind"], change["previous_release_id"]) == ("correction", today)
    assert changes_between(store, reform, today).num_rows > 1000
    assert changes_between(store, None, reform).num_rows == 0
    assert change_rows(store, spelled, read_release(store, spelled)).to_pylist() == [change]
    assert change_rows(store, reform, read_release(store, reform)).num_rows == 0

    folder = {path: path.read_bytes() for path in store.folder(spelled).rglob("*") if path.is_file()}
    text = write_changes(store, spelled, today, changes_between(store, today, spelled))
    path = changes_path(store, spelled)
    first = path.read_bytes()
    assert path.with_suffix(".md").read_text("utf-8") == text
    assert pq.read_table(path).to_pylist() == [change]
    write_changes(store, spelled, today, changes_between(store, today, spelled))
    assert path.read_bytes() == first
    # the release folder is as it was, and the store does not take the folder of changes for a release
    assert {p: p.read_bytes() for p in store.folder(spelled).rglob("*") if p.is_file()} == folder
    assert [info.release_id for info in store.releases()] == [spelled, today, reform]

    for wanted, expected in (("current", spelled), ("previous", today), ("2025", reform), (today, today)):
        assert resolve_release(store, wanted) == expected
    for wanted, what in (("2024", "no release is '2024'"), ("2026", "names 2 releases"), ("", "no release is ''")):
        with pytest.raises(EnvironmentFault, match=what):
            resolve_release(store, wanted)
    (store.folder(today) / "commune.parquet").write_bytes(b"not Parquet")
    with pytest.raises(EnvironmentFault, match=r"cannot be read.*remedy: choose a release"):
        changes_between(store, today, spelled)


def test_a_store_without_releases_says_so(store: ParquetStore) -> None:
    for wanted in ("current", "previous", "2026"):
        with pytest.raises(EnvironmentFault, match="no release is"):
            resolve_release(store, wanted)
