"""The database store on real databases: what readers see, what is refused, what is kept."""

import datetime as dt

import pyarrow as pa
import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from synthetic import AWKWARD, FIRST_DAY, Home, marker, publish_to, rows_of_query, run, synthetic, with_password

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.content import content_hash, release_id
from kh02_pipelines.release.database.store import DatabaseStore
from kh02_pipelines.tables.arrow import arrow_schema
from kh02_pipelines.tables.catalogue import CATALOGUE
from kh02_pipelines.tables.release import QUALITY_RESULT


def test_readers_see_one_release_under_plain_names(database_url: URL) -> None:
    store = DatabaseStore(database_url, upgrades_itself=True)
    first = publish_to(store, 1, rows=5)
    second = publish_to(store, 2, rows=7)
    for name in CATALOGUE:
        assert rows_of_query(store, f"SELECT count(*) FROM {name}") == [(7,)]
    assert rows_of_query(store, "SELECT DISTINCT name FROM commune") == [(marker(2),)]
    assert rows_of_query(store, f"SELECT DISTINCT name FROM commune_by_release WHERE release_id = '{first}'") == [
        (marker(1),)
    ]
    listed = "SELECT release_id, is_current FROM published_release ORDER BY release_id"
    assert rows_of_query(store, listed) == [(first, 0), (second, 1)]
    assert store.current() == content_hash(synthetic(2, 7))


def test_views_have_the_declared_columns(database_url: URL) -> None:
    store = DatabaseStore(database_url, upgrades_itself=True)
    publish_to(store, 1)
    with store.database.transaction("was read") as connection:
        for name, table in CATALOGUE.items():
            assert list(connection.execute(text(f"SELECT * FROM {name}")).keys()) == table.column_names


def test_awkward_text_comes_back_as_it_went_in(database_url: URL) -> None:
    tables = synthetic(1, len(AWKWARD))
    at = tables["commune"].schema.get_field_index("name")
    tables["commune"] = tables["commune"].set_column(at, tables["commune"].schema.field(at), pa.array(AWKWARD))
    store = DatabaseStore(database_url, upgrades_itself=True)
    store.publish(tables, FIRST_DAY, content_hash(tables))
    assert [name for (name,) in rows_of_query(store, "SELECT name FROM commune ORDER BY code")] == list(AWKWARD)


def test_keys_that_differ_in_case_tone_or_a_trailing_space_stay_apart(database_url: URL) -> None:
    tables = synthetic(1, 6)
    keys = ["A", "a", "hoà", "hòa", "x", "x "]
    table = tables["legal_document"].set_column(0, arrow_schema(CATALOGUE["legal_document"]).field(0), pa.array(keys))
    tables["legal_document"] = table.sort_by("number")
    store = DatabaseStore(database_url, upgrades_itself=True)
    store.publish(tables, FIRST_DAY, content_hash(tables))
    assert rows_of_query(store, "SELECT count(*) FROM legal_document") == [(6,)]


def test_published_releases_have_moments(database_url: URL) -> None:
    """In UTC to the second, in a type that the database computes with; text would compare by its offset."""
    store = DatabaseStore(database_url, upgrades_itself=True)
    east = dt.timezone(dt.timedelta(hours=7))
    evening = dt.datetime(2026, 1, 2, 1, 30, 0, 999, east)
    release = publish_to(store, 1, published_at=evening)
    store.note_check(release, evening + dt.timedelta(days=3))
    store.note_check("2026-01-01+00000000", evening)  # nobody's: no row, no error
    [found] = store.releases()
    assert found.published_at == evening.replace(microsecond=0)
    assert found.published_at.utcoffset() == dt.timedelta(0)
    [moments] = rows_of_query(store, "SELECT published_at, last_checked_at FROM published_release")
    days = {
        "sqlite": "julianday(last_checked_at) - julianday(published_at)",
        "postgresql": "EXTRACT(day FROM last_checked_at - published_at)",
        "mariadb": "TIMESTAMPDIFF(DAY, published_at, last_checked_at)",
    }[store.database.dialect]
    assert rows_of_query(store, f"SELECT {days} FROM published_release") == [(3,)]
    if store.database.dialect == "sqlite":
        assert moments == ("2026-01-01 18:30:00", "2026-01-04 18:30:00")
    else:
        assert all(isinstance(moment, dt.datetime) for moment in moments)


LOOKUPS = [
    ("commune", "code"),
    ("commune", "province_code"),
    ("commune_crosswalk", "old_code"),
    ("commune_crosswalk", "new_code"),
    ("district_crosswalk", "new_commune_code"),
    ("unit_version", "code"),
    ("succession", "successor_id"),
]


def test_a_lookup_by_code_uses_an_index(database_url: URL) -> None:
    """Of the views that readers have, over several releases of a size at which an index is worth it."""
    store = DatabaseStore(database_url, upgrades_itself=True)
    releases = [publish_to(store, number, rows=2_000) for number in range(1, 4)]
    dialect = store.database.dialect
    primary = {"sqlite": "sqlite_autoindex_{}_release_1", "postgresql": "pk_{}_release", "mariadb": "PRIMARY"}[dialect]
    explain = "EXPLAIN QUERY PLAN" if dialect == "sqlite" else "EXPLAIN"
    if dialect == "postgresql":
        run(database_url, "ANALYZE")
    for table, column in LOOKUPS:
        for query in (
            f"SELECT * FROM {table} WHERE {column} = '00042'",
            f"SELECT * FROM {table}_by_release WHERE release_id = '{releases[0]}' AND {column} = '00042'",
        ):
            plan = "\n".join(str(line) for line in rows_of_query(store, f"{explain} {query}"))
            own = column == CATALOGUE[table].primary_key[0]
            assert (primary.format(table) if own else f"ix_{table}_release_{column}") in plan, f"{query}\n{plan}"
            assert f"Seq Scan on {table}_release" not in plan
            assert f"SCAN {table}_release" not in plan


def test_a_database_that_changes_values_is_not_believed(database_url: URL) -> None:
    store = DatabaseStore(database_url, upgrades_itself=True)
    first = publish_to(store, 1)
    with store.database.transaction("was spoilt", writes=True) as connection:
        for statement in _SPOILING[store.database.dialect]:
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    with pytest.raises(EnvironmentFault, match="does not hold what was written"):
        publish_to(store, 2)
    assert store.current_release().release_id == first  # type: ignore[union-attr]
    assert store.clear_staged() == [release_id(FIRST_DAY + dt.timedelta(days=2), content_hash(synthetic(2, 5)))]
    assert rows_of_query(store, "SELECT count(*) FROM catalogue_release") == [(1,)]


_SPOILING = {
    "sqlite": [
        "CREATE TRIGGER spoil AFTER INSERT ON commune_release BEGIN "
        "UPDATE commune_release SET name = 'x' WHERE code = '00003' AND release_id = NEW.release_id; END"
    ],
    "postgresql": [
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.code = '00003' THEN NEW.name = 'x'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER spoil BEFORE INSERT ON commune_release FOR EACH ROW EXECUTE FUNCTION spoil()",
    ],
    "mariadb": [
        "CREATE TRIGGER spoil BEFORE INSERT ON commune_release FOR EACH ROW "
        "SET NEW.name = IF(NEW.code = '00003', 'x', NEW.name)"
    ],
}


def test_rows_about_a_release_come_with_its_pointer(database_url: URL) -> None:
    store = DatabaseStore(database_url, upgrades_itself=True)
    hashed = content_hash(synthetic(1, 5))
    release = release_id(FIRST_DAY + dt.timedelta(days=1), hashed)
    row = {"release_id": release, "check_name": "c", "word": "đúng", "severity": "ERROR", "blocking": True}
    row |= {"passed": False, "failing_rows": 3, "remedy": "r"}
    result = pa.Table.from_pylist([row], arrow_schema(QUALITY_RESULT))
    seen: list[list[tuple[object, ...]]] = []

    def look(step: str) -> None:
        if step == "database.audited":
            seen.append(rows_of_query(store, "SELECT count(*) FROM quality_result"))

    watched = DatabaseStore(database_url, upgrades_itself=True, step=look)
    assert publish_to(watched, 1, auxiliary={"quality_result": result}) == release
    assert seen == [[(0,)]]
    assert rows_of_query(store, "SELECT check_name, failing_rows FROM quality_result") == [("c", 3)]
    publish_to(store, 2)
    store.remove([release])
    assert rows_of_query(store, "SELECT count(*) FROM quality_result") == [(0,)]


def test_the_pointer_moves_only_from_where_it_was_seen(database_url: URL) -> None:
    def meddle(step: str) -> None:
        if step == "database.audited":
            with store.database.transaction("was meddled with", writes=True) as connection:
                connection.execute(text("UPDATE current_release SET seq = seq + 1"))

    store = DatabaseStore(database_url, upgrades_itself=True)
    first = publish_to(store, 1)
    with pytest.raises(EnvironmentFault, match="another publisher moved"):
        publish_to(DatabaseStore(database_url, step=meddle), 2)
    assert store.current_release().release_id == first  # type: ignore[union-attr]


def test_a_second_publisher_waits_or_says_who_holds_the_lock(database_url: URL) -> None:
    store = DatabaseStore(database_url, upgrades_itself=True, lock_seconds=0.3)
    store.upgrade()
    with (
        DatabaseStore(database_url).lock(),
        pytest.raises(EnvironmentFault, match=r"another publisher has held .* (pid \d+|server process \d+)"),
    ):
        publish_to(store, 1)
    publish_to(store, 1)


def test_a_missing_schema_names_the_command_that_makes_it(database_url: URL) -> None:
    store = DatabaseStore(database_url)
    assert store.current() is None
    with pytest.raises(EnvironmentFault, match="kh02 db upgrade"):
        publish_to(store, 1)
    assert store.upgrade()
    assert store.upgrade() == []
    publish_to(store, 1)


def test_an_older_schema_gains_tables_and_columns_and_keeps_its_releases(database_url: URL) -> None:
    older = {name: table for name, table in CATALOGUE.items() if name != "succession"}
    store = DatabaseStore(database_url, upgrades_itself=True, catalogue=older)
    tables = {name: table for name, table in synthetic(1, 5).items() if name in older}
    store.publish(tables, FIRST_DAY, content_hash(tables))
    release = release_id(FIRST_DAY, content_hash(tables))
    with store.database.transaction("was aged", writes=True) as connection:
        connection.execute(text("DROP VIEW province_crosswalk"))
        connection.execute(text("DROP VIEW province_crosswalk_by_release"))
        connection.execute(text("ALTER TABLE province_crosswalk_release DROP COLUMN new_name"))
    now = DatabaseStore(database_url)
    with pytest.raises(EnvironmentFault, match="another version"):
        publish_to(now, 2)
    done = now.upgrade()
    assert "table succession_release" in done
    assert "column province_crosswalk_release.new_name" in done
    assert now.current_release().release_id == release  # type: ignore[union-attr]
    assert rows_of_query(now, "SELECT count(*), count(new_name) FROM province_crosswalk") == [(5, 0)]
    publish_to(now, 2)
    now.roll_back(release, "the newer one is wrong", dt.datetime.now(dt.UTC))
    assert rows_of_query(now, "SELECT (SELECT count(*) FROM commune), (SELECT count(*) FROM succession)") == [(5, 0)]


def test_a_column_nobody_declared_is_refused_by_name(database_url: URL) -> None:
    DatabaseStore(database_url).upgrade()
    store = DatabaseStore(database_url, catalogue={"province": CATALOGUE["province"], **CATALOGUE})
    with store.database.transaction("was changed", writes=True) as connection:
        connection.execute(text("ALTER TABLE province_release ADD COLUMN stray INTEGER"))
        connection.execute(text("UPDATE catalogue_contract SET fingerprint = 'older'"))
    with pytest.raises(EnvironmentFault, match=r"province_release .*stray"):
        store.upgrade()


def test_a_database_of_the_first_layout_is_taken_over(tmp_path, database_url: URL) -> None:
    with DatabaseStore(database_url).database.transaction("was made", writes=True) as connection:
        connection.execute(text("CREATE TABLE commune (code VARCHAR(5) PRIMARY KEY, name VARCHAR(255))"))
        connection.execute(text("CREATE TABLE catalogue_release (release_id VARCHAR(40) PRIMARY KEY)"))
    home = Home(tmp_path / "home", with_password(database_url))
    home.publish(1)
    assert rows_of_query(home.database, "SELECT DISTINCT name FROM commune") == [(marker(1),)]
