"""Staging exact bytes, the Parquet store, and the durable file steps they are made of."""

import datetime as dt
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.errors import AuditError, EnvironmentFault
from kh02_pipelines.release.files import durable
from kh02_pipelines.release.files.durable import require_writable, sha256_of, write_durably, write_json
from kh02_pipelines.release.files.parquet_store import ParquetStore
from kh02_pipelines.release.publish import one_publisher
from kh02_pipelines.release.staging import StagedRelease, open_staged, read_staged, stage
from kh02_pipelines.tables.arrow import to_frame
from kh02_pipelines.tables.catalogue import CATALOGUE

MORNING = dt.datetime(2026, 11, 21, 8, 30, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def staged_once(candidate_today: Candidate, tmp_path_factory: pytest.TempPathFactory) -> StagedRelease:
    return stage(candidate_today, tmp_path_factory.mktemp("once") / "staging")


@pytest.fixture
def staged(staged_once: StagedRelease, tmp_path: Path) -> StagedRelease:
    """A staged release that a test may harm."""
    folder = shutil.copytree(staged_once.folder, tmp_path / "staging" / staged_once.folder.name)
    return replace(staged_once, folder=folder)


def test_staged_bytes_come_back_as_they_were(staged: StagedRelease, candidate_today: Candidate) -> None:
    opened = open_staged(staged.folder)
    assert (opened.content_hash, opened.as_of, opened.rows) == (staged.content_hash, candidate_today.as_of, staged.rows)
    tables, candidate = read_staged(opened)
    assert candidate.totals.to_dict("list") == candidate_today.totals.to_dict("list")
    assert candidate.row_flow.to_dict("list") == candidate_today.row_flow.to_dict("list")
    assert {name: table.num_rows for name, table in tables.items()} == {
        name: len(frame) for name, frame in candidate_today.tables.items()
    }
    assert to_frame(tables["province"])["code"].tolist() == candidate_today.tables["province"]["code"].tolist()


def test_staging_twice_gives_the_same_bytes_and_replaces_what_was_there(
    staged: StagedRelease, candidate_today: Candidate
) -> None:
    leftover = staged.folder.parent / "older"
    leftover.mkdir()
    again = stage(candidate_today, staged.folder.parent)
    assert not leftover.exists()
    assert (again.sha256, again.content_hash) == (staged.sha256, staged.content_hash)
    assert again.release_id == f"2026-11-21+{again.content_hash[:8]}"


def test_parquet_files_hold_the_dates_as_dates_and_need_no_pandas(staged: StagedRelease) -> None:
    schema = pq.read_schema(staged.path("unit_version"))
    assert str(schema.field("valid_from").type) == "date32[day]"
    assert b"pandas" not in (schema.metadata or {})
    assert schema.metadata[b"table"] == b"unit_version"


def test_a_table_that_does_not_fit_is_not_staged(candidate_today: Candidate, tmp_path: Path) -> None:
    frame = candidate_today.tables["province"].drop(columns="type")
    broken = replace(candidate_today, tables={**candidate_today.tables, "province": frame})
    with pytest.raises(ValueError, match=r"table province: columns missing \['type'\]"):
        stage(broken, tmp_path / "staging")
    assert not (tmp_path / "staging").exists()


def test_harmed_staging_is_refused(staged: StagedRelease) -> None:
    path = staged.path("province")
    table = pq.read_table(path, partitioning=None)
    pq.write_table(table, path)  # the same rows in other bytes
    with pytest.raises(AuditError, match="staged bytes of province are missing or not those that were staged"):
        read_staged(staged)
    # even with a hash that fits, another schema or content is noticed
    pq.write_table(table.drop_columns("type"), path)
    forged = replace(staged, sha256={**staged.sha256, "province": sha256_of(path)})
    with pytest.raises(AuditError, match="staged schema of province is not the declared one"):
        read_staged(forged)
    pq.write_table(table.slice(1), path)
    forged = replace(staged, sha256={**staged.sha256, "province": sha256_of(path)})
    with pytest.raises(AuditError, match="do not hash to the staged content"):
        read_staged(forged)


@pytest.mark.parametrize("text", [None, "", "{}", "[]", '{"as_of": "soon"}'])
def test_an_unreadable_description_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "candidate.json").write_text(text)
    with pytest.raises(AuditError, match="the staged release cannot be read"):
        open_staged(tmp_path)


def test_a_release_is_invisible_until_it_is_pointed_to(staged: StagedRelease, tmp_path: Path) -> None:
    store = ParquetStore(tmp_path / "parquet")
    assert store.current() is None
    assert store.releases() == []
    info = store.add(staged, MORNING)
    assert store.current() is None
    store.point_to(info.release_id)
    current = store.current()
    assert current == info
    assert current.published_at == "2026-11-21T08:30:00+00:00"
    assert current.rows["commune"] == 3_321
    pointer = json.loads((store.root / "current.json").read_text("utf-8"))
    assert {"release_id": info.release_id, "path": info.release_id, "as_of": "2026-11-21"}.items() <= pointer.items()
    described = json.loads((store.folder(info.release_id) / "release.json").read_text("utf-8"))
    assert {name: sha256_of(store.folder(info.release_id) / f"{name}.parquet") for name in CATALOGUE} == described[
        "sha256"
    ]


def test_a_release_that_is_there_stays_as_it_is(staged: StagedRelease, tmp_path: Path) -> None:
    store = ParquetStore(tmp_path / "parquet")
    first = store.add(staged, MORNING)
    again = store.add(staged, MORNING + dt.timedelta(days=1))
    assert again == first
    assert store.releases() == [first]


def test_a_failed_copy_leaves_nothing_behind(
    staged: StagedRelease, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ParquetStore(tmp_path / "parquet")

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full_disk)
    with pytest.raises(EnvironmentFault, match="No space left on device"):
        store.add(staged, MORNING)
    assert list(store.root.iterdir()) == []


@pytest.mark.parametrize("release", ["../outside", "", "current.json", "2025-07-01+0123abcd/.."])
def test_only_release_ids_name_folders(tmp_path: Path, release: str) -> None:
    with pytest.raises(ValueError, match="not a release id"):
        ParquetStore(tmp_path).folder(release)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"release_id": "../x"}', '{"release_id": 5}'])
def test_a_pointer_that_points_nowhere_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "current.json").write_text(text)
    with pytest.raises(EnvironmentFault, match=r"the pointer to the current release cannot be read.*current\.json"):
        ParquetStore(tmp_path).current()


def test_a_pointer_to_a_release_that_is_gone_is_not_a_first_run(tmp_path: Path) -> None:
    (tmp_path / "current.json").write_text('{"release_id": "2025-07-01+0123abcd"}')
    with pytest.raises(EnvironmentFault, match="current"):
        ParquetStore(tmp_path).current()


def test_writing_replaces_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.json"
    write_json(path, {"b": "ộ", "a": 1})
    assert path.read_text("utf-8") == '{\n  "a": 1,\n  "b": "ộ"\n}\n'

    def crash(*_: object) -> None:
        raise OSError("power cut")

    monkeypatch.setattr(durable.os, "fsync", crash)
    with pytest.raises(OSError, match="power cut"):
        write_durably(path, b"half")
    assert path.read_text("utf-8").startswith("{\n")


def test_writability_is_proven_and_leaves_no_trace(tmp_path: Path) -> None:
    require_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(EnvironmentFault, match="cannot write here"):
            require_writable(folder)


def test_one_publisher_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kh02_pipelines.release.files.home_lock.LOCK_SECONDS", 0.05)
    refused = pytest.raises(EnvironmentFault, match=r"another run has been at work here.*publishing.*publish\.lock")
    with one_publisher(tmp_path), refused, one_publisher(tmp_path):
        pass
    with one_publisher(tmp_path):
        assert (tmp_path / "publish.lock").exists()
