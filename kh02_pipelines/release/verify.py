"""Proving that a release is what was published: files against manifest, content against hash, database against both.

Belongs here: reading and comparing. Does not belong here: mending (``reconcile``).
"""

from dataclasses import dataclass

import pyarrow as pa

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.content import RELEASE_ID, content_hash
from kh02_pipelines.release.database_store import DatabaseStore
from kh02_pipelines.release.parquet_store import ParquetStore


@dataclass(frozen=True)
class Verification:
    """What was compared, and every difference found, one line each."""

    release_id: str
    files: int
    rows: int
    problems: list[str]


def verify(files: ParquetStore, database: DatabaseStore, release: str | None = None) -> Verification:
    """Re-hash a release's files and compare the database with them; by default the current release.

    Raises EnvironmentFault when there is no such release at all, or the database cannot be reached.
    """
    shown = database.current_release()
    pointed = files.pointed()
    problems: list[str] = []
    wanted = release or (shown.release_id if shown else pointed)
    if wanted is None:
        raise EnvironmentFault("no release has been published yet", file=files.root, remedy="run kh02 build first")
    if not RELEASE_ID.fullmatch(wanted):
        raise EnvironmentFault(
            f"{wanted!r} is not a release id", field="release", remedy="choose one that kh02 releases lists"
        )
    held = {info.release_id: info for info in database.releases()}
    if not files.has(wanted) and wanted not in held:
        raise EnvironmentFault(
            f"release {wanted} is in neither store", file=files.root, remedy="choose one that kh02 releases lists"
        )
    if release is None and pointed != wanted:
        problems.append(f"the database shows {wanted}, the file pointer names {pointed or 'nothing'}")
    of_files, rows = _files(files, wanted, problems) if files.has(wanted) else (None, {})
    if not files.has(wanted):
        problems.append(f"{wanted}: not in the files")
    if wanted not in held:
        problems.append(f"{wanted}: not in the database")
    else:
        counted, hashed = database.stored(wanted)
        if counted != held[wanted].rows:
            problems.append(f"{wanted}: the database's row counts are not those published")
        if hashed != held[wanted].content_hash:
            problems.append(f"{wanted}: the database's content is not what was published")
        if of_files is not None and hashed != of_files:
            problems.append(f"{wanted}: database and Parquet hold different content")
    folder = files.folder(wanted)
    count = sum(1 for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
    return Verification(wanted, count, sum(rows.values()), problems)


def _files(files: ParquetStore, release: str, problems: list[str]) -> tuple[str | None, dict[str, int]]:
    """The content hash of the Parquet files, and their rows; adds what is wrong with them to ``problems``."""
    problems += files.problems(release)
    try:
        described = files.describe(release)
        tables = files.tables(release)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        problems.append(f"{release}: the Parquet files cannot be read: {error}")
        return None, {}
    hashed = content_hash(tables)
    if hashed != described.content_hash:
        problems.append(f"{release}: the Parquet content is not what was published")
    return hashed, {name: table.num_rows for name, table in tables.items()}
