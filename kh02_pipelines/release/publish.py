"""Publishing: from a staged release to both stores, once, or not at all.

Belongs here: the order of the steps across the stores. Does not belong here: the steps (the stores, ``audit``),
mending what a crash left (``reconcile``), or the locks (``home_lock``, ``database_lock``).

The order: the release folder is written and proved, invisible; the rows are written and proved, invisible; the
database's pointer moves, which is the commit; then the file pointer follows. Whatever is cut off before the
commit is cleared by the next run, whatever is cut off after it is finished.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from kh02_pipelines.catalogue.candidate import Candidate, Limits
from kh02_pipelines.checks.rule import Rule
from kh02_pipelines.errors import AuditError, EnvironmentFault
from kh02_pipelines.release.audit import RULES, Outcome, require_sound, settled
from kh02_pipelines.release.database.store import DatabaseStore
from kh02_pipelines.release.files.home_lock import mark_ended, mark_started, one_publisher
from kh02_pipelines.release.files.parquet_store import ParquetStore
from kh02_pipelines.release.last_check import note_check
from kh02_pipelines.release.proven import proven_of
from kh02_pipelines.release.reconcile import reconcile
from kh02_pipelines.release.retention import Retention
from kh02_pipelines.release.staging import StagedRelease, read_staged
from kh02_pipelines.release.steps import Step, no_step
from kh02_pipelines.release.surroundings import surrounded

__all__ = ["Exports", "Published", "one_publisher", "publish_database", "publish_parquet", "target_release"]

Exports = Callable[[Path, Mapping[str, pa.Table], str, dt.datetime], list[str]]
"""Writes further formats into the coming release folder: folder, tables, release id, published at → file names."""

NO_OTHER_LIMITS = Limits()
"""The limits of an installation that sets none."""

Auxiliary = Callable[[str, str | None, Mapping[str, pa.Table], Sequence[Outcome]], Mapping[str, pa.Table]]
"""Makes the rows of the tables about releases (``about.rows_about``): release id, the release readers have, tables, how
the checks ended → rows by table name."""


@dataclass(frozen=True)
class Published:
    """What a store holds after publishing: the release id, whether this run brought it, and what it had to restore."""

    release_id: str
    new: bool
    restored: tuple[str, ...] = ()


def publish_database(
    staged: StagedRelease,
    files: ParquetStore,
    database: DatabaseStore,
    *,
    now: dt.datetime,
    run_id: str | None = None,
    exports: Exports | None = None,
    auxiliary: Auxiliary | None = None,
    limits: Limits = NO_OTHER_LIMITS,
    rules: tuple[Rule, ...] = RULES,
    step: Step = no_step,
) -> Published:
    """Audit the staged bytes, bring the release into both stores unseen, and move the database's pointer to it.

    Nothing moves when the database shows the same content already; what readers of that release have lost, or what was
    altered under them, is written anew from the audited bytes. The caller holds the home's lock.
    Raises AuditError (broken rules, or content that was rolled back from) or EnvironmentFault; readers then
    still have the previous release.
    """
    tables, judged = audited(staged, files, now, limits, rules)
    database.require_schema()
    reconcile(files, database)
    target = target_release(staged, files, database)
    current = database.current_release()
    shown = current is not None and current.release_id == target
    lost = files.problems(target, staged.content_hash)
    known = next((release for release in database.releases() if release.release_id == target), None)
    altered = known is not None and not database.holds(target, tables, staged.content_hash)
    if shown and not lost and not altered:
        return Published(target, new=False)
    _require_not_withdrawn(staged, database)
    mark_started(files.root, target, brings_folder=not files.has(target))
    step("publish.started")
    as_of = dt.date.fromisoformat(target[:10])
    replaced = None if current is None else current.release_id
    about: Mapping[str, pa.Table] = {}
    if known is not None:  # what was said of it when it was published stays
        about, replaced = database.about(target), database.replaced(target)
    elif auxiliary is not None:
        about = auxiliary(target, replaced, tables, settled(judged, rules, proven_of(staged, judged.context)))
    since = now if known is None else known.published_at.astimezone(now.tzinfo)
    extra = None if exports is None else _bound(exports, {**tables, **about}, target, since)
    files.add(staged, since, extra, as_of=as_of, replaces=replaced)
    if altered:
        database.restore(target, tables, staged.content_hash)
    if not shown:  # otherwise this home alone lacked the files, or readers had something else
        database.publish(tables, as_of, staged.content_hash, published_at=now, run_id=run_id, auxiliary=about)
    restored = [f"the folder of {target} was made anew: {problem}" for problem in lost[:1] if shown]
    restored += [f"what the database holds of {target} was altered, and was written anew"] if altered else []
    return Published(target, new=not shown, restored=tuple(restored))


def publish_parquet(
    staged: StagedRelease,
    files: ParquetStore,
    database: DatabaseStore,
    *,
    now: dt.datetime,
    run_id: str | None = None,
    retention: Retention | None = None,
    limits: Limits = NO_OTHER_LIMITS,
    rules: tuple[Rule, ...] = RULES,
    step: Step = no_step,
) -> Published:
    """Audit the staged bytes, let the file pointer follow the database's, prune old releases, note the check.

    The caller holds the home's lock. Raises AuditError or EnvironmentFault (among others when the database does
    not show this candidate: its pointer is the commit); readers of the files then keep the previous release.
    """
    audited(staged, files, now, limits, rules)
    current = database.current_release()
    if current is None or current.content_hash != staged.content_hash:
        raise EnvironmentFault(
            f"the database shows {current.release_id if current else 'no release'}, not this candidate",
            file=staged.folder,
            remedy="publish to the database first: materialise database_release, or run the whole job",
        )
    new = files.pointed() != current.release_id
    if new:
        problems = files.problems(current.release_id, staged.content_hash)
        if problems:
            raise EnvironmentFault(
                f"the release folder is not as it was published: {problems[0]}",
                file=files.folder(current.release_id),
                remedy="materialise database_release, or run the whole job: it makes the folder anew; readers of the "
                "files keep the previous release",
            )
        files.point_to(current.release_id)
    prune(files, database, now, retention or Retention(), step)
    note_check(files, database, current.release_id, now, run_id)
    step("publish.checked")
    mark_ended(files.root)
    step("publish.ended")
    return Published(current.release_id, new=new)


def audited(
    staged: StagedRelease,
    files: ParquetStore,
    now: dt.datetime,
    limits: Limits = NO_OTHER_LIMITS,
    rules: tuple[Rule, ...] = RULES,
) -> tuple[Mapping[str, pa.Table], Candidate]:
    """The staged tables, read from the bytes on disk and found sound, and the same as it was judged, with its context.

    Raises AuditError otherwise.

    The bytes are read and hashed each time. A rule that this process has seen to hold for just these bytes, in
    just these surroundings, is not run again (``proven``).
    """
    tables, candidate = read_staged(staged)
    candidate = surrounded(candidate, staged, files, today=now.date(), limits=limits)
    require_sound(candidate, rules, proven_of(staged, candidate.context))
    return tables, candidate


def target_release(staged: StagedRelease, files: ParquetStore, database: DatabaseStore) -> str:
    """The release the staged content belongs to: the current one when the content is unchanged.

    What the database shows counts first, whether or not this home has its files; then what the files show.
    """
    shown = database.current_release()
    if shown is not None and shown.content_hash == staged.content_hash:
        return shown.release_id
    pointed = files.pointed()
    if pointed is not None and files.has(pointed) and files.describe(pointed).content_hash == staged.content_hash:
        return pointed
    return staged.release_id


def prune(
    files: ParquetStore, database: DatabaseStore, now: dt.datetime, retention: Retention, step: Step = no_step
) -> list[str]:
    """Remove the releases that need not be kept, from the database and then from the files; returns their ids.

    A release counts from when readers last had it, so that one rolled back to is not taken from under them.
    """
    held = database.releases()
    current = database.current_release()
    pinned = {release for release in (files.pointed(), current.release_id if current else None) if release}
    left = database.left_at()

    def last_had(release: str, published_at: dt.datetime) -> tuple[str, dt.datetime]:
        return release, max(published_at, left.get(release, published_at))

    going = retention.to_drop([last_had(release.release_id, release.published_at) for release in held], now, pinned)
    if going:
        database.remove(going)
    step("database.pruned")
    kept = {release.release_id for release in held} - set(going)
    folders = [last_had(info.release_id, dt.datetime.fromisoformat(info.published_at)) for info in files.releases()]
    for release in retention.to_drop(folders, now, pinned | kept):
        files.remove(release)
    step("files.pruned")
    return going


def _bound(
    exports: Exports, tables: Mapping[str, pa.Table], release: str, since: dt.datetime
) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        exports(folder, tables, release, since)

    return write


def _require_not_withdrawn(staged: StagedRelease, database: DatabaseStore) -> None:
    withdrawn = database.withdrawn(staged.content_hash)
    if withdrawn is None:
        return
    raise AuditError(
        f"this content is release {withdrawn.release_id}, from which {withdrawn.moved_by} rolled back at "
        f"{withdrawn.moved_at}: {withdrawn.reason}",
        file=staged.folder,
        remedy=f"correct the sources, or let it back in: kh02 rollback {withdrawn.release_id} --reason …",
    )
