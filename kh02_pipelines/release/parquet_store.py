"""The Parquet store: immutable release folders and the pointer that readers follow.

Belongs here: ``$KH02_HOME/parquet``. Does not belong here: the database, or deciding whether to publish.

Layout: ``parquet/<release_id>/<table>.parquet`` with ``release.json``; ``parquet/current.json`` names the
current release (``release_id``, ``path`` relative to the pointer, ``as_of``, ``content_hash``). A folder is
complete when it has its name: it is written under another one and renamed.
"""

import datetime as dt
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.content import RELEASE_ID
from kh02_pipelines.release.files import remove_folder, require_writable, sync_folder, write_json
from kh02_pipelines.release.staging import StagedRelease

POINTER = "current.json"
DESCRIPTION = "release.json"


@dataclass(frozen=True)
class ReleaseInfo:
    """What a store says of one release; ``published_at`` is an ISO time with its offset."""

    release_id: str
    as_of: str
    content_hash: str
    published_at: str
    rows: dict[str, int]


class ParquetStore:
    """Release folders under one root, and the pointer to the current one."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, release: str) -> Path:
        """The folder of a release. Raises ValueError for what is not a release id."""
        if not RELEASE_ID.fullmatch(release):
            raise ValueError(f"not a release id: {release!r}")
        return self.root / release

    def current(self) -> ReleaseInfo | None:
        """The release readers see, or None before the first one. Raises EnvironmentFault if unreadable."""
        path = self.root / POINTER
        try:
            pointer = json.loads(path.read_text("utf-8"))
            return self.describe(pointer["release_id"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EnvironmentFault(
                f"the pointer to the current release cannot be read: {error}",
                file=path,
                remedy="restore the file, or publish again after removing it",
            ) from error

    def describe(self, release: str) -> ReleaseInfo:
        """What is recorded of a release. Raises OSError, ValueError or KeyError when it is not there or broken."""
        recorded = json.loads((self.folder(release) / DESCRIPTION).read_text("utf-8"))
        return ReleaseInfo(**{name: recorded[name] for name in ReleaseInfo.__dataclass_fields__})

    def releases(self) -> list[ReleaseInfo]:
        """Every complete release, newest first by time of publication."""
        if not self.root.is_dir():
            return []
        names = [entry.name for entry in self.root.iterdir() if RELEASE_ID.fullmatch(entry.name)]
        found = [self.describe(name) for name in names if (self.root / name / DESCRIPTION).is_file()]
        return sorted(found, key=lambda info: (info.published_at, info.release_id), reverse=True)

    def add(self, staged: StagedRelease, published_at: dt.datetime) -> ReleaseInfo:
        """Bring a staged release in, invisible until ``point_to``; a release that is there stays as it is.

        Raises EnvironmentFault when the folder cannot be written; then nothing of the release is left behind.
        """
        require_writable(self.root)
        target = self.folder(staged.release_id)
        if (target / DESCRIPTION).is_file():
            return self.describe(staged.release_id)
        info = ReleaseInfo(
            staged.release_id,
            f"{staged.as_of:%Y-%m-%d}",
            staged.content_hash,
            published_at.isoformat(timespec="seconds"),
            dict(staged.rows),
        )
        coming = self.root / f".{staged.release_id}.{os.getpid()}.tmp"
        try:
            remove_folder(coming)
            coming.mkdir()
            for name in staged.rows:
                _copy_durably(staged.path(name), coming / f"{name}.parquet")
            write_json(coming / DESCRIPTION, {**asdict(info), "sha256": dict(staged.sha256)})
            coming.rename(target)
            sync_folder(self.root)
        except OSError as error:
            remove_folder(coming)
            raise EnvironmentFault(
                f"the release folder cannot be written: {error.strerror}",
                file=target,
                remedy="free space or mend permissions, then run again; readers still have the previous release",
            ) from error
        return info

    def point_to(self, release: str) -> None:
        """Make a release the current one, in one atomic step."""
        info = self.describe(release)
        pointer = {
            "release_id": info.release_id,
            "path": info.release_id,
            "as_of": info.as_of,
            "content_hash": info.content_hash,
        }
        write_json(self.root / POINTER, pointer)


def _copy_durably(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
