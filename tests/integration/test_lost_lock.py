"""A publisher whose lock was lost (its connection ended): nobody may be shown a release that another removed."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from synthetic import MORNING, publish_to, rows_of_query

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.database import rows as database_rows
from kh02_pipelines.release.database.store import DatabaseStore

WHO_HOLDS = {
    "postgresql": "SELECT l.pid FROM publishing_lock p JOIN pg_locks l ON l.locktype = 'transactionid' AND l.granted "
    "AND l.transactionid = p.xmax",
    "mariadb": "SELECT REGEXP_SUBSTR(holder, '(?<=server process )[0-9]+') FROM publishing_lock",
}
END = {"postgresql": "SELECT pg_terminate_backend({})", "mariadb": "KILL {}"}
LOST = r"publishing lock on .* was lost.*; remedy: .*run again"


@pytest.fixture(params=["postgresql", "mariadb"])
def server_url(request: pytest.FixtureRequest) -> URL:
    """An empty database of the kinds whose lock is a connection's."""
    return request.getfixturevalue("postgres_url" if request.param == "postgresql" else "mariadb_url")


def lose_lock(url: URL) -> None:
    engine = create_engine(url, isolation_level="READ UNCOMMITTED")
    dialect = url.get_backend_name().replace("mysql", "mariadb")
    with engine.connect() as connection:
        held_by = connection.execute(text(WHO_HOLDS[dialect])).scalar_one()
        connection.execute(text(END[dialect].format(held_by)))
        while connection.execute(text(WHO_HOLDS[dialect])).scalar() == held_by:
            pass  # the server ends it in its own time
    engine.dispose()


def at(name: str, action: Callable[[], object]) -> Callable[[str], None]:
    def step(passed: str) -> None:
        if passed == name:
            action()

    return step


def in_background(action: Callable[[], object], found: list[object]) -> threading.Thread:
    thread = threading.Thread(target=lambda: found.append(action()))
    thread.start()
    thread.join(1.5)  # long enough to do its harm, were it not made to wait
    return thread


def shown(store: DatabaseStore) -> tuple[object, int]:
    """The release the pointer names, and how many communes readers see."""
    [(release,)] = rows_of_query(store, "SELECT release_id FROM current_release")
    [(count,)] = rows_of_query(store, "SELECT count(*) FROM commune")
    return release, int(str(count))


def test_what_the_pointer_names_cannot_be_cleared_as_staged(server_url: URL) -> None:
    """Lost after the pointer was set: another publisher's clearing waits, and finds a published release."""
    store = DatabaseStore(server_url, upgrades_itself=True)
    publish_to(store, 1)
    cleared: list[object] = []
    threads: list[threading.Thread] = []

    def lose() -> None:
        lose_lock(server_url)
        threads.append(in_background(DatabaseStore(server_url, lock_seconds=20).clear_staged, cleared))

    second = publish_to(DatabaseStore(server_url, step=at("database.pointer_set", lose)), 2)
    for thread in threads:
        thread.join(60)
    assert shown(store) == (second, 5)
    assert cleared == [[]]


@pytest.mark.parametrize("step", ["database.allocated", "database.rows_committed", "database.audited"])
@pytest.mark.parametrize("cleared", [True, False])
def test_a_publisher_that_lost_its_lock_says_so_and_moves_nothing(server_url: URL, step: str, cleared: bool) -> None:
    store = DatabaseStore(server_url, upgrades_itself=True)
    first = publish_to(store, 1)

    def lose() -> None:
        lose_lock(server_url)
        if cleared:
            DatabaseStore(server_url, lock_seconds=20).clear_staged()

    with pytest.raises(EnvironmentFault, match=LOST):
        publish_to(DatabaseStore(server_url, step=at(step, lose)), 2)
    assert shown(store) == (first, 5)
    store.clear_staged()
    second = publish_to(store, 2)
    assert shown(store) == (second, 5)


def test_clearing_and_pruning_need_the_lock_too(server_url: URL) -> None:
    store = DatabaseStore(server_url, upgrades_itself=True)
    first, second = publish_to(store, 1), publish_to(store, 2)
    careless = DatabaseStore(server_url, step=at("database.locked", lambda: lose_lock(server_url)))
    with pytest.raises(EnvironmentFault, match=LOST):
        careless.remove([first])
    with store.database.transaction("was changed", writes=True) as connection:
        connection.execute(
            text(
                "INSERT INTO catalogue_release (release_id, as_of, content_hash, status, row_counts, contract_version) "
                "VALUES ('2030-01-01+00000000', '2030-01-01', 'x', 'staged', '{}', '1.0')"
            )
        )
    with pytest.raises(EnvironmentFault, match=LOST):
        careless.clear_staged()
    assert {release.release_id for release in store.releases()} == {first, second}
    assert store.clear_staged() == ["2030-01-01+00000000"]


def test_no_rollback_to_a_release_that_is_pruned_meanwhile(server_url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    store = DatabaseStore(server_url, upgrades_itself=True)
    first, second = publish_to(store, 1), publish_to(store, 2)
    counted = database_rows.row_counts

    def prune_after_counting(*arguments: object) -> dict[str, int]:
        found = counted(*arguments)  # type: ignore[arg-type]
        lose_lock(server_url)
        DatabaseStore(server_url, lock_seconds=20).remove([first])
        return found

    monkeypatch.setattr(database_rows, "row_counts", prune_after_counting)
    with pytest.raises(EnvironmentFault, match=LOST):
        store.roll_back(first, "x", MORNING)
    assert shown(store) == (second, 5)


def test_pruning_spares_what_a_rollback_is_moving_to(server_url: URL) -> None:
    store = DatabaseStore(server_url, upgrades_itself=True)
    first, _ = publish_to(store, 1), publish_to(store, 2)
    found: list[object] = []
    threads: list[threading.Thread] = []

    def lose() -> None:
        lose_lock(server_url)
        pruner = DatabaseStore(server_url, lock_seconds=20)
        threads.append(in_background(lambda: pruner.remove([first]), found))

    DatabaseStore(server_url, step=at("database.pointer_set", lose)).roll_back(first, "x", MORNING)
    for thread in threads:
        thread.join(60)
    assert shown(store) == (first, 5)


def test_the_database_itself_keeps_what_the_pointer_names(server_url: URL) -> None:
    store = DatabaseStore(server_url, upgrades_itself=True)
    first = publish_to(store, 1)
    with (
        pytest.raises(EnvironmentFault, match=r"foreign key"),
        store.database.transaction("did not let it go", writes=True) as connection,
    ):
        connection.execute(text("DELETE FROM catalogue_release"))
    assert shown(store) == (first, 5)
