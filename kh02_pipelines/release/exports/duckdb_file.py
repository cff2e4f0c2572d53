"""The DuckDB file of a release: every table under its plain name, with comments, ready for analysis.

Belongs here: the DuckDB projection of the declarations. Does not belong here: other formats.

The storage version is held at the oldest that the 1.x line reads, so an older DuckDB opens the file too. Bytes are not
reproducible: DuckDB stamps every file with an identifier of its own.
"""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from kh02_pipelines.tables.catalogue import PUBLISHED
from kh02_pipelines.tables.declaration import ColumnType, Table

FILE = "catalogue.duckdb"
STORAGE_VERSION = "v1.0.0"

_TYPES = {
    ColumnType.TEXT: "VARCHAR",
    ColumnType.CODE: "VARCHAR",
    ColumnType.INTEGER: "INTEGER",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.DATE: "DATE",
}
# nothing is fetched or loaded from elsewhere, and a publish shares its machine with others
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


def write_duckdb(folder: Path, tables: Mapping[str, pa.Table], release_id: str, as_of: dt.date) -> str:
    """Write ``catalogue.duckdb``; returns its path relative to ``folder``.

    Besides the tables it has ``catalogue_release`` with one row: ``release_id``, ``as_of``. Raises duckdb.Error.
    """
    with duckdb.connect(config=_CONFIG) as connection:
        path = str(folder / FILE).replace("'", "''")
        connection.execute(f"ATTACH '{path}' AS export (STORAGE_VERSION '{STORAGE_VERSION}')")
        connection.execute("USE export; BEGIN")  # one transaction: otherwise every comment is synced by itself
        for name in tables:
            connection.execute(_create(PUBLISHED[name]))
            connection.register("rows_to_write", tables[name])
            connection.execute(f'INSERT INTO "{name}" SELECT * FROM rows_to_write')  # noqa: S608 (declared name)
            connection.unregister("rows_to_write")
            for columns in PUBLISHED[name].indexes:  # after the rows: one at a time costs several times as much
                listed = ", ".join(f'"{column}"' for column in columns)
                connection.execute(f'CREATE INDEX "ix_{name}_{"_".join(columns)}" ON "{name}" ({listed})')
        connection.execute("CREATE TABLE catalogue_release (release_id VARCHAR NOT NULL, as_of DATE NOT NULL)")
        connection.execute("INSERT INTO catalogue_release VALUES (?, ?)", [release_id, as_of])
        connection.execute("COMMIT; USE memory")
        connection.execute("DETACH export")  # checkpoints: no write-ahead log stays beside the file
    return FILE


def _create(table: Table) -> str:
    columns = ", ".join(
        f'"{column.name}" {_TYPES[column.type]}{"" if column.nullable else " NOT NULL"}' for column in table.columns
    )
    comments = [
        f'COMMENT ON COLUMN "{table.name}"."{column.name}" IS {_literal(f"{column.vi} | {column.en}")}'
        for column in table.columns
    ]
    key = ", ".join(f'"{column}"' for column in table.primary_key)
    comments.append(f'COMMENT ON TABLE "{table.name}" IS {_literal(f"{table.vi} | {table.en}")}')
    return "; ".join([f'CREATE TABLE "{table.name}" ({columns}, PRIMARY KEY ({key}))', *comments])


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
