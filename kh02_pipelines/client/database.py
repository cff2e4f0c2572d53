"""Reading a release from the published database: one statement per table, always filtered by the pinned release.

Belongs here: the views that readers may use. Does not belong here: the tables behind them (``release``), to which
a reader has no right.

``published_release`` lists the published releases and marks the current one; ``<table>_by_release`` has the rows
of every published release. The pointer is read once, when the catalogue is opened.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kh02_pipelines.client.catalogue import Catalogue, PinnedRelease
from kh02_pipelines.client.errors import (
    CatalogueDamaged,
    CatalogueUnreachable,
    ReleaseGone,
    ReleaseNotFound,
    UnknownTable,
)
from kh02_pipelines.tables.catalogue import ABOUT_RELEASES, PUBLISHED
from kh02_pipelines.tables.declaration import ColumnType, Table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from sqlalchemy import Connection, Engine

RELEASES = "published_release"
BY_RELEASE = "_by_release"

_PANDAS_TYPES = {
    ColumnType.TEXT: "str",
    ColumnType.CODE: "str",
    ColumnType.INTEGER: "Int32",
    ColumnType.BOOLEAN: "bool",
    ColumnType.DATE: "datetime64[ms]",
}


class DatabaseCatalogue(Catalogue):
    """A release in a database; no connection is held between reads."""

    def __init__(self, engine: "Engine", release: PinnedRelease, place: str) -> None:
        super().__init__(release, place)
        self._engine = engine

    def _arrow(self, name: str) -> "pa.Table":
        import pyarrow as pa

        from kh02_pipelines.tables.arrow import arrow_schema

        schema = arrow_schema(self._declared(name))
        rows = self._rows(name)
        columns = list(zip(*rows, strict=True)) or [()] * len(schema)
        arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
        return pa.table(arrays, schema=schema)

    def _frame(self, name: str) -> "pd.DataFrame":
        import pandas as pd

        declared = self._declared(name)
        frame = pd.DataFrame(self._rows(name), columns=declared.column_names, dtype="object")
        types = {column.name: _PANDAS_TYPES[column.type] for column in declared.columns}
        # missing where the columns of an older release are not on record; "bool" would make it False
        missing = [name for name, kind in types.items() if kind == "bool" and frame[name].isna().any()]
        return frame.astype({**types, **dict.fromkeys(missing, "boolean")})

    def _rows(self, name: str) -> Sequence[Sequence[Any]]:
        """The table's rows in the byte order of their keys, whatever the database's collation."""
        from sqlalchemy import MetaData, column, select, table

        from kh02_pipelines.tables.sql import sql_table

        declared = self._declared(name)
        typed = sql_table(declared, MetaData()).columns
        known = {"release_id": column("release_id"), **{c.name: column(c.name, c.type) for c in typed}}
        view = table(name if name in ABOUT_RELEASES else f"{name}{BY_RELEASE}", *known.values())
        statement = select(*(view.c[c] for c in declared.column_names)).where(view.c.release_id == self.release_id)
        with _connected(self._engine, self.place) as connection:
            rows = connection.execute(statement).all()
            if len(rows) != self._release.rows.get(name, len(rows)):
                self._explain(connection, name, len(rows))
        places = [declared.column_names.index(key) for key in declared.primary_key]
        return sorted((tuple(row) for row in rows), key=itemgetter(*places))

    def _declared(self, name: str) -> Table:
        """The declared table with the columns that the release was published with."""
        declared = _known(name, self.release_id)
        columns = {column.name: column for column in declared.columns}
        published = [column for column in self._release.columns.get(name, columns) if column in columns]
        return replace(
            declared,
            columns=tuple(columns[column] for column in published),
            foreign_keys=tuple(key for key in declared.foreign_keys if set(key.columns) <= set(published)),
        )

    def _explain(self, connection: "Connection", name: str, found: int) -> None:
        """Raise for a table that does not have the published number of rows."""
        if _release(connection, self.release_id) is None:
            raise ReleaseGone(
                f"release {self.release_id} was removed after it was opened",
                file=self.place,
                remedy="open the catalogue again to read the current release",
            )
        raise CatalogueDamaged(
            f"{name} has {found} rows, {self._release.rows[name]} were published in {self.release_id}",
            file=self.place,
            remedy="kh02 verify on the publishing side; kh02 build there writes the release anew",
        )

    def _verify_storage(self) -> None:
        """A database keeps its own checksums; the content hash is what there is to prove, over known columns."""
        for name, published in self._release.columns.items():
            later = set(published) - set(_known(name, self.release_id).column_names)
            if later:
                raise UnknownTable(
                    f"this version does not know the column {min(later)!r} of {name} in release {self.release_id}",
                    file=self.place,
                    remedy="install the version of kh02-pipelines that published it to prove it",
                )


def open_database(url: str, release: str | None) -> DatabaseCatalogue:
    """A published release of a database; the current one when none is named."""
    from sqlalchemy import create_engine, event
    from sqlalchemy.exc import ArgumentError
    from sqlalchemy.pool import NullPool

    from kh02_pipelines.credentials import database_url, shown

    try:
        address = database_url(url)
        place = shown(address)
        if address.get_backend_name() == "sqlite" and not Path(address.database or "").is_file():
            raise CatalogueUnreachable("there is no such database", file=place, remedy="correct the path in the URL")
        engine = create_engine(address, poolclass=NullPool)  # nothing stays open, nothing is shared with a fork
    except (ArgumentError, ModuleNotFoundError, ValueError) as error:
        reason = f"no driver: {error}" if isinstance(error, ModuleNotFoundError) else f"the address {error}"
        raise CatalogueUnreachable(
            reason, remedy="write it as dialect+driver://user:password@host/database and install that driver"
        ) from None  # the URL may hold a password
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _settings(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA query_only=ON")
            connection.execute("PRAGMA busy_timeout=30000")

    with _connected(engine, place) as connection:
        pinned = _release(connection, release)
    if pinned is None:
        raise ReleaseNotFound(
            f"no release {release!r} is published here" if release else "nothing has been published here yet",
            file=place,
            remedy="kh02 releases lists what there is",
        )
    return DatabaseCatalogue(engine, pinned, place)


def _release(connection: "Connection", release: str | None) -> PinnedRelease | None:
    """What the database records of a published release, or of the current one; None when it is not there."""
    from sqlalchemy import Date, column, select, table

    from kh02_pipelines.tables.sql import Moment

    view = table(
        RELEASES,
        column("release_id"),
        column("as_of", Date()),
        column("content_hash"),
        column("row_counts"),
        column("is_current"),
        column("table_columns"),
        column("last_checked_at", Moment()),
    )
    wanted = view.c.is_current == 1 if release is None else view.c.release_id == release
    row = connection.execute(select(view).where(wanted)).one_or_none()
    if row is None:
        return None
    return PinnedRelease(
        row.release_id,
        row.as_of,
        row.content_hash,
        row.last_checked_at,
        rows=json.loads(row.row_counts),
        columns=json.loads(row.table_columns or "{}"),  # published before they were recorded: none
        about=tuple(ABOUT_RELEASES),
    )


def _known(name: str, release: str) -> Table:
    if name not in PUBLISHED:
        raise UnknownTable(
            f"this version does not know the table {name!r} of release {release}",
            remedy="install the version of kh02-pipelines that published it, or read the table with SQL",
        )
    return PUBLISHED[name]


@contextmanager
def _connected(engine: "Engine", place: str) -> Iterator["Connection"]:
    from sqlalchemy.exc import SQLAlchemyError

    from kh02_pipelines.credentials import cause, without

    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        lines = str(getattr(error, "orig", None) or error).splitlines()
        reason = without(lines[0], engine.url) if lines else type(error).__name__
        remedy = "check the address, the rights of the role kh02_reader, and that kh02 db upgrade has run"
        if "readonly database" in reason or "unable to open database file" in reason:
            remedy = "reading this file takes the right to write beside it: without it open the home folder instead"
        reason = f"the database cannot be read: {reason}"
        raise CatalogueUnreachable(reason, file=place, remedy=remedy) from cause(error, engine.url)
