"""Mending what a crash left: finish what was committed, clear what was not.

Belongs here: comparing what the two stores say and bringing them together. Does not belong here: publishing.

The database's pointer is the commit. So a file pointer that names another release follows it, and a release that
was on its way and is not published goes: its rows, its folder if that run made it, and half-written files. A
release this home had before is never removed, whatever the database says: it may be a new, empty database.
"""

from kh02_pipelines.release.database.store import DatabaseStore
from kh02_pipelines.release.files.durable import remove_unfinished
from kh02_pipelines.release.files.home_lock import mark_ended, started
from kh02_pipelines.release.files.parquet_store import ParquetStore


def reconcile(files: ParquetStore, database: DatabaseStore) -> list[str]:
    """Bring both stores to the same release; returns what was done or could not be, one line each.

    The caller holds the home's lock. Raises EnvironmentFault when a store cannot be read or written.
    """
    done = [f"removed unfinished {name}" for name in remove_unfinished(files.root)]
    done += [f"removed staged rows of {release} from the database" for release in database.clear_staged()]
    published = {release.release_id for release in database.releases()}
    mark = started(files.root)
    if mark is not None:
        release, brings_folder = mark
        if brings_folder and release not in published and release != files.pointed() and files.has(release):
            files.remove(release)
            done.append(f"removed the folder of {release}, which was never published")
    current = database.current_release()
    if current is not None and files.pointer_problems(current.release_id):
        done.append(_follow(files, current.release_id))
    if mark is not None:
        mark_ended(files.root)
        done.append(f"ended the publication of {mark[0]} that was cut off")
    return done


def _follow(files: ParquetStore, release: str) -> str:
    """Let the file pointer follow the database's, if the folder is here and whole."""
    if not files.has(release):
        return f"the database shows {release}, whose files are not in this home; publishing makes them"
    problems = files.problems(release)
    if problems:
        return f"the file pointer stays until publishing has made the folder of {release} anew: {problems[0]}"
    files.point_to(release)
    return f"moved the file pointer to {release}, which the database shows"
