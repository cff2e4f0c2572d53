"""A register read from a database: mapped, bounded, and refused whole when the database goes away."""

import datetime as dt
import sqlite3

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from kh02_pipelines.errors import EnvironmentFault, SourceError
from kh02_pipelines.sources.config import DatabaseSource, SourcesConfig
from kh02_pipelines.sources.database import read_database
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
        ({"table": "none"}, "failed while reading"),
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
    with pytest.raises(SourceError, match="failed while reading \\(ConnectionResetError\\); nothing was used") as error:
        read_database(source(), RECORD_FIELDS, REQUIRED)
    assert "hunter2" not in str(error.value)
