"""Arrow, SQL, data dictionary, expectations and Dagster's schema say the same of every column."""

import datetime as dt
import json
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.schema import CreateTable

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.tables.arrow import arrow_schema, to_arrow, to_frame
from kh02_pipelines.tables.catalogue import CATALOGUE, PUBLISHED
from kh02_pipelines.tables.declaration import Column, ColumnType, Table
from kh02_pipelines.tables.dictionary import data_dictionary
from kh02_pipelines.tables.sql import sql_metadata

ROOT = Path(__file__).resolve().parents[3]
DECLARED = PUBLISHED
SQL = sql_metadata(DECLARED)
KINDS = {  # declared type → Arrow, SQL
    ColumnType.TEXT: (pa.string(), sa.String),
    ColumnType.CODE: (pa.string(), sa.String),
    ColumnType.INTEGER: (pa.int32(), sa.Integer),
    ColumnType.BOOLEAN: (pa.bool_(), sa.Boolean),
    ColumnType.DATE: (pa.date32(), sa.Date),
}

every_table = pytest.mark.parametrize("table", DECLARED.values(), ids=lambda table: table.name)


@every_table
def test_arrow_and_sql_agree_column_by_column(table: Table) -> None:
    schema, sql = arrow_schema(table), SQL.tables[table.name]
    assert schema.names == [column.name for column in sql.columns] == table.column_names
    for column in table.columns:
        field, stored = schema.field(column.name), sql.columns[column.name]
        arrow_type, sql_type = KINDS[column.type]
        assert field.type == arrow_type
        assert isinstance(stored.type, sql_type)
        assert field.nullable == stored.nullable == column.nullable
        assert field.metadata == {
            b"vi": column.vi.encode(),
            b"en": column.en.encode(),
            b"type": column.type.value.encode(),
        }
        assert stored.comment == f"{column.vi} | {column.en}"
        if isinstance(stored.type, sa.String):
            assert stored.type.length == column.max_length


@every_table
def test_keys_agree(table: Table) -> None:
    described, sql = arrow_schema(table).metadata, SQL.tables[table.name]
    assert json.loads(described[b"primary_key"]) == list(table.primary_key)
    assert [column.name for column in sql.primary_key] == list(table.primary_key)
    assert sql.primary_key.name == f"pk_{table.name}"
    keys = {
        (tuple(key.column_keys), key.referred_table.name, tuple(part.column.name for part in key.elements))
        for key in sql.foreign_key_constraints
    }
    assert keys == {(key.columns, key.target, key.target_columns) for key in table.foreign_keys}
    assert {
        (tuple(columns), target, tuple(targets)) for columns, target, targets in json.loads(described[b"foreign_keys"])
    } == keys
    assert all(str(key.name).startswith(f"fk_{table.name}_") for key in sql.foreign_key_constraints)


@every_table
def test_closed_vocabularies_are_checks(table: Table) -> None:
    checks = {str(one.name): one for one in SQL.tables[table.name].constraints if isinstance(one, sa.CheckConstraint)}
    assert set(checks) == {f"ck_{table.name}_{column.name}" for column in table.columns if column.allowed}


@every_table
@pytest.mark.parametrize("dialect", [postgresql.dialect(), mysql.dialect(), sqlite.dialect()], ids=lambda d: d.name)
def test_ddl_can_be_written_for_every_database(table: Table, dialect: sa.Dialect) -> None:
    ddl = str(CreateTable(SQL.tables[table.name]).compile(dialect=dialect))
    assert ddl.count("CONSTRAINT ") >= 1 + len(table.foreign_keys)
    names = re.findall(r"CONSTRAINT (\S+)", ddl)
    assert len(names) == len(set(names))
    assert all(len(name) <= 63 for name in names)  # PostgreSQL cuts longer ones


def test_a_real_database_holds_vocabularies_and_keys() -> None:
    engine = sa.create_engine("sqlite://")
    SQL.create_all(engine)
    event = SQL.tables["change_event"]
    row = {"event_id": "e", "effective_date": dt.date(2025, 7, 1), "kind": "merger", "legal_document": "x"}
    row |= {"basis": "law", "confidence": "sourced"}
    with engine.connect() as connection:
        connection.execute(event.insert(), row)
        for wrong in ({**row, "event_id": "f", "kind": "annexation"}, row, {**row, "event_id": None}):
            with pytest.raises(sa.exc.IntegrityError):
                connection.execute(event.insert(), wrong)
    engine.dispose()


@every_table
def test_dictionary_says_the_same(table: Table) -> None:
    section = data_dictionary({table.name: table})
    assert f"## {table.name}\n" in section
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in section.splitlines() if line.startswith("| `")]
    assert [row[0].strip(" `") for row in rows] == table.column_names
    for row, column in zip(rows, table.columns, strict=True):
        cells = [cell.strip() for cell in row]
        assert cells[1] == column.type.value
        assert cells[2].startswith("có" if column.nullable else "không")
        assert cells[4:] == [column.vi, column.en]
        if column.allowed:
            assert re.findall("`(.*?)`", cells[3]) == list(column.allowed)
        elif column.pattern:
            assert cells[3].strip("`").replace("\\|", "|") == column.pattern
    assert all(f"→ `{key.target}`" in section for key in table.foreign_keys)


def test_committed_dictionary_is_not_stale() -> None:
    written = (ROOT / "docs" / "data_dictionary.md").read_text("utf-8")
    assert written == data_dictionary(DECLARED), "run `make docs`"


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_frames_survive_the_way_through_arrow(name: str, candidate_today: Candidate) -> None:
    table = CATALOGUE[name]
    stored = to_arrow(candidate_today.tables[name], table)
    assert stored.schema.equals(arrow_schema(table), check_metadata=True)
    assert to_arrow(to_frame(stored), table).equals(stored)
    keys = to_frame(stored)[list(table.primary_key)]
    assert keys.equals(keys.sort_values(list(table.primary_key), ignore_index=True))


SMALL = Table(
    "small",
    "family",
    "vi",
    "en",
    (
        Column("code", ColumnType.CODE, "mã", "code"),
        Column("n", ColumnType.INTEGER, "số", "number", nullable=True),
        Column("day", ColumnType.DATE, "ngày", "day", nullable=True),
        Column("yes", ColumnType.BOOLEAN, "có", "yes"),
    ),
    ("code",),
)


def small(**columns: object) -> pd.DataFrame:
    values = {"code": ["02", "01"], "n": [1, None], "day": [None, dt.date(2025, 7, 1)], "yes": [True, False]}
    return pd.DataFrame({**values, **columns})


def test_rows_come_in_key_order_and_empty_stays_empty() -> None:
    frame = to_frame(to_arrow(small(n=pd.array([1, None], dtype="Int32")), SMALL))
    assert frame["code"].tolist() == ["01", "02"]
    assert frame["n"].isna().tolist() == [True, False]
    assert str(frame["n"].dtype) == "Int32"
    assert frame["day"].isna().tolist() == [False, True]


def test_a_table_without_rows_keeps_its_types() -> None:
    assert to_arrow(small().head(0), SMALL).schema.equals(arrow_schema(SMALL), check_metadata=True)


@pytest.mark.parametrize(
    ("frame", "problem"),
    [
        (small().drop(columns="yes"), r"columns missing \['yes'\]"),
        (small(more=1), r"not declared \['more'\]"),
        (small(n=["x", "y"]), "table small"),
        (small(n=[1.5, 2.0]), "table small"),
        (small(n=[2**40, 1]), "table small"),
        (small(code=["01", None]), "table small: .*code"),
        (small(yes=pd.array([True, None], dtype="boolean")), "table small: .*yes"),
        (small(code=[1, 2]), "table small"),
    ],
)
def test_a_frame_that_does_not_fit_is_refused(frame: pd.DataFrame, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        to_arrow(frame, SMALL)
