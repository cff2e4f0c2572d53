"""Running the catalogue job outside the UI, on the installation's persistent Dagster instance.

Belongs here: one run, and what came of it. Does not belong here: the instance it runs on (``instance``), or printing
(``cli``).
"""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import DagsterEventType

from kh02_pipelines import errors
from kh02_pipelines.automation.dead_runs import end_dead_runs
from kh02_pipelines.automation.instance import prepare_instance
from kh02_pipelines.automation.jobs import CATALOGUE_JOB
from kh02_pipelines.resources.frame_io import WAITS

POLL_SECONDS = 0.2
SHOWN = {DagsterEventType.STEP_SUCCESS, DagsterEventType.ENGINE_EVENT}

CHECK_FAILED = "DagsterAssetCheckFailedError"
"""How Dagster ends the step of a blocking check that failed: the check itself says more."""

QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Run configuration that keeps Dagster's own log off the terminal; the event log has all of it."""

Progress = Callable[[str, int, int], None]
"""Called with the step that ended, how many have ended, and how many there are."""

Notice = Callable[[str], None]
"""Called with a line that whoever started the run should read at once: that it waits, that an earlier one had died."""


@dataclass(frozen=True)
class RunOutcome:
    """What came of one run: how its checks ended, what its publication said, and why it failed, if it did.

    ``failed_checks`` (those that block), ``warnings`` (those that do not) and ``failures`` are lines to print, each
    with its remedy.
    """

    run_id: str
    success: bool
    failed_checks: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    passed_checks: int = 0
    failures: list[str] = field(default_factory=list)
    failed_by_audit: bool = False
    release_id: str | None = None
    new_release: bool = False


def run_catalogue(
    definitions: dg.Definitions, folder: Path, as_of: str | None, progress: Progress, notice: Notice
) -> RunOutcome:
    """Run the catalogue job to its end and say what came of it; a failed step is an outcome, not an exception.

    Runs that died are ended first. One that is at work is waited for, as the queue would; the queue, in turn, lets
    nothing start before this one has ended.
    """
    prepare_instance(folder)
    job = definitions.resolve_job_def(CATALOGUE_JOB)
    config = {**QUIET, "ops": {"release_date": {"config": {"as_of": as_of}}}} if as_of else QUIET
    run_id = str(uuid.uuid4())
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        for line in end_dead_runs(instance):
            notice(line)
        box: list[dg.ExecuteInProcessResult | BaseException] = []

        def work() -> None:
            try:
                box.append(
                    job.execute_in_process(instance=instance, run_id=run_id, run_config=config, raise_on_error=False)
                )
            except BaseException as error:
                box.append(error)

        thread = threading.Thread(target=work, name="catalogue", daemon=True)
        thread.start()
        steps = len(job.graph.node_defs)
        for ended, step in enumerate(_ended_steps(instance, run_id, thread, notice), start=1):
            progress(step, ended, steps)
        thread.join()
        result = box[0]
        if isinstance(result, BaseException):
            raise result
        return _outcome(result)


def _ended_steps(instance: dg.DagsterInstance, run_id: str, thread: threading.Thread, notice: Notice) -> Iterator[str]:
    """The names of steps as they end, until the run's thread has; that the run waits is passed on."""
    seen = 0
    alive = True
    while alive:
        alive = thread.is_alive()
        records = instance.get_records_for_run(run_id, of_type=SHOWN).records
        for record in records[seen:]:
            event = record.event_log_entry.get_dagster_event()
            if event.is_step_success:
                yield str(event.step_key)
            elif (event.message or "").startswith(WAITS):
                notice(str(event.message))
        seen = len(records)
        time.sleep(POLL_SECONDS if alive else 0)


def _outcome(result: dg.ExecuteInProcessResult) -> RunOutcome:
    checks = result.get_asset_check_evaluations()
    failures: list[str] = []
    by_audit = False
    step_failed = any(event.is_step_failure for event in result.all_events)
    for event in result.all_events:
        error = event.step_failure_data.error if event.is_step_failure else None
        if error is not None and error.cls_name != CHECK_FAILED:
            text, audited = _reason(error)
            by_audit |= audited
            failures.append(f"{event.step_key}: {text}")
        run_error = event.job_failure_data.error if event.event_type is DagsterEventType.RUN_FAILURE else None
        if run_error is not None and not step_failed:
            failures.append(_reason(run_error)[0])  # before any step: another run was at work
    release, new, restored = None, False, list[str]()
    for event in result.all_events:
        if event.is_step_materialization and event.asset_key in (
            dg.AssetKey("database_release"),
            dg.AssetKey("parquet_release"),
        ):
            metadata = event.step_materialization_data.materialization.metadata
            release = str(metadata["release_id"].value)
            new |= bool(metadata["new_release"].value)
            written_anew = metadata.get("restored")
            if isinstance(written_anew, dg.JsonMetadataValue) and isinstance(written_anew.value, list):
                restored += map(str, written_anew.value)
    failed = sorted(_finding(check) for check in checks if not check.passed and check.blocking)
    warnings = restored + sorted(_finding(check) for check in checks if not check.passed and not check.blocking)
    return RunOutcome(
        run_id=result.run_id,
        success=result.success,
        failed_checks=failed,
        warnings=warnings,
        passed_checks=sum(check.passed for check in checks),
        failures=failures,
        failed_by_audit=by_audit,
        release_id=release,
        new_release=new,
    )


def _finding(check: dg.AssetCheckEvaluation) -> str:
    """A failed check in a line: its name, how many rows, the first of them, and the remedy.

    Conflicts of sources follow one a line, as many as the check shows, and the file that has all: each is a unit of
    which something else may be right.
    """
    shown = check.metadata
    table = shown.get("rows")
    rows = [dict(record.data) for record in table.records] if isinstance(table, dg.TableMetadataValue) else []
    named = [f"  {row['key']}: {row['problem']}" for row in rows if row.get("table") == "source_conflict"]
    if "all_rows" in shown and named:
        named.append(f"  all {shown['failing_rows'].value}: {shown['all_rows'].value}")
    first = ", ".join(str(value) for value in rows[0].values() if value) if rows and not named else ""
    count = f"{shown['failing_rows'].value} rows" if "failing_rows" in shown else "failed"
    remedy = f"; remedy: {shown['remedy'].value}" if "remedy" in shown else ""
    return "\n".join([f"{check.check_name}: {count}{f', first: {first}' if first else ''}{remedy}", *named])


def _reason(error: Any) -> tuple[str, bool]:
    """The message of the innermost error of ours in a chain, or the last line of the chain's end."""
    ours = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    ours |= {"DateOutOfRange", "Failure"}
    chain = []
    while error is not None:
        chain.append(error)
        error = error.cause
    known = [link for link in chain if link.cls_name in ours]
    # a Failure says the same as the error it explains, for the UI
    said = next((link for link in known if link.cls_name != "Failure"), known[0] if known else None)
    if said is None:
        return (chain[-1].message.strip().splitlines() or ["unknown error"])[0], False
    message = said.message.strip()
    return message.partition(": ")[2] or message, said.cls_name == "AuditError"
