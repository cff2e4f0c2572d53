"""kill -9 at every named step of publishing, and at random moments: readers have the old release or the new one."""

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from synthetic import Home, marker, with_password

from kh02_pipelines.release.steps import STEPS
from kh02_pipelines.release.verify import verify
from kh02_pipelines.tables.catalogue import CATALOGUE

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["synthetic"])
COMMIT = "database.pointer_committed"
OLD_ROWS, NEW_ROWS, NEXT_ROWS = 6, 9, 12
RANDOM_KILLS = 14


class KillAt:
    """A step hook that ends the process as kill -9 does."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, step: str) -> None:
        if step == self.name:
            os.kill(os.getpid(), signal.SIGKILL)


def publish_and_die(path: str, url: str, step: str | None) -> None:
    home = Home(Path(path), url, step=KillAt(step)) if step else Home(Path(path), url)
    home.publish(2, NEW_ROWS)


def shown_in_database(home: Home) -> int:
    """Which release the views show; fails when any two views disagree."""
    counts = ", ".join(f"(SELECT count(*) FROM {name})" for name in CATALOGUE)
    with home.database.database.transaction("was read") as connection:
        row = connection.execute(text(f"SELECT (SELECT min(name) FROM commune), {counts}")).one()
    numbers = {marker(1): OLD_ROWS, marker(2): NEW_ROWS, marker(3): NEXT_ROWS}
    assert set(row[1:]) == {numbers[row[0]]}
    return int(row[0][-1])


def shown_in_files(home: Home) -> int:
    pointed = home.files.pointed()
    assert pointed is not None
    assert home.files.problems(pointed) == []
    names = set(home.files.tables(pointed)["commune"]["name"].to_pylist())
    assert len(names) == 1
    return int(names.pop()[-1])


def require_recovery(home: Home) -> None:
    """The next run publishes, verification passes, and nothing of the cut-off run is left."""
    new_was_published = 2 in (shown_in_database(home), shown_in_files(home))
    home.publish(3, NEXT_ROWS)
    assert shown_in_database(home) == shown_in_files(home) == 3
    found = verify(home.files, home.database)
    assert found.problems == []
    in_files = {info.release_id for info in home.files.releases()}
    in_database = {info.release_id for info in home.database.releases()}
    assert in_files == in_database
    assert len(in_files) == (3 if new_was_published else 2)
    for release in in_files:
        assert verify(home.files, home.database, release).problems == []
    assert sorted(path.name for path in home.files.root.iterdir()) == sorted({*in_files, "current.json"})
    with home.database.database.transaction("was read") as connection:
        held = connection.execute(text("SELECT DISTINCT release_id FROM commune_release")).scalars()
        assert set(held) == in_database


@pytest.fixture
def home(tmp_path: Path, database_url: URL) -> Home:
    home = Home(tmp_path / "home", with_password(database_url))
    home.publish(1, OLD_ROWS)
    return home


def test_there_are_enough_points() -> None:
    assert len(STEPS) >= 15
    assert len(set(STEPS)) == len(STEPS)


def test_every_step_is_passed_in_order(tmp_path: Path, database_url: URL) -> None:
    passed: list[str] = []
    Home(tmp_path / "home", with_password(database_url), step=passed.append).publish(1, OLD_ROWS)
    assert tuple(passed) == STEPS


def test_killed_at_every_step(tmp_path: Path, database_url: URL, request: pytest.FixtureRequest) -> None:
    """One home after another on one server: a database per step would take most of the time."""
    for step in STEPS:
        url = another_database(request, database_url, tmp_path / step)
        home = Home(tmp_path / step, url)
        home.publish(1, OLD_ROWS)
        child = PROCESSES.Process(target=publish_and_die, args=(str(home.path), url, step))
        child.start()
        child.join(60)
        assert child.exitcode == -signal.SIGKILL, step
        committed = STEPS.index(step) >= STEPS.index(COMMIT)
        followed = STEPS.index(step) >= STEPS.index("files.pointer_replaced")
        assert shown_in_database(home) == (2 if committed else 1), step
        assert shown_in_files(home) == (2 if followed else 1), step
        require_recovery(home)


@pytest.mark.slow
def test_killed_at_random(tmp_path: Path, database_url: URL, request: pytest.FixtureRequest) -> None:
    moment = random.Random(20250701)  # noqa: S311 - not for secrets
    for number in range(RANDOM_KILLS):
        url = another_database(request, database_url, tmp_path / str(number))
        home = Home(tmp_path / str(number), url)
        home.publish(1, OLD_ROWS)
        child = PROCESSES.Process(target=publish_and_die, args=(str(home.path), url, None))
        started = time.monotonic()
        child.start()
        mark = home.path / "publish.lock.holder"
        before = mark.stat().st_mtime_ns
        while mark.stat().st_mtime_ns == before and child.is_alive() and time.monotonic() - started < 30:
            time.sleep(0.001)
        time.sleep(moment.random() * 0.8)
        child.kill()
        child.join(60)
        assert {shown_in_database(home), shown_in_files(home)} <= {1, 2}
        require_recovery(home)


def another_database(request: pytest.FixtureRequest, url: URL, folder: Path) -> str:
    """A fresh database beside ``url``."""
    name = f"{url.database}_{abs(hash(folder.name)) % 10**8}"
    if url.get_backend_name() == "sqlite":
        folder.mkdir()
        return f"sqlite:///{folder / 'catalogue.db'}"
    from sqlalchemy import create_engine

    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return with_password(url.set(database=name))
