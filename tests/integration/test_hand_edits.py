"""What somebody changes by hand in a published installation: ``kh02 verify`` sees it, ``kh02 build`` writes it anew."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import make_url
from sqlalchemy.engine import URL
from synthetic import Home, run, with_password

from kh02_pipelines.release.database.store import DatabaseStore
from kh02_pipelines.release.diff.change_files import previous_release, read_release, release_changes, write_changes
from kh02_pipelines.release.files.manifest import read_manifest, write_manifest
from kh02_pipelines.release.report.shelf import results_of
from kh02_pipelines.release.verify import verify
from kh02_pipelines.tables.arrow import arrow_schema
from kh02_pipelines.tables.release import QUALITY_RESULT

Edit = Callable[[Home, str, str], None]
"""Changes an installation by hand: it, its current release and the one before."""


def publish_as_assets_do(home: Home, number: int) -> str:
    """A release with its exports, its differences and its results, where the assets put them."""
    release = home.publish(number).release_id
    before = previous_release(home.files, release)
    earlier = None if before is None else read_release(home.files, before)
    changes = release_changes(earlier, read_release(home.files, release), release, before)
    write_changes(home.files, release, before, changes)
    row = {"release_id": release, "check_name": "c", "word": "đúng", "severity": "ERROR", "blocking": True}
    results = pa.Table.from_pylist(
        [row | {"passed": False, "failing_rows": 3, "remedy": "r"}], arrow_schema(QUALITY_RESULT)
    )
    path = results_of(home.files.root / "reports", release)
    path.parent.mkdir(exist_ok=True)
    pq.write_table(results, path)
    home.database.record(QUALITY_RESULT.name, release, results)
    return release


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A home with two releases, as the whole job leaves it; the current one and the one before."""
    folder = tmp_path_factory.mktemp("published")
    home = Home(folder, f"sqlite:///{folder / 'catalogue.db'}", whole=True)
    first, second = publish_as_assets_do(home, 1), publish_as_assets_do(home, 2)
    assert verify(home.files, home.database).problems == []
    return folder, second, first


@pytest.fixture
def home(published: tuple[Path, str, str], tmp_path: Path) -> Home:
    copy = shutil.copytree(published[0], tmp_path / "home")
    return Home(copy, f"sqlite:///{copy / 'catalogue.db'}", whole=True)


def sql(*statements: str) -> Edit:
    """Statements in which CURRENT and BEFORE stand for the two releases."""

    def edit(home: Home, release: str, before: str) -> None:
        filled = [text.replace("CURRENT", f"'{release}'").replace("BEFORE", f"'{before}'") for text in statements]
        run(make_url(home.url), *filled)

    return edit


def view(name: str, select: str) -> Edit:
    return sql(f"DROP VIEW {name}", f"CREATE VIEW {name} AS {select}")


def pointer(**values: object) -> Edit:
    def edit(home: Home, release: str, before: str) -> None:
        path = home.files.root / "current.json"
        path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **values}), "utf-8")

    return edit


def in_folder(name: str, change: Callable[[bytes], bytes | None], *, resigned: bool = False) -> Edit:
    """A file of the release's folder; ``resigned``: whoever did it also wrote manifest and sums anew."""

    def edit(home: Home, release: str, before: str) -> None:
        folder = home.files.folder(release)
        path = folder / name
        changed = change(path.read_bytes() if path.exists() else b"")
        if changed is None:
            path.unlink()
        else:
            path.write_bytes(changed)
        if resigned:
            about = {key: value for key, value in read_manifest(folder).items() if key != "files"}
            write_manifest(folder, about)

    return edit


def in_root(name: str, data: bytes) -> Edit:
    return lambda home, release, before: (home.files.root / name).write_bytes(data) and None


def other_name(data: bytes) -> bytes:
    table = pq.read_table(pa.BufferReader(data))
    place = table.schema.get_field_index("name")
    names = ["Xã Bịa Đặt", *table.column("name").to_pylist()[1:]]
    sink = pa.BufferOutputStream()
    pq.write_table(table.set_column(place, table.schema.field(place), [names]), sink)
    return sink.getvalue().to_pybytes()


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new)

    return change


def before_is_current(home: Home, release: str, before: str) -> None:
    """Both pointers at the release before, as a rollback would leave them, but nobody recorded one."""
    run(make_url(home.url), f"UPDATE current_release SET release_id = '{before}'")
    home.files.point_to(before)


EDITS: dict[str, Edit] = {
    # the pointers
    "pointer NULL": sql("UPDATE current_release SET release_id = NULL"),
    "pointer at a ghost": sql("UPDATE current_release SET release_id = '2020-01-01+00000000'"),
    "pointer at the one before": sql("UPDATE current_release SET release_id = BEFORE"),
    "both pointers at the one before": before_is_current,
    "row of the pointer gone": sql("DELETE FROM current_release"),
    "file pointer: forged path": pointer(path="../elsewhere"),
    "file pointer: as_of": pointer(as_of="2026-12-31"),
    "file pointer: content_hash": pointer(content_hash="0" * 64),
    "file pointer: one more field": pointer(note="x"),
    "file pointer: invalid UTF-8": in_root("current.json", b'{"release_id": "\xff"}'),
    # the views
    "view shows the one before": view("commune", "SELECT code, name FROM commune_release WHERE release_id = BEFORE"),
    "view hides a row": view(
        "commune_crosswalk",
        "SELECT * FROM (SELECT * FROM commune_crosswalk_by_release WHERE release_id = CURRENT LIMIT 19)",
    ),
    "view changed by release": sql(
        "CREATE TABLE copy AS SELECT * FROM province_by_release",
        "UPDATE copy SET name = 'x' WHERE release_id = CURRENT AND code = '00001'",
        "DROP VIEW province_by_release",
        "CREATE VIEW province_by_release AS SELECT * FROM copy",
    ),
    "view dropped": sql("DROP VIEW succession"),
    "list of releases marks another": sql(
        "CREATE TABLE copy AS SELECT * FROM published_release",
        "UPDATE copy SET is_current = 1 - is_current",
        "DROP VIEW published_release",
        "CREATE VIEW published_release AS SELECT * FROM copy",
    ),
    "list of releases hides one": sql(
        "CREATE TABLE copy AS SELECT * FROM published_release WHERE is_current = 1",
        "DROP VIEW published_release",
        "CREATE VIEW published_release AS SELECT * FROM copy",
    ),
    # what is recorded
    "as_of": sql("UPDATE catalogue_release SET as_of = '2020-01-01' WHERE release_id = CURRENT"),
    "as_of is no date": sql("UPDATE catalogue_release SET as_of = 'soon' WHERE release_id = CURRENT"),
    "content_hash": sql("UPDATE catalogue_release SET content_hash = 'x' WHERE release_id = CURRENT"),
    "row_counts broken": sql("UPDATE catalogue_release SET row_counts = '{' WHERE release_id = CURRENT"),
    "row_counts wrong": sql("UPDATE catalogue_release SET row_counts = '{\"commune\": 7}' WHERE release_id = CURRENT"),
    "table_columns": sql("UPDATE catalogue_release SET table_columns = '{}' WHERE release_id = CURRENT"),
    "contract_version": sql("UPDATE catalogue_release SET contract_version = '0.1' WHERE release_id = CURRENT"),
    "published_at": sql("UPDATE catalogue_release SET published_at = '2020-01-01 00:00:00' WHERE release_id = CURRENT"),
    "status": sql("UPDATE catalogue_release SET status = 'staged' WHERE release_id = CURRENT"),
    # rows
    "a row altered": sql("UPDATE commune_release SET name = 'x' WHERE release_id = CURRENT AND code = '00001'"),
    "a row of another type": sql("UPDATE unit_version_release SET valid_from = 'soon' WHERE release_id = CURRENT"),
    "a row missing": sql("DELETE FROM province_release WHERE release_id = CURRENT AND code = '00001'"),
    "a row too many": sql(
        "CREATE TABLE copy AS SELECT * FROM province_release WHERE release_id = CURRENT AND code = '00001'",
        "UPDATE copy SET code = '99999'",
        "INSERT INTO province_release SELECT * FROM copy",
        "DROP TABLE copy",
    ),
    "release_change altered": sql("UPDATE release_change_release SET after = 'x' WHERE release_id = CURRENT"),
    "release_change missing": sql("DELETE FROM release_change_release WHERE release_id = CURRENT"),
    "quality_result altered": sql("UPDATE quality_result_release SET passed = 1 WHERE release_id = CURRENT"),
    "quality_result missing": sql("DELETE FROM quality_result_release WHERE release_id = CURRENT"),
    # the folder
    "file missing": in_folder("commune.parquet", lambda data: None),
    "file cut": in_folder("commune.parquet", lambda data: data[:-10]),
    "file altered and signed anew": in_folder("commune.parquet", other_name, resigned=True),
    "CSV altered": in_folder("csv/commune.csv", lambda data: data + b"x"),
    "foreign file": in_folder("notes.txt", lambda data: b"x"),
    "description: invalid UTF-8": in_folder("release.json", lambda data: b"\xff" + data),
    "description: as_of, signed anew": in_folder(
        "release.json", replaced(b'"as_of": "2026-01-03"', b'"as_of": "2026-01-04"'), resigned=True
    ),
    "description: rows": in_folder("release.json", replaced(b'"commune": 20', b'"commune": "20"'), resigned=True),
    "manifest: invalid UTF-8": in_folder("manifest.json", lambda data: b"\xff" + data),
    "manifest: no list of files": in_folder("manifest.json", lambda data: b'{"files": [3]}'),
    "sums altered": in_folder("SHA256SUMS", lambda data: data.replace(b"0", b"1")),
}
BY_HAND = {
    "row of the pointer gone",
    "contract_version",
    "published_at",
    "release_change altered",
    "release_change missing",
}
BY_HAND |= {"quality_result altered", "quality_result missing"}  # written by other steps than publishing
BY_UPGRADE = {name for name in EDITS if name.startswith(("view ", "list "))}


IN_THE_SUITE = {
    "pointer NULL",
    "file pointer: forged path",
    "view hides a row",
    "as_of is no date",
    "status",
    "a row altered",
    "file altered and signed anew",
}
SAMPLED = [
    name if name in IN_THE_SUITE else pytest.param(name, marks=pytest.mark.drill)
    for name in EDITS
    if name not in BY_HAND
]


@pytest.mark.parametrize("name", EDITS)
def test_verification_sees_it(home: Home, published: tuple[Path, str, str], name: str) -> None:
    EDITS[name](home, *published[1:])
    problems = verify(home.files, home.database).problems
    assert problems
    assert not any("\n" in problem for problem in problems)


@pytest.mark.parametrize("name", SAMPLED)
def test_the_next_run_or_upgrade_writes_it_anew(home: Home, published: tuple[Path, str, str], name: str) -> None:
    _, release, before = published
    EDITS[name](home, release, before)
    if name in BY_UPGRADE:
        assert home.database.upgrade()
    else:
        dataclasses.replace(home, whole=False).publish(2)
    assert verify(home.files, home.database).problems == []
    assert home.database.current_release().release_id == home.files.pointed() == release  # type: ignore[union-attr]
    assert verify(home.files, home.database, before).problems == []


@pytest.mark.parametrize("name", ["a row altered", "row_counts broken"])
def test_on_a_server_too(mariadb_or_postgresql: URL, tmp_path: Path, name: str) -> None:
    home = Home(tmp_path / "home", with_password(mariadb_or_postgresql))
    first, second = home.publish(1).release_id, home.publish(2).release_id
    EDITS[name](home, second, first)
    assert verify(home.files, home.database).problems
    home.publish(2)
    assert verify(home.files, home.database).problems == []


@pytest.fixture(params=["postgresql", "mariadb"])
def mariadb_or_postgresql(request: pytest.FixtureRequest) -> URL:
    return request.getfixturevalue("postgres_url" if request.param == "postgresql" else "mariadb_url")


def test_replaced_views_are_made_anew_on_a_server_too(mariadb_or_postgresql: URL) -> None:
    store = DatabaseStore(mariadb_or_postgresql)
    assert store.upgrade()
    assert store.upgrade() == []
    run(mariadb_or_postgresql, "DROP VIEW province_by_release")
    assert "view province_by_release" in store.upgrade()
    columns = ", ".join(f"{name}" for name in store.schema.catalogue["commune"].column_names)
    run(mariadb_or_postgresql, f"CREATE OR REPLACE VIEW commune AS SELECT {columns} FROM commune_release")
    assert "view commune" in store.upgrade()
    assert store.upgrade() == []
