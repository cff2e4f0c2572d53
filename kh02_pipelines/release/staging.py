"""The staging area: a candidate's exact bytes, where checks and the publisher read them and readers do not.

Belongs here: writing a candidate and reading it back. Does not belong here: judging it (``audit``) or showing
it to readers (``parquet_store``, ``database_store``).

Layout: ``$KH02_HOME/staging/<content hash>/`` with one Parquet file per table and ``candidate.json``. Each file
carries the release it belongs to in its key-value metadata (``kh02.*``): the staged bytes are the published ones.
"""

import datetime as dt
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.errors import AuditError
from kh02_pipelines.release.content import content_hash, release_id
from kh02_pipelines.release.files.durable import file_fault, remove_folder, require_writable, sha256_of, write_json
from kh02_pipelines.tables.arrow import arrow_schema, to_arrow, to_frame
from kh02_pipelines.tables.catalogue import CATALOGUE
from kh02_pipelines.tables.contract import CONTRACT_VERSION

CANDIDATE_FILE = "candidate.json"
METADATA_PREFIX = "kh02."


@dataclass(frozen=True)
class StagedRelease:
    """A candidate on disk: where it is and what its files must hash to.

    ``sources``: SHA-256 of every source file the tables were made from, by ``<source>/<file>``.
    """

    folder: Path
    as_of: dt.date
    content_hash: str
    sha256: Mapping[str, str]
    rows: Mapping[str, int]
    totals: pd.DataFrame
    row_flow: pd.DataFrame
    sources: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def release_id(self) -> str:
        """The id the release will have when published."""
        return release_id(self.as_of, self.content_hash)

    def path(self, table: str) -> Path:
        """The staged Parquet file of one table."""
        return self.folder / f"{table}.parquet"


def stage(candidate: Candidate, staging: Path, sources: Mapping[str, str] | None = None) -> StagedRelease:
    """Write a candidate's tables to the staging area, replacing any earlier staging.

    Raises ValueError when a table does not fit its declaration, EnvironmentFault when the folder cannot be
    written; then nothing of the candidate is left behind.
    """
    tables = {name: to_arrow(candidate.tables[name], table) for name, table in CATALOGUE.items()}
    hashed = content_hash(tables)
    folder = staging / hashed
    require_writable(staging)
    for earlier in staging.iterdir():
        remove_folder(earlier)
    about = file_metadata(release_id(candidate.as_of, hashed), candidate.as_of, hashed, sources or {})
    try:
        with file_fault("the candidate cannot be staged", folder):
            folder.mkdir()
            for name, table in tables.items():
                write_parquet(table.replace_schema_metadata(table.schema.metadata | about), folder / f"{name}.parquet")
            staged = StagedRelease(
                folder=folder,
                as_of=candidate.as_of,
                content_hash=hashed,
                sha256={name: sha256_of(folder / f"{name}.parquet") for name in tables},
                rows={name: table.num_rows for name, table in tables.items()},
                totals=candidate.totals,
                row_flow=candidate.row_flow,
                sources=dict(sources or {}),
                evidence=candidate.evidence,
            )
            write_json(folder / CANDIDATE_FILE, description(staged))
    except BaseException:
        remove_folder(folder)
        raise
    return staged


def copy_tables(staged: StagedRelease, folder: Path, as_of: dt.date) -> dict[str, str]:
    """Put the staged files into ``folder``; returns the SHA-256 of each, by table.

    They are the staged bytes, unless the content is known under another date: then they say that one. Raises
    OSError or ArrowException.
    """
    if as_of == staged.as_of:
        for name in staged.rows:
            shutil.copyfile(staged.path(name), folder / f"{name}.parquet")
        return dict(staged.sha256)
    about = file_metadata(release_id(as_of, staged.content_hash), as_of, staged.content_hash, staged.sources)
    for name in staged.rows:
        table = pq.read_table(staged.path(name), partitioning=None)
        write_parquet(table.replace_schema_metadata({**table.schema.metadata, **about}), folder / f"{name}.parquet")
    return {name: sha256_of(folder / f"{name}.parquet") for name in staged.rows}


def file_metadata(release: str, as_of: dt.date, hashed: str, sources: Mapping[str, str]) -> dict[bytes, bytes]:
    """What every Parquet file of a release says of the release in its key-value metadata."""
    about = {
        "release_id": release,
        "as_of": f"{as_of:%Y-%m-%d}",
        "content_hash": hashed,
        "contract_version": CONTRACT_VERSION,
        "sources": json.dumps(dict(sources), sort_keys=True),
    }
    return {f"{METADATA_PREFIX}{key}".encode(): value.encode() for key, value in about.items()}


def without_release(table: pa.Table) -> pa.Table:
    """A table read from a release file, with the declared metadata only."""
    kept = {k: v for k, v in (table.schema.metadata or {}).items() if not k.startswith(METADATA_PREFIX.encode())}
    return table.replace_schema_metadata(kept)


def write_parquet(table: pa.Table, path: Path) -> None:
    """One Parquet file with reproducible bytes: fixed version, codec and row group size, no writer extras."""
    pq.write_table(
        table,
        path,
        version="2.6",
        compression="zstd",
        compression_level=3,
        row_group_size=1 << 20,
        use_dictionary=True,
        store_schema=True,
    )


def open_staged(folder: Path) -> StagedRelease:
    """A staged release from its folder. Raises AuditError when its description is missing or unreadable."""
    try:
        described = json.loads((folder / CANDIDATE_FILE).read_text("utf-8"))
        return StagedRelease(
            folder=folder,
            as_of=dt.date.fromisoformat(described["as_of"]),
            content_hash=described["content_hash"],
            sha256=described["sha256"],
            rows=described["rows"],
            totals=pd.DataFrame(described["totals"]),
            row_flow=pd.DataFrame(described["row_flow"]),
            sources=described["sources"],
            evidence={name: pd.DataFrame(rows) for name, rows in described["evidence"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AuditError(
            f"the staged release cannot be read: {error}",
            file=folder / CANDIDATE_FILE,
            remedy="run the whole job again so that the candidate is staged anew",
        ) from error


def read_staged(staged: StagedRelease) -> tuple[dict[str, pa.Table], Candidate]:
    """The staged tables, from the bytes on disk, as Arrow and as a candidate for the rules.

    Raises AuditError when a file is missing, is not the one staged, has another schema, or when the tables
    together do not hash to the staged content.
    """
    tables: dict[str, pa.Table] = {}
    for name, declared in CATALOGUE.items():
        path = staged.path(name)
        if not path.is_file() or sha256_of(path) != staged.sha256.get(name):
            raise AuditError(
                f"staged bytes of {name} are missing or not those that were staged",
                file=path,
                remedy="run the whole job again so that the candidate is staged anew",
            )
        table = without_release(pq.read_table(path, partitioning=None))
        if not table.schema.equals(arrow_schema(declared), check_metadata=True):
            raise AuditError(
                f"staged schema of {name} is not the declared one",
                file=path,
                remedy="run the whole job again with the installed version",
            )
        tables[name] = table
    if content_hash(tables) != staged.content_hash:
        raise AuditError(
            "the staged tables do not hash to the staged content",
            file=staged.folder / CANDIDATE_FILE,
            remedy="run the whole job again so that the candidate is staged anew",
        )
    frames = {name: to_frame(table) for name, table in tables.items()}
    return tables, Candidate(frames, staged.as_of, staged.totals, staged.row_flow, staged.evidence)


def description(staged: StagedRelease) -> dict[str, Any]:
    """Everything a staging says of itself, as ``candidate.json`` holds it."""
    return {
        "release_id": staged.release_id,
        "as_of": f"{staged.as_of:%Y-%m-%d}",
        "content_hash": staged.content_hash,
        "sha256": dict(staged.sha256),
        "rows": dict(staged.rows),
        "sources": dict(staged.sources),
        "totals": staged.totals.to_dict("records"),
        "row_flow": staged.row_flow.to_dict("records"),
        "evidence": {name: frame.to_dict("records") for name, frame in staged.evidence.items()},
    }
