"""A database that holds a release of contract 1.0 upgrades: its rows stay, and what may be unknown now fits."""

import dataclasses

import pytest
from sqlalchemy import inspect
from sqlalchemy.engine import URL
from synthetic import FIRST_DAY, publish_to, rows_of_query, run, synthetic

from kh02_pipelines.release.content import content_hash
from kh02_pipelines.release.database.store import DatabaseStore
from kh02_pipelines.tables.catalogue import CATALOGUE
from kh02_pipelines.tables.declaration import Table

NEW_TABLES = ("code_crosswalk", "code_alias", "unresolved", "unresolved_candidate")
NEW_COLUMNS = {
    "change_event": ("basis", "confidence"),
    "succession": ("basis", "confidence"),
    "unit_version": ("from_basis", "to_basis", "confidence"),
    "legal_document": ("register_date",),
}
NEW_WORDS = {"kind": "spelling", "extent": "unknown", "population": "unknown", "class": "total"}


def of_contract_1(table: Table) -> Table:
    columns = tuple(
        dataclasses.replace(
            column,
            nullable=column.nullable and (table.name, column.name) != ("change_event", "legal_document"),
            allowed=column.allowed and tuple(word for word in column.allowed if word != NEW_WORDS.get(column.name)),
        )
        for column in table.columns
        if column.name not in NEW_COLUMNS.get(table.name, ())
    )
    key = ("predecessor_id", "successor_id") if table.name == "succession" else table.primary_key
    return dataclasses.replace(table, columns=columns, primary_key=key)


@pytest.fixture
def upgraded(database_url: URL) -> DatabaseStore:
    before = {name: of_contract_1(table) for name, table in CATALOGUE.items() if name not in NEW_TABLES}
    tables = {name: table for name, table in synthetic(1, 5).items() if name not in NEW_TABLES}
    for name, columns in NEW_COLUMNS.items():
        tables[name] = tables[name].drop_columns(list(columns))
    store = DatabaseStore(database_url, upgrades_itself=True, catalogue=before)
    store.publish(tables, FIRST_DAY, content_hash(tables))
    run(
        database_url,
        "UPDATE catalogue_schema_version SET version_num = '0005'",
        "UPDATE catalogue_contract SET fingerprint = 'older'",
    )
    now = DatabaseStore(database_url)
    now.upgrade()
    return now


def test_its_rows_stay_and_a_release_of_contract_2_fits(upgraded: DatabaseStore) -> None:
    assert rows_of_query(upgraded, "SELECT count(*) FROM succession") == [(5,)]
    with upgraded.database.transaction("was read") as connection:
        inspector = inspect(connection)
        key = inspector.get_pk_constraint("succession_release")["constrained_columns"]
        nullable = {column["name"]: column["nullable"] for column in inspector.get_columns("change_event_release")}
    assert key == ["release_id", "event_id", "predecessor_id", "successor_id"]
    assert nullable["legal_document"]
    second = publish_to(upgraded, 2)
    assert rows_of_query(upgraded, "SELECT count(*) FROM code_crosswalk") == [(5,)]
    put = "UPDATE succession_release SET extent = 'unknown', population = 'unknown' WHERE release_id = "
    run(upgraded.url, f"{put}'{second}'")
    assert rows_of_query(upgraded, "SELECT DISTINCT extent FROM succession") == [("unknown",)]


def test_a_second_upgrade_finds_nothing_to_do(upgraded: DatabaseStore) -> None:
    assert upgraded.upgrade() == []
