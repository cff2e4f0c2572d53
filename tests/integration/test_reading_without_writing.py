"""Reading the SQLite of a home as a user who may not write there, and from a file system that nobody may write to."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from synthetic import Home

READ = """
import json, pathlib, sqlite3, sys
from contextlib import closing
root = pathlib.Path(sys.argv[1])
as_reader()
release = json.loads((root / "current.json").read_text("utf-8"))["path"]
with closing(sqlite3.connect(root / release / "catalogue.sqlite")) as connection:
    print(connection.execute("SELECT count(*), (SELECT release_id FROM catalogue_release) FROM commune").fetchone())
"""
OPEN = """
import sys
from kh02_pipelines.client import open_catalogue
from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.database.store import DatabaseStore
from sqlalchemy import make_url
ACTIONS = (
    lambda: open_catalogue(sys.argv[1]).table("commune", as_="pyarrow").num_rows,
    lambda: open_catalogue(f"sqlite:///{sys.argv[1]}/catalogue.db"),
    lambda: DatabaseStore(make_url(f"sqlite:///{sys.argv[1]}/catalogue.db")).releases(),
)
def attempt(action):
    try:
        return action()
    except Exception as error:
        return error
for action in ACTIONS:  # what is imported at first use may lie where the reader may not look
    attempt(action)
as_reader()
for line in map(attempt, ACTIONS):
    print(line)
"""
AS_NOBODY = """
import os
def as_reader():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
"""
AS_WE_ARE = "def as_reader(): pass"
Reader = Callable[[str, Path], list[str]]
"""Runs a program of these lines on a folder, as somebody who may not write there; the lines it prints."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home", f"sqlite:///{tmp_path / 'home' / 'catalogue.db'}", whole=True)
    home.publish(1)
    return home


@pytest.fixture(params=["another user", "read-only mount"])
def reader(request: pytest.FixtureRequest, tmp_path: Path, home: Home) -> Iterator[Reader]:
    if os.geteuid() != 0:
        pytest.skip("needs root, to become another user and to mount")
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == 0 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    mounted = request.param == "read-only mount"
    if mounted:
        made = subprocess.run(["mount", "--bind", str(home.path), str(home.path)], capture_output=True, check=False)
        if made.returncode:
            pytest.skip(f"cannot mount: {made.stderr.decode().strip()}")
        subprocess.run(["mount", "-o", "remount,ro,bind", str(home.path)], check=True)

    def run(program: str, folder: Path) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", (AS_WE_ARE if mounted else AS_NOBODY) + program, str(folder)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    try:
        yield run
    finally:
        if mounted:
            subprocess.run(["umount", str(home.path)], check=True)


def test_the_copy_in_the_release_folder_is_read_without_writing(home: Home, reader: Reader) -> None:
    release = home.files.pointed()
    assert reader(READ, home.files.root) == [f"(20, '{release}')"]


def test_the_database_that_takes_writing_names_what_does_not(home: Home, reader: Reader) -> None:
    rows, by_client, by_store = reader(OPEN, home.path)
    assert rows == "20"
    assert "open the home folder instead" in by_client
    assert "read catalogue.sqlite in the release folder that parquet/current.json names" in by_store
