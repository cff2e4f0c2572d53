"""A release of an older contract, read by a client that declares a column more: nothing is invented for it."""

import dataclasses

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from synthetic import FIRST_DAY, synthetic, with_password

from kh02_pipelines.client import open_catalogue
from kh02_pipelines.release.content import content_hash
from kh02_pipelines.release.database.store import DatabaseStore
from kh02_pipelines.tables.catalogue import CATALOGUE
from kh02_pipelines.tables.declaration import ColumnType

TABLE, COLUMN = next(
    (name, column.name)
    for name, table in CATALOGUE.items()
    for column in table.columns
    if column.type is ColumnType.BOOLEAN
)


@pytest.fixture
def older(database_url: URL) -> DatabaseStore:
    """A database that was upgraded after a release without the column was published to it."""
    columns = tuple(column for column in CATALOGUE[TABLE].columns if column.name != COLUMN)
    before = {**CATALOGUE, TABLE: dataclasses.replace(CATALOGUE[TABLE], columns=columns)}
    tables = synthetic(1, 5)
    tables[TABLE] = tables[TABLE].drop_columns([COLUMN])
    store = DatabaseStore(database_url, upgrades_itself=True, catalogue=before)
    store.publish(tables, FIRST_DAY, content_hash(tables))
    now = DatabaseStore(database_url)
    now.upgrade()
    return now


def test_it_has_the_columns_it_was_published_with(older: DatabaseStore) -> None:
    catalogue = open_catalogue(with_password(older.url))
    for form in ("pandas", "pyarrow"):
        table = catalogue.table(TABLE, as_=form)  # type: ignore[call-overload]
        assert COLUMN not in list(table.columns if form == "pandas" else table.column_names)
    assert catalogue.verify()[TABLE] == 5
    assert older.stored(catalogue.release_id)[1] == catalogue.content_hash


def test_where_its_columns_are_not_on_record_the_value_is_missing_and_not_false(older: DatabaseStore) -> None:
    with older.database.transaction("was changed", writes=True) as connection:
        connection.execute(text("UPDATE catalogue_release SET table_columns = NULL"))
    catalogue = open_catalogue(with_password(older.url))
    assert catalogue.table(TABLE)[COLUMN].isna().all()
    assert catalogue.table(TABLE, as_="pyarrow")[COLUMN].null_count == 5
