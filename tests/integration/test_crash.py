"""kill -9 at every named step of publishing, and at random moments: readers have the old release or the new one."""

import dataclasses
import os
import random
import signal
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from synthetic import Home, day, marker, with_password

from kh02_pipelines.release.steps import FILE_STEPS, STEPS, no_step
from kh02_pipelines.release.verify import verify
from kh02_pipelines.tables.catalogue import CATALOGUE

COMMIT = "database.pointer_committed"
RANDOM_KILLS = {"sqlite": 24, "postgresql": 10, "mysql": 6}
IN_FILES_ONLY = {*FILE_STEPS, "files.pointer_written_beside", "files.pruned", "publish.ended"}
"""Steps that are the same whatever the database is: killed at on SQLite alone, which takes the least time."""

WITH_ALL_THERE_IS = {"files.extra_written", "database.pointer_set", "database.pointer_committed"}
"""Steps at which a publication that also brings exports and rows about the release has more to lose."""


class KillAt:
    """A step hook that ends the process as kill -9 does."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, step: str) -> None:
        if step == self.name:
            os.kill(os.getpid(), signal.SIGKILL)


def publish_and_die(path: str, url: str, number: int, step: str | None, whole: bool) -> None:
    hook = KillAt(step) if step else no_step
    Home(Path(path), url, step=hook, whole=whole).publish(number, rows_of(number))


def rows_of(number: int) -> int:
    return 4 + number % 5


def shown_in_database(home: Home) -> int:
    """Which release the views show; fails when any two views disagree."""
    counts = ", ".join(f"(SELECT count(*) FROM {name})" for name in CATALOGUE)
    with home.database.database.transaction("was read") as connection:
        row = connection.execute(text(f"SELECT (SELECT min(name) FROM commune), {counts}")).one()
    number = int(row[0].split()[-1])
    assert row[0] == marker(number)
    assert set(row[1:]) == {rows_of(number)}
    return number


def shown_in_files(home: Home) -> int:
    pointed = home.files.pointed()
    assert pointed is not None
    assert home.files.problems(pointed) == []
    names = set(home.files.tables(pointed)["commune"]["name"].to_pylist())
    assert len(names) == 1
    return int(names.pop().split()[-1])


def require_recovery(home: Home, cut_off: int) -> None:
    """The next run publishes, verification passes, and nothing of the cut-off run is left."""
    was_published = shown_in_database(home) == cut_off
    home.publish(cut_off + 1, rows_of(cut_off + 1))
    assert shown_in_database(home) == shown_in_files(home) == cut_off + 1
    assert verify(home.files, home.database).problems == []
    in_files = {info.release_id for info in home.files.releases()}
    assert in_files == {info.release_id for info in home.database.releases()}
    of_the_day = [release for release in in_files if release.startswith(f"{day(cut_off):%Y-%m-%d}+")]
    assert len(of_the_day) == was_published
    for release in of_the_day:
        assert verify(home.files, home.database, release).problems == []
    assert sorted(path.name for path in home.files.root.iterdir()) == sorted(
        {*in_files, "current.json", "checked.json"}
    )
    with home.database.database.transaction("was read") as connection:
        held = connection.execute(text("SELECT DISTINCT release_id FROM commune_release")).scalars()
        assert set(held) == in_files


def test_there_are_enough_points() -> None:
    assert len(STEPS) >= 15
    assert len(set(STEPS)) == len(STEPS)


def test_every_step_is_passed_in_order(tmp_path: Path, database_url: URL) -> None:
    passed: list[str] = []
    Home(tmp_path / "home", with_password(database_url), step=passed.append).publish(1)
    assert tuple(passed) == STEPS


@pytest.mark.slow
@pytest.mark.no_cover  # thousands of repetitions of what other tests cover, twice as fast without the tracer
def test_killed_at_every_step(tmp_path: Path, database_url: URL, processes: ForkServerContext) -> None:
    home = Home(tmp_path / "home", with_password(database_url))
    home.publish(1, rows_of(1))
    everywhere = [step for step in STEPS if step not in IN_FILES_ONLY]
    steps = STEPS if database_url.get_backend_name() == "sqlite" else everywhere
    for old, step in zip(range(1, 1000, 2), steps, strict=False):
        what = (str(home.path), home.url, old + 1, step, step in WITH_ALL_THERE_IS)
        child = processes.Process(target=publish_and_die, args=what)
        child.start()
        child.join(60)
        assert child.exitcode == -signal.SIGKILL, step
        committed = STEPS.index(step) >= STEPS.index(COMMIT)
        followed = STEPS.index(step) >= STEPS.index("files.pointer_replaced")
        assert shown_in_database(home) == old + committed, step
        assert shown_in_files(home) == old + followed, step
        require_recovery(home, old + 1)


@pytest.mark.slow
@pytest.mark.no_cover  # thousands of repetitions of what other tests cover, twice as fast without the tracer
@pytest.mark.parametrize("share", [0.25, pytest.param(1, marks=pytest.mark.drill)])
def test_killed_at_random(tmp_path: Path, database_url: URL, processes: ForkServerContext, share: float) -> None:
    home = Home(tmp_path / "home", with_password(database_url))
    home.database.upgrade()
    lasts = []
    for number, whole in enumerate((False, True)):  # every fourth kill finds exports and rows about the release
        started = time.monotonic()
        dataclasses.replace(home, whole=whole).publish(number, rows_of(number))
        lasts.append(time.monotonic() - started)
    moment = random.Random(20250701)  # noqa: S311 - not for secrets
    for old in range(1, int(2 * RANDOM_KILLS[database_url.get_backend_name()] * share), 2):
        noted = home.path / "publish.lock.holder"
        before = noted.stat().st_mtime_ns
        whole = old % 8 == 1
        child = processes.Process(target=publish_and_die, args=(str(home.path), home.url, old + 1, None, whole))
        child.start()
        while noted.stat().st_mtime_ns == before and child.is_alive():
            time.sleep(0.001)
        time.sleep(moment.random() * 1.5 * lasts[whole])
        child.kill()
        child.join(60)
        assert shown_in_database(home) in (old, old + 1)
        assert shown_in_files(home) in (old, old + 1)
        require_recovery(home, old + 1)
