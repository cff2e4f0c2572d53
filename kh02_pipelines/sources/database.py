"""A register or conversion table in somebody's database, read through SQLAlchemy.

Belongs here: running the query within bounds and naming the columns. Does not belong here: what the columns
mean (``units_frame``, ``nso_conversion``) and how to reach the database (``connection``). No value of it is shown.
"""

import hashlib
import json
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from kh02_pipelines.errors import SourceError
from kh02_pipelines.sources.config import DatabaseSource
from kh02_pipelines.sources.connection import database_engine, reason
from kh02_pipelines.sources.deadline import within
from kh02_pipelines.sources.trace import NO_SHEET

MAX_ROWS = 500_000
_FETCHED_AT_ONCE = 5_000


def read_database(source: DatabaseSource, fields: tuple[str, ...], required: set[str]) -> tuple[pd.DataFrame, bytes]:
    """The result as records: ``fields`` as text (empty where not mapped), ``sheet``, ``line``; and its raw bytes.

    ``line`` counts the rows of the result from 1: give the query an ORDER BY. The raw bytes (JSON lines) are what
    the hash of this source stands for.

    Raises EnvironmentFault when the variable is not set or is no URL, SourceError for an unknown field or
    column, a column twice, a statement other than SELECT or one that writes, too many rows, or a database that
    fails, stalls or goes away while reading: then nothing of it is used.
    """
    unknown = sorted(set(source.columns) - set(fields))
    missing = sorted(required - set(source.columns))
    if unknown or missing:
        raise SourceError(
            f"columns of {source.name}: unknown fields {unknown}, missing {missing}",
            file="kh02.yaml",
            field="columns",
            remedy=f"map the fields {', '.join(fields)}",
        )
    names, rows = within(
        source.timeout_seconds, lambda: _rows(source), f"the database of {source.name}", source.url_env
    )
    if not rows:
        raise SourceError(f"{source.name} gives no rows", field="query", remedy="correct the table or query")
    frame = pd.DataFrame(rows, columns=names, dtype="str")
    records = pd.DataFrame(
        {
            field: frame[source.columns[field]] if field in source.columns else pd.Series("", index=frame.index)
            for field in fields
        }
    ).astype("str")
    return records.assign(sheet=NO_SHEET, line=range(1, len(records) + 1)), _as_bytes(frame)


def _rows(source: DatabaseSource) -> tuple[list[str], list[list[str]]]:
    """The names of the result's columns, and its rows as text."""
    engine = database_engine(source.url_env, source.name, source.timeout_seconds)
    try:
        with engine.connect() as connection:
            result = connection.execution_options(stream_results=True, max_row_buffer=_FETCHED_AT_ONCE).execute(
                _statement(source)
            )
            names = list(result.keys())
            _require_columns(source, names)
            rows: list[list[str]] = []
            for chunk in result.partitions(_FETCHED_AT_ONCE):
                # before pandas sees them: it would make NULL a number and then the text "nan"
                rows += [["" if value is None else str(value) for value in row] for row in chunk]
                if len(rows) > MAX_ROWS:
                    raise SourceError(
                        f"{source.name} gives more than {MAX_ROWS} rows", field="query", remedy="narrow the query"
                    )
            return names, rows
    except SQLAlchemyError as error:
        what, remedy = reason(error)
        raise SourceError(
            f"the database of {source.name} failed: {what}; nothing was used", field=source.url_env, remedy=remedy
        ) from None  # the cause may show the URL or values
    finally:
        engine.dispose()


def _require_columns(source: DatabaseSource, names: list[str]) -> None:
    lost = sorted(set(source.columns.values()) - set(names))
    twice = sorted({name for name in names if names.count(name) > 1})
    if lost or twice:
        what = f"no column {', '.join(lost)}; it has {', '.join(names)}" if lost else f"twice {', '.join(twice)}"
        raise SourceError(
            f"the result of {source.name} has {what}",
            file="kh02.yaml",
            field="columns",
            remedy="correct the column mapping or the query; name every column once",
        )


def hash_of(data: bytes) -> str:
    """The hash that stands for a result."""
    return hashlib.sha256(data).hexdigest()


def _as_bytes(frame: pd.DataFrame) -> bytes:
    lines = [json.dumps(row, ensure_ascii=False, sort_keys=True) for row in frame.to_dict("records")]
    return ("\n".join(lines) + "\n").encode()


def _statement(source: DatabaseSource) -> sa.Executable:
    if source.table is not None:
        schema, _, table = source.table.rpartition(".")
        columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in dict.fromkeys(source.columns.values())]
        ordered: list[sa.ColumnClause[Any]] = [
            sa.column(source.columns[field]) for field in source.columns if field.endswith("code")
        ]
        return sa.select(*columns).select_from(sa.table(table, schema=schema or None)).order_by(*ordered)
    query = str(source.query).strip().rstrip(";")
    if not query.lower().startswith(("select", "with")) or ";" in query:
        raise SourceError(
            f"the query of {source.name} is not one SELECT", field="query", remedy="write a single SELECT statement"
        )
    return sa.text(query)
