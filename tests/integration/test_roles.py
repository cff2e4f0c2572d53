"""The PostgreSQL roles: what each may do, and above all what it may not."""

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, ProgrammingError
from synthetic import FIRST_DAY, marker, publish_to, run, synthetic

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.content import content_hash
from kh02_pipelines.release.database.roles import roles_script
from kh02_pipelines.release.database.store import DatabaseStore, published_schema
from kh02_pipelines.tables.catalogue import CATALOGUE


def apply_roles(url: URL, *, alone: bool = False) -> None:
    """Run the script twice: it is safe to repeat."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for _ in range(2):
            script = roles_script(published_schema("postgresql"), alone=alone)
            connection.exec_driver_sql(script, execution_options={"no_parameters": True})
    engine.dispose()


@pytest.fixture
def logins(postgres_url: URL) -> Iterator[dict[str, URL]]:
    """One login for each role, and one that has none of them."""
    suffix = uuid.uuid4().hex[:8]
    apply_roles(postgres_url)
    names = {role: f"{role}_{suffix}" for role in ("owner", "writer", "reader", "stranger")}
    admin = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for role, name in names.items():
            member = "" if role == "stranger" else f"IN ROLE kh02_{role}"
            connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'secret' {member}"))
    yield {role: postgres_url.set(username=name, password="secret") for role, name in names.items()}  # noqa: S106
    with admin.connect() as connection:
        for name in names.values():
            connection.execute(text(f"DROP OWNED BY {name} CASCADE"))
            connection.execute(text(f"DROP ROLE {name}"))
    admin.dispose()


def refused(url: URL, *statements: str) -> None:
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        run(url, *statements)


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
    schema = published_schema("postgresql")
    for hidden in (*schema.metadata.tables, "catalogue_schema_version"):
        refused(logins["reader"], f"SELECT * FROM {hidden}")
    for statement in (
        "INSERT INTO commune SELECT * FROM commune",
        "DELETE FROM commune",
        "UPDATE commune SET name = 'x'",
        "DELETE FROM release_change",
        "UPDATE current_release SET release_id = NULL",
        "CREATE TABLE mine (a int)",
        "DROP VIEW commune",
    ):
        refused(logins["reader"], statement)


def test_a_reader_cannot_keep_a_publisher_waiting(logins: dict[str, URL]) -> None:
    """Neither by the lock's row nor by a named lock of the server, which anybody may take."""
    DatabaseStore(logins["owner"]).upgrade()
    for statement in (
        "SELECT * FROM publishing_lock FOR UPDATE",
        "SELECT * FROM publishing_lock FOR KEY SHARE",
        "UPDATE publishing_lock SET holder = 'me'",
        "LOCK TABLE publishing_lock IN ACCESS SHARE MODE",
        "LOCK TABLE current_release IN ACCESS SHARE MODE",
        "LOCK TABLE published_release IN SHARE MODE",
        "SELECT * FROM published_release FOR SHARE",
    ):
        refused(logins["reader"], statement)
    reader = create_engine(logins["reader"])
    with reader.connect() as connection:
        connection.execute(text(f"SELECT pg_advisory_lock({0x6B6830325F707562})"))  # what earlier versions took
        connection.execute(text("SELECT * FROM published_release"))
        publish_to(DatabaseStore(logins["writer"], lock_seconds=1), 1)
    reader.dispose()
    assert run(logins["reader"], "SELECT count(*) FROM commune") == [(5,)]


def test_a_publisher_that_waits_for_the_pointer_says_who_holds_it(logins: dict[str, URL]) -> None:
    DatabaseStore(logins["owner"]).upgrade()
    publish_to(DatabaseStore(logins["writer"]), 1)
    impatient = logins["writer"].update_query_dict({"options": "-c lock_timeout=300ms"})
    other = create_engine(logins["writer"], connect_args={"application_name": "night shift"})
    with other.connect() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid() FROM current_release FOR SHARE")).scalar_one()
        held = rf"held by night shift as {logins['writer'].username}, server process {pid}.*; remedy: end"
        with pytest.raises(EnvironmentFault, match=held):
            publish_to(DatabaseStore(impatient), 2)
    other.dispose()
    publish_to(DatabaseStore(impatient), 2)


def test_every_transaction_of_a_publisher_has_a_lock_timeout(logins: dict[str, URL]) -> None:
    DatabaseStore(logins["owner"]).upgrade()
    shown = []
    for url in (logins["writer"], logins["writer"].update_query_dict({"options": "-c lock_timeout=7s"})):
        with DatabaseStore(url).database.transaction("was read", writes=True) as connection:
            shown.append(connection.execute(text("SHOW lock_timeout")).scalar_one())
    assert shown == ["50s", "7s"]


def test_the_writer_runs_no_ddl_and_rewrites_no_row(logins: dict[str, URL]) -> None:
    DatabaseStore(logins["owner"]).upgrade()
    for statement in (
        "CREATE TABLE mine (a int)",
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
    ):
        refused(logins["writer"], statement)


@pytest.mark.parametrize(
    ("view", "column", "own"),
    [
        ("commune", "name", marker(1)),
        ("commune_by_release", "name", marker(1)),
        ("published_release", "release_id", "2026-01-02"),
        ("release_change", "after", marker(1)),
    ],
)
def test_no_error_of_a_condition_tells_the_reader_of_staged_rows(
    logins: dict[str, URL], postgres_url: URL, view: str, column: str, own: str
) -> None:
    """Without a barrier the server is free to compute the reader's condition on rows that the view hides."""
    DatabaseStore(logins["owner"]).upgrade()
    run(
        postgres_url,
        "INSERT INTO release_change_release (release_id, change_number, previous_release_id, kind, change, "
        "\"table\", key, after) VALUES ('2026-01-03+0', 1, 'x', 'correction', 'added', 'commune', 'x', 'staged')",
    )
    told: list[str] = []
    plans = ("enable_nestloop", "enable_indexscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin")

    def look(step: str) -> None:
        if step != "database.audited":
            return
        for off in ((), plans[:3], plans):
            query = (
                f"SELECT count(*) FROM {view} "
                f"WHERE CASE WHEN {column} LIKE '{own}%' THEN false ELSE {column}::int > 0 END"
            )
            try:
                run(logins["reader"], *(f"SET {name} = off" for name in off), query)
            except DBAPIError as error:
                told.append(str(error.orig))

    publish_to(DatabaseStore(logins["writer"]), 1)
    publish_to(DatabaseStore(logins["writer"], step=look), 2)
    assert told == []


def test_the_plain_view_reads_one_release_by_its_index(logins: dict[str, URL]) -> None:
    DatabaseStore(logins["owner"]).upgrade()
    for number in range(1, 6):
        publish_to(DatabaseStore(logins["writer"]), number, rows=2_000)
    run(logins["owner"], "SET ROLE kh02_owner", "ANALYZE commune_release")
    plan = "\n".join(
        str(line) for (line,) in run(logins["reader"], "EXPLAIN SELECT * FROM commune WHERE code = '00042'")
    )
    assert "pk_commune_release" in plan
    assert "release_id" in plan.partition("Index Cond")[2].partition("\n")[0]
    assert "code" in plan.partition("Index Cond")[2].partition("\n")[0]
    assert "Seq Scan on commune_release" not in plan


def test_tables_of_others_stay_theirs(logins: dict[str, URL], postgres_url: URL) -> None:
    """In the same schema, in another one, and under the name of one of our views elsewhere."""
    stranger, owner = logins["stranger"].username, "kh02_owner"
    run(
        postgres_url,
        "CREATE TABLE salary (name text)",
        "CREATE VIEW salary_by_release AS SELECT * FROM salary",
        f"ALTER TABLE salary OWNER TO {stranger}",
        f"ALTER VIEW salary_by_release OWNER TO {stranger}",
        "CREATE TABLE ledger (name text)",
        f"ALTER TABLE ledger OWNER TO {owner}",  # even one of the owner's own, if it is not declared
        "CREATE SCHEMA payroll",
        "GRANT USAGE ON SCHEMA payroll TO PUBLIC",
        "CREATE TABLE payroll.salary (name text)",
        "CREATE VIEW payroll.commune AS SELECT * FROM payroll.salary",
        f"ALTER TABLE payroll.salary OWNER TO {owner}",
        f"ALTER VIEW payroll.commune OWNER TO {owner}",
    )
    DatabaseStore(logins["owner"]).upgrade()
    apply_roles(postgres_url)
    theirs = ("salary", "salary_by_release", "ledger", "payroll.salary", "payroll.commune")
    for name in theirs:
        refused(logins["reader"], f"SELECT * FROM {name}")
        refused(logins["writer"], f"SELECT * FROM {name}")
        refused(logins["writer"], f"DELETE FROM {name}")
    for name in theirs[:2]:
        assert run(logins["stranger"], f"SELECT * FROM {name}") == []
    assert run(logins["stranger"], "CREATE TEMP TABLE mine (a int)", "SELECT * FROM mine") == []


def test_a_table_called_as_one_of_ours_is_not_taken_before_the_first_upgrade(
    logins: dict[str, URL], postgres_url: URL
) -> None:
    run(postgres_url, "CREATE TABLE commune (code text)")
    apply_roles(postgres_url)
    refused(logins["owner"], "SET ROLE kh02_owner", "SELECT * FROM commune")
    with pytest.raises(EnvironmentFault, match="must be owner of table commune"):
        DatabaseStore(logins["owner"]).upgrade()


def test_what_an_admin_made_first_is_taken_over(logins: dict[str, URL], postgres_url: URL) -> None:
    run(postgres_url, "ALTER ROLE kh02_owner RENAME TO kh02_elsewhere")
    try:
        DatabaseStore(postgres_url).upgrade()
    finally:
        run(postgres_url, "ALTER ROLE kh02_elsewhere RENAME TO kh02_owner")
    apply_roles(postgres_url)
    publish_to(DatabaseStore(logins["writer"]), 1)
    assert run(logins["reader"], "SELECT count(*) FROM commune") == [(5,)]


def test_a_database_of_its_own_shuts_others_out(logins: dict[str, URL], postgres_url: URL) -> None:
    apply_roles(postgres_url, alone=True)
    DatabaseStore(logins["owner"]).upgrade()
    publish_to(DatabaseStore(logins["writer"]), 1)
    assert run(logins["reader"], "SELECT count(*) FROM commune") == [(5,)]
    for role in ("reader", "writer"):
        refused(logins[role], "CREATE TEMP TABLE mine (a int)")
    with pytest.raises(DBAPIError, match="permission denied for database"):
        run(logins["stranger"], "SELECT 1")


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
