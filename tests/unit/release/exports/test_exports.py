"""The exports of a release: complete, the same everywhere, readable by other tools, harmless in a spreadsheet."""

import csv
import datetime as dt
import hashlib
import json
import os
import pickle
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pytest
from frictionless import Package

from kh02_pipelines.release.exports import write_exports
from kh02_pipelines.release.exports.csv_files import FORMULA_STARTS, escaped, unescaped
from kh02_pipelines.release.staging import write_parquet
from kh02_pipelines.tables.arrow import arrow_schema
from kh02_pipelines.tables.catalogue import ABOUT_RELEASES, CATALOGUE, PUBLISHED

ROOT = Path(__file__).resolve().parents[4]
RELEASE, AS_OF = "2026-11-21+22222222", dt.date(2026, 11, 21)
PUBLISHED_AT = dt.datetime(2026, 11, 21, 1, 30, tzinfo=dt.timezone(dt.timedelta(hours=7)))

Tables = dict[str, pa.Table]


@pytest.fixture(scope="module")
def tables_today(tables_today: Tables) -> Tables:  # type: ignore[no-redef]
    """The catalogue, and what is told about the release."""
    change = {"change_number": 1, "previous_release_id": "2026-09-20+11111111", "kind": "correction"}
    change |= {"change": "modified", "table": "commune", "key": "00004", "field": "name", "before": "=1", "after": "x"}
    change |= {"legal_document": None}
    result = {"check_name": "unit_totals", "word": "đúng", "severity": "ERROR", "blocking": True}
    result |= {"passed": True, "failing_rows": 0, "remedy": "compare"}
    about = {"release_change": change, "quality_result": result}
    return tables_today | {
        name: pa.Table.from_pylist([{"release_id": RELEASE, **about[name]}], arrow_schema(table))
        for name, table in ABOUT_RELEASES.items()
    }


@pytest.fixture(scope="module")
def folder(tables_today: Tables, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release folder with its Parquet files and all exports; tests must not change it."""
    folder = tmp_path_factory.mktemp("release")
    for name in CATALOGUE:
        write_parquet(tables_today[name], folder / f"{name}.parquet")
    write_exports(folder, tables_today, RELEASE, PUBLISHED_AT)
    return folder


@pytest.fixture
def few(tables_today: Tables) -> Tables:
    """Two small tables that refer to each other."""
    return {name: tables_today[name] for name in ("legal_document", "province")}


def files(folder: Path) -> dict[str, str]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".parquet")
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def test_it_names_exactly_what_it_wrote(folder: Path, tables_today: Tables, tmp_path: Path) -> None:
    written = write_exports(tmp_path, tables_today, RELEASE, PUBLISHED_AT)
    about = [f"{name}.parquet" for name in ABOUT_RELEASES]
    assert written == sorted([*files(tmp_path), *about]) == sorted([*files(folder), *about])
    assert {f"csv/{name}.csv" for name in PUBLISHED} < set(written)
    # the same bytes again, but for DuckDB, which stamps its files
    assert {n for n, sha in files(tmp_path).items() if files(folder)[n] != sha} <= {"catalogue.duckdb"}


def test_frictionless_finds_the_package_valid(folder: Path) -> None:
    report = Package(str(folder / "datapackage.json")).validate()
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "type", "note"])[:5]
    assert {task.name for task in report.tasks} == set(PUBLISHED)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"30/2026/QH16",true', '"99/2026/QH16",true', "foreign-key"),
        ('"04","Tỉnh Cao Bằng"', '"01","Tỉnh Cao Bằng"', "primary-key"),
        ('"04","Tỉnh Cao Bằng"', '"4","Tỉnh Cao Bằng"', "constraint-error"),
        ('"Cao Bằng","tỉnh"', '"Cao Bằng","bang"', "constraint-error"),
        ("2025-07-01,", "01/07/2025,", "type-error"),
        ('"04","Tỉnh Cao Bằng"', '"04","Tỉnh Cao Bang"', "hash-count"),
    ],
)
def test_frictionless_sees_a_planted_fault(few: Tables, tmp_path: Path, old: str, new: str, fault: str) -> None:
    write_exports(tmp_path, few, RELEASE, PUBLISHED_AT)
    path = tmp_path / "csv" / "province.csv"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8", newline="\n")
    report = Package(str(tmp_path / "datapackage.json")).validate()
    assert fault in {error for [error] in report.flatten(["type"])}


def test_the_package_declares_every_key(folder: Path) -> None:
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    assert (package["version"], package["as_of"]) == (RELEASE, "2026-11-21")
    assert package["created"] == "2026-11-21T01:30:00+07:00"
    for resource in package["resources"]:
        table = PUBLISHED[resource["name"]]
        assert resource["schema"]["primaryKey"] == list(table.primary_key)
        assert [(k["fields"], k["reference"]["resource"]) for k in resource["schema"]["foreignKeys"]] == [
            (list(key.columns), key.target) for key in table.foreign_keys
        ]
        assert [field["name"] for field in resource["schema"]["fields"]] == table.column_names


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_duckdb_reads_every_form(folder: Path, tables_today: Tables, name: str) -> None:
    expected = tables_today[name]
    with duckdb.connect(str(folder / "catalogue.duckdb"), read_only=True) as connection:
        order = ", ".join(PUBLISHED[name].primary_key)
        in_file = connection.sql(f"SELECT * FROM {name} ORDER BY {order}").to_arrow_table()
        parquet = connection.sql(f"FROM read_parquet('{folder / name}.parquet')").to_arrow_table()
        counted = connection.sql(f"SELECT count(*) FROM '{folder}/csv/{name}.csv'").fetchall()
    assert in_file.cast(expected.schema).equals(expected)
    assert parquet.cast(expected.schema).equals(expected)
    assert counted == [(expected.num_rows,)]


def test_the_duckdb_file_names_its_release_and_explains_its_columns(folder: Path) -> None:
    assert not (folder / "catalogue.duckdb.wal").exists()
    with duckdb.connect(str(folder / "catalogue.duckdb"), read_only=True) as connection:
        assert connection.sql("FROM catalogue_release").fetchall() == [(RELEASE, AS_OF)]
        comments = dict(
            connection.sql("SELECT table_name || '.' || column_name, comment FROM duckdb_columns()").fetchall()
        )
        [(nullable,)] = connection.sql(
            "SELECT is_nullable FROM duckdb_columns() WHERE table_name = 'commune' AND column_name = 'code'"
        ).fetchall()
    assert comments["commune.code"] == "Mã xã (5 chữ số) | Commune code (5 digits)"
    assert not nullable


def test_a_lookup_by_code_uses_an_index(folder: Path) -> None:
    """In both files: by the first column of every key, by every other code, and by what is declared besides."""
    sought = [(name, column) for name, table in PUBLISHED.items() for (column,) in table.indexes]
    assert ("commune_crosswalk", "new_code") in sought
    assert ("succession", "successor_id") in sought
    with closing(sqlite3.connect(f"file:{folder / 'catalogue.sqlite'}?mode=ro", uri=True)) as connection:
        for name, column in [*sought, *((name, table.primary_key[0]) for name, table in PUBLISHED.items())]:
            query = f"EXPLAIN QUERY PLAN SELECT * FROM {name} WHERE \"{column}\" = '00118'"
            [(*_, plan)] = connection.execute(query).fetchall()
            assert plan.startswith(f"SEARCH {name} USING INDEX"), (query, plan)
    with duckdb.connect(str(folder / "catalogue.duckdb"), read_only=True) as connection:
        for name, column in (("commune", "code"), ("commune_crosswalk", "new_code"), ("succession", "successor_id")):
            query = f"EXPLAIN ANALYZE SELECT * FROM {name} WHERE {column} = '00118'"
            assert "Index Scan" in connection.execute(query).fetchall()[0][1], query
        keys = dict(
            connection.execute(
                "SELECT table_name, constraint_column_names FROM duckdb_constraints() "
                "WHERE constraint_type = 'PRIMARY KEY'"
            ).fetchall()
        )
        assert keys == {name: list(table.primary_key) for name, table in PUBLISHED.items()}


def test_the_folder_explains_itself(folder: Path, tables_today: Tables, tmp_path: Path) -> None:
    """What it is, of what it was made, under which terms; the same text at any time of publication."""
    text = (folder / "README.md").read_text("utf-8")
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    assert RELEASE in text
    assert [licence["name"] for licence in package["licenses"]] == ["CC0-1.0"]
    sources = tables_today["source_file"].to_pylist()
    assert [source["sha256"] for source in package["sources"]] == [source["sha256"] for source in sources]
    for said in ("CC0-1.0", "Điều 15", "Article 15", "Apache-2.0", *(source["sha256"] for source in sources)):
        assert said in text
    for name, table in tables_today.items():
        assert f"| `{name}` | {table.num_rows} |" in text
    assert CATALOGUE["commune_crosswalk"].example in text
    few = {name: tables_today[name] for name in ("source_file", "province")}
    texts = set()
    for hour in range(2):
        (tmp_path / f"{hour}").mkdir()
        write_exports(tmp_path / f"{hour}", few, RELEASE, PUBLISHED_AT + dt.timedelta(hours=hour))
        texts.add((tmp_path / f"{hour}" / "README.md").read_bytes())
    assert len(texts) == 1


def statements(file: str) -> list[str]:
    """The statements of a page that readers are to run on a table of their own."""
    blocks = re.findall(r"```sql\n(.*?)```", (ROOT / file).read_text("utf-8"), re.DOTALL)
    return [block for block in blocks if "my_data" in block and "d.day" not in block]


@pytest.mark.parametrize("file", ["README.md", "README.vi.md", "docs/data_dictionary.md"])
def test_what_readers_are_told_to_run_counts_nobody_twice_and_loses_nobody(folder: Path, file: str) -> None:
    """One person in every commune of 30 June 2025, and one under a code that does not exist."""
    told = statements(file)
    assert CATALOGUE["commune_crosswalk"].example + "\n" in told
    with closing(sqlite3.connect(f"file:{folder / 'catalogue.sqlite'}?mode=ro", uri=True)) as connection:
        connection.execute(
            "CREATE TEMP TABLE my_data AS SELECT code AS commune_code, 1 AS people, '2025-06-30' AS day "
            "FROM legacy_commune"
        )
        connection.execute("INSERT INTO my_data VALUES ('99999', 1, '2025-06-30')")
        for statement in told:
            cursor = connection.execute(statement)
            place = [column[0] for column in cursor.description].index
            rows = cursor.fetchall()
            undecided = [row for row in rows if row[place("new_code")] is None]
            assert sum(row[place("people")] for row in rows) == 10_035 + 1
            assert sum(row[place("people")] for row in undecided) == 381 + 1
        naive = "SELECT sum(people) FROM my_data JOIN commune_crosswalk ON old_code = commune_code"
        assert connection.execute(naive).fetchone() == (10_566,)


def test_polars_and_pandas_read_the_snapshot(folder: Path, tables_today: Tables) -> None:
    for name, table in tables_today.items():
        assert pl.read_parquet(folder / f"{name}.parquet").to_arrow().cast(table.schema).equals(table), name
        frame = pd.read_parquet(folder / f"{name}.parquet")
        assert list(frame.columns) == table.column_names
        assert len(frame) == table.num_rows
    communes = pl.read_parquet(folder / "commune.parquet")
    assert communes.filter(pl.col("code") == "00004")["name"].to_list() == ["Phường Ba Đình"]
    counts = pd.read_parquet(folder / "commune.parquet")["type"].value_counts().to_dict()
    assert counts == {"xã": 2599, "phường": 709, "đặc khu": 13}


def test_the_sqlite_file_holds_the_same_rows_under_real_keys(folder: Path, tables_today: Tables) -> None:
    with closing(sqlite3.connect(f"file:{folder / 'catalogue.sqlite'}?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("SELECT * FROM catalogue_release").fetchall() == [(RELEASE, "2026-11-21")]
        for name, table in tables_today.items():
            rows = connection.execute(f"SELECT * FROM {name} ORDER BY {', '.join(PUBLISHED[name].primary_key)}")
            expected = [
                tuple(v.isoformat() if isinstance(v, dt.date) else v for v in row.values()) for row in table.to_pylist()
            ]
            assert rows.fetchall() == expected, name
            keys = connection.execute(f"PRAGMA foreign_key_list({name})").fetchall()
            assert len(keys) == sum(len(key.columns) for key in PUBLISHED[name].foreign_keys)
    assert [path.name for path in folder.glob("catalogue.sqlite*")] == ["catalogue.sqlite"]


def test_the_csv_files_say_what_the_tables_say(folder: Path, tables_today: Tables) -> None:
    for name, table in tables_today.items():
        data = (folder / "csv" / f"{name}.csv").read_bytes()
        assert b"\r" not in data
        assert not data.startswith(b"\xef\xbb\xbf")
        read = pyarrow.csv.read_csv(
            pa.py_buffer(data),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=table.schema, strings_can_be_null=True, quoted_strings_can_be_null=False
            ),
        )
        assert unescaped(read).cast(table.schema).equals(table), name


def hostile(values: list[str | None]) -> Tables:
    """A province table whose names are ``values``."""
    number = range(len(values))
    columns: Mapping[str, list[object]] = {
        "code": [f"{n:02}" for n in number],
        "name": list(values),
        "short_name": ["x"] * len(values),
        "type": ["tỉnh"] * len(values),
        "name_ascii": ["x"] * len(values),
        "valid_from": [AS_OF] * len(values),
        "legal_document": ["1/QĐ"] * len(values),
        "valid_from_exact": [True] * len(values),
    }
    return {"province": pa.table(columns, schema=arrow_schema(CATALOGUE["province"]))}


HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=x", "\n=x", "＝1", "'=1", "''", "a=1", 'a"b,\r\nc', "", "Đà Nẵng"]


def test_no_cell_begins_like_a_formula_and_nothing_is_lost(tmp_path: Path) -> None:
    tables = hostile(HOSTILE)
    write_exports(tmp_path, tables, RELEASE, PUBLISHED_AT)
    with (tmp_path / "csv" / "province.csv").open(encoding="utf-8", newline="") as file:
        names = [row["name"] for row in csv.DictReader(file)]
    assert not [name for name in names if name.startswith(FORMULA_STARTS)]
    assert [name[1:] if name.startswith("'") else name for name in names] == HOSTILE
    assert names[-1] == "Đà Nẵng"
    assert unescaped(escaped(tables["province"])).equals(tables["province"])


def test_missing_stays_missing_and_empty_stays_empty() -> None:
    table = pa.table({"a": pa.array([None, "", "=x"])})
    assert escaped(table).column("a").to_pylist() == [None, "", "'=x"]


@pytest.mark.parametrize("library", ["duckdb", "sqlite"])
def test_a_file_that_cannot_be_written_is_an_os_error(few: Tables, tmp_path: Path, library: str) -> None:
    (tmp_path / f"catalogue.{library}").mkdir()  # in the way
    with pytest.raises(OSError, match=r"database|directory") as caught:
        write_exports(tmp_path, few, RELEASE, PUBLISHED_AT)
    assert caught.value.strerror
    assert caught.value.filename == str(tmp_path)


@pytest.mark.skipif(shutil.which("unshare") is None or os.geteuid() != 0, reason="needs root to mount a tiny disk")
def test_a_full_disk_is_an_os_error(tables_today: Tables, tmp_path: Path) -> None:
    """On a disk of 2 MB every library runs out of room: each failure reads as one of the disk."""
    script = (
        "import datetime, errno, pickle, sys; from pathlib import Path\n"
        "from kh02_pipelines.release import exports as e\n"
        "tables = pickle.load(open(sys.argv[2], 'rb'))\n"
        "root, day = Path(sys.argv[1]), datetime.date(2026, 11, 21)\n"
        "def write(what):\n"
        "    with e._as_os_error(root): what()\n"
        "for what in (lambda: e.write_csv_files(root, tables), lambda: e.write_duckdb(root, tables, 'r', day),\n"
        "             lambda: e.write_sqlite(root, tables, 'r', day)):\n"
        "    try: write(what)\n"
        "    except OSError as error: assert error.errno == errno.ENOSPC, repr(error)\n"
        "    else: raise SystemExit('nothing was raised')\n"
    )

    saved = tmp_path / "tables.pickle"
    saved.write_bytes(pickle.dumps(tables_today))
    disk = tmp_path / "disk"
    disk.mkdir()
    command = f'mount -t tmpfs -o size=2m tmpfs "{disk}" || exit 77; exec "$0" -c "$1" "{disk}" "{saved}"'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", command, sys.executable, script], capture_output=True, text=True, timeout=60
    )
    if done.returncode == 77 or "unshare failed" in done.stderr:
        pytest.skip("this machine does not let a test mount a tiny disk")
    assert done.returncode == 0, done.stderr


def test_an_undeclared_table_is_refused(few: Tables, tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="mystery"):
        write_exports(tmp_path, {**few, "mystery": few["province"]}, RELEASE, PUBLISHED_AT)
