"""The raw store: bytes by their hash, and what becomes of a file that was damaged."""

import hashlib
from pathlib import Path

import pytest

from kh02_pipelines.errors import SourceError
from kh02_pipelines.sources.raw_store import RawStore

DATA = b"code,name\n00001,X\n"


def test_bytes_lie_under_their_hash_and_stay_as_they_are(tmp_path: Path) -> None:
    store = RawStore(tmp_path)
    hashed = store.put(DATA)
    assert hashed == hashlib.sha256(DATA).hexdigest()
    first = store.path(hashed).stat()
    assert store.put(DATA) == hashed
    assert store.path(hashed).stat().st_ino == first.st_ino
    assert store.path(hashed).read_bytes() == DATA


@pytest.mark.parametrize("damaged", [DATA.replace(b"X", b"Y"), DATA[:-3], b""])
def test_a_damaged_file_is_refused_until_its_source_gives_the_bytes_again(tmp_path: Path, damaged: bytes) -> None:
    store = RawStore(tmp_path)
    path = store.path(store.put(DATA))
    path.chmod(0o644)
    path.write_bytes(damaged)
    with pytest.raises(SourceError, match="no longer holds the bytes"):
        store.path(path.name)
    assert store.put(DATA) == path.name
    assert store.path(path.name).read_bytes() == DATA
    assert list(tmp_path.iterdir()) == [path]
