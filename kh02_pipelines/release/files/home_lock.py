"""One publisher at a time in a home folder, and the mark that a publication has begun.

Belongs here: the file lock, the note of who holds it, and the mark. Does not belong here: the lock of the
database (``database_lock``), or mending what a crash left (``reconcile``).
"""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.database.connection import who
from kh02_pipelines.release.files.durable import file_fault, require_writable, sync_folder, write_json

LOCK_SECONDS = 60.0
MARK = ".publishing.json"


@contextmanager
def one_publisher(home: Path, seconds: float | None = None, what: str = "publishing") -> Iterator[None]:
    """Hold the home folder's publishing lock; it falls with the process.

    Raises EnvironmentFault naming the holder when another run holds it for longer than ``seconds``.
    """
    with held(home, "publish.lock", LOCK_SECONDS if seconds is None else seconds, what):
        yield


@contextmanager
def held(
    folder: Path, name: str, seconds: float, what: str, waits: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Hold the lock file ``name`` in ``folder``, with a note beside it of who does ``what``; as ``one_publisher``.

    ``waits`` is called with the holder's note when the lock is not free at once.
    """
    require_writable(folder)
    path = folder / name
    lock = FileLock(path, timeout=seconds)
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if waits is not None:
                waits(holder_note(path))
            lock.acquire()
    except Timeout as error:
        raise EnvironmentFault(
            f"another run has been at work here for more than {seconds:g} seconds: {holder_note(path)}",
            file=path,
            remedy="wait for it to end, or stop it, and run again",
        ) from error
    try:
        write_holder_note(path, what)
        yield
    finally:
        lock.release()


def write_holder_note(lock: Path, what: str) -> None:
    """Say beside a lock file who took it. A full disk must not stop a publisher here: a lost note is no harm."""
    note = f"{who()}, {what}, since {dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}\n"
    try:
        lock.with_name(f"{lock.name}.holder").write_text(note, "utf-8")
    except OSError:
        return


def holder_note(lock: Path) -> str:
    """Who last took the lock, as far as is known."""
    try:
        return lock.with_name(f"{lock.name}.holder").read_text("utf-8").strip() or "unknown"
    except OSError:
        return "unknown"


def mark_started(root: Path, release: str, *, brings_folder: bool) -> None:
    """Record beside the releases that publishing one begins; ``brings_folder``: its folder is not there yet.

    A mark that names the same release stays, with what it says of the folder: that run was cut off.
    """
    earlier = started(root)
    if earlier is not None and earlier[0] == release:
        brings_folder = brings_folder or earlier[1]
    require_writable(root)
    with file_fault("the mark that publishing begins cannot be written", root / MARK):
        write_json(root / MARK, {"release_id": release, "brings_folder": brings_folder, "process": who()})


def started(root: Path) -> tuple[str, bool] | None:
    """What ``mark_started`` recorded (release id, brings_folder), or None when no publication is under way."""
    try:
        value = json.loads((root / MARK).read_text("utf-8"))
        return str(value["release_id"]), bool(value["brings_folder"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EnvironmentFault(
            f"the mark of a publication cannot be read: {error}", file=root / MARK, remedy="remove the file"
        ) from error


def mark_ended(root: Path) -> None:
    """Record that nothing is under way any more."""
    if not (root / MARK).exists():
        return
    with file_fault("the mark of a publication cannot be removed", root / MARK):
        (root / MARK).unlink()
        sync_folder(root)
