"""A register read from a database: mapped, bounded, and refused whole when the database goes away."""

import datetime as dt
import socket
import sqlite3
import threading
import time

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from kh02_pipelines.errors import EnvironmentFault, SourceError
from kh02_pipelines.sources.config import DatabaseSource, SourcesConfig
from kh02_pipelines.sources.connection import reason
from kh02_pipelines.sources.database import read_database
from kh02_pipelines.sources.deadline import within
from kh02_pipelines.sources.load import Surroundings, read_sources
from kh02_pipelines.sources.raw_store import RawStore
from kh02_pipelines.sources.units_frame import RECORD_FIELDS

COLUMNS = {
    "code": "ma",
    "name": "ten",
    "district_code": "ma_huyen",
    "district_name": "huyen",
    "province_code": "ma_tinh",
    "province_name": "tinh",
}
REQUIRED = {"code", "name", "province_code"}


@pytest.fixture
def database(tmp_path, monkeypatch):
    path = tmp_path / "office.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table xa (ma integer, ten text, ma_huyen text, huyen text, ma_tinh text, tinh text)")
        rows = [(1, "Phường Phúc Xá", "001", "Quận Ba Đình", "01", "Thành phố Hà Nội"),
                (4, "Phường  Trúc Bạch", "001", "Quận Ba Đình", "01", "Thành phố Hà Nội"),
                (7, None, "001", "Quận Ba Đình", "01", "Thành phố Hà Nội")]  # fmt: skip
        connection.executemany("insert into xa values (?, ?, ?, ?, ?, ?)", rows)
    monkeypatch.setenv("KH02_SOURCE_DB", f"sqlite:///{path}")
    return path


def source(**changes) -> DatabaseSource:
    base = {
        "name": "office",
        "kind": "database",
        "role": "old_register",
        "url_env": "KH02_SOURCE_DB",
        "table": "xa",
        "columns": COLUMNS,
        "date": dt.date(2025, 6, 30),
    }
    return DatabaseSource(**{**base, **changes})


def test_a_table_becomes_units_with_a_trace_and_a_kept_copy(database, tmp_path) -> None:
    config = SourcesConfig(version=1, sources=(source(),))
    around = Surroundings(
        tmp_path, RawStore(tmp_path / "raw"), tmp_path / "state", dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    )
    (read,) = read_sources(config, around)
    assert read.records["code"].tolist() == ["01", "001", "00001", "00004"]
    assert read.trace.counts() == {"rows_in": 3, "accepted": 2, "quarantined": 1, "set_aside": 0}
    assert set(read.trace.issues()["rule"]) == {"leading_zeros", "whitespace"}
    assert (tmp_path / "raw" / read.trace.origin.sha256).is_file()


def test_the_same_rows_have_the_same_hash(database) -> None:
    first = read_database(source(), RECORD_FIELDS, REQUIRED)[1]
    second = read_database(
        source(table=None, query="select ma, ten, ma_huyen, huyen, ma_tinh, tinh from xa order by ma_huyen, ma"),
        RECORD_FIELDS,
        REQUIRED,
    )[1]
    assert first.decode().count("\n") == second.decode().count("\n") == 3
    assert first == read_database(source(), RECORD_FIELDS, REQUIRED)[1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"columns": {**COLUMNS, "colour": "mau"}}, "unknown fields \\['colour'\\]"),
        ({"columns": {"code": "ma"}}, "missing \\['name', 'province_code'\\]"),
        ({"table": None, "query": "delete from xa"}, "is not one SELECT"),
        ({"table": None, "query": "select 1; drop table xa"}, "is not one SELECT"),
        ({"table": None, "query": "select ma from xa"}, "has no column huyen"),
        ({"table": None, "query": "select * from xa where ma > 100"}, "gives no rows"),
        ({"table": "none"}, "failed: there is no such table"),
        ({"table": None, "query": "select dan_so from xa"}, "failed: there is no such column"),
        ({"table": None, "query": "select from xa"}, "failed: the query is no correct SQL"),
        ({"table": None, "query": "select a.*, a.ten from xa a"}, "has twice ten"),
    ],
)
def test_what_is_wrong_is_named(database, changes, words) -> None:
    with pytest.raises(SourceError, match=words):
        read_database(source(**changes), RECORD_FIELDS, REQUIRED)


def test_a_missing_or_wrong_url_never_shows_the_secret(monkeypatch) -> None:
    monkeypatch.delenv("KH02_SOURCE_DB", raising=False)
    with pytest.raises(EnvironmentFault, match="KH02_SOURCE_DB is not set"):
        read_database(source(), RECORD_FIELDS, REQUIRED)
    for url in (
        "hunter2 is no url",
        "nosuch+driver://me:hunter2@127.0.0.1/db",
        "postgresql://me:hunter2@127.0.0.1:1/db",
        "postgresql://me:hunter2@127.0.0.1:abc/db",
        "postgresql://me:a/hunter2@127.0.0.1/db",
    ):
        monkeypatch.setenv("KH02_SOURCE_DB", url)
        with pytest.raises((EnvironmentFault, SourceError)) as error:
            read_database(source(), RECORD_FIELDS, REQUIRED)
        assert "hunter2" not in str(error.value)
        assert error.value.__suppress_context__


def test_a_database_that_goes_away_while_reading_gives_nothing(database, monkeypatch) -> None:
    def broken(self, size=None):
        yield [(1, "Phường Phúc Xá", "001", "Quận Ba Đình", "01", "Thành phố Hà Nội")]
        raise OperationalError("select", {}, ConnectionResetError("server closed the connection, password hunter2"))

    monkeypatch.setattr(sa.engine.CursorResult, "partitions", broken)
    with pytest.raises(SourceError, match="failed: it cannot be reached, or went away; nothing was") as error:
        read_database(source(), RECORD_FIELDS, REQUIRED)
    assert "hunter2" not in str(error.value)


def test_a_missing_sqlite_file_is_named_and_not_made(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("KH02_SOURCE_DB", f"sqlite:///{tmp_path / 'hunter2.db'}")
    with pytest.raises(EnvironmentFault, match="KH02_SOURCE_DB names an SQLite file that does not exist") as error:
        read_database(source(), RECORD_FIELDS, REQUIRED)
    assert "hunter2" not in str(error.value)
    assert not list(tmp_path.iterdir())
    (tmp_path / "hunter2.db").write_bytes(b"no database, but longer than the header of one" * 20)
    with pytest.raises(SourceError, match="the file is no SQLite database"):
        read_database(source(), RECORD_FIELDS, REQUIRED)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ({"sqlstate": "28P01"}, "the login was refused"),
        ({"sqlstate": "3D000"}, "there is no such database"),
        ({"sqlstate": "42P01"}, "there is no such table"),
        ({"sqlstate": "99999"}, "SQLSTATE 99999"),
        ({"args": (1045, "Access denied for hunter2")}, "the login was refused"),
        ({"args": (1146, "no hunter2")}, "there is no such table"),
        ({"args": (2013, "lost")}, "cannot be reached, or went away"),
        ({"args": (4711, "hunter2")}, "error 4711"),
    ],
)
def test_the_codes_of_servers_are_told_apart(code, words) -> None:
    class DriverError(Exception):
        sqlstate = None

    origin = DriverError(*code.get("args", ()))
    origin.sqlstate = code.get("sqlstate")
    what, remedy = reason(OperationalError("select", {}, origin))
    assert words in what
    assert "hunter2" not in what + remedy


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_server_that_accepts_and_stays_silent_does_not_hold_the_run(monkeypatch, scheme) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("KH02_SOURCE_DB", f"{scheme}://me:hunter2@127.0.0.1:{port}/db")
        start = time.monotonic()
        with pytest.raises(SourceError, match=r"did not answer within 1 seconds|cannot be reached") as error:
            read_database(source(timeout_seconds=1), RECORD_FIELDS, REQUIRED)
    assert time.monotonic() - start < 5
    assert "hunter2" not in str(error.value)


def test_work_that_stalls_does_not_hold_the_run() -> None:
    release = threading.Event()
    with pytest.raises(SourceError, match=r"the database did not answer within 0.05 seconds"):
        within(0.05, release.wait, "the database", "KH02_SOURCE_DB")
    release.set()


def test_what_fails_in_time_is_raised_as_it_is() -> None:
    def fail() -> None:
        raise EnvironmentFault("x", remedy="y")

    assert within(5, lambda: 7, "the database", "F") == 7
    with pytest.raises(EnvironmentFault):
        within(5, fail, "the database", "F")
