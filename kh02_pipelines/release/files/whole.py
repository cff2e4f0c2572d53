"""A whole release read back from its folder and held against all that is said of it.

Belongs here: proving one folder by itself: manifest and sums, its description, its id, and the hash of what its tables
say. Does not belong here: the pointer (``parquet_store``), the database (``verify``), or mending.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kh02_pipelines.release.content import content_hash
from kh02_pipelines.release.files.manifest import DESCRIPTION, MANIFEST, problems_of, read_manifest
from kh02_pipelines.release.staging import METADATA_PREFIX, without_release

_SAID_TWICE = ("release_id", "as_of", "content_hash")
"""What description, manifest and the Parquet files each say of the release."""


@dataclass(frozen=True)
class WholeRelease:
    """What was read of a release folder, and every difference found, one line each.

    ``tables`` as declared, empty when one cannot be read; ``content_hash`` of these tables; ``manifest`` as it is.
    """

    tables: Mapping[str, pa.Table]
    content_hash: str | None
    manifest: Mapping[str, Any]
    problems: list[str] = field(default_factory=list)


def read_whole(folder: Path, described: Mapping[str, Any] | None, audited: str | None = None) -> WholeRelease:
    """Read a release folder once, all of it.

    ``described``: what its description says, None when that cannot be read. ``audited``: the content hash it must
    have, where the caller has audited the content itself.
    """
    release, problems = folder.name, problems_of(folder)
    try:
        manifest = read_manifest(folder)
    except (OSError, ValueError):
        manifest = {}
    if described is None:
        return WholeRelease({}, None, manifest, [*problems, f"{release}/{DESCRIPTION}: cannot be read"])
    by_id = {"release_id": release, "as_of": release[:10]}
    for said, source in ((described, DESCRIPTION), (manifest or described, MANIFEST)):
        problems += [
            f"{release}/{source}: {name} is {said.get(name)!r}, its id says {wanted!r}"
            for name, wanted in by_id.items()
            if said.get(name) != wanted
        ]
    try:
        read = {name: pq.read_table(folder / f"{name}.parquet", partitioning=None) for name in described["rows"]}
    except (OSError, ValueError, pa.ArrowException) as error:
        return WholeRelease({}, None, manifest, [*problems, f"{release}: the Parquet files cannot be read: {error}"])
    for name, table in read.items():
        metadata = table.schema.metadata or {}
        said = {key: metadata.get(f"{METADATA_PREFIX}{key}".encode()) for key in _SAID_TWICE}
        problems += [
            f"{release}/{name}.parquet: says of itself {key} {value.decode(errors='replace')!r}"
            for key, value in said.items()
            if value is not None and value.decode(errors="replace") != described[key]
        ]
    tables = {name: without_release(table) for name, table in read.items()}
    hashed = content_hash(tables)
    if {name: table.num_rows for name, table in tables.items()} != described["rows"]:
        problems.append(f"{release}: the rows are not as many as its description says")
    claims = {DESCRIPTION: described["content_hash"], MANIFEST: (manifest or described).get("content_hash")}
    if audited is not None:
        claims["the audit"] = audited
    problems += [
        f"{release}: the Parquet content is not what was published, {source} says {str(claim)[:8]}, it is {hashed[:8]}"
        for source, claim in claims.items()
        if claim != hashed
    ]
    if hashed[:8] != release[11:]:
        problems.append(f"{release}: the Parquet content is not what its id says, it is {hashed[:8]}")
    return WholeRelease(tables, hashed, manifest, problems)
