"""The PostgreSQL roles: what each may do, and above all what it may not."""

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ProgrammingError
from synthetic import FIRST_DAY, synthetic

from kh02_pipelines.release.content import content_hash
from kh02_pipelines.release.database_store import DatabaseStore
from kh02_pipelines.release.database_upgrade import roles_script
from kh02_pipelines.tables.catalogue import CATALOGUE


@pytest.fixture
def logins(postgres_url: URL) -> Iterator[dict[str, URL]]:
    """One login for each role, and another schema with a table of its own; the script is applied twice."""
    suffix = uuid.uuid4().hex[:8]
    names = {role: f"{role}_{suffix}" for role in ("owner", "writer", "reader")}
    admin = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for _ in range(2):
            connection.exec_driver_sql(roles_script(), execution_options={"no_parameters": True})
        for role, name in names.items():
            connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'secret' IN ROLE kh02_{role}"))
        connection.execute(text("CREATE SCHEMA payroll"))
        connection.execute(text("CREATE TABLE payroll.salary (name text)"))
    yield {role: postgres_url.set(username=name, password="secret") for role, name in names.items()}  # noqa: S106
    with admin.connect() as connection:
        for name in names.values():
            connection.execute(text(f"DROP OWNED BY {name}"))
            connection.execute(text(f"DROP ROLE {name}"))
    admin.dispose()


def run(url: URL, statement: str) -> list[tuple[object, ...]]:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        engine.dispose()


def refused(url: URL, statement: str) -> None:
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        run(url, statement)


def test_every_role_does_its_own_work_and_no_other(logins: dict[str, URL]) -> None:
    assert "grants" in DatabaseStore(logins["owner"]).upgrade()
    staged: list[bool] = []

    def look(step: str) -> None:
        if step == "database.audited":
            counts = [run(logins["reader"], f"SELECT count(*) FROM {name}")[0][0] for name in CATALOGUE]
            counts += [run(logins["reader"], f"SELECT count(*) FROM {name}_by_release")[0][0] for name in CATALOGUE]
            staged.append(any(counts))

    writer = DatabaseStore(logins["writer"], step=look)
    tables = synthetic(1, 5)
    writer.publish(tables, FIRST_DAY, content_hash(tables))
    assert staged == [False]
    newer = synthetic(2, 5)
    writer.publish(newer, FIRST_DAY, content_hash(newer))
    writer.roll_back(writer.releases()[-1].release_id, "because", writer.releases()[0].published_at)
    current = writer.current_release()
    assert current is not None
    writer.remove([release.release_id for release in writer.releases()])
    assert [release.release_id for release in writer.releases()] == [current.release_id]

    assert run(logins["reader"], "SELECT count(*) FROM commune") == [(5,)]
    assert run(logins["reader"], "SELECT count(*) FROM published_release") == [(1,)]
    assert run(logins["reader"], "SELECT count(*) FROM release_change") == [(0,)]


def test_the_reader_reads_views_and_nothing_else(logins: dict[str, URL]) -> None:
    DatabaseStore(logins["owner"]).upgrade()
    for hidden in ("commune_release", "catalogue_release", "current_release", "release_move", "catalogue_contract"):
        refused(logins["reader"], f"SELECT * FROM {hidden}")
    refused(logins["reader"], "SELECT * FROM payroll.salary")
    for statement in (
        "INSERT INTO commune SELECT * FROM commune",
        "DELETE FROM commune",
        "UPDATE commune SET name = 'x'",
        "DELETE FROM release_change",
        "UPDATE current_release SET release_id = NULL",
        "CREATE TABLE mine (a int)",
        "CREATE TEMP TABLE mine (a int)",
        "DROP VIEW commune",
    ):
        refused(logins["reader"], statement)


def test_the_writer_runs_no_ddl_and_rewrites_no_row(logins: dict[str, URL]) -> None:
    DatabaseStore(logins["owner"]).upgrade()
    for statement in (
        "CREATE TABLE mine (a int)",
        "CREATE TEMP TABLE mine (a int)",
        "CREATE VIEW mine AS SELECT 1",
        "DROP VIEW commune",
        "DROP TABLE commune_release",
        "ALTER TABLE commune_release ADD COLUMN a int",
        "TRUNCATE commune_release",
        "UPDATE commune_release SET name = 'x'",
        "DELETE FROM current_release",
        "UPDATE release_move SET reason = 'x'",
        "DELETE FROM release_move",
        "UPDATE catalogue_contract SET fingerprint = 'x'",
        "SELECT * FROM payroll.salary",
    ):
        refused(logins["writer"], statement)


def test_an_upgrade_after_the_roles_keeps_the_grants(logins: dict[str, URL]) -> None:
    older = {name: table for name, table in CATALOGUE.items() if name != "succession"}
    DatabaseStore(logins["owner"], catalogue=older).upgrade()
    assert "table succession_release" in DatabaseStore(logins["owner"]).upgrade()
    assert run(logins["reader"], "SELECT count(*) FROM succession") == [(0,)]
    refused(logins["reader"], "SELECT count(*) FROM succession_release")


def test_references_and_meanings_are_on_record(postgres_url: URL) -> None:
    store = DatabaseStore(postgres_url)
    store.upgrade()
    comment = "SELECT obj_description('commune'::regclass), col_description('commune'::regclass, 1)"
    table = CATALOGUE["commune"]
    assert run(postgres_url, comment) == [
        (f"{table.vi} | {table.en}", f"{table.columns[0].vi} | {table.columns[0].en}")
    ]
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        newest = (connection.dialect.server_version_info or (0,)) >= (18,)
    engine.dispose()
    if newest:
        declared = run(postgres_url, "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND NOT conenforced")
        assert declared == [(sum(len(table.foreign_keys) for table in CATALOGUE.values()),)]
