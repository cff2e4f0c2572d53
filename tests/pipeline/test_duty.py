"""``kh02 doctor`` and ``kh02 status --json``: silent when all is well, and one test for each fault they have to see."""

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "integration"))

import dagster as dg
import pytest
from dagster import DagsterRunStatus
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, ScheduleInstigatorData
from dagster._daemon.types import DaemonHeartbeat
from synthetic import Home

from kh02_pipelines.automation.instance import prepare_instance
from kh02_pipelines.release.database.store import DatabaseStore
from kh02_pipelines.resources.dead_runs import POOL
from kh02_pipelines.resources.instance_facts import NEEDED, NIGHTLY
from kh02_pipelines.resources.run_process import record_process
from kh02_pipelines.resources.stores import VIET_NAM

NOW = dt.datetime(2026, 11, 21, 8, 30, tzinfo=VIET_NAM)
"""The clock of the commands in these tests."""


@dg.op(pool=POOL)
def work() -> None: ...


@dg.job(name="catalogue")
def pooled() -> None:
    work()


class Duty:
    """A home in which everything is well, until a test breaks something, and what the two commands say of it."""

    def __init__(self, kh02: Any, home: Path, instance: dg.DagsterInstance, release: str) -> None:
        self.kh02, self.home, self.instance, self.release = kh02, home, instance, release

    def page_of(self, release: str) -> None:
        """A quality report; what it says is no matter here."""
        page = self.home / "parquet" / "reports" / f"{release}.html"
        page.parent.mkdir(exist_ok=True)
        page.write_text("<!doctype html>", "utf-8")

    def beat(self, ago: dt.timedelta) -> None:
        for kind in NEEDED:
            self.instance.add_daemon_heartbeat(DaemonHeartbeat((NOW - ago).timestamp(), kind, None, []))

    def run(self, *events: str) -> str:
        run: dg.DagsterRun = self.instance.create_run_for_job(pooled, status=DagsterRunStatus.NOT_STARTED)
        for event in events:
            self.instance.report_dagster_event(dg.DagsterEvent(event, "catalogue"), run.run_id)
        return run.run_id

    def note_check(self, when: dt.datetime) -> None:
        note = self.home / "parquet" / "checked.json"
        noted = {**json.loads(note.read_text("utf-8")), "last_checked_at": when.isoformat()}
        note.write_text(json.dumps(noted), "utf-8")

    def sees(self, code: str, *parts: str, severity: str = "failed", **settings: str) -> dict[str, Any]:
        """Both commands name this problem and no other."""
        doctor = self.kh02("doctor", home=self.home, **settings)
        (line,) = doctor.err.splitlines()
        assert line.startswith("kh02: " if severity == "failed" else "cảnh báo · warning: ")
        for part in (*parts, "; remedy: "):
            assert part in line
        assert doctor.code == (2 if severity == "failed" else 0)
        status = self.kh02("status", "--json", home=self.home, **settings)
        document: dict[str, Any] = json.loads(status.out)
        (problem,) = document["problems"]
        assert (problem["code"], problem["severity"], document["status"]) == (code, severity, severity)
        assert problem["vi"].partition(":")[0] in line
        assert problem["link"].startswith("/runbook#duty-")
        assert status.code == (1 if severity == "failed" else 0)
        return document


@pytest.fixture
def duty(kh02: Any, tmp_path: Path) -> Iterator[Duty]:
    home = Home(tmp_path / "home", f"sqlite:///{tmp_path / 'home' / 'catalogue.db'}")
    release = home.publish(1).release_id
    prepare_instance(home.path / "dagster")
    with dg.DagsterInstance.from_config(str(home.path / "dagster")) as instance:
        made = Duty(kh02, home.path, instance, release)
        made.page_of(release)
        made.note_check(NOW)
        made.beat(dt.timedelta(seconds=40))
        made.run("PIPELINE_START", "PIPELINE_SUCCESS")
        yield made


def test_both_are_silent_when_all_is_well(duty: Duty) -> None:
    doctor = duty.kh02("doctor", home=duty.home)
    assert (doctor.code, doctor.faults) == (0, [])
    status = duty.kh02("status", "--json", home=duty.home)
    document = json.loads(status.out)
    assert (status.code, document["status"], document["problems"]) == (0, "ok", [])
    assert document["release_id"] == document["database_release_id"] == duty.release
    assert document["published_at"] == "2026-01-02T08:00:00+00:00"
    assert document["last_checked_at"] == "2026-11-21T08:30:00+07:00"
    assert (document["schedule_on"], document["last_run"]["status"]) == (True, "SUCCESS")
    assert document["kept_releases"] == [duty.release]
    assert (document["rollback"], document["next_change"], document["dead_runs"]) == (None, None, [])
    shown = duty.kh02("status", home=duty.home)
    assert shown.out.startswith("● Bình thường · all is well")
    assert shown.code == 0


def test_no_heartbeat_for_two_minutes(duty: Duty) -> None:
    duty.beat(dt.timedelta(minutes=2, seconds=1))
    duty.sees("no_heartbeat", "silent for 2 minutes")


def test_one_daemon_of_three_that_died_is_seen(duty: Duty) -> None:
    late = DaemonHeartbeat((NOW - dt.timedelta(hours=3)).timestamp(), NEEDED[0], None, [])
    duty.instance.add_daemon_heartbeat(late)
    duty.sees("no_heartbeat", "silent for 3 hours")


def test_a_daemon_that_never_ran(duty: Duty) -> None:
    """A fault where a daemon has to run; on a workstation that builds by hand, something to know."""
    duty.instance.wipe_daemon_heartbeats()
    duty.sees("no_heartbeat", "never run", severity="warning")
    duty.sees("no_heartbeat", "never run", profile="production")


def test_the_schedule_switched_off(duty: Duty) -> None:
    place = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("kh02_pipelines"), "__repository__")
    origin = RemoteInstigatorOrigin(place, NIGHTLY)
    duty.instance.add_instigator_state(
        InstigatorState(origin, InstigatorType.SCHEDULE, InstigatorStatus.STOPPED, ScheduleInstigatorData("30 1 * * *"))
    )
    assert duty.sees("schedule_off", NIGHTLY, "Automation")["schedule_on"] is False


def test_no_good_run_for_26_hours(duty: Duty) -> None:
    duty.note_check(NOW - dt.timedelta(hours=26))
    assert duty.kh02("doctor", home=duty.home).code == 0
    duty.note_check(NOW - dt.timedelta(hours=26, minutes=1))
    duty.sees("no_good_run", "no run has passed all checks for 26 hours")


def test_a_failed_last_run(duty: Duty) -> None:
    run_id = duty.run("PIPELINE_START", "PIPELINE_FAILURE")
    assert duty.sees("last_run_failed", run_id, f"/runs/{run_id}")["last_run"]["run_id"] == run_id
    duty.run("PIPELINE_START", "PIPELINE_SUCCESS")
    assert duty.kh02("doctor", home=duty.home).code == 0


def test_a_dead_run(duty: Duty) -> None:
    run_id = duty.run("PIPELINE_STARTING", "PIPELINE_START")
    assert duty.kh02("doctor", home=duty.home).code == 0  # it may still record its process
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait(30)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "getpid", lambda: gone.pid)
        record_process(duty.instance, run_id)
    assert run_id in duty.sees("dead_runs", run_id, "is gone")["dead_runs"][0]


def test_a_missing_schema(duty: Duty, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a server, whose schema only its owner makes: a fresh database under the releases of this home."""
    original = DatabaseStore.__init__

    def made(self: DatabaseStore, url: Any, **more: Any) -> None:
        original(self, url, **{**more, "upgrades_itself": False})

    monkeypatch.setattr(DatabaseStore, "__init__", made)
    (duty.home / "catalogue.db").unlink()
    doctor = duty.kh02("doctor", home=duty.home)
    assert doctor.code == 2
    assert "has no catalogue schema; remedy: chạy kh02 db upgrade" in doctor.faults[0]
    document = json.loads(duty.kh02("status", "--json", home=duty.home).out)
    assert [problem["code"] for problem in document["problems"]] == ["schema_missing", "stores_differ"]


def test_a_disk_that_is_nearly_full(duty: Duty) -> None:
    free = shutil.disk_usage(duty.home).free // 1024**2
    assert duty.kh02("doctor", home=duty.home, min_free_mb=str(free // 2)).code == 0
    duty.sees("low_disk", "KH02_MIN_FREE_MB", min_free_mb=str(free * 2))


def test_a_rollback_left_standing(duty: Duty) -> None:
    """Until somebody goes on: with the release left, or with another one."""
    synthetic = Home(duty.home, f"sqlite:///{duty.home / 'catalogue.db'}")
    first, second = duty.release, synthetic.publish(2).release_id
    duty.page_of(second)
    duty.note_check(NOW)
    assert duty.kh02("doctor", home=duty.home).code == 0
    assert duty.kh02("rollback", first, "--reason", "sai tên xã", home=duty.home).err == ""
    document = duty.sees("rolled_back", f"readers have {first} since a rollback from {second} by ", "sai tên xã")
    assert document["rollback"]["left_release_id"] == second
    for asset in ("database_release", "parquet_release", "release_status"):
        shown = duty.instance.get_latest_materialization_event(dg.AssetKey(asset))
        assert shown is not None
        assert shown.asset_materialization is not None
        assert shown.asset_materialization.metadata["release_id"].value == first
    assert duty.kh02("rollback", second, "--reason", "đúng rồi", home=duty.home).code == 0
    assert duty.kh02("doctor", home=duty.home).code == 0


def test_a_source_file_that_is_gone(duty: Duty, tmp_path: Path) -> None:
    gone = tmp_path / "kh02.yaml"
    duty.sees("config_missing", "KH02_CONFIG", str(gone), config=str(gone))


def test_a_clock_that_was_set_back(duty: Duty) -> None:
    duty.note_check(NOW + dt.timedelta(hours=1))
    duty.sees("clock_behind", "is of the future: the last check is of 2026-11-21 09:30", "timedatectl")
