"""The database store: the catalogue tables under stable names in any SQLAlchemy database.

Belongs here: DDL and rows of the published database. Does not belong here: files, or deciding whether to
publish.

One release at a time: rows of all tables are exchanged in one transaction, so a reader sees the previous
release or the new one. ``catalogue_release`` has one row that names the release the tables hold.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pyarrow as pa
from sqlalchemy import (
    Column,
    Connection,
    Date,
    Engine,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    select,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.content import release_id
from kh02_pipelines.tables.catalogue import CATALOGUE
from kh02_pipelines.tables.sql import sql_metadata

ROWS_PER_STATEMENT = 5_000


class DatabaseStore:
    """The published tables in one database; no connection is made before it is needed."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self._metadata = sql_metadata(CATALOGUE)
        self._release = _release_table(self._metadata)

    @property
    def display_url(self) -> str:
        """The address without its password."""
        return self.url.render_as_string(hide_password=True)

    def current(self) -> str | None:
        """The content hash of the release in the database, or None. Raises EnvironmentFault if unreachable."""
        with self._connection("is not reachable") as connection:
            if not self._engine_has(connection):
                return None
            return connection.execute(select(self._release.c.content_hash)).scalar_one_or_none()

    def publish(self, tables: Mapping[str, pa.Table], as_of: dt.date, content_hash: str) -> None:
        """Exchange the rows of every table in one transaction.

        Raises EnvironmentFault when the database refuses; its previous rows are then untouched.
        """
        with self._connection("did not take the release; it still has the previous one") as connection:
            self._metadata.create_all(connection)
            for table in reversed(self._metadata.sorted_tables):
                connection.execute(table.delete())
            for table in self._metadata.sorted_tables:
                if table.name in tables:
                    _insert(connection, table, tables[table.name])
            connection.execute(
                self._release.insert(),
                {"release_id": release_id(as_of, content_hash), "as_of": as_of, "content_hash": content_hash},
            )

    def _engine_has(self, connection: Connection) -> bool:
        return connection.dialect.has_table(connection, self._release.name)

    @contextmanager
    def _connection(self, what: str) -> Iterator[Connection]:
        engine = _engine(self.url)
        try:
            with engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise EnvironmentFault(
                f"the database {self.display_url} {what}: {reason}",
                remedy="start the database or correct KH02_DATABASE_URL and its rights, then run again",
            ) from error
        finally:
            engine.dispose()


def _engine(url: URL) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _settings(connection, _record):  # type: ignore[no-untyped-def]
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA busy_timeout=30000")

    return engine


def _release_table(metadata: MetaData) -> Table:
    return Table(
        "catalogue_release",
        metadata,
        Column("release_id", String(40), primary_key=True, comment="Mã bản phát hành | Release id"),
        Column("as_of", Date, nullable=False, comment="Ngày của dữ liệu | Date the data speak for"),
        Column("content_hash", String(64), nullable=False, comment="SHA-256 nội dung | SHA-256 of the content"),
        comment="Bản phát hành đang có trong cơ sở dữ liệu | The release the tables hold",
    )


def _insert(connection: Connection, table: Table, rows: pa.Table) -> None:
    for batch in rows.to_batches(max_chunksize=ROWS_PER_STATEMENT):
        connection.execute(insert(table), batch.to_pylist())
