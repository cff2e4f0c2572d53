"""Proving that readers have what was published: the whole folder, both pointers, and the database through its views.

Belongs here: reading both stores of a release once and comparing them. Does not belong here: how each is read
(``files.whole``, ``database.proof``), or mending (``publish``, ``reconcile``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.content import RELEASE_ID
from kh02_pipelines.release.database.proof import Published
from kh02_pipelines.release.database.store import DatabaseStore
from kh02_pipelines.release.diff.change_files import changes_path
from kh02_pipelines.release.files.home_lock import started
from kh02_pipelines.release.files.parquet_store import ParquetStore
from kh02_pipelines.release.files.whole import WholeRelease
from kh02_pipelines.release.report.shelf import REPORTS, results_of
from kh02_pipelines.tables.release import QUALITY_RESULT, RELEASE_CHANGE

NOTHING = WholeRelease({}, None, {})


@dataclass(frozen=True)
class Verification:
    """What was compared, and every difference found, one line each."""

    release_id: str
    files: int
    rows: int
    problems: list[str]


def verify(files: ParquetStore, database: DatabaseStore, release: str | None = None) -> Verification:
    """Read a release back from both stores as readers do, and compare; by default the current release.

    Raises EnvironmentFault when there is no such release at all, or the database cannot be reached.
    """
    shown = database.current_release()
    pointed = files.pointed()
    published = [info.release_id for info in database.releases()]
    wanted = release or (shown.release_id if shown else pointed) or next(iter(published), None)
    if wanted is None:
        raise EnvironmentFault("no release has been published yet", file=files.root, remedy="run kh02 build first")
    if not RELEASE_ID.fullmatch(wanted):
        raise EnvironmentFault(
            f"{wanted!r} is not a release id", field="release", remedy="choose one that kh02 releases lists"
        )
    problems: list[str] = []
    is_current = release is None or (shown is not None and shown.release_id == release)
    folder = files.folder(wanted)
    in_files, in_database = folder.is_dir(), wanted in published
    if not in_files and not in_database:
        raise EnvironmentFault(
            f"release {wanted} is in neither store", file=files.root, remedy="choose one that kh02 releases lists"
        )
    if is_current:
        if pointed != wanted:
            mark = started(files.root)
            why = "" if mark is None else "; a publication is under way or was cut off: try again when it has ended"
            problems.append(f"the database shows {wanted}, the file pointer names {pointed or 'nothing'}{why}")
        else:
            problems += files.pointer_problems(wanted)
    whole = files.whole(wanted) if in_files else NOTHING
    problems += whole.problems if in_files else [f"{wanted}: not in the files"]
    if not in_database:
        problems.append(f"{wanted}: not in the database")
    version = whole.manifest.get("contract_version")
    about = _about(files, wanted, problems)
    problems += database.problems(Published(wanted, is_current, whole.tables, about, version))
    count = sum(1 for path in folder.rglob("*") if path.is_file()) if in_files else 0
    return Verification(wanted, count, sum(table.num_rows for table in whole.tables.values()), problems)


def _about(files: ParquetStore, release: str, problems: list[str]) -> Mapping[str, pa.Table]:
    """The rows that were written about a release in and beside its folder, as far as they are there.

    Adds what cannot be read to ``problems``.
    """
    found: dict[str, pa.Table] = {}
    for declared, beside in (
        (RELEASE_CHANGE, changes_path(files, release)),
        (QUALITY_RESULT, results_of(files.root / REPORTS, release)),
    ):
        within = files.folder(release) / f"{declared.name}.parquet"
        # the differences stand in the folder as they were published; the results beside it, as the last run left them
        order = (within, beside) if declared is RELEASE_CHANGE else (beside, within)
        path = next((path for path in order if path.is_file()), None)
        if path is None:
            continue
        try:
            found[declared.name] = pq.read_table(path, partitioning=None).select(declared.column_names)
        except (OSError, KeyError, pa.ArrowException) as error:
            problems.append(f"{path.parent.name}/{path.name}: cannot be read: {error}")
    return found
