"""What docs/reading.md tells readers to run does run."""

import datetime as dt
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb

from kh02_pipelines.release.exports.duckdb_file import write_duckdb

GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "reading.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def test_every_statement_runs_and_finds_rows(database) -> None:  # type: ignore[no-untyped-def]
    statements = [
        statement
        for block in blocks("sql")
        for statement in re.findall(r"^SELECT .*?;", block, re.DOTALL | re.MULTILINE)
        if " kh02." not in statement
    ]
    assert len(statements) >= 7
    with closing(sqlite3.connect(database.url.removeprefix("sqlite:///"))) as connection:
        for statement in statements:
            rows = connection.execute(statement, {"pinned": database.published.current}).fetchall()
            assert rows, statement


def test_the_columns_it_lists_are_there(database) -> None:  # type: ignore[no-untyped-def]
    [listed] = re.findall(r"`(release_id, as_of[^`]*)`", GUIDE)
    with closing(sqlite3.connect(database.url.removeprefix("sqlite:///"))) as connection:
        cursor = connection.execute("SELECT * FROM published_release")
        assert set(listed.split(", ")) - {"published_at"} <= {column[0] for column in cursor.description}


def test_the_python_runs(home) -> None:  # type: ignore[no-untyped-def]
    for block in blocks("python"):
        scope: dict[str, object] = {}
        exec(block.replace("/srv/kh02", str(home.folder)), scope)  # noqa: S102 (our own guide)
        assert len(scope["communes"]) == 3321  # type: ignore[arg-type]


def test_the_duckdb_statements_run(home, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    release = home.published.current
    write_duckdb(tmp_path, home.published.tables[release], release, dt.date.fromisoformat(release[:10]))
    [block] = [block for block in blocks("sql") if "ATTACH" in block]
    attach, select = re.sub(r"'/srv/[^']*'", f"'{tmp_path / 'catalogue.duckdb'}'", block).strip().split(";\n")
    with duckdb.connect() as connection:
        connection.execute(attach)
        assert dict(connection.execute(select).fetchall()) == {"xã": 2599, "phường": 709, "đặc khu": 13}
