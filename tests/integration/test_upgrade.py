"""``kh02 db upgrade`` on databases that hold something: what readers have stays, or what is in the way is named."""

from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import inspect
from sqlalchemy.engine import URL
from synthetic import MORNING, Home, publish_to, rows_of_query, run, with_password

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.database.store import DatabaseStore
from kh02_pipelines.tables.arrow import arrow_schema
from kh02_pipelines.tables.catalogue import CATALOGUE
from kh02_pipelines.tables.release import QUALITY_RESULT

OLDER = "UPDATE catalogue_contract SET fingerprint = 'older'"


def test_a_refused_upgrade_leaves_readers_their_views(database_url: URL) -> None:
    store = DatabaseStore(database_url, upgrades_itself=True)
    publish_to(store, 1)
    run(database_url, "ALTER TABLE province_release ADD COLUMN stray INTEGER", OLDER)
    with pytest.raises(EnvironmentFault, match=r"province_release .*stray"):
        store.upgrade()
    for name in (*CATALOGUE, *(f"{name}_by_release" for name in CATALOGUE)):
        assert rows_of_query(store, f"SELECT count(*) FROM {name}") == [(5,)]


def test_an_upgrade_keeps_rights_and_views_that_stand_on_ours(postgres_url: URL) -> None:
    store = DatabaseStore(postgres_url, upgrades_itself=True)
    publish_to(store, 1)
    run(postgres_url, "GRANT SELECT ON commune TO PUBLIC", "CREATE VIEW mine AS SELECT code FROM commune", OLDER)
    rights = "SELECT has_table_privilege('pg_monitor', 'commune', 'SELECT')"
    assert store.upgrade()
    assert run(postgres_url, "SELECT count(*) FROM mine") == [(5,)]
    assert run(postgres_url, rights) == [(True,)]


def test_a_view_that_changes_its_columns_keeps_its_rights(postgres_url: URL) -> None:
    store = DatabaseStore(postgres_url, upgrades_itself=True)
    publish_to(store, 1)
    reorder_commune(postgres_url)
    run(postgres_url, "GRANT SELECT ON commune TO PUBLIC", "GRANT SELECT ON commune TO pg_monitor WITH GRANT OPTION")
    assert store.upgrade()
    [(rights,)] = run(postgres_url, "SELECT relacl::text FROM pg_class WHERE relname = 'commune'")
    assert "pg_monitor=r*/" in str(rights)
    assert ",=r/" in str(rights)
    assert run(postgres_url, "SELECT count(*) FROM commune") == [(5,)]


def test_a_view_in_the_way_is_named(postgres_url: URL) -> None:
    store = DatabaseStore(postgres_url, upgrades_itself=True)
    publish_to(store, 1)
    reorder_commune(postgres_url)
    run(postgres_url, "CREATE VIEW my_communes AS SELECT code FROM commune")
    with pytest.raises(EnvironmentFault, match=r"view commune .*view my_communes depends on .*; remedy: .*drop them"):
        store.upgrade()
    assert run(postgres_url, "SELECT count(*) FROM my_communes") == [(5,)]


def reorder_commune(url: URL) -> None:
    """Give the view the columns of another contract: PostgreSQL cannot replace it in place."""
    names = ", ".join(reversed(CATALOGUE["commune"].column_names))
    run(
        url,
        "DROP VIEW commune",
        f"CREATE VIEW commune AS SELECT {names} FROM commune_release "
        "WHERE release_id = (SELECT release_id FROM current_release)",
        OLDER,
    )


def test_views_of_others_stay(database_url: URL) -> None:
    store = DatabaseStore(database_url, upgrades_itself=True)
    store.upgrade()
    run(database_url, "CREATE VIEW wage AS SELECT 1 AS a", "CREATE VIEW wage_by_release AS SELECT 1 AS a", OLDER)
    store.upgrade()
    assert run(database_url, "SELECT * FROM wage_by_release") == [(1,)]


def test_views_of_a_table_no_longer_declared_go(database_url: URL) -> None:
    DatabaseStore(database_url).upgrade()
    fewer = {name: table for name, table in CATALOGUE.items() if name != "succession"}
    store = DatabaseStore(database_url, catalogue=fewer)
    store.upgrade()
    for view in ("succession", "succession_by_release"):
        with pytest.raises(EnvironmentFault, match="succession"):
            rows_of_query(store, f"SELECT * FROM {view}")


def test_tables_about_releases_show_published_ones_alone(database_url: URL) -> None:
    store = DatabaseStore(database_url, upgrades_itself=True)
    published = publish_to(store, 1)
    row = {"check_name": "c", "word": "đúng", "severity": "ERROR", "blocking": True}
    row |= {"passed": False, "failing_rows": 3, "remedy": "r"}
    for release in (published, "2030-01-01+00000000"):
        rows = pa.Table.from_pylist([{"release_id": release, **row}], arrow_schema(QUALITY_RESULT))
        store.record("quality_result", release, rows)
    assert rows_of_query(store, "SELECT release_id FROM quality_result") == [(published,)]


def test_tables_about_releases_move_behind_views(database_url: URL) -> None:
    """A database of migration 0001, where they were tables under their plain names."""
    store = DatabaseStore(database_url, upgrades_itself=True)
    release = publish_to(store, 1)
    row = {"release_id": release, "check_name": "c", "word": "đúng", "severity": "ERROR", "blocking": True}
    row |= {"passed": False, "failing_rows": 3, "remedy": "r"}
    store.record("quality_result", release, pa.Table.from_pylist([row], arrow_schema(QUALITY_RESULT)))
    drop_reference = {
        "postgresql": ["ALTER TABLE current_release DROP CONSTRAINT fk_current_release_release_id"],
        "mariadb": ["ALTER TABLE current_release DROP FOREIGN KEY fk_current_release_release_id"],
        "sqlite": [],
    }[store.database.dialect]
    run(
        database_url,
        "DROP VIEW published_release",
        "DROP VIEW release_change",
        "DROP VIEW quality_result",
        "ALTER TABLE release_change_release RENAME TO release_change",
        "ALTER TABLE quality_result_release RENAME TO quality_result",
        "ALTER TABLE catalogue_release DROP COLUMN table_columns",
        *drop_reference,
        "UPDATE catalogue_schema_version SET version_num = '0001'",
        OLDER,
    )
    store.upgrade()
    assert rows_of_query(store, "SELECT release_id, failing_rows FROM quality_result") == [(release, 3)]
    assert store.current_release().release_id == release  # type: ignore[union-attr]
    second = publish_to(store, 2)
    store.remove([release])
    assert rows_of_query(store, "SELECT count(*) FROM quality_result_release") == [(0,)]
    assert rows_of_query(store, "SELECT release_id FROM published_release") == [(second,)]


def as_revision_2(store: DatabaseStore) -> None:
    """Give a database what migration 0002 left: times as text, no time of a check, no index besides the keys."""
    dialect, url = store.database.dialect, store.url
    quoted = "`{}`" if dialect == "mariadb" else '"{}"'
    views = store.schema.views(url.get_dialect()())
    older = views["published_release"].replace(", r.last_checked_at", "")
    text = {"sqlite": "TEXT", "postgresql": "VARCHAR(40)", "mariadb": "VARCHAR(40)"}[dialect]
    run(
        url,
        "DROP VIEW published_release",
        *(
            f"DROP INDEX {index.name}" + (f" ON {quoted.format(table.name)}" if dialect == "mariadb" else "")
            for table in store.schema.twins.values()
            for index in table.indexes
        ),
        "ALTER TABLE catalogue_release DROP COLUMN last_checked_at",
        "ALTER TABLE catalogue_release DROP COLUMN published_at",
        f"ALTER TABLE catalogue_release ADD COLUMN published_at {text}",
        "UPDATE catalogue_release SET published_at = '2026-01-02T15:00:00+07:00'",
        f"CREATE VIEW published_release AS {older}",
        "UPDATE catalogue_schema_version SET version_num = '0002'",
        OLDER,
    )


def test_a_home_of_the_version_before_upgrades_and_publishes(tmp_path: Path, database_url: URL) -> None:
    home = Home(tmp_path / "home", with_password(database_url))
    first = home.publish(1).release_id
    as_revision_2(home.database)
    (home.files.root / "checked.json").unlink()
    (home.path / "last_run.json").write_text("{}")
    if home.database.database.dialect == "postgresql":
        run(database_url, "GRANT SELECT ON published_release TO pg_monitor")
    assert home.publish(1).new is False
    [held] = home.database.releases()
    assert (held.release_id, held.published_at) == (first, MORNING.replace(day=2))
    second = home.publish(2).release_id
    shown = "SELECT release_id FROM published_release WHERE last_checked_at = published_at ORDER BY release_id"
    assert rows_of_query(home.database, shown) == [(first,), (second,)]
    assert not (home.path / "last_run.json").exists()
    with home.database.database.transaction("was read") as connection:
        for table in home.database.schema.twins.values():
            present = {index["name"] for index in inspect(connection).get_indexes(table.name)}
            assert {index.name for index in table.indexes} <= present
    if home.database.database.dialect == "postgresql":
        assert run(database_url, "SELECT has_table_privilege('pg_monitor', 'published_release', 'SELECT')") == [(True,)]
    assert home.database.upgrade() == []
