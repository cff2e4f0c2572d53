"""Per-release exports: the same rows as the Parquet files, in formats that other tools open at once.

Belongs here: which extra files a release folder has. Does not belong here: the Parquet files of its content
(``staging``), or making the folder durable and visible (``parquet_store``): the caller syncs, hashes and renames.

Layout inside a release folder: ``README.md``, ``csv/<table>.csv``, ``datapackage.json`` (Frictionless, describing the
CSV files), ``catalogue.duckdb``, ``catalogue.sqlite``, each with the tables about the release as well; these also as
Parquet beside the content.

Same tables, release id, time of publication and library versions give the same bytes, except for ``catalogue.duckdb``:
DuckDB writes an identifier of its own into every file. How the checks ended depends on the day they ran.
"""

import datetime as dt
import errno
import sqlite3
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from kh02_pipelines.release.exports.csv_files import write_csv_files
from kh02_pipelines.release.exports.datapackage import write_datapackage
from kh02_pipelines.release.exports.duckdb_file import write_duckdb
from kh02_pipelines.release.exports.readme import write_readme
from kh02_pipelines.release.exports.sqlite_file import write_sqlite
from kh02_pipelines.release.staging import write_parquet
from kh02_pipelines.tables.catalogue import ABOUT_RELEASES, PUBLISHED


def write_exports(
    folder: Path, tables: Mapping[str, pa.Table], release_id: str, published_at: dt.datetime
) -> list[str]:
    """Write every export of a release into ``folder``, which exists and holds none of them yet.

    ``tables``: the tables of the release and those about it by name, in their declared Arrow schema. Returns the paths
    written, relative to ``folder``, with ``/``, in sorted order.

    Raises OSError when a file cannot be written, whichever library writes it, so that a caller treats it as it
    treats any other failed write into the folder; what was written until then stays for the caller to remove.
    Raises KeyError for a table that is not declared.
    """
    undeclared = sorted(set(tables) - set(PUBLISHED))
    if undeclared:
        raise KeyError(f"tables that are not in the catalogue: {undeclared}")
    as_of = dt.date.fromisoformat(release_id[:10])
    ordered = {name: tables[name] for name in PUBLISHED if name in tables}
    about = {f"{name}.parquet": tables[name] for name in ABOUT_RELEASES if name in tables}
    # two of a kind: each is one long call into a library that does not need the interpreter meanwhile
    with _as_os_error(folder), ThreadPoolExecutor(max_workers=1) as beside:
        duckdb_file = beside.submit(write_duckdb, folder, ordered, release_id, as_of)
        for name, table in about.items():  # the others are there: the staged bytes
            write_parquet(table, folder / name)
        written = [
            *about,
            write_readme(folder, ordered, release_id),
            *write_csv_files(folder, ordered),
            write_datapackage(folder, ordered, release_id, published_at),
            write_sqlite(folder, ordered, release_id, as_of),
            duckdb_file.result(),
        ]
    return sorted(written)


@contextmanager
def _as_os_error(folder: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, duckdb.Error) as error:
        reason = " ".join(str(error).split())
        full = "disk is full" in reason or "No space left" in reason
        raise OSError(errno.ENOSPC if full else errno.EIO, reason, str(folder)) from error
