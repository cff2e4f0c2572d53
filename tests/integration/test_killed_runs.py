"""kill -9 of whatever works on the catalogue: the next run starts by itself, within two minutes."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import dagster as dg
import pytest
from dagster import DagsterRunStatus

from kh02_pipelines.release.files.parquet_store import ParquetStore
from kh02_pipelines.resources.frame_io import LOCK

Found = TypeVar("Found")

STARTED = DagsterRunStatus.STARTED
ROOT = Path(__file__).resolve().parents[2]
IN_TIME = 120.0
PATIENCE = 300.0
"""How long a step that is no part of what is measured may take on a machine with other work to do."""


class Programs:
    """Programs of ours on one home folder, each with everything it started, killed at the end of the test."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.dagster = home / "dagster"
        self.log = home.with_suffix(".log")
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "KH02_HOME": str(self.home),
            "DAGSTER_HOME": str(self.dagster),
            "PYTHONPATH": str(ROOT),
        }
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *words],
                env=environment,
                cwd=self.home.parent,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9 of a program and all that it started, at once."""
        for pid in [process.pid, *descendants(process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(30)

    def until(self, what: str, found: Callable[[], Found | None], seconds: float = PATIENCE) -> Found:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if (value := found()) is not None:
                return value
            time.sleep(0.1)
        raise AssertionError(f"not within {seconds:g} s: {what}\n{self.log.read_text('utf-8', 'replace')[-4000:]}")

    def runs(self) -> dict[str, dg.DagsterRun]:
        """All runs, the earliest first."""
        with dg.DagsterInstance.from_config(str(self.dagster)) as instance:
            return {run.run_id: run for run in instance.get_runs(ascending=True)}

    def at_work(self) -> str | None:
        """The run that has started and holds the folder, if one does."""
        note = self.dagster / "storage" / "frames" / f"{LOCK}.holder"
        held = note.read_text("utf-8") if note.is_file() else ""
        runs = self.runs() if held else {}
        return next((name for name, run in runs.items() if name in held and run.status is STARTED), None)

    def reason(self, run_id: str) -> str:
        """What the run's page in the UI says of its failure."""
        with dg.DagsterInstance.from_config(str(self.dagster)) as instance:
            logged = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.RUN_FAILURE).records
        return " ".join(str(record.event_log_entry.get_dagster_event().message) for record in logged)


def descendants(pid: int) -> list[int]:
    """All processes below one, as they are now."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text("utf-8", "replace").rpartition(")")[2].split()[1])
    found, level = [], {pid}
    while level := {child for child, parent in parents.items() if parent in level}:
        found += sorted(level)
    return found


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    made = Programs(tmp_path / "home")
    yield made
    for process in made.running:
        made.kill(process)


@pytest.mark.slow
@pytest.mark.no_cover
def test_a_killed_build_does_not_block_the_next(programs: Programs) -> None:
    first = programs.start("kh02_pipelines.cli.main", "build")
    dead = programs.until("the first build is at work", programs.at_work)
    programs.kill(first)
    assert programs.runs()[dead].status is STARTED

    killed = time.monotonic()
    programs.start("kh02_pipelines.cli.main", "build")
    alive = programs.until(
        "the next build is at work", lambda: run if (run := programs.at_work()) != dead else None, IN_TIME
    )
    assert time.monotonic() - killed < IN_TIME
    assert alive != dead
    assert programs.runs()[dead].status is DagsterRunStatus.FAILURE
    assert f"Process {first.pid} on" in programs.reason(dead)
    said = programs.log.read_text("utf-8")
    assert f"kh02: run {dead} (catalogue)" in said
    assert "readers keep the release they had" in said


@pytest.mark.slow
@pytest.mark.drill  # real servers, and a whole run
@pytest.mark.no_cover
def test_everything_killed_while_publishing_and_started_again(programs: Programs) -> None:
    """The daemon, its code server and the run, at once, as a power loss ends them; one run waits in the queue."""
    daemon = ("kh02_pipelines.cli.main", "daemon")
    programs.dagster.mkdir(parents=True)
    before = "telemetry:\n  enabled: false\nnux:\n  enabled: false\n"  # a home of the version before
    (programs.dagster / "dagster.yaml").write_text(before, "utf-8")
    for _ in range(2):
        launch = programs.start("dagster", "job", "launch", "-m", "kh02_pipelines.definitions", "-j", "catalogue")
        assert launch.wait(PATIENCE) == 0, programs.log.read_text("utf-8")
    dead, waiting = programs.runs()  # both stand in the queue when the daemon first looks
    first = programs.start(*daemon)
    publishing = programs.home / "publish.lock.holder"
    programs.until(
        "the first run publishes",
        lambda: True if publishing.is_file() and ", publishing," in publishing.read_text("utf-8") else None,
    )
    runs = programs.runs()
    assert [runs[dead].status, runs[waiting].status] == [STARTED, DagsterRunStatus.QUEUED]
    programs.kill(first)
    assert programs.runs()[dead].status is STARTED

    killed = time.monotonic()
    programs.start(*daemon)
    programs.until("the next run is at work", lambda: True if programs.at_work() == waiting else None, IN_TIME)
    took = time.monotonic() - killed
    print(f"the next run was at work {took:.0f} s after the start")
    assert programs.runs()[dead].status is DagsterRunStatus.FAILURE
    assert re.search(r"Process [0-9]+ on \S+ is gone", programs.reason(dead))
    programs.until(
        "the next run publishes",
        lambda: True if programs.runs()[waiting].status is DagsterRunStatus.SUCCESS else None,
    )
    assert ParquetStore(programs.home / "parquet").current() is not None
