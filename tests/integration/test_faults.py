"""Full disks, a database that goes away, two publishers: the previous release stands, and the next run succeeds."""

import errno
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest
from postgres_server import PostgresServer
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from synthetic import Home, marker, run, with_password

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.files.home_lock import one_publisher
from kh02_pipelines.release.steps import DATABASE_STEPS, FILE_STEPS
from kh02_pipelines.release.verify import verify
from kh02_pipelines.tables.catalogue import CATALOGUE

ROWS = 5


def require_release(home: Home, number: int) -> None:
    """Both stores show release ``number``, whole."""
    with home.database.database.transaction("was read") as connection:
        assert connection.execute(text("SELECT min(name), max(name), count(*) FROM commune")).one() == (
            marker(number),
            marker(number),
            ROWS if number < 3 else ROWS + 1,
        )
    assert verify(home.files, home.database).problems == []


def another(home: Home, step: Callable[[str], None]) -> Home:
    return Home(home.path, home.url, step=step, lock_seconds=0.3)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home", f"sqlite:///{tmp_path / 'catalogue.db'}")
    home.publish(1, ROWS)
    return home


@pytest.mark.parametrize("step", [*FILE_STEPS[:-2], "files.pointer_written_beside"])
def test_disk_full_at_a_file_step(home: Home, step: str) -> None:
    def full(name: str) -> None:
        if name == step:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(EnvironmentFault, match=r"No space left on device.*; remedy: free space") as fault:
        another(home, full).publish(2, ROWS)
    committed = step == "files.pointer_written_beside"
    assert ("the database shows it already" in str(fault.value)) is committed
    assert ("readers still have the previous release" in str(fault.value)) is not committed
    if not committed:
        require_release(home, 1)
        assert [path.name for path in home.files.root.iterdir() if path.name.endswith(".tmp")] == []
    home.publish(2, ROWS)
    require_release(home, 2)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte, where this user may make one."""
    with mounted(tmp_path / "small", "1m") as folder:
        yield folder


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """One that holds a small database, where this user may make one."""
    with mounted(tmp_path / "tiny", "16m") as folder:
        yield folder


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"cannot mount a small file system: {made.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("free", [0, 20_000, 90_000, 150_000])
def test_a_disk_that_is_really_full(small_disk: Path, tmp_path: Path, free: int) -> None:
    """0: not even staging begins; more: staging or the release folder is cut short. The database lies elsewhere."""
    home = Home(small_disk / "home", f"sqlite:///{tmp_path / 'catalogue.db'}")
    home.publish(1, ROWS)
    ballast = small_disk / "ballast"
    room = os.statvfs(small_disk)
    staged = sum(path.stat().st_size for path in (home.path / "staging").rglob("*") if path.is_file())
    ballast.write_bytes(b"\0" * max(0, room.f_bavail * room.f_frsize - free + (-staged if free == 0 else 0)))
    with pytest.raises(EnvironmentFault, match=r"(No space left on device|cannot).*; remedy: .*space"):
        home.publish(2, 2_000)
    require_release(home, 1)
    ballast.unlink()
    home.publish(2, ROWS)
    require_release(home, 2)


@pytest.mark.parametrize(
    ("step", "free"),
    [
        ("publish.started", 0),
        ("publish.started", 40_000),
        ("database.rows_begun", 0),
        ("database.rows_begun", 40_000),
        ("database.audited", 0),
    ],
)
def test_a_full_database(tiny_disk: Path, tmp_path: Path, step: str, free: int) -> None:
    """The database's own disk is full; 0: SQLite cannot even make the files beside it that reading needs."""
    home = Home(tmp_path / "home", f"sqlite:///{tiny_disk / 'catalogue.db'}")
    home.publish(1, ROWS)
    ballast = tiny_disk / "ballast"

    def fill(name: str) -> None:
        if name == step:
            room = os.statvfs(tiny_disk)
            ballast.write_bytes(b"\0" * max(0, room.f_bavail * room.f_frsize - free))

    with pytest.raises(EnvironmentFault, match=r"(disk is full|disk I/O error).*; remedy: free space") as caught:
        another(home, fill).publish(2, 1_000)
    assert "start the database" not in str(caught.value)
    ballast.unlink()
    require_release(home, 1)
    home.publish(2, ROWS)
    require_release(home, 2)


@pytest.mark.parametrize("step", ["publish.started", *DATABASE_STEPS, "files.pointer_replaced"])
def test_the_database_goes_down_at_a_step(postgres: PostgresServer, tmp_path: Path, step: str) -> None:
    url = postgres.new_database(f"down_{step.replace('.', '_')}")
    home = Home(tmp_path / "home", with_password(url))
    home.publish(1, ROWS)

    def down(name: str) -> None:
        if name == step:
            postgres.stop()

    committed = step in ("database.pointer_committed", "files.pointer_replaced")
    try:
        with pytest.raises(EnvironmentFault, match="remedy: start the database"):
            another(home, down).publish(2, ROWS)
    finally:
        postgres.start()
    if committed:
        assert home.database.current_release().release_id.startswith("2026-01-03")  # type: ignore[union-attr]
    else:
        require_release(home, 1)
    home.publish(3, ROWS + 1)
    require_release(home, 3)


@pytest.mark.parametrize("level", ["REPEATABLE READ", "READ COMMITTED"])
def test_a_reader_who_copies_on_mariadb_holds_a_publisher_up_as_the_guide_says(
    mariadb_url: URL, tmp_path: Path, level: str
) -> None:
    home = Home(tmp_path / "home", with_password(mariadb_url))
    home.publish(1, ROWS)
    impatient = Home(
        home.path,
        with_password(mariadb_url.update_query_dict({"init_command": "SET innodb_lock_wait_timeout = 1"})),
    )
    reader = create_engine(mariadb_url, isolation_level=level)
    with reader.connect() as connection:
        connection.execute(text("CREATE TABLE mine (code VARCHAR(10))"))
        connection.execute(text("INSERT INTO mine SELECT code FROM commune"))
        if level == "READ COMMITTED":
            impatient.publish(2, ROWS)
        else:
            number = connection.execute(text("SELECT CONNECTION_ID()")).scalar_one()
            named = rf"Lock wait timeout exceeded.*; held by root from .*server process {number}, .*; remedy: end"
            with pytest.raises(EnvironmentFault, match=named):
                impatient.publish(2, ROWS)
    reader.dispose()
    home.publish(2, ROWS)
    require_release(home, 2)


def test_a_reader_of_the_views_on_mariadb_cannot_take_the_publishing_lock(mariadb_url: URL, tmp_path: Path) -> None:
    home = Home(tmp_path / "home", with_password(mariadb_url), lock_seconds=1)
    home.publish(1, ROWS)
    name = f"r_{uuid.uuid4().hex[:8]}"
    views = [*CATALOGUE, *(f"{table}_by_release" for table in CATALOGUE), "published_release"]
    rights = [f"GRANT SELECT ON `{mariadb_url.database}`.`{view}` TO {name}@localhost" for view in views]
    run(mariadb_url, f"CREATE USER {name}@localhost IDENTIFIED BY 'secret'", *rights)
    reader = create_engine(mariadb_url.set(username=name, password="secret"))  # noqa: S106
    try:
        with reader.connect() as connection:
            for statement in (
                "SELECT * FROM publishing_lock FOR UPDATE",
                "UPDATE publishing_lock SET holder = 'me'",
                "LOCK TABLES published_release WRITE",
            ):
                with pytest.raises(DBAPIError, match="denied"):
                    connection.execute(text(statement))
            taken = connection.execute(text("SELECT GET_LOCK(CONCAT('kh02.publish.', LEFT(DATABASE(), 40)), 0)"))
            assert taken.scalar_one() == 1  # what earlier versions took
            connection.execute(text("SELECT * FROM published_release"))
            home.publish(2, ROWS)
    finally:
        reader.dispose()
        run(mariadb_url, f"DROP USER {name}@localhost")
    require_release(home, 2)


def test_a_second_publisher_in_the_same_home_is_told_who_holds_it(home: Home) -> None:
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with one_publisher(home.path):
            held.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(30)
    try:
        with pytest.raises(EnvironmentFault, match=rf"another run .* pid {os.getpid()}, publishing, since"):
            another(home, lambda _: None).publish(2, ROWS)
    finally:
        done.set()
        thread.join()
    require_release(home, 1)
    home.publish(2, ROWS)
    require_release(home, 2)


TOLD = 3


def _publish(path: str, url: str, number: int) -> None:
    try:
        Home(Path(path), url, lock_seconds=60).publish(number, ROWS)
    except EnvironmentFault as fault:
        if "not this candidate" in str(fault) or "another publisher" in str(fault):
            sys.exit(TOLD)
        raise


def test_two_homes_publishing_to_one_database(tmp_path: Path, database_url: URL, processes: ForkServerContext) -> None:
    """Both publish, or one is told that the other came in between; then each can publish again."""
    url = with_password(database_url)
    first = Home(tmp_path / "0", url)
    first.publish(1, ROWS)
    both = [processes.Process(target=_publish, args=(str(tmp_path / str(number)), url, number)) for number in (1, 2)]
    for process in both:
        process.start()
    for process in both:
        process.join(90)
        assert process.exitcode in (0, TOLD)
    for number in (2, 1):
        other = Home(tmp_path / str(number), url)
        other.publish(number, ROWS)
        require_release(other, number)
