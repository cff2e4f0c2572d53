"""What is known at one moment: of the stores, the disk, and the runs. Nothing is judged here.

Belongs here: the facts, and gathering those that need no Dagster. Does not belong here: when a fact is a problem
(``problems``). Gathering changes nothing, and what cannot be read becomes a fact of its own (``unreadable``).
"""

import datetime as dt
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.clock import of_the_future
from kh02_pipelines.release.database.records import Rollback
from kh02_pipelines.release.database.store import DatabaseStore
from kh02_pipelines.release.duty.next_change import NextChange, next_enacted_change
from kh02_pipelines.release.files.durable import require_writable
from kh02_pipelines.release.files.parquet_store import ParquetStore
from kh02_pipelines.release.last_check import last_check
from kh02_pipelines.release.report.shelf import page_of

T = TypeVar("T")


@dataclass(frozen=True)
class RunFacts:
    """A run of the job ``catalogue``: Dagster's status, when it began and ended."""

    run_id: str
    status: str
    started_at: dt.datetime | None
    ended_at: dt.datetime | None


@dataclass(frozen=True)
class InstanceFacts:
    """What Dagster's instance knows.

    ``heartbeat_at``: the oldest of the last heartbeats of the daemons that are needed, None when one of them never ran.
    ``last_run``: the last one that has ended. ``dead_runs``: a line for each, as in ``resources.dead_runs``.
    """

    heartbeat_at: dt.datetime | None
    schedule_on: bool
    last_run: RunFacts | None
    dead_runs: tuple[str, ...]
    history_bytes: int


@dataclass(frozen=True)
class Facts:
    """Everything the status is made of. ``instance``: None when this home has no Dagster instance yet."""

    now: dt.datetime
    home: Path
    database: str
    release_id: str | None = None
    published_at: dt.datetime | None = None
    last_checked_at: dt.datetime | None = None
    database_release_id: str | None = None
    kept: tuple[str, ...] = ()
    rollback: Rollback | None = None
    schema: str | None = None
    report: bool = False
    of_the_future: str | None = None
    next_change: NextChange | None = None
    free_bytes: int | None = None
    total_bytes: int | None = None
    missing_config: Path | None = None
    instance: InstanceFacts | None = None
    unreadable: tuple[EnvironmentFault, ...] = field(default=())


def gather_facts(
    now: dt.datetime,
    home: Path,
    files: ParquetStore,
    database: DatabaseStore,
    reports: Path,
    config: Path | None,
    read_instance: Callable[[], InstanceFacts | None],
) -> Facts:
    """The facts at ``now``. ``read_instance`` gives those of Dagster; each reading may fail without the others."""
    unreadable: list[EnvironmentFault] = []

    def tried(read: Callable[[], T]) -> T | None:
        try:
            return read()
        except EnvironmentFault as fault:
            if str(fault) not in map(str, unreadable):
                unreadable.append(fault)
            return None

    tried(lambda: require_writable(home))
    current = tried(files.current)
    checked = last_check(files)
    shown = tried(database.current_release)
    held = tried(database.releases) or []
    whole = {info.release_id for info in files.releases()}
    disk = shutil.disk_usage(home) if home.is_dir() else None
    return Facts(
        now=now,
        home=home,
        database=database.display_url,
        release_id=current.release_id if current else None,
        published_at=dt.datetime.fromisoformat(current.published_at) if current else None,
        last_checked_at=checked.last_checked_at if checked else None,
        database_release_id=shown.release_id if shown else None,
        kept=tuple(release.release_id for release in held if release.release_id in whole),
        rollback=tried(database.standing_rollback),
        schema=tried(database.schema_fault),
        report=current is not None and page_of(reports, current.release_id).is_file(),
        of_the_future=of_the_future(shown, now) if shown else None,
        next_change=next_enacted_change(files),
        free_bytes=disk.free if disk else None,
        total_bytes=disk.total if disk else None,
        missing_config=config if config is not None and not config.is_file() else None,
        instance=tried(read_instance),
        unreadable=tuple(unreadable),
    )
