"""Small releases made from the declarations, recognisable by a marker in every row, and a home to publish them to."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks.rule import Rule
from kh02_pipelines.release.about import rows_about
from kh02_pipelines.release.content import content_hash, release_id
from kh02_pipelines.release.database.store import DatabaseStore
from kh02_pipelines.release.exports import write_exports
from kh02_pipelines.release.files.home_lock import one_publisher
from kh02_pipelines.release.files.parquet_store import ParquetStore
from kh02_pipelines.release.publish import Published, publish_database, publish_parquet
from kh02_pipelines.release.retention import Retention
from kh02_pipelines.release.staging import StagedRelease, stage
from kh02_pipelines.release.steps import Step, no_step
from kh02_pipelines.tables.arrow import arrow_schema, to_frame
from kh02_pipelines.tables.catalogue import CATALOGUE
from kh02_pipelines.tables.declaration import Column, ColumnType, Table

FIRST_DAY = dt.date(2026, 1, 1)
MORNING = dt.datetime(2026, 1, 1, 8, 0, tzinfo=dt.UTC)
NO_RULES: tuple[Rule, ...] = ()
"""The rules of the field do not hold for made-up rows."""
AWKWARD = ('Xã "Đắk N’Thol"', "Phường Hoà Bình, 1", "line\nbreak", "back\\slash", "100%", "trailing ", "")


def marker(number: int) -> str:
    return f"release {number:04d}"


def day(number: int) -> dt.date:
    """The date release ``number`` speaks for."""
    return FIRST_DAY + dt.timedelta(days=number)


def synthetic(number: int, rows: int) -> dict[str, pa.Table]:
    """Every declared table with ``rows`` rows; every free text outside the key says which release it is of."""
    return {name: _table(table, number, rows) for name, table in CATALOGUE.items()}


def _table(table: Table, number: int, rows: int) -> pa.Table:
    return pa.table(
        [[_value(table, column, number, row) for row in range(rows)] for column in table.columns],
        schema=arrow_schema(table),
    )


def _value(table: Table, column: Column, number: int, row: int) -> object:
    if column.name in table.primary_key and column.type in (ColumnType.TEXT, ColumnType.CODE):
        return column.allowed[0] if column.allowed else f"{row:05d}"
    if column.type is ColumnType.BOOLEAN:
        return row % 2 == 0
    if column.nullable and row % 3 == 0:
        return None
    if column.type is ColumnType.INTEGER:
        return row + 1
    if column.type is ColumnType.DATE:
        return FIRST_DAY + dt.timedelta(days=row)
    if column.type is ColumnType.CODE:
        return f"{row:05d}"
    return column.allowed[row % len(column.allowed)] if column.allowed else marker(number)


@dataclass
class Home:
    """A home folder and a database, published to with small releases instead of the whole catalogue."""

    path: Path
    url: str
    step: Step = no_step
    lock_seconds: float = 20
    whole: bool = False
    """Publish as the assets do, with every export and the rows about the release; it takes thrice the time."""

    @cached_property
    def files(self) -> ParquetStore:
        return ParquetStore(self.path / "parquet", step=self.step)

    @cached_property
    def database(self) -> DatabaseStore:
        return DatabaseStore(make_url(self.url), upgrades_itself=True, lock_seconds=self.lock_seconds, step=self.step)

    def stage(self, number: int, rows: int = 20, days_later: int = 0) -> StagedRelease:
        frames = {name: to_frame(table) for name, table in synthetic(number, rows).items()}
        return stage(
            Candidate(frames, day(number + days_later), pd.DataFrame(), pd.DataFrame()),
            self.path / "staging",
            {"a.csv": "0" * 64},
        )

    def publish(self, number: int, rows: int = 20, retention: Retention | None = None) -> Published:
        """Stage and publish to both stores."""
        return self.publish_again(number, rows, retention)

    def publish_again(
        self, number: int, rows: int = 20, retention: Retention | None = None, *, days_later: int = 0
    ) -> Published:
        """``publish``, with the content of one day staged for a later one."""
        now = MORNING + dt.timedelta(days=number + days_later)
        with one_publisher(self.path, self.lock_seconds):
            staged = self.stage(number, rows, days_later)
            files, database = self.files, self.database
            published = publish_database(
                staged,
                files,
                database,
                now=now,
                exports=write_exports if self.whole else None,
                auxiliary=partial(rows_about, files) if self.whole else None,
                rules=NO_RULES,
                step=self.step,
            )
            publish_parquet(staged, files, database, now=now, retention=retention, rules=NO_RULES, step=self.step)
        return published


def publish_to(store: DatabaseStore, number: int, rows: int = 5, **more: object) -> str:
    """Publish release ``number`` to the database alone; its id."""
    tables = synthetic(number, rows)
    hashed = content_hash(tables)
    store.publish(tables, day(number), hashed, **more)
    return release_id(day(number), hashed)


def rows_of_query(store: DatabaseStore, query: str) -> list[tuple[object, ...]]:
    with store.database.transaction("was read") as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def run(url: URL, *statements: str) -> list[tuple[object, ...]]:
    """Run statements in one transaction; the rows of the last one."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            for statement in statements:
                result = connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        engine.dispose()


def with_password(url: URL) -> str:
    return url.render_as_string(hide_password=False)
