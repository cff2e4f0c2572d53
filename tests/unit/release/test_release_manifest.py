"""A release folder is held against its manifest to the byte."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kh02_pipelines.release.files.manifest import MANIFEST, SUMS, problems_of, read_manifest, write_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "2026-01-01+00000000"
    (folder / "csv").mkdir(parents=True)
    pq.write_table(pa.table({"a": [1, 2, 3]}), folder / "t.parquet")
    (folder / "csv" / "t.csv").write_text("a\n1\n")
    write_manifest(folder, {"release_id": "2026-01-01+00000000"})
    return folder


def test_a_fresh_folder_is_whole(folder: Path) -> None:
    assert problems_of(folder) == []
    files = {entry["path"]: entry for entry in read_manifest(folder)["files"]}
    assert set(files) == {"csv/t.csv", "t.parquet"}
    assert files["t.parquet"]["rows"] == 3
    assert len(files["t.parquet"]["schema_fingerprint"]) == 64


def test_the_same_files_make_the_same_manifest(folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    write_manifest(other, {"release_id": "2026-01-01+00000000"})
    assert (other / MANIFEST).read_bytes() == (folder / MANIFEST).read_bytes()
    assert (other / SUMS).read_bytes() == (folder / SUMS).read_bytes()


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs sha256sum")
def test_sha256sum_reads_the_sums(folder: Path) -> None:
    assert subprocess.run(["sha256sum", "-c", "--quiet", SUMS], cwd=folder, check=False).returncode == 0


def _flip(folder: Path) -> None:
    data = bytearray((folder / "t.parquet").read_bytes())
    data[10] ^= 1
    (folder / "t.parquet").write_bytes(data)


FAULTS: dict[str, Callable[[Path], object]] = {
    "bytes are not": _flip,
    "missing": lambda folder: (folder / "csv" / "t.csv").unlink(),
    "not in the manifest": lambda folder: (folder / "new.txt").write_text("x"),
    "does not agree": lambda folder: (folder / MANIFEST).write_text((folder / MANIFEST).read_text() + " "),
    "unreadable": lambda folder: (folder / SUMS).unlink(),
}


@pytest.mark.parametrize("said", FAULTS)
def test_every_fault_is_found(folder: Path, said: str) -> None:
    FAULTS[said](folder)
    assert any(said in problem for problem in problems_of(folder)), problems_of(folder)
