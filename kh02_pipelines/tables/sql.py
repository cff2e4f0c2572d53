"""SQL projection of the table declarations: SQLAlchemy tables with named keys, checks and comments.

Belongs here: the mapping of declared types to SQL. Does not belong here: connections and statements.
"""

from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy.types import TypeEngine

from kh02_pipelines.tables.declaration import Column as DeclaredColumn
from kh02_pipelines.tables.declaration import ColumnType, Table


def sql_metadata(tables: dict[str, Table]) -> MetaData:
    """SQLAlchemy metadata holding every declared table, with named PK, FK and CHECK constraints."""
    metadata = MetaData()
    for table in tables.values():
        sql_table(table, metadata)
    return metadata


def sql_table(table: Table, metadata: MetaData) -> SqlTable:
    """One declared table as a SQLAlchemy table in ``metadata``."""
    return SqlTable(
        table.name,
        metadata,
        *(
            Column(
                column.name,
                _sql_type(column),
                nullable=column.nullable,
                comment=f"{column.vi} | {column.en}",
            )
            for column in table.columns
        ),
        PrimaryKeyConstraint(*table.primary_key, name=f"pk_{table.name}"),
        *(
            ForeignKeyConstraint(
                key.columns,
                [f"{key.target}.{name}" for name in key.target_columns],
                name=f"fk_{table.name}_{'_'.join(key.columns)}",
            )
            for key in table.foreign_keys
        ),
        *(
            CheckConstraint(Column(column.name, String).in_(column.allowed), name=f"ck_{table.name}_{column.name}")
            for column in table.columns
            if column.allowed
        ),
        comment=f"{table.vi} | {table.en}",
    )


def _sql_type(column: DeclaredColumn) -> TypeEngine[Any]:
    types: dict[ColumnType, TypeEngine[Any]] = {
        ColumnType.INTEGER: Integer(),
        ColumnType.BOOLEAN: Boolean(),
        ColumnType.DATE: Date(),
    }
    return types.get(column.type) or String(column.max_length)
