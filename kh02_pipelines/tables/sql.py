"""SQL projection of the table declarations: SQLAlchemy tables with named keys, indexes, checks and comments.

Belongs here: the mapping of declared types to SQL. Does not belong here: connections and statements.
"""

import datetime as dt
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
)
from sqlalchemy import Column as SqlColumn
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator, TypeEngine

from kh02_pipelines.tables.declaration import Column, ColumnType, Table

RELEASE_SUFFIX = "_release"
RELEASE_KEY = "release_id"
RELEASE_ID_LENGTH = 40
DIALECT_OPTIONS: dict[str, Any] = {
    # text compares by code point, case and trailing spaces included, as in Parquet and the other databases
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_nopad_bin",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_nopad_bin",
}


class Moment(TypeDecorator[dt.datetime]):
    """A point in time, to the second: ``timestamptz`` on PostgreSQL; elsewhere date and time in UTC.

    SQLite and MariaDB have no type that keeps an offset: there it is what ``CURRENT_TIMESTAMP`` of SQLite and
    ``UTC_TIMESTAMP()`` give. Values come back with their offset; one without is refused (ValueError).
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """SQLite has no such type: text, as its own functions write and read it."""
        if dialect.name != "sqlite":
            return dialect.type_descriptor(DateTime(timezone=True))
        form = "%(year)04d-%(month)02d-%(day)02d %(hour)02d:%(minute)02d:%(second)02d"
        return dialect.type_descriptor(sqlite.DATETIME(storage_format=form))  # type: ignore[no-untyped-call]

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """What the driver is given."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without its offset: {value}")
        value = value.astimezone(dt.UTC).replace(microsecond=0)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """What the driver gives, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def sql_metadata(tables: dict[str, Table]) -> MetaData:
    """SQLAlchemy metadata holding every declared table, with named PK, FK and CHECK constraints and indexes."""
    metadata = MetaData()
    for table in tables.values():
        sql_table(table, metadata)
    return metadata


def sql_table(table: Table, metadata: MetaData) -> SqlTable:
    """One declared table as a SQLAlchemy table in ``metadata``."""
    return _sql_table(table, metadata, "", ())


def release_table(table: Table, metadata: MetaData, *, foreign_keys: bool) -> SqlTable:
    """``<table>_release``: the declared table for all releases, with ``release_id`` in front of every key.

    A table about releases declares its ``release_id`` itself.
    ``foreign_keys``: whether references within the release are part of the DDL. They are where they cost
    nothing; everywhere the publisher's audit proves them before a release becomes visible.
    """
    key = SqlColumn(RELEASE_KEY, String(RELEASE_ID_LENGTH), nullable=False, comment="Mã bản phát hành | Release id")
    before = () if RELEASE_KEY in table.column_names else (key,)
    return _sql_table(table, metadata, RELEASE_SUFFIX, before, foreign_keys=foreign_keys)


def _sql_table(
    table: Table,
    metadata: MetaData,
    suffix: str,
    before: tuple["SqlColumn[str]", ...],
    *,
    foreign_keys: bool = True,
) -> SqlTable:
    """A declared table whose name ends in ``suffix`` and whose keys begin with the columns ``before``."""
    leading = [column.name for column in before]
    return SqlTable(
        table.name + suffix,
        metadata,
        *before,
        *(
            SqlColumn(
                column.name,
                _sql_type(column),
                nullable=column.nullable,
                comment=f"{column.vi} | {column.en}",
            )
            for column in table.columns
        ),
        PrimaryKeyConstraint(*leading, *table.primary_key, name=f"pk_{table.name}{suffix}"),
        *(
            ForeignKeyConstraint(
                [*leading, *key.columns],
                [f"{key.target}{suffix}.{name}" for name in (*leading, *key.target_columns)],
                name=f"fk_{table.name}{suffix}_{'_'.join(key.columns)}",
            )
            for key in (table.foreign_keys if foreign_keys else ())
        ),
        *(
            CheckConstraint(
                SqlColumn(column.name, String).in_(column.allowed), name=f"ck_{table.name}{suffix}_{column.name}"
            )
            for column in table.columns
            if column.allowed
        ),
        *(Index(f"ix_{table.name}{suffix}_{'_'.join(columns)}", *leading, *columns) for columns in table.indexes),
        comment=f"{table.vi} | {table.en}",
        **DIALECT_OPTIONS,
    )


def _sql_type(column: Column) -> TypeEngine[Any]:
    types: dict[ColumnType, TypeEngine[Any]] = {
        ColumnType.INTEGER: Integer(),
        ColumnType.BOOLEAN: Boolean(),
        ColumnType.DATE: Date(),
    }
    return types.get(column.type) or String(column.max_length)
