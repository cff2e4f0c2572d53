"""Proving that a release is what was published: files against manifest, content against hash, database against both.

Belongs here: reading and comparing. Does not belong here: mending (``reconcile``).
"""

from dataclasses import dataclass

import pyarrow as pa

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.content import RELEASE_ID, content_hash
from kh02_pipelines.release.database.store import DatabaseRelease, DatabaseStore
from kh02_pipelines.release.files.home_lock import started
from kh02_pipelines.release.files.parquet_store import ParquetStore


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
        mark = started(files.root)
        why = "" if mark is None else "; a publication is under way or was cut off: try again when it has ended"
        problems.append(f"the database shows {wanted}, the file pointer names {pointed or 'nothing'}{why}")
    tables = _files(files, wanted, problems) if files.has(wanted) else {}
    if not files.has(wanted):
        problems.append(f"{wanted}: not in the files")
    if wanted not in held:
        problems.append(f"{wanted}: not in the database")
    else:
        _database(database, held[wanted], tables, problems)
    folder = files.folder(wanted)
    count = sum(1 for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
    return Verification(wanted, count, sum(table.num_rows for table in tables.values()), problems)


def _files(files: ParquetStore, release: str, problems: list[str]) -> dict[str, pa.Table]:
    """The Parquet tables; adds what is wrong with them to ``problems``."""
    problems += files.problems(release)
    try:
        described = files.describe(release)
        tables = files.tables(release)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        problems.append(f"{release}: the Parquet files cannot be read: {error}")
        return {}
    if {name: table.num_rows for name, table in tables.items()} != described.rows:
        problems.append(f"{release}: the rows are not as many as its description says")
    if content_hash(tables) != described.content_hash:
        problems.append(f"{release}: the Parquet content is not what was published")
    return tables


def _database(database: DatabaseStore, held: DatabaseRelease, tables: dict[str, pa.Table], problems: list[str]) -> None:
    """Adds to ``problems`` where the database's rows are not those published, or not those of the files."""
    release = held.release_id
    try:
        counted, hashed = database.stored(release, {name: table.schema for name, table in tables.items()} or None)
    except KeyError as error:
        problems.append(f"{release}: cannot be compared, its table {error} is not declared any more")
        return
    if {name: counted.get(name) for name in held.rows} != held.rows:
        problems.append(f"{release}: the database's row counts are not those published")
    if hashed != held.content_hash:
        problems.append(f"{release}: the database's content is not what was published")
    if tables and hashed != content_hash(tables):
        problems.append(f"{release}: database and Parquet hold different content")
