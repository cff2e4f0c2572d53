"""Going back to a release that is still kept: the pointers move, nothing else does.

Belongs here: the order across the stores. Does not belong here: the pointers themselves (the stores).
"""

import datetime as dt

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.content import RELEASE_ID
from kh02_pipelines.release.database.store import DatabaseStore
from kh02_pipelines.release.files.parquet_store import ParquetStore
from kh02_pipelines.release.reconcile import reconcile


def roll_back(files: ParquetStore, database: DatabaseStore, release: str, reason: str, now: dt.datetime) -> str | None:
    """Make a kept release the current one and record why; returns the release left, None when it was current.

    The content left is not published again until somebody moves back to it: otherwise the next nightly run
    would undo the rollback. The caller holds the home's lock. Raises EnvironmentFault when the release is not
    whole in both stores or no reason is given; nothing has moved then.
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > 1000:
        raise EnvironmentFault("a rollback needs a reason", field="reason", remedy="say why, in up to 1000 characters")
    if not RELEASE_ID.fullmatch(release):
        raise EnvironmentFault(
            f"{release!r} is not a release id", field="release", remedy="choose one that kh02 releases lists"
        )
    database.require_schema()
    reconcile(files, database)
    current = database.current_release()
    if current is not None and current.release_id == release:
        return None
    if not files.has(release):
        raise EnvironmentFault(
            f"the files of release {release} are not kept",
            file=files.root,
            remedy="choose one that kh02 releases lists",
        )
    problems = files.problems(release)
    if problems:
        raise EnvironmentFault(
            f"release {release} is damaged: {problems[0]}",
            file=files.folder(release),
            remedy="choose another release that kh02 releases lists, or restore the folder from a copy",
        )
    database.roll_back(release, reason, now)
    files.point_to(release)
    return current.release_id if current else None
