"""Failing rows: all rows that broke a check, in a Parquet file that outlives the run.

Belongs here: ``$KH02_HOME/checks/<content hash>/<check>.parquet``. Does not belong here: finding them (rules).
"""

import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kh02_pipelines.checks.rule import FINDING_COLUMNS
from kh02_pipelines.release.files.durable import remove_folder, require_writable, write_durably

KEPT = 20
"""Folders of so many candidates are kept, the newest."""

_SCHEMA = pa.schema([pa.field(name, pa.string(), nullable=False) for name in FINDING_COLUMNS])
_HASH = re.compile(r"[0-9a-f]{64}")


def write_failing_rows(root: Path, content_hash: str, check: str, rows: pd.DataFrame) -> Path | None:
    """Write the rows (FINDING_COLUMNS) of one check of one candidate; None, and no file, when there are none.

    Raises EnvironmentFault when the folder cannot be written.
    """
    folder = root / content_hash
    path = folder / f"{check}.parquet"
    if rows.empty:
        path.unlink(missing_ok=True)
        return None
    require_writable(folder)
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pandas(rows[FINDING_COLUMNS].astype("str"), _SCHEMA, preserve_index=False), sink)
    write_durably(path, sink.getvalue().to_pybytes())
    _forget_old(root)
    return path


def _forget_old(root: Path) -> None:
    folders = [entry for entry in root.iterdir() if _HASH.fullmatch(entry.name)]
    for old in sorted(folders, key=lambda entry: entry.stat().st_mtime, reverse=True)[KEPT:]:
        remove_folder(old)
