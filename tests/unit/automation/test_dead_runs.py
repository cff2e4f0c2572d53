"""Runs whose process is gone are ended with the reason; all others are left alone; the queue moves on."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster import DagsterRunStatus
from dagster._core.events import EngineEventData
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon

from kh02_pipelines.assets.groups import POOL
from kh02_pipelines.automation import dead_runs
from kh02_pipelines.automation.dead_runs import end_dead_runs
from kh02_pipelines.automation.instance import prepare_instance
from kh02_pipelines.resources.run_process import PROCESS, record_process

STARTING, STARTED, CANCELING = (
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
)


@dg.op(pool=POOL)
def work() -> None: ...


@dg.job
def pooled() -> None:
    work()


@dg.op(name="work")
def free_work() -> None: ...


@dg.job
def elsewhere() -> None:
    free_work()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    prepare_instance(tmp_path / "dagster")
    with dg.DagsterInstance.from_config(str(tmp_path / "dagster")) as made:
        yield made


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives until it is killed."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    yield process
    process.kill()
    process.wait(10)


def a_run(instance: dg.DagsterInstance, status: DagsterRunStatus, job: Any = pooled, **tags: str) -> str:
    run: dg.DagsterRun = instance.create_run_for_job(job, status=DagsterRunStatus.NOT_STARTED, tags=tags)
    events = {STARTING: ["PIPELINE_STARTING"], STARTED: ["PIPELINE_STARTING", "PIPELINE_START"]}
    events[CANCELING] = [*events[STARTED], "PIPELINE_CANCELING"]
    for event in events.get(status, []):
        instance.report_dagster_event(dg.DagsterEvent(event, job.name), run.run_id)
    assert instance.get_run_by_id(run.run_id).status in (status, DagsterRunStatus.NOT_STARTED)  # type: ignore[union-attr]
    return run.run_id


def recorded(instance: dg.DagsterInstance, run_id: str, pid: int, **other: Any) -> None:
    """As if the run had been at work in another process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "getpid", lambda: pid)
        record_process(instance, run_id)
    known = instance.get_run_by_id(run_id)
    assert known is not None
    instance.add_run_tags(run_id, {PROCESS: json.dumps({**json.loads(known.tags[PROCESS]), **other})})


def status(instance: dg.DagsterInstance, run_id: str) -> DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


@pytest.mark.parametrize("reaped", [True, False], ids=["gone", "not yet reaped"])
@pytest.mark.parametrize("state", [STARTED, CANCELING], ids=lambda state: state.value)
def test_a_run_is_ended_when_its_process_was_killed(
    instance: dg.DagsterInstance, child: subprocess.Popen[bytes], state: DagsterRunStatus, reaped: bool
) -> None:
    run_id = a_run(instance, state)
    recorded(instance, run_id, child.pid)
    assert end_dead_runs(instance) == []
    assert status(instance, run_id) is state

    child.send_signal(signal.SIGKILL)
    if reaped:
        child.wait(10)
    else:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    (line,) = end_dead_runs(instance)
    assert run_id in line
    assert f"Process {child.pid} on {socket.gethostname()} is gone" in line
    assert "readers keep the release they had" in line
    assert status(instance, run_id) is (DagsterRunStatus.FAILURE if state is STARTED else DagsterRunStatus.CANCELED)
    shown = [entry.get_dagster_event().message for entry in instance.all_logs(run_id) if entry.is_dagster_event]
    assert any(f"Process {child.pid} on" in (message or "") for message in shown)
    assert end_dead_runs(instance) == []


@pytest.mark.parametrize(
    ("other", "ended"),
    [
        ({"start": "1"}, True),  # another process has the id now
        ({"boot": "00000000-0000-0000-0000-000000000000"}, True),  # the machine was started again
        ({"host": "elsewhere", "start": "1"}, False),  # cannot be seen from here
        ({"run": "00000000-0000-0000-0000-000000000000", "start": "1"}, False),  # the tag of the run it repeats
    ],
    ids=["id used again", "power loss", "another machine", "tag of its parent"],
)
def test_a_process_id_alone_proves_nothing(instance: dg.DagsterInstance, other: dict[str, str], ended: bool) -> None:
    run_id = a_run(instance, STARTED)
    instance.report_engine_event("at work", instance.get_run_by_id(run_id), EngineEventData.in_process(os.getpid()))
    recorded(instance, run_id, os.getpid(), **other)
    assert bool(end_dead_runs(instance)) is ended
    assert (status(instance, run_id) is DagsterRunStatus.FAILURE) is ended


def test_a_run_without_the_tag_is_judged_by_what_dagster_logged(
    instance: dg.DagsterInstance, child: subprocess.Popen[bytes]
) -> None:
    """One of the version before, or one that was killed in the moment before it recorded itself."""
    run_id = a_run(instance, STARTED, elsewhere, **{"kh02/publisher": "catalogue"})
    instance.report_engine_event("at work", instance.get_run_by_id(run_id), EngineEventData.in_process(child.pid))
    assert end_dead_runs(instance) == []
    child.kill()
    child.wait(10)
    assert len(end_dead_runs(instance)) == 1


def test_runs_of_other_code_are_not_touched(instance: dg.DagsterInstance, child: subprocess.Popen[bytes]) -> None:
    run_id = a_run(instance, STARTED, elsewhere)
    recorded(instance, run_id, child.pid, start="1")
    assert end_dead_runs(instance) == []


def test_a_run_that_is_still_starting_is_left_alone(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = a_run(instance, STARTING)
    assert end_dead_runs(instance) == []  # just launched
    monkeypatch.setattr("kh02_pipelines.resources.dead_runs.START_SECONDS", 0.0)
    place = tmp_path / "code server"
    instance.add_run_tags(run_id, {GRPC_INFO_TAG: json.dumps({"host": "localhost", "socket": str(place)})})
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))
        server.listen()
        assert end_dead_runs(instance) == []  # slow, but its server is there
    (line,) = end_dead_runs(instance)  # killed together with its server, before any process was there
    assert "The code server that was to start this run is gone" in line
    assert status(instance, run_id) is DagsterRunStatus.FAILURE


def test_slots_that_a_killed_run_had_claimed_are_free_again(
    instance: dg.DagsterInstance, child: subprocess.Popen[bytes]
) -> None:
    """Claimed by a home's earlier settings, where pools counted steps."""
    run_id = a_run(instance, STARTED)
    recorded(instance, run_id, child.pid)
    storage = instance.event_log_storage
    assert storage.claim_concurrency_slot(POOL, run_id, "work").is_claimed
    child.kill()
    child.wait(10)
    end_dead_runs(instance)
    assert storage.get_concurrency_info(POOL).active_slot_count == 0


def test_the_sensor_says_what_it_did(instance: dg.DagsterInstance) -> None:
    run_id = a_run(instance, STARTED)
    recorded(instance, run_id, os.getpid(), start="1")
    context = dg.build_sensor_context(instance=instance)
    first, second = dead_runs.dead_runs(context), dead_runs.dead_runs(context)
    assert run_id in first.skip_message  # type: ignore[union-attr]
    assert second.skip_message == "không có · none"  # type: ignore[union-attr]


def test_the_queue_starts_one_run_at_a_time_and_goes_on_after_a_dead_one(
    instance: dg.DagsterInstance, install: Any, tmp_path: Path, child: subprocess.Popen[bytes]
) -> None:
    """The first pass over the queue included, and whatever starts the run: a job, or "Materialize all"."""
    definitions = install(tmp_path / "home").definitions
    rollback = {"ops": {"move_back": {"config": {"release_id": "x", "reason": "x"}}}}
    jobs = [
        (definitions.resolve_job_def("catalogue"), {}),
        (definitions.resolve_implicit_global_asset_job_def(), {}),
        (definitions.resolve_job_def("rollback"), rollback),
    ]
    place = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("kh02_pipelines"), "__repository__")
    queued = []
    for job, config in jobs:
        origin = RemoteJobOrigin(place, job.name)
        run = instance.create_run_for_job(job, run_config=config, remote_job_origin=origin)
        instance.report_dagster_event(dg.DagsterEvent("PIPELINE_ENQUEUED", job.name), run.run_id)
        queued.append(run.run_id)

    def starts() -> list[str]:
        settings = instance.get_concurrency_config()
        runs = QueuedRunCoordinatorDaemon(interval_seconds=5)._get_runs_to_dequeue(instance, settings, None)
        return [run.run_id for run in runs]

    assert starts() == queued[:1]
    for event in ("PIPELINE_STARTING", "PIPELINE_START"):
        instance.report_dagster_event(dg.DagsterEvent(event, "catalogue"), queued[0])
    recorded(instance, queued[0], child.pid)
    assert starts() == []
    child.kill()
    child.wait(10)
    assert starts() == []
    assert len(end_dead_runs(instance)) == 1
    assert starts() == queued[1:2]
