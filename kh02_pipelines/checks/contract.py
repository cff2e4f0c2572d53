"""Dùng chung: what readers rely on. Schemas that only grow, keys that join, meanings, files anyone can open.

Belongs here: rules on the staged Parquet files and on the schema of the release before. Does not belong here:
whether references have their target (``checks.unit_invariants``). Without files in the context (a candidate that
is not staged) there is nothing to open.
"""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kh02_pipelines.catalogue.candidate import Candidate, SchemaText
from kh02_pipelines.checks.rule import Rule, Word, one_finding, together
from kh02_pipelines.tables.arrow import arrow_schema
from kh02_pipelines.tables.catalogue import CATALOGUE
from kh02_pipelines.tables.declaration import ColumnType


def schema_text(schema: pa.Schema) -> SchemaText:
    """A schema as text that two releases can be compared by."""
    return {field.name: (str(field.type), field.nullable) for field in schema}


def contract_broken(candidate: Candidate) -> pd.DataFrame:
    """Tables or columns of the last release that are gone, have another type, or may newly be empty.

    A release under a new contract (the number before the dot) is what may differ; its CHANGELOG says in what.
    """
    previous = candidate.context.previous
    if previous is None or previous.is_of_older_contract:
        return together()
    parts = []
    for table, before in previous.schemas.items():
        declared = CATALOGUE.get(table)
        now = schema_text(arrow_schema(declared)) if declared else {}
        if not now:
            parts.append(one_finding(table, "table", f"was in {previous.release_id} and is gone"))
            continue
        for column, (kind, nullable) in before.items():
            if column not in now:
                problem = "is gone"
            elif now[column][0] != kind:
                problem = f"was {kind} and is {now[column][0]}"
            elif now[column][1] and not nullable:
                problem = "could not be empty and now may be"
            else:
                continue
            parts.append(one_finding(table, column, problem))
    return together(*parts)


def join_keys_differ(candidate: Candidate) -> pd.DataFrame:
    """Foreign keys whose column type in the file is not that of the key they point to."""
    schemas = _schemas(candidate)
    parts = []
    for name, schema in schemas.items():
        for key in CATALOGUE[name].foreign_keys:
            for column, target in zip(key.columns, key.target_columns, strict=True):
                there = schemas.get(key.target)
                if there is None or not {column} <= set(schema.names) or target not in there.names:
                    continue
                mine, theirs = schema.field(column).type, there.field(target).type
                if mine != theirs:
                    parts.append(one_finding(name, column, f"is {mine}, {key.target}.{target} is {theirs}"))
    return together(*parts)


def meanings_missing(candidate: Candidate) -> pd.DataFrame:
    """Tables and columns whose file does not carry their meaning in Vietnamese and English."""
    parts = []
    for name, schema in _schemas(candidate).items():
        carriers = {"table": schema.metadata or {}, **{field.name: field.metadata or {} for field in schema}}
        parts += [
            one_finding(name, carrier, f"has no meaning in {language.decode()}")
            for carrier, metadata in carriers.items()
            for language in (b"vi", b"en")
            if not metadata.get(language, b"").strip()
        ]
    return together(*parts)


def _schemas(candidate: Candidate) -> dict[str, pa.Schema]:
    """The schemas of the staged files that can be opened; one that cannot is the matter of ``files_readable``."""
    found = {}
    for name, path in candidate.context.files.items():
        if name in CATALOGUE:
            try:
                found[name] = pq.read_schema(path)
            except (OSError, pa.ArrowInvalid):
                continue
    return found


def files_unreadable(candidate: Candidate) -> pd.DataFrame:
    """Files that plain pyarrow, pandas or DuckDB cannot read, or in which they see other rows or codes as numbers."""
    import duckdb  # a reader's tool, needed here alone

    parts = []
    with duckdb.connect(":memory:") as connection:
        for name, path in candidate.context.files.items():
            if name not in CATALOGUE:
                continue
            try:
                rows = {
                    "pyarrow": pq.read_table(path, partitioning=None).num_rows,
                    "pandas": len(pd.read_parquet(path)),
                    "duckdb": connection.read_parquet(str(path)).aggregate("count(*)").fetchall()[0][0],
                }
                seen = connection.read_parquet(str(path))
                types = dict(zip(seen.columns, map(str, seen.types), strict=True))
            except (OSError, pa.ArrowInvalid, duckdb.Error) as error:
                parts.append(one_finding(name, path.name, f"cannot be read: {str(error).splitlines()[0]}"))
                continue
            expected = pq.read_metadata(path).num_rows
            parts += [
                one_finding(name, path.name, f"{reader} sees {count} rows of {expected}")
                for reader, count in rows.items()
                if count != expected
            ]
            parts += [
                one_finding(name, column.name, f"DuckDB sees a code as {types.get(column.name)}")
                for column in CATALOGUE[name].columns
                if column.type is ColumnType.CODE and types.get(column.name) != "VARCHAR"
            ]
    return together(*parts)


RULES = (
    Rule(
        "schema_contract",
        Word.SHARED,
        "Cấu trúc bảng không đổi hoặc chỉ thêm cột so với bản phát hành trước",
        "Table schemas are those of the last release, or have columns added",
        "restore the named column; to remove one, publish it under a new table and announce it first",
        contract_broken,
    ),
    Rule(
        "join_keys_alike",
        Word.SHARED,
        "Khóa ngoại trong tệp có cùng kiểu với khóa mà nó trỏ tới",
        "Foreign keys in the files have the type of the key they point to",
        "stage again with the installed version; codes are text in every table",
        join_keys_differ,
    ),
    Rule(
        "dictionary_complete",
        Word.SHARED,
        "Mọi bảng và cột trong tệp đều có nghĩa tiếng Việt và tiếng Anh",
        "Every table and column in the files carries its meaning in Vietnamese and English",
        "write the meaning in the table's declaration and stage again",
        meanings_missing,
    ),
    Rule(
        "files_readable",
        Word.SHARED,
        "Mọi tệp đọc được bằng pyarrow, pandas và DuckDB thông thường, mã vẫn là chữ",
        "Plain pyarrow, pandas and DuckDB read every file alike, with codes as text",
        "stage again; if it stays, the disk or an installed library is at fault",
        files_unreadable,
    ),
)
