"""Durable, atomic file steps that the stores are made of.

Belongs here: writing so that a crash leaves the old or the new, never a half. Does not belong here: what is
written.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kh02_pipelines.errors import EnvironmentFault

TEMPORARY = ".tmp"
"""What names of unfinished files and folders end with; they begin with a dot."""


def require_writable(folder: Path) -> None:
    """Make the folder if need be and prove that files can be made in it. Raises EnvironmentFault."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):  # it has no name, so a crash leaves nothing
            pass
    except OSError as error:
        raise EnvironmentFault(
            f"cannot write here: {error.strerror}",
            file=folder,
            remedy="set KH02_HOME to a folder this user may write to, with free space",
        ) from error


READERS_KEEP = "free space or mend permissions, then run again; readers still have the previous release"


@contextmanager
def file_fault(what: str, path: Path, remedy: str = READERS_KEEP) -> Iterator[None]:
    """Turn an OSError into an EnvironmentFault that says ``what`` failed, where and what to do."""
    try:
        yield
    except OSError as error:
        raise EnvironmentFault(
            f"{what}: {error.strerror or error}",
            file=path,
            remedy=remedy,
        ) from error


def write_durably(path: Path, data: bytes, before_replacing: Callable[[], None] | None = None) -> None:
    """Replace ``path`` by ``data`` in one step that survives a crash; nothing is left behind on an error."""
    beside = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if before_replacing is not None:
            before_replacing()
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_json(path: Path, value: Any, before_replacing: Callable[[], None] | None = None) -> None:
    """``write_durably`` for a JSON document with stable key order."""
    write_durably(path, json_bytes(value), before_replacing)


def json_bytes(value: Any) -> bytes:
    """A JSON document as it is stored: sorted keys, indented, UTF-8, newline at the end."""
    return f"{json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)}\n".encode()


def sync_folder(folder: Path) -> None:
    """Make renames in the folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Make every file and folder below ``folder`` durable, and ``folder`` itself."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    sync_folder(folder)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_folder(folder: Path) -> None:
    """Remove a folder and all in it, or the file or link that has its name; nothing happens when it is not there."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def remove_unfinished(folder: Path) -> list[str]:
    """Remove what a crash left half written anywhere below ``folder``; returns the paths relative to it."""
    left = sorted(folder.rglob(f".*{TEMPORARY}"))
    for path in left:
        remove_folder(path)
    return [path.relative_to(folder).as_posix() for path in left]
