"""Runs whose process is gone, found by what they recorded, what Dagster logged, or the server that was to start them.

Belongs here: finding them, and why they are dead. Does not belong here: how a process is recognised (``run_process``),
or ending them (``automation.dead_runs``).
"""

import json
import socket
import time

import dagster as dg
from dagster import DagsterEventType, DagsterRunStatus
from dagster._core.storage.tags import GRPC_INFO_TAG

from kh02_pipelines.resources.run_process import is_gone, recorded_process, was_there

POOL = "catalogue"
"""The pool of everything that works in the home folder: one run at a time (``automation.instance`` sets its limit).

A pool, and no tag: tags of a job do not reach the runs that "Materialize" starts in the UI.
"""

START_SECONDS = 60.0
"""How long a run that nobody can be starting any more stays a starting one."""

AT_WORK = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
"""What takes a place in the pool."""

EARLIER_TAG = {"kh02/publisher": "catalogue"}
"""On runs of versions that had no pool."""


def found_dead(instance: dg.DagsterInstance) -> list[tuple[dg.DagsterRun, str]]:
    """The pool's runs whose process is gone, each with the reason.

    A run that is still starting, and one on another machine, is not among them.
    """
    ours = (run for run in instance.get_runs(dg.RunsFilter(statuses=AT_WORK)) if _is_ours(run))
    return [(run, reason) for run in ours if (reason := _why_dead(instance, run)) is not None]


def _is_ours(run: dg.DagsterRun) -> bool:
    """Whether the run works in the home folder."""
    pools = run.run_op_concurrency.all_pools if run.run_op_concurrency else None
    return POOL in (pools or ()) or EARLIER_TAG.items() <= run.tags.items()


def _why_dead(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str | None:
    """The reason, when the run's process is gone: as it recorded itself, or else as Dagster logged it."""
    recorded = recorded_process(run)
    if recorded is not None:
        return _reason(recorded["pid"], recorded["host"]) if is_gone(recorded) else None
    logged = instance.get_records_for_run(run.run_id, of_type=DagsterEventType.ENGINE_EVENT).records
    for entry in reversed([record.event_log_entry for record in logged]):
        pid = entry.get_dagster_event().engine_event_data.metadata.get("pid")
        if pid is not None:
            return None if was_there(int(str(pid.value)), entry.timestamp) else _reason(pid.value, "-")
    launched = instance.get_run_stats(run.run_id).launch_time
    if launched is None or time.time() - launched < START_SECONDS or _server_answers(run):
        return None
    return (
        "Máy chủ mã được giao khởi động lượt này không còn và không có tiến trình nào bắt đầu · "
        "The code server that was to start this run is gone, and no process has started it."
    )


def _reason(pid: object, host: object) -> str:
    return (
        f"Tiến trình {pid} trên {host} không còn (mất điện, bị kill, hết bộ nhớ); người đọc vẫn có bản trước · "
        f"Process {pid} on {host} is gone (power loss, kill, out of memory); readers keep the release they had."
    )


def _server_answers(run: dg.DagsterRun) -> bool:
    """Whether the code server that was told to start the run still listens."""
    place = json.loads(run.tags.get(GRPC_INFO_TAG, "{}"))
    try:
        if place.get("socket"):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(5)
                connection.connect(place["socket"])
        elif place.get("port"):
            socket.create_connection((place["host"], place["port"]), timeout=5).close()
        else:
            return False
    except OSError:
        return False
    return True
