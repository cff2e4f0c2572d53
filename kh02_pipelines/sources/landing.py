"""The landing folder: taking a dropped file only when it has wholly arrived.

Belongs here: telling a complete file from one still being written. Does not belong here: reading it.

A file is complete when its sidecar ``<file>.sha256`` matches its bytes, or, where there is no sidecar, when its
size and time of change have been the same for ``settle_seconds``. First sightings are remembered in ``state``,
outside the folder, which may be read-only.
"""

import datetime as dt
import hashlib
import json
import os
import re
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from kh02_pipelines.errors import SourceError
from kh02_pipelines.sources.grid import read_bounded

_SIDECAR = ".sha256"
_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", ".swp", "~")
"""How programs end the names of files that they are still writing; ``~$`` begins those of open workbooks."""
_LONGEST_NAME = 255 - len(_SIDECAR)
_HASH = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class Landed:
    """A complete file: its name in the folder, its bytes, and how that was told (``sidecar`` or ``settled``)."""

    name: str
    data: bytes
    told_by: str


def take_landed(folder: Path, pattern: str, settle_seconds: int, state: Path, now: dt.datetime) -> Landed:
    """The newest complete file that matches ``pattern``; hidden and unfinished files and sidecars never do.

    Raises SourceError when the folder is missing or cannot be read, no file matches, a sidecar contradicts its file,
    or every file is still arriving (run again after the settling time).
    """
    if not folder.is_dir():
        raise SourceError("is no folder", file=folder, remedy="make the landing folder, or correct its path")
    try:
        return _newest_complete(folder, pattern, settle_seconds, state, now)
    except OSError as error:
        raise SourceError(
            f"cannot be taken: {error.strerror}",
            file=str(error.filename or folder),
            remedy=f"mend permissions, free space, or give it a name of at most {_LONGEST_NAME} bytes; then run again",
        ) from error


def _newest_complete(folder: Path, pattern: str, settle_seconds: int, state: Path, now: dt.datetime) -> Landed:
    names = [
        entry.name
        for entry in os.scandir(folder)
        if entry.is_file(follow_symlinks=False)
        and fnmatch(entry.name, pattern)
        and not entry.name.startswith((".", "~$"))
        and not entry.name.lower().endswith((_SIDECAR, *_UNFINISHED))
    ]
    if not names:
        raise SourceError(f"has no file that matches {pattern!r}", file=folder, remedy="drop the file, or wait for it")
    newest = sorted(names, key=lambda name: ((folder / name).stat().st_mtime_ns, name), reverse=True)
    for name in newest:
        path = folder / name
        sidecar = path.with_name(name + _SIDECAR)
        if sidecar.is_file():
            return _by_sidecar(path, sidecar)
        if _settled(path, settle_seconds, state, now):
            return Landed(name, read_bounded(path), "settled")
    raise SourceError(
        f"{newest[0]} may still be arriving",
        file=folder,
        remedy=f"run again after {settle_seconds} seconds, or deliver {newest[0]}{_SIDECAR} with it",
    )


def _by_sidecar(path: Path, sidecar: Path) -> Landed:
    stated = _HASH.search(read_bounded(sidecar, 4096).decode("utf-8", errors="replace"))
    if stated is None:
        raise SourceError("holds no SHA-256", file=sidecar, remedy="write the 64 hexadecimal digits of sha256sum")
    data = read_bounded(path)
    if hashlib.sha256(data).hexdigest() != stated[0].lower():
        raise SourceError(
            "its bytes are not those that its sidecar states: cut short, still arriving or altered",
            file=path,
            remedy="deliver the file and its sidecar again",
        )
    return Landed(path.name, data, "sidecar")


def _settled(path: Path, settle_seconds: int, state: Path, now: dt.datetime) -> bool:
    """Whether size and time of change are those of an earlier sighting long enough ago."""
    status = path.stat()
    seen = {"size": status.st_size, "changed": status.st_mtime_ns}
    memory = state / f"{hashlib.sha256(str(path.resolve()).encode()).hexdigest()}.json"
    try:
        earlier = json.loads(memory.read_text("utf-8"))
        since = dt.datetime.fromisoformat(earlier.pop("since"))
    except (OSError, ValueError, KeyError):
        earlier, since = None, now
    if earlier == seen:
        return (now - since).total_seconds() >= settle_seconds
    state.mkdir(parents=True, exist_ok=True)
    memory.write_text(json.dumps({**seen, "since": now.isoformat()}), "utf-8")
    return False
