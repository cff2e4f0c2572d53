"""What Dagster's instance knows for the status: heartbeats, the schedule, runs, and how much it has stored.

Belongs here: reading the instance. Does not belong here: whether that is well (``release.duty``).
"""

import datetime as dt
from pathlib import Path

import dagster as dg
from dagster import DagsterRunStatus
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorStatus
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.database.connection import first_line
from kh02_pipelines.release.duty.facts import InstanceFacts, RunFacts
from kh02_pipelines.resources.dead_runs import found_dead

CATALOGUE_JOB = "catalogue"
NIGHTLY = "nightly_sync"
NEEDED = ("SCHEDULER", "SENSOR", "QUEUED_RUN_COORDINATOR")
ENDED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]


def read_home(folder: Path) -> InstanceFacts | None:
    """The facts of the instance in a home's folder; None when there is none. Raises EnvironmentFault if unreadable."""
    if not (folder / "dagster.yaml").is_file():
        return None
    try:
        with dg.DagsterInstance.from_config(str(folder)) as instance:
            return read_instance(instance, folder)
    except (SQLAlchemyError, OSError, dg.DagsterError) as error:
        raise EnvironmentFault(
            f"Dagster's storage cannot be read: {first_line(error)}",
            file=folder,
            remedy="start its database, or mend its settings or permissions; readers do not need it",
        ) from error


def read_instance(instance: dg.DagsterInstance, folder: Path) -> InstanceFacts:
    """The facts of an open instance whose files lie in ``folder``."""
    beats = {str(kind): beat.timestamp for kind, beat in instance.get_daemon_heartbeats().items()}
    oldest = min(beats[kind] for kind in NEEDED) if beats.keys() >= set(NEEDED) else None
    switched = instance.all_instigator_state(instigator_type=InstigatorType.SCHEDULE) if _schedules(instance) else []
    states = [state.status for state in switched if state.instigator_name == NIGHTLY]
    last = next(iter(instance.get_run_records(dg.RunsFilter(job_name=CATALOGUE_JOB, statuses=ENDED), limit=1)), None)
    return InstanceFacts(
        heartbeat_at=_moment(oldest),
        schedule_on=not states or any(status != InstigatorStatus.STOPPED for status in states),
        last_run=None
        if last is None
        else RunFacts(
            last.dagster_run.run_id, last.dagster_run.status.value, _moment(last.start_time), _moment(last.end_time)
        ),
        dead_runs=tuple(f"run {run.run_id} · {reason}" for run, reason in found_dead(instance)),
        history_bytes=_stored(instance, folder),
    )


def _schedules(instance: dg.DagsterInstance) -> bool:
    """Whether the instance has schedules at all; one in memory does not."""
    return instance.schedule_storage is not None


def _stored(instance: dg.DagsterInstance, folder: Path) -> int:
    """Bytes of the files in the folder, and of the database where Dagster has one."""
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    engine = getattr(instance.event_log_storage, "_engine", None)
    if engine is not None and engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            size += int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    return size


def _moment(timestamp: float | None) -> dt.datetime | None:
    return None if timestamp is None else dt.datetime.fromtimestamp(timestamp, dt.UTC)
