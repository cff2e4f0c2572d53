"""Durable, atomic file steps that the stores are made of.

Belongs here: writing so that a crash leaves the old or the new, never a half. Does not belong here: what is
written.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from kh02_pipelines.errors import EnvironmentFault


def require_writable(folder: Path) -> None:
    """Make the folder if need be and prove that files can be made in it. Raises EnvironmentFault."""
    probe = folder / f".probe-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise EnvironmentFault(
            f"cannot write here: {error.strerror}",
            file=folder,
            remedy="set KH02_HOME to a folder this user may write to, with free space",
        ) from error


def write_durably(path: Path, data: bytes) -> None:
    """Replace ``path`` by ``data`` in one step that survives a crash."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """``write_durably`` for a JSON document with stable key order."""
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)
    write_durably(path, f"{text}\n".encode())


def sync_folder(folder: Path) -> None:
    """Make renames in the folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_folder(folder: Path) -> None:
    """Remove a folder and all in it; nothing happens when it is not there."""
    shutil.rmtree(folder, ignore_errors=True)
