"""The landing folder and the raw store: only whole files, kept byte for byte."""

import datetime as dt
import errno
import hashlib
import os

import pytest

from kh02_pipelines.errors import EnvironmentFault, SourceError
from kh02_pipelines.sources.landing import take_landed
from kh02_pipelines.sources.raw_store import RawStore

NOW = dt.datetime(2026, 11, 1, 8, tzinfo=dt.UTC)


def drop(folder, name: str, data: bytes, *, sidecar: str | None = None, changed: int = 1_000) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    os.utime(folder / name, (changed, changed))
    if sidecar is not None:
        (folder / f"{name}.sha256").write_text(sidecar)


def take(tmp_path, now=NOW, pattern="*.csv"):
    return take_landed(tmp_path / "in", pattern, 60, tmp_path / "state", now)


def test_a_file_whose_sidecar_matches_is_taken_at_once(tmp_path) -> None:
    drop(tmp_path / "in", "a.csv", b"whole", sidecar=f"{hashlib.sha256(b'whole').hexdigest()}  a.csv\n")
    landed = take(tmp_path)
    assert (landed.name, landed.data, landed.told_by) == ("a.csv", b"whole", "sidecar")


def test_a_file_that_its_sidecar_contradicts_is_refused(tmp_path) -> None:
    drop(tmp_path / "in", "a.csv", b"who", sidecar=hashlib.sha256(b"whole").hexdigest())
    with pytest.raises(SourceError, match="cut short, still arriving or altered"):
        take(tmp_path)
    drop(tmp_path / "in", "a.csv", b"who", sidecar="no digits here")
    with pytest.raises(SourceError, match="holds no SHA-256"):
        take(tmp_path)


def test_without_sidecar_a_file_must_keep_its_size_for_the_settling_time(tmp_path) -> None:
    drop(tmp_path / "in", "a.csv", b"half")
    with pytest.raises(SourceError, match="may still be arriving"):
        take(tmp_path)
    drop(tmp_path / "in", "a.csv", b"half and half", changed=1_030)
    with pytest.raises(SourceError, match="run again after 60 seconds"):
        take(tmp_path, NOW + dt.timedelta(seconds=90))
    with pytest.raises(SourceError):
        take(tmp_path, NOW + dt.timedelta(seconds=149))
    landed = take(tmp_path, NOW + dt.timedelta(seconds=150))
    assert (landed.data, landed.told_by) == (b"half and half", "settled")


def test_the_newest_complete_file_is_taken_and_hidden_ones_never(tmp_path) -> None:
    drop(tmp_path / "in", "old.csv", b"old", sidecar=hashlib.sha256(b"old").hexdigest(), changed=1_000)
    drop(tmp_path / "in", "new.csv", b"new", changed=2_000)
    drop(tmp_path / "in", ".part.csv", b"hidden", changed=3_000)
    assert take(tmp_path).name == "old.csv"
    assert take(tmp_path, NOW + dt.timedelta(seconds=60)).name == "new.csv"


def test_unfinished_files_are_never_taken_however_loose_the_pattern(tmp_path) -> None:
    drop(tmp_path / "in", "registry.csv", b"whole", sidecar=hashlib.sha256(b"whole").hexdigest())
    for name in ("b.csv.part", "b.CSV.TMP", "b.crdownload", "b.csv.filepart", "~$registry.xlsx", ".b.csv", "b.csv~"):
        drop(tmp_path / "in", name, b"half", changed=2_000)
    assert take(tmp_path, pattern="*").name == "registry.csv"
    (tmp_path / "in" / "registry.csv").unlink()
    with pytest.raises(SourceError, match="no file that matches"):
        take(tmp_path, pattern="*")


def test_an_empty_or_missing_folder_and_links_are_refused(tmp_path) -> None:
    with pytest.raises(SourceError, match="is no folder"):
        take(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.csv").write_bytes(b"x")
    (tmp_path / "in" / "link.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(SourceError, match="no file that matches"):
        take(tmp_path)


def test_a_name_too_long_for_a_sidecar_is_refused_in_one_line(tmp_path) -> None:
    drop(tmp_path / "in", "x" * 244 + ".csv", b"whole", sidecar=hashlib.sha256(b"whole").hexdigest())
    assert take(tmp_path).data == b"whole"
    drop(tmp_path / "in", "y" * 245 + ".csv", b"whole", changed=2_000)
    with pytest.raises(SourceError, match=r"File name too long; file .*y.csv.sha256; remedy: .*at most 248 bytes"):
        take(tmp_path)


def test_what_the_landing_folder_needs_and_cannot_have_is_one_line(tmp_path) -> None:
    drop(tmp_path / "in", "a.csv", b"whole")
    (tmp_path / "state").write_bytes(b"a file is in the way")
    with pytest.raises(SourceError, match=r"cannot be taken: (File exists|Not a directory); file .*; remedy: "):
        take(tmp_path)


def test_a_full_disk_leaves_nothing_half_written_in_the_raw_store(tmp_path, monkeypatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EnvironmentFault, match=r"cannot keep a raw file: No space left on device; file .*raw; remedy"):
        RawStore(tmp_path / "raw").put(b"bytes")
    assert list((tmp_path / "raw").iterdir()) == []


def test_the_raw_store_keeps_exact_bytes_once_and_notices_damage(tmp_path) -> None:
    store = RawStore(tmp_path / "raw")
    hashed = store.put(b"bytes")
    assert store.put(b"bytes") == hashed == hashlib.sha256(b"bytes").hexdigest()
    assert [path.name for path in (tmp_path / "raw").iterdir()] == [hashed]
    assert store.path(hashed).read_bytes() == b"bytes"
    store.path(hashed).chmod(0o644)
    (tmp_path / "raw" / hashed).write_bytes(b"other")
    with pytest.raises(SourceError, match="no longer holds"):
        store.path(hashed)
    with pytest.raises(SourceError, match="not in the raw store"):
        store.path("0" * 64)
    assert store.put(b"bytes") == hashed  # its source is intact: the damage is made good
    assert store.path(hashed).read_bytes() == b"bytes"


def test_a_raw_store_that_cannot_be_written_says_so(tmp_path) -> None:
    (tmp_path / "raw").write_bytes(b"a file is in the way")
    with pytest.raises(EnvironmentFault, match="cannot keep a raw file"):
        RawStore(tmp_path / "raw").put(b"x")
