"""The differences of each published release, kept beside the immutable release folders.

Belongs here: reading two releases back, and ``$KH02_HOME/parquet/changes/<release_id>.parquet`` and ``.md``.
Does not belong here: comparing (``changes``).

A release folder never changes once it has its name, and what came before a release is no part of its content: the
differences lie outside. They stay when the release itself is pruned, so the whole story can be read later.
"""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.diff.changes import release_changes, summary_markdown
from kh02_pipelines.release.diff.summary import FIRST_RELEASE
from kh02_pipelines.release.files.durable import require_writable, write_durably
from kh02_pipelines.release.files.parquet_store import ParquetStore, earlier_releases

FOLDER = "changes"
CURRENT, PREVIOUS = "current", "previous"


def read_release(store: ParquetStore, release: str) -> dict[str, pa.Table]:
    """Every table of a release, from its Parquet files. Raises EnvironmentFault when they cannot be read."""
    folder = store.folder(release)
    try:
        names = store.describe(release).rows
        return {name: pq.read_table(folder / f"{name}.parquet", partitioning=None) for name in names}
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise EnvironmentFault(
            f"the release {release} cannot be read: {error}",
            file=folder,
            remedy="choose a release that kh02 releases lists, or restore the folder",
        ) from error


def previous_release(store: ParquetStore, release: str) -> str | None:
    """The release readers had before ``release``; None when it is the first one kept.

    Where that was not recorded, or is kept no longer, the one published just before.
    """
    return next(iter(earlier_releases(store, release)), None)


def changes_between(store: ParquetStore, before: str | None, after: str) -> pa.Table:
    """The ``release_change`` table of two releases of the store. Raises EnvironmentFault."""
    tables = None if before is None else read_release(store, before)
    return release_changes(tables, read_release(store, after), after, before)


def change_rows(
    store: ParquetStore, release: str, tables: Mapping[str, pa.Table], replaced: str | None = None
) -> pa.Table:
    """The ``release_change`` table of a release that readers do not see yet.

    ``replaced``: the one they have now, for a release whose folder does not say so because it is still to be written.
    A release before that cannot be read is passed over for the one before it; the rows name the one they compare with.
    """
    earlier = earlier_releases(store, release)
    if not store.has(release):
        kept = [info.release_id for info in store.releases()]
        earlier = sorted(kept, key=lambda name: name != replaced)  # the others stay newest first
    for before in earlier:
        try:
            older = read_release(store, before)
        except EnvironmentFault:  # a damaged release must not stop the good one that replaces it
            continue
        return release_changes(older, tables, release, before)
    return release_changes(None, tables, release, None)


def resolve_release(store: ParquetStore, wanted: str) -> str:
    """A release id from an id, the beginning of one, ``current`` or ``previous`` (which the current one replaced).

    Raises EnvironmentFault when it names no release, or several.
    """
    order = [info.release_id for info in store.releases()]
    current = store.current() if wanted in (CURRENT, PREVIOUS) else None
    if wanted == CURRENT:
        found = [current.release_id] if current else []
    elif wanted == PREVIOUS:
        earlier = previous_release(store, current.release_id) if current else None
        found = [earlier] if earlier else []
    else:
        found = [wanted] if wanted in order else [release for release in order if wanted and release.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    what = f"{wanted!r} names {len(found)} releases: {', '.join(found[:3])}" if found else f"no release is {wanted!r}"
    raise EnvironmentFault(
        what, file=store.root, field="release", remedy="give an id that kh02 releases lists, current or previous"
    )


def changes_path(store: ParquetStore, release: str) -> Path:
    """The Parquet file with the differences of a release; the Markdown lies beside it under ``.md``."""
    return store.root / FOLDER / f"{store.folder(release).name}.parquet"


def write_changes(store: ParquetStore, release: str, before: str | None, changes: pa.Table) -> str:
    """Write both files of a release, each in one step; returns the Markdown. Raises EnvironmentFault.

    ``before`` is the release it was compared with, None for the first one. The same differences give the same bytes.
    """
    path = changes_path(store, release)
    text = FIRST_RELEASE if before is None else summary_markdown(changes)
    sink = pa.BufferOutputStream()
    pq.write_table(changes, sink, version="2.6", compression="zstd", compression_level=3)
    require_writable(path.parent)
    try:
        write_durably(path, sink.getvalue().to_pybytes())
        write_durably(path.with_suffix(".md"), text.encode())
    except OSError as error:
        raise EnvironmentFault(
            f"the differences of {release} cannot be written: {error.strerror}",
            file=path,
            remedy="free space or mend permissions, then materialise release_diff again",
        ) from error
    return text


def kept_changes(store: ParquetStore, release: str) -> tuple[pa.Table, str] | None:
    """The differences written when a release was published, with their Markdown; None when there are none."""
    path = changes_path(store, release)
    if not path.is_file() or not path.with_suffix(".md").is_file():
        return None
    return pq.read_table(path, partitioning=None), path.with_suffix(".md").read_text("utf-8")
