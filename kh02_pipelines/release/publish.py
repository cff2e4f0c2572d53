"""Publishing: from a staged release to both stores, once, or not at all.

Belongs here: the order of the steps and the lock. Does not belong here: the steps (the stores, ``audit``).
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from filelock import FileLock, Timeout

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.audit import require_sound
from kh02_pipelines.release.database_store import DatabaseStore
from kh02_pipelines.release.files import require_writable, sha256_of
from kh02_pipelines.release.parquet_store import ParquetStore, ReleaseInfo
from kh02_pipelines.release.staging import CANDIDATE_FILE, StagedRelease, read_staged

LOCK_SECONDS = 60


@dataclass(frozen=True)
class Published:
    """What a store holds after publishing: the release id, and whether this run brought it."""

    release_id: str
    new: bool


def publish_database(staged: StagedRelease, files: ParquetStore, database: DatabaseStore) -> Published:
    """Audit the staged bytes, then put them in the database unless it holds the same content already.

    Raises AuditError (nothing is published) or EnvironmentFault (the database keeps its previous release).
    """
    tables = audited(staged)
    target = target_release(staged, files)
    if database.current() == staged.content_hash:
        return Published(target, new=False)
    as_of = dt.date.fromisoformat(target[:10])
    database.publish(tables, as_of, staged.content_hash)
    return Published(target, new=True)


def publish_parquet(staged: StagedRelease, files: ParquetStore, now: dt.datetime) -> Published:
    """Audit the staged bytes, then make them the current Parquet release unless they already are.

    Raises AuditError (nothing is published) or EnvironmentFault (readers keep the previous release).
    """
    audited(staged)
    target = target_release(staged, files)
    current = files.current()
    if current is not None and current.release_id == target:
        return Published(target, new=False)
    files.add(staged, now)
    files.point_to(target)
    return Published(target, new=True)


def audited(staged: StagedRelease) -> Mapping[str, pa.Table]:
    """The staged tables, read from the bytes on disk and found sound; raises AuditError otherwise.

    The bytes are read and hashed each time. The rules run once per content in a process: they are functions of
    nothing but these bytes, and both stores publish the same ones.
    """
    tables, candidate = read_staged(staged)
    proven = (staged.folder, staged.content_hash, sha256_of(staged.folder / CANDIDATE_FILE))
    if proven not in _PROVEN:
        require_sound(candidate)
        _PROVEN.add(proven)
    return tables


_PROVEN: set[tuple[Path, str, str]] = set()


def target_release(staged: StagedRelease, files: ParquetStore) -> str:
    """The release the staged content belongs to: the current one when the content is unchanged."""
    current: ReleaseInfo | None = files.current()
    if current is not None and current.content_hash == staged.content_hash:
        return current.release_id
    return staged.release_id


@contextmanager
def one_publisher(home: Path) -> Iterator[None]:
    """Hold the home folder's publishing lock. Raises EnvironmentFault when another run holds it for long."""
    require_writable(home)
    try:
        with FileLock(home / "publish.lock", timeout=LOCK_SECONDS):
            yield
    except Timeout as error:
        raise EnvironmentFault(
            f"another run has been publishing for more than {LOCK_SECONDS} seconds",
            file=home / "publish.lock",
            remedy="wait for it to end, or stop it, and run again",
        ) from error
