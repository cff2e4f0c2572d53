"""Reading a Parquet release: the folder that ``current.json`` named when the catalogue was opened.

Belongs here: the layout of release folders as readers know it. Does not belong here: writing them (``release``).
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kh02_pipelines.client.catalogue import Catalogue, PinnedRelease
from kh02_pipelines.client.errors import CatalogueDamaged, CatalogueUnreachable, ReleaseGone, ReleaseNotFound
from kh02_pipelines.tables.catalogue import ABOUT_RELEASES

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

POINTER, DESCRIPTION, SUMS, MARK = "current.json", "release.json", "SHA256SUMS", ".publishing.json"
CHECKED = "checked.json"
_REMEDY = "kh02 build on the publishing side: it makes a damaged release anew"


class ParquetCatalogue(Catalogue):
    """A release folder; it never changes, but it may be pruned."""

    def __init__(self, folder: Path, release: PinnedRelease) -> None:
        super().__init__(release, str(folder))
        self._folder = folder

    def columns(self, name: str, columns: Sequence[str]) -> "pa.Table":
        """Some columns of a table, for who reads a little and is in a hurry; errors as of ``table``."""
        return self._arrow(name, columns)

    def _arrow(self, name: str, columns: Sequence[str] | None = None) -> "pa.Table":
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self._folder / f"{name}.parquet"
        try:
            with pq.ParquetFile(path) as file:
                table = file.read(columns, use_threads=False)  # small tables: threads cost more than they save
        except (OSError, pa.ArrowException) as error:
            raise self._fault(path, error) from error
        if table.num_rows != self._release.rows.get(name, table.num_rows):
            raise CatalogueDamaged(
                f"{table.num_rows} rows, {self._release.rows[name]} were published", file=path, remedy=_REMEDY
            )
        return table

    def _frame(self, name: str) -> "pd.DataFrame":
        from kh02_pipelines.tables.arrow import to_frame

        return to_frame(self._arrow(name))

    def _verify_storage(self) -> None:
        for name, expected in self._sums().items():
            path = self._folder / name
            try:
                with path.open("rb") as file:
                    found = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                raise self._fault(path, error) from error
            if found != expected:
                raise CatalogueDamaged("bytes are not those that were published", file=path, remedy=_REMEDY)

    def _sums(self) -> Mapping[str, str]:
        """SHA-256 by file name: of every file where there is SHA256SUMS, otherwise of the tables."""
        try:
            if (self._folder / SUMS).is_file():
                lines = (self._folder / SUMS).read_text("utf-8").splitlines()
                sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
            else:
                recorded = json.loads((self._folder / DESCRIPTION).read_text("utf-8"))["sha256"]
                sums = {f"{name}.parquet": str(digest) for name, digest in recorded.items()}
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise self._fault(self._folder / SUMS, error) from error
        unlisted = [name for name in self.tables if f"{name}.parquet" not in sums]
        outside = [name for name in sums if Path(name).is_absolute() or ".." in Path(name).parts]
        if unlisted or outside:
            what = f"no sum for table {unlisted[0]}" if unlisted else f"a sum for a file outside: {outside[0]}"
            raise CatalogueDamaged(what, file=self._folder / SUMS, remedy=_REMEDY)
        return sums

    def _fault(self, path: Path, error: Exception) -> ReleaseGone | CatalogueDamaged:
        if not (self._folder / DESCRIPTION).is_file():
            return ReleaseGone(
                f"release {self.release_id} was removed after it was opened",
                file=self._folder,
                remedy="open the catalogue again to read the current release",
            )
        return CatalogueDamaged(f"cannot be read: {error}", file=path, remedy=_REMEDY)


def open_files(home: Path, release: str | None) -> ParquetCatalogue:
    """A release below a home folder or its ``parquet`` folder; the current one when none is named."""
    root = home if (home / POINTER).is_file() else home / "parquet"
    if not root.is_dir():
        raise CatalogueUnreachable(
            "there are no Parquet releases here", file=home, remedy="give KH02_HOME, or a database URL"
        )
    try:
        if release is None:
            # the pointer is replaced in one step, and names a folder that is complete
            release = str(json.loads((root / POINTER).read_text("utf-8"))["release_id"])
        if release not in {entry.name for entry in root.iterdir()} or release == _under_way(root):
            raise FileNotFoundError(release)
        recorded = json.loads((root / release / DESCRIPTION).read_text("utf-8"))
        return ParquetCatalogue(root / release, _pinned(recorded, _last_checked(root, release), root / release))
    except FileNotFoundError as error:
        raise ReleaseNotFound(
            f"no release {release!r} is here" if release else "nothing has been published here yet",
            file=root,
            remedy="kh02 releases lists what there is",
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CatalogueDamaged(f"cannot be read: {error}", file=root / (release or POINTER), remedy=_REMEDY) from error


def _under_way(root: Path) -> str | None:
    """The release whose folder is here and which nobody has been shown yet, if one is being published."""
    try:
        mark = json.loads((root / MARK).read_text("utf-8"))
        pointed = json.loads((root / POINTER).read_text("utf-8"))["release_id"] if (root / POINTER).is_file() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return mark["release_id"] if mark.get("brings_folder") and mark.get("release_id") != pointed else None


def _last_checked(root: Path, release: str) -> str | None:
    """When all checks last passed on the release, where that is noted of this one."""
    try:
        noted = json.loads((root / CHECKED).read_text("utf-8"))
        dt.datetime.fromisoformat(noted["last_checked_at"])
        return str(noted["last_checked_at"]) if noted["release_id"] == release else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # a broken note takes the release from nobody: it looks as old as it is


def _pinned(recorded: Mapping[str, Any], last_checked: str | None, folder: Path) -> PinnedRelease:
    """A release whose checks were not noted has passed them when it was published."""
    return PinnedRelease(
        release_id=str(recorded["release_id"]),
        as_of=dt.date.fromisoformat(recorded["as_of"]),
        content_hash=str(recorded["content_hash"]),
        last_checked_at=dt.datetime.fromisoformat(last_checked or recorded["published_at"]),
        rows={str(name): int(number) for name, number in recorded["rows"].items()},
        about=[name for name in ABOUT_RELEASES if (folder / f"{name}.parquet").is_file()],
    )
