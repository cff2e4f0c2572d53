"""The Parquet store: immutable release folders and the pointer that readers follow.

Belongs here: ``$KH02_HOME/parquet``. Does not belong here: the database, deciding whether to publish, or what
other formats a release also comes in.

Layout: ``parquet/<release_id>/<table>.parquet`` with ``release.json``, ``manifest.json`` and ``SHA256SUMS``;
``parquet/current.json`` names the current release (``release_id``, ``path`` relative to the pointer, ``as_of``,
``content_hash``, ``contract_version``). A folder is complete when it has its name: it is written under another
one, made durable and renamed.
"""

import datetime as dt
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.content import RELEASE_ID, release_id
from kh02_pipelines.release.files.durable import (
    TEMPORARY,
    file_fault,
    remove_folder,
    require_writable,
    sync_folder,
    sync_tree,
    write_json,
)
from kh02_pipelines.release.files.manifest import DESCRIPTION, read_manifest, write_manifest
from kh02_pipelines.release.files.whole import WholeRelease, read_whole
from kh02_pipelines.release.staging import StagedRelease, copy_tables, without_release
from kh02_pipelines.release.steps import Step, no_step
from kh02_pipelines.tables.contract import CONTRACT_VERSION

POINTER = "current.json"

Extra = Callable[[Path], None]
"""Writes more files into the coming release folder, before the manifest covers it and it gets its name."""


@dataclass(frozen=True)
class ReleaseInfo:
    """What a store says of one release; ``published_at`` is an ISO time with its offset.

    ``replaces``: the release readers had until then; None for the first one, and where it was not recorded.
    """

    release_id: str
    as_of: str
    content_hash: str
    published_at: str
    rows: dict[str, int]
    replaces: str | None = None


def earlier_releases(store: "ParquetStore", release: str) -> list[str]:
    """The releases that ``release`` may be compared with, best first, as far as they are kept.

    First the one it replaced for readers (after a rollback not the one published before it), then those
    published before it, newest first.
    """
    infos = store.releases()
    names = [info.release_id for info in infos]
    if release not in names:
        return []
    older = names[names.index(release) + 1 :]
    replaced = infos[names.index(release)].replaces
    return [replaced, *(name for name in older if name != replaced)] if replaced in names else older


class ParquetStore:
    """Release folders under one root, and the pointer to the current one."""

    def __init__(self, root: Path, *, step: Step = no_step) -> None:
        self.root = root
        self._step = step

    def folder(self, release: str) -> Path:
        """The folder of a release. Raises ValueError for what is not a release id."""
        if not RELEASE_ID.fullmatch(release):
            raise ValueError(f"not a release id: {release!r}")
        return self.root / release

    def has(self, release: str) -> bool:
        """Whether the store holds a folder of that release with a description that can be read."""
        return self._described(release) is not None

    def pointed(self) -> str | None:
        """The release id the pointer names, whether or not its folder is here; None when there is no sound pointer."""
        try:
            named = json.loads((self.root / POINTER).read_text("utf-8"))["release_id"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return named if isinstance(named, str) and RELEASE_ID.fullmatch(named) else None

    def current(self) -> ReleaseInfo | None:
        """The release readers see, or None before the first one. Raises EnvironmentFault if unreadable."""
        path = self.root / POINTER
        try:
            pointer = json.loads(path.read_text("utf-8"))
            return self.describe(pointer["release_id"])
        except FileNotFoundError:
            if path.is_file():
                raise EnvironmentFault(
                    "the pointer names a release whose folder is not here",
                    file=path,
                    remedy="kh02 build: it makes the folder anew, or publishes a newer release",
                ) from None
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise EnvironmentFault(
                f"the pointer to the current release cannot be read: {error}",
                file=path,
                remedy="kh02 build: it writes the pointer anew",
            ) from error

    def describe(self, release: str) -> ReleaseInfo:
        """What is recorded of a release. Raises OSError, ValueError or KeyError when it is not there or broken."""
        recorded = json.loads((self.folder(release) / DESCRIPTION).read_text("utf-8"))
        known = {name: recorded[name] for name in ReleaseInfo.__dataclass_fields__ if name != "replaces"}
        dt.datetime.fromisoformat(known["published_at"])  # whoever sorts by it must be able to
        if not all(isinstance(number, int) for number in known["rows"].values()):
            raise ValueError(f"the rows of {release} are no numbers")
        return ReleaseInfo(**known, replaces=recorded.get("replaces"))

    def releases(self) -> list[ReleaseInfo]:
        """Every release with a readable description, newest first by time of publication."""
        found = [info for name in self._folders() if (info := self._described(name)) is not None]
        # by the moment: their offsets may differ
        return sorted(found, key=lambda info: (_seconds(info.published_at), info.release_id), reverse=True)

    def damaged(self) -> list[str]:
        """Folders named like a release whose description cannot be read, in order of their names."""
        return sorted(name for name in self._folders() if not self.has(name))

    def _folders(self) -> list[str]:
        if not self.root.is_dir():
            return []
        return [entry.name for entry in self.root.iterdir() if RELEASE_ID.fullmatch(entry.name) and entry.is_dir()]

    def _described(self, release: str) -> ReleaseInfo | None:
        try:
            return self.describe(release)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def tables(self, release: str) -> dict[str, pa.Table]:
        """The Parquet tables of a release as declared. Raises OSError, ValueError or ArrowException if unreadable."""
        folder = self.folder(release)
        names = self.describe(release).rows
        return {name: without_release(pq.read_table(folder / f"{name}.parquet", partitioning=None)) for name in names}

    def whole(self, release: str, audited: str | None = None) -> WholeRelease:
        """A release read back, all of it, with all problems; ``audited``: the content hash it must have."""
        described = self._described(release)
        return read_whole(self.folder(release), None if described is None else asdict(described), audited)

    def problems(self, release: str, audited: str | None = None) -> list[str]:
        """In what a release's files are not those that were published; empty when all are. As ``whole``."""
        return self.whole(release, audited).problems

    def pointer_problems(self, release: str) -> list[str]:
        """In what the pointer is not the one that ``point_to`` writes for a release, one line each."""
        try:
            wanted, complete = self._pointer(release), True
        except (OSError, ValueError, KeyError, TypeError):
            wanted, complete = {"release_id": release, "path": release}, False
        try:
            found = json.loads((self.root / POINTER).read_text("utf-8"))
            names = sorted({*wanted, *found} if complete else wanted)
            return [
                f"{POINTER}: {name} is {found.get(name)!r}, of {release} it is {wanted.get(name)!r}"
                for name in names
                if found.get(name) != wanted.get(name)
            ]
        except FileNotFoundError:
            return [f"{POINTER}: missing"]
        except (OSError, ValueError, AttributeError, TypeError) as error:
            return [f"{POINTER}: cannot be read: {error}"]

    def add(
        self,
        staged: StagedRelease,
        published_at: dt.datetime,
        extra: Extra | None = None,
        *,
        as_of: dt.date | None = None,
        replaces: str | None = None,
    ) -> ReleaseInfo:
        """Bring a staged release in, invisible until ``point_to``; a release that is there and whole stays as it is.

        One that is damaged is made anew and takes its place, so that its readers have it again.
        ``as_of``: the date under which this content is known already, where that is not the staged one.
        ``replaces``: the release readers have now. Raises EnvironmentFault when the folder cannot be written
        (nothing of it is left behind) or when what then lies on disk does not read back as it was written.
        """
        require_writable(self.root)
        as_of = as_of or staged.as_of
        release = release_id(as_of, staged.content_hash)
        target = self.folder(release)
        if self.problems(release, staged.content_hash):
            coming = self.root / f".{release}.{os.getpid()}{TEMPORARY}"
            aside = self.root / f".{release}.{os.getpid()}.damaged{TEMPORARY}"
            info = ReleaseInfo(
                release,
                f"{as_of:%Y-%m-%d}",
                staged.content_hash,
                published_at.isoformat(timespec="seconds"),
                dict(staged.rows),
                None if replaces == release else replaces,
            )
            try:
                with file_fault("the release folder cannot be written", target):
                    self._write(staged, info, coming, extra)
                    _exchange(target, coming, aside)
                    sync_folder(self.root)
                    remove_folder(aside)
            except BaseException:
                remove_folder(coming)
                raise
            self._step("files.renamed")
        problems = self.problems(release, staged.content_hash)
        if problems:
            raise EnvironmentFault(
                f"the release folder does not read back as written: {problems[0]}",
                file=target,
                remedy="check the disk, then run again: the folder is made anew",
            )
        self._step("files.verified")
        return self.describe(release)

    def point_to(self, release: str) -> None:
        """Make a release the current one, in one atomic step. Raises EnvironmentFault when that fails.

        Called once the database shows the release: its pointer is the commit, this one follows.
        """
        path = self.root / POINTER
        remedy = "free space or mend permissions; the database shows it already, the next run moves this pointer too"
        with file_fault(f"the file pointer cannot be moved to {release}", path, remedy):
            pointer = self._pointer(release)
            write_json(path, pointer, before_replacing=lambda: self._step("files.pointer_written_beside"))
        self._step("files.pointer_replaced")

    def _pointer(self, release: str) -> dict[str, str]:
        """What the pointer says when it names a release. Raises OSError, ValueError, KeyError or TypeError."""
        info = self.describe(release)
        return {
            "release_id": info.release_id,
            "path": info.release_id,
            "as_of": info.as_of,
            "content_hash": info.content_hash,
            "contract_version": read_manifest(self.folder(release))["contract_version"],
        }

    def remove(self, release: str) -> None:
        """Remove a release folder: first its name, so that nobody opens a half of it, then its files."""
        folder = self.folder(release)
        if not folder.is_dir():
            return
        going = self.root / f".{release}.{os.getpid()}.going{TEMPORARY}"
        with file_fault("the release folder cannot be removed", folder):
            folder.rename(going)
            sync_folder(self.root)
        remove_folder(going)

    def _write(self, staged: StagedRelease, info: ReleaseInfo, coming: Path, extra: Extra | None) -> None:
        remove_folder(coming)
        coming.mkdir()
        self._step("files.folder_made")
        sha256 = copy_tables(staged, coming, dt.date.fromisoformat(info.as_of))
        self._step("files.tables_copied")
        if extra is not None:
            extra(coming)
        self._step("files.extra_written")
        write_json(coming / DESCRIPTION, {**asdict(info), "sha256": sha256})
        self._step("files.description_written")
        about = {
            "release_id": info.release_id,
            "as_of": info.as_of,
            "content_hash": info.content_hash,
            "contract_version": CONTRACT_VERSION,
            "sources": dict(staged.sources),
        }
        write_manifest(coming, about)
        self._step("files.manifest_written")
        sync_tree(coming)
        self._step("files.synced")


def _seconds(moment: str) -> float:
    return dt.datetime.fromisoformat(moment).timestamp()


def _exchange(target: Path, coming: Path, aside: Path) -> None:
    """Put ``coming`` in the place of ``target``; what was there, if anything, is ``aside`` then. Raises OSError."""
    there = target.exists() or target.is_symlink()
    if there:
        target.rename(aside)
    try:
        coming.rename(target)
    except OSError:
        if there:
            aside.rename(target)
        raise
