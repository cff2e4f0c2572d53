"""When all checks last passed on what readers have, whether or not that made a new release.

Belongs here: ``parquet/checked.json`` (``release_id``, ``last_checked_at``, ``run_id``) and telling the database the
same. Does not belong here: the checks. An unchanged catalogue makes no release, so the age of the newest one does not
tell whether the nightly run still runs: this does.
"""

import datetime as dt
import json
from dataclasses import asdict, dataclass

from kh02_pipelines.release.database.store import DatabaseStore
from kh02_pipelines.release.files.durable import file_fault, write_json
from kh02_pipelines.release.files.parquet_store import ParquetStore

FILE = "checked.json"
_OLDER_NOTE = "last_run.json"


@dataclass(frozen=True)
class LastCheck:
    """The last run whose checks all passed: which release readers had then, and when."""

    release_id: str
    last_checked_at: dt.datetime
    run_id: str | None


def note_check(
    files: ParquetStore, database: DatabaseStore, release: str, now: dt.datetime, run_id: str | None
) -> LastCheck:
    """Record in both stores that all checks passed on what ``release`` shows readers.

    For the end of a publication, new release or not. Raises EnvironmentFault when a store does not take it.
    """
    check = LastCheck(release, now.replace(microsecond=0), run_id)
    database.note_check(release, check.last_checked_at)
    remedy = "free space or mend permissions; the release is published, only this note is missing"
    with file_fault("the time of the last check cannot be written", files.root / FILE, remedy):
        write_json(files.root / FILE, {**asdict(check), "last_checked_at": check.last_checked_at.isoformat()})
        (files.root.parent / _OLDER_NOTE).unlink(missing_ok=True)
    return check


def last_check(files: ParquetStore) -> LastCheck | None:
    """The last check noted beside the releases; None when there is none or the note cannot be read."""
    try:
        noted = json.loads((files.root / FILE).read_text("utf-8"))
        checked_at = dt.datetime.fromisoformat(noted["last_checked_at"])
        return None if checked_at.tzinfo is None else LastCheck(str(noted["release_id"]), checked_at, noted["run_id"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
