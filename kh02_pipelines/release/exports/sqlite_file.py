"""The SQLite file of a release, for use without a network: one file, real keys, any language.

Belongs here: the SQLite projection. Does not belong here: the published database (``database_store``), which
holds several releases behind views; this file holds one, under the plain table names.

Reproducible: same tables and SQLite version, same bytes.
"""

import datetime as dt
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pyarrow as pa
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from kh02_pipelines.tables.catalogue import PUBLISHED
from kh02_pipelines.tables.sql import sql_metadata

FILE = "catalogue.sqlite"


def write_sqlite(folder: Path, tables: Mapping[str, pa.Table], release_id: str, as_of: dt.date) -> str:
    """Write ``catalogue.sqlite``; returns its path relative to ``folder``.

    Besides the tables it has ``catalogue_release`` with one row: ``release_id``, ``as_of``. Dates are ISO text,
    booleans 0 and 1. Raises sqlite3.Error.
    """
    metadata = sql_metadata(PUBLISHED)
    with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as connection:
        # nobody reads the file before the folder has its name, and the caller syncs it: no journal needed
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("PRAGMA synchronous=OFF")
        # the audit has held these very rows against the same declarations; testing each again took a quarter
        connection.execute("PRAGMA ignore_check_constraints=ON")
        connection.execute("BEGIN")
        for name in tables:
            connection.execute(str(CreateTable(metadata.tables[name]).compile(dialect=sqlite.dialect())))
            _insert(connection, name, tables[name])
            for index in sorted(metadata.tables[name].indexes, key=lambda index: str(index.name)):
                connection.execute(str(CreateIndex(index).compile(dialect=sqlite.dialect())))
        connection.execute("CREATE TABLE catalogue_release (release_id TEXT NOT NULL PRIMARY KEY, as_of DATE NOT NULL)")
        connection.execute("INSERT INTO catalogue_release VALUES (?, ?)", (release_id, f"{as_of:%Y-%m-%d}"))
        connection.execute("COMMIT")
    return FILE


def _insert(connection: sqlite3.Connection, name: str, table: pa.Table) -> None:
    dates = [position for position, field in enumerate(table.schema) if pa.types.is_date(field.type)]
    for position in dates:
        table = table.set_column(position, table.schema.names[position], table.column(position).cast(pa.string()))
    places = ", ".join("?" * table.num_columns)
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    connection.executemany(f'INSERT INTO "{name}" VALUES ({places})', rows)  # noqa: S608 (declared name)
