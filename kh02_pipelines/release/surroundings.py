"""What surrounds a candidate: the release before it, its staged files, and what the stores hold for readers.

Belongs here: gathering a ``Context`` for the rules. Does not belong here: the rules.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kh02_pipelines.catalogue.candidate import Candidate, Context, Limits, Previous
from kh02_pipelines.checks.contract import schema_text
from kh02_pipelines.errors import Kh02Error
from kh02_pipelines.release.files.manifest import read_manifest
from kh02_pipelines.release.files.parquet_store import ParquetStore, ReleaseInfo, earlier_releases
from kh02_pipelines.release.staging import StagedRelease
from kh02_pipelines.tables.arrow import to_frame


class _Tables(Mapping[str, pd.DataFrame]):
    """The tables of a release folder, each read when it is first asked for."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files, self._read = files, dict[str, pd.DataFrame]()

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._read:
            self._read[name] = to_frame(pq.read_table(self._files[name], partitioning=None))
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def surrounded(
    candidate: Candidate,
    staged: StagedRelease,
    files: ParquetStore,
    *,
    today: dt.date | None = None,
    limits: Limits | None = None,
    holdings: pd.DataFrame | None = None,
) -> Candidate:
    """The candidate with its surroundings: what every check, the publisher's audit and the report judge it in.

    Raises EnvironmentFault when the pointer to the current release cannot be read.
    """
    context = Context(
        today=today,
        limits=limits or Limits(),
        previous=previous_release(files, staged.content_hash),
        files={name: staged.path(name) for name in staged.rows},
        holdings=holdings,
    )
    return replace(candidate, context=context)


def previous_release(files: ParquetStore, content_hash: str) -> Previous | None:
    """The release that content of this hash replaces or replaced: the current one, unless that is the content.

    None when there is none; without a pointer, the newest of other content. A release folder that is damaged is no
    release to compare with: the next one in the
    order of ``earlier_releases`` is taken.
    """
    pointed = files.pointed()
    current = files.describe(pointed) if pointed is not None and files.has(pointed) else None
    if current is None:  # no pointer, or one to a folder that is lost: publishing mends that
        names = [info.release_id for info in files.releases()]
    else:
        names = [current.release_id] if current.content_hash != content_hash else []
        names += earlier_releases(files, current.release_id)
    for name in names:
        info = files.describe(name)
        found = _load(files.folder(name), info) if info.content_hash != content_hash else None
        if found is not None:
            return found
    return None


def _load(folder: Path, info: ReleaseInfo) -> Previous | None:
    paths = {name: folder / f"{name}.parquet" for name in info.rows}
    try:
        read = {name: pq.read_schema(path) for name, path in paths.items()}
        contract = str(read_manifest(folder)["contract_version"])
    except (OSError, pa.ArrowInvalid, Kh02Error, KeyError):
        return None
    schemas = {name: schema_text(schema) for name, schema in read.items()}
    return Previous(info.release_id, dt.date.fromisoformat(info.as_of), schemas, _Tables(paths), contract)
