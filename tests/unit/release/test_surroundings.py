"""What surrounds a candidate: the release before, failing rows on disk, and what both stores hold."""

import datetime as dt
import json
import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kh02_pipelines.checks.rule import one_finding
from kh02_pipelines.release.failing_rows import KEPT, write_failing_rows
from kh02_pipelines.release.files.durable import remove_unfinished, require_writable
from kh02_pipelines.release.files.parquet_store import ParquetStore
from kh02_pipelines.release.surroundings import previous_release


def release(root: Path, as_of: str, digit: str, published_at: str) -> str:
    name = f"{as_of}+{digit * 8}"
    folder = root / name
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"code": ["01"]}), folder / "province.parquet")
    description = {
        "release_id": name,
        "as_of": as_of,
        "content_hash": digit * 64,
        "published_at": published_at,
        "rows": {"province": 1},
        "sha256": {},
    }
    (folder / "release.json").write_text(json.dumps(description), encoding="utf-8")
    (folder / "manifest.json").write_text('{"contract_version": "1.0", "files": []}', encoding="utf-8")
    return name


def store(root: Path) -> ParquetStore:
    release(root, "2026-09-19", "1", "2026-09-19T01:30:00+07:00")
    name = release(root, "2026-09-20", "2", "2026-09-20T01:30:00+07:00")
    files = ParquetStore(root)
    files.point_to(name)
    return files


def test_new_content_is_held_against_the_current_release(tmp_path: Path) -> None:
    found = previous_release(store(tmp_path), "3" * 64)
    assert found is not None
    assert found.release_id == "2026-09-20+22222222"
    assert found.schemas == {"province": {"code": ("string", True)}}
    assert found.tables["province"]["code"].to_list() == ["01"]


def test_unchanged_content_is_held_against_the_release_before(tmp_path: Path) -> None:
    found = previous_release(store(tmp_path), "2" * 64)
    assert found is not None
    assert found.as_of == dt.date(2026, 9, 19)


def test_a_damaged_release_is_passed_over_and_none_is_none(tmp_path: Path) -> None:
    files = store(tmp_path)
    (tmp_path / "2026-09-19+11111111" / "province.parquet").write_bytes(b"PAR1")
    assert previous_release(files, "2" * 64) is None
    assert previous_release(ParquetStore(tmp_path / "empty"), "2" * 64) is None


def test_what_a_crash_left_is_cleared_wherever_it_lies(tmp_path: Path) -> None:
    left = [tmp_path / ".current.json.12.tmp", tmp_path / "changes" / ".2026-09-20+22222222.md.12.tmp"]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_text("half")
    (tmp_path / ".2026-09-20+22222222.12.tmp").mkdir()
    assert len(remove_unfinished(tmp_path)) == 3
    assert [path.name for path in tmp_path.rglob("*")] == ["changes"]


def test_asking_whether_a_folder_can_be_written_leaves_nothing_even_when_it_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        for name in ("unlink", "remove", "close"):
            patch.setattr(os, name, killed)
        patch.setattr(Path, "unlink", killed)
        require_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_failing_rows_are_all_kept_and_go_when_the_check_holds(tmp_path: Path) -> None:
    rows = pd.concat([one_finding("commune", f"{n}", "=cmd()") for n in range(30)], ignore_index=True)
    path = write_failing_rows(tmp_path, "a" * 64, "unit_totals", rows)
    assert path == tmp_path / ("a" * 64) / "unit_totals.parquet"
    assert pq.read_table(path).num_rows == 30
    assert write_failing_rows(tmp_path, "a" * 64, "unit_totals", rows.head(0)) is None
    assert not path.exists()


def test_old_failing_rows_are_forgotten(tmp_path: Path) -> None:
    for number in range(KEPT + 3):
        write_failing_rows(tmp_path, f"{number:064d}", "unit_totals", one_finding("a", "b", "c"))
    assert len(list(tmp_path.iterdir())) == KEPT
