"""Runs whose process is gone: found, marked as failed with the reason, their place in the pool given back.

Belongs here: that, and the sensor that does it. Does not belong here: how a process is recognised
(``resources.run_process``). Dagster notices only while the server that started the run is alive: after a power loss,
or when a ``kh02 build`` was killed, a run would stay "started" and the queue behind it would wait.
"""

import json
import socket
import time

import dagster as dg
from dagster import DagsterEventType, DagsterRunStatus
from dagster._core.storage.tags import GRPC_INFO_TAG

from kh02_pipelines.assets.groups import POOL
from kh02_pipelines.resources.run_process import is_gone, recorded_process, was_there

SECONDS = 30
START_SECONDS = 60.0
"""How long a run that nobody can be starting any more stays a starting one."""

AT_WORK = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
"""What takes a place in the pool."""

EARLIER_TAG = {"kh02/publisher": "catalogue"}
"""On runs of versions that had no pool."""


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark the pool's runs whose process is gone as failed (as canceled, if they were being canceled).

    Returns a line for each: the run and the reason, which its page in the UI shows too. A run that is still starting,
    and one on another machine, is left alone.
    """
    lines = []
    for run in instance.get_runs(dg.RunsFilter(statuses=AT_WORK)):
        reason = _why_dead(instance, run) if _is_ours(run) else None
        # it may have come to its end while its process was looked for
        now = instance.get_run_by_id(run.run_id) if reason else None
        if now is None or reason is None or now.is_finished:
            continue
        if now.status is DagsterRunStatus.CANCELING:
            instance.report_run_canceled(now, message=reason)
        else:
            instance.report_run_failed(now, message=reason)
        if instance.event_log_storage.supports_global_concurrency_limits:
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        lines.append(f"run {run.run_id} ({run.job_name}) · {reason}")
    return lines


@dg.sensor(
    name="dead_runs",
    minimum_interval_seconds=SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Lượt chạy mất tiến trình (mất điện, bị kill) được ghi là thất bại, kèm lý do; lượt sau tự bắt đầu.\n\n"
        "A run whose process is gone (power loss, kill) is marked as failed, with the reason; the next one starts."
    ),
)
def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Look every 30 seconds; what was done stands in the tick."""
    return dg.SkipReason("; ".join(end_dead_runs(context.instance)) or "không có · none")


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
