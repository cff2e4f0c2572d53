"""Runs whose process is gone: marked as failed with the reason, their place in the pool given back.

Belongs here: that, and the sensor that does it. Does not belong here: how they are found (``resources.dead_runs``).
Dagster notices only while the server that started the run is alive: after a power loss, or when a ``kh02 build`` was
killed, a run would stay "started" and the queue behind it would wait.
"""

import dagster as dg
from dagster import DagsterRunStatus

from kh02_pipelines.resources.dead_runs import found_dead

SECONDS = 30


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark the pool's runs whose process is gone as failed (as canceled, if they were being canceled).

    Returns a line for each: the run and the reason, which its page in the UI shows too. A run that is still starting,
    and one on another machine, is left alone.
    """
    lines = []
    for run, reason in found_dead(instance):
        # it may have come to its end while its process was looked for
        now = instance.get_run_by_id(run.run_id)
        if now is None or now.is_finished:
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
