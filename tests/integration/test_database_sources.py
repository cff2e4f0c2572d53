"""Sources in real databases: what they hold is read, and nothing in them can be changed by reading."""

import datetime as dt

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from kh02_pipelines.errors import SourceError
from kh02_pipelines.sources.config import DatabaseSource
from kh02_pipelines.sources.database import read_database

FIELDS = ("code", "name", "province_code")
TABLE = "create table xa (ma varchar(5), ten varchar(50), tinh varchar(2))"
ROW = "insert into xa values ('00001', 'Xa Mot', '01')"
CALL = "select erase() as ma, 'x' as ten, '01' as tinh"
WRITES = {
    "sqlite": ([], "with x as (select 1) delete from xa returning ma, ten, tinh"),
    "postgresql": (["create function erase() returns int language sql as 'delete from xa; select 1'"], CALL),
    "mysql": (["create function erase() returns int modifies sql data begin delete from xa; return 1; end"], CALL),
}
"""What to make in the database, and the query that writes."""


def source(query: str) -> DatabaseSource:
    return DatabaseSource(
        name="office",
        kind="database",
        role="old_register",
        url_env="KH02_SOURCE_DB",
        query=query,
        columns={"code": "ma", "name": "ten", "province_code": "tinh"},
        date=dt.date(2025, 6, 30),
    )


def test_a_select_that_writes_is_refused(database_url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    before, query = WRITES[database_url.get_backend_name()]
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in (TABLE, ROW, *before):
            connection.exec_driver_sql(statement)
    engine.dispose()
    monkeypatch.setenv("KH02_SOURCE_DB", database_url.render_as_string(hide_password=False))
    with pytest.raises(SourceError, match=r"failed: the query writes, or calls what does; nothing was"):
        read_database(source(query), FIELDS, set(FIELDS))
    rows = read_database(source("select ma, ten, tinh from xa"), FIELDS, set(FIELDS))[0]
    assert rows["name"].tolist() == ["Xa Mot"]
