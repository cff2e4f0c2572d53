"""The reader: pinned, exact, and never silent when what it reads is not what was published."""

import datetime as dt
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from kh02_pipelines.client import (
    Catalogue,
    CatalogueDamaged,
    CatalogueUnreachable,
    ReleaseGone,
    ReleaseNotFound,
    UnknownTable,
    open_catalogue,
)
from kh02_pipelines.errors import Kh02Error
from kh02_pipelines.tables.arrow import to_frame
from kh02_pipelines.tables.catalogue import CATALOGUE, PUBLISHED

Source = str | Path


@pytest.fixture(params=["files", "database"])
def source(request: pytest.FixtureRequest) -> Source:
    if request.param == "files":
        return request.getfixturevalue("home").folder
    return request.getfixturevalue("database").url


@pytest.fixture
def published(home_template):  # type: ignore[no-untyped-def]
    return home_template.published


def test_it_reads_every_table_as_it_was_published(source: Source, published) -> None:  # type: ignore[no-untyped-def]
    catalogue = open_catalogue(source)
    expected = published.tables[published.current]
    assert catalogue.release_id == published.current
    assert f"{catalogue.as_of}" == published.current[:10]
    assert catalogue.tables == tuple(sorted(PUBLISHED))
    assert catalogue.table("release_change")["previous_release_id"].unique().tolist() == [published.older]
    for name, table in expected.items():
        assert catalogue.table(name, as_="pyarrow").equals(table), name
        pd.testing.assert_frame_equal(catalogue.table(name), to_frame(table))
    assert catalogue.verify() == {name: expected[name].num_rows for name in CATALOGUE}


def test_it_opens_the_release_asked_for(source: Source, published) -> None:  # type: ignore[no-untyped-def]
    catalogue = open_catalogue(source, release=published.older)
    assert catalogue.release_id == published.older
    assert "Tỉnh Bắc Ninh" in set(catalogue.table("province")["name"])
    assert published.older in repr(catalogue)


def publish_older(source: Source, request: pytest.FixtureRequest, published) -> None:  # type: ignore[no-untyped-def]
    if isinstance(source, str):
        request.getfixturevalue("database").run(f"UPDATE current_release SET release_id = '{published.older}'")
    else:
        request.getfixturevalue("home").store.point_to(published.older)


def remove_current(source: Source, request: pytest.FixtureRequest, published) -> None:  # type: ignore[no-untyped-def]
    if isinstance(source, str):
        run = request.getfixturevalue("database").run
        for table in ("commune_release", "catalogue_release"):
            run(f"DELETE FROM {table} WHERE release_id = '{published.current}'")
    else:
        shutil.rmtree(source / "parquet" / published.current)


def test_it_stays_with_its_release_while_another_is_published(  # type: ignore[no-untyped-def]
    source: Source, published, request: pytest.FixtureRequest
) -> None:
    catalogue = open_catalogue(source)
    before = catalogue.table("province")
    publish_older(source, request, published)
    pd.testing.assert_frame_equal(catalogue.table("province"), before)
    assert open_catalogue(source).release_id == published.older
    assert not open_catalogue(source).table("province").equals(before)


def test_a_pruned_release_is_an_error_not_an_empty_table(  # type: ignore[no-untyped-def]
    source: Source, published, request: pytest.FixtureRequest
) -> None:
    catalogue = open_catalogue(source)
    remove_current(source, request, published)
    for read in (lambda: catalogue.table("commune"), catalogue.verify):
        with pytest.raises(ReleaseGone, match=r"removed after it was opened.*remedy: open the catalogue again"):
            read()


def test_a_release_of_before_these_were_exported_has_nothing_about_it(home) -> None:  # type: ignore[no-untyped-def]
    (home.folder / "parquet" / home.published.current / "release_change.parquet").unlink()
    catalogue = open_catalogue(home.folder)
    assert "release_change" not in catalogue.tables
    with pytest.raises(UnknownTable, match="no table 'release_change'"):
        catalogue.table("release_change")


@pytest.mark.parametrize("note", ["", "{}", "[]", '{"release_id": "x"}', '{"release_id": 7, "last_checked_at": "x"}'])
def test_a_broken_note_of_the_last_check_takes_the_release_from_nobody(home, note: str) -> None:  # type: ignore[no-untyped-def]
    (home.folder / "parquet" / "checked.json").write_text(note)
    assert open_catalogue(home.folder).last_checked_at == dt.datetime(2026, 11, 21, 13, tzinfo=dt.UTC)


@pytest.mark.parametrize("release", ["2020-01-01+00000000", "../parquet", "", "staging", "current.json"])
def test_a_release_that_is_not_there(source: Source, release: str) -> None:
    with pytest.raises((ReleaseNotFound, CatalogueDamaged), match="remedy") as caught:
        open_catalogue(source, release=release)
    assert isinstance(caught.value, Kh02Error)


def test_a_staged_release_cannot_be_opened(database, published) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ReleaseNotFound):
        open_catalogue(database.url, release=f"{published.current}-staged")


def test_an_unknown_table_or_form(source: Source) -> None:
    catalogue = open_catalogue(source)
    with pytest.raises(UnknownTable, match=r"no table 'communes'.*remedy: use one of change_event, code_alias,"):
        catalogue.table("communes")
    with pytest.raises(ValueError, match="'pandas' or 'pyarrow'"):
        catalogue.table("commune", as_="polars")  # type: ignore[call-overload]


def test_a_table_of_a_later_contract_is_told(database) -> None:  # type: ignore[no-untyped-def]
    database.run("UPDATE catalogue_release SET row_counts = '{\"mystery\": 1}'")
    for form in ("pandas", "pyarrow"):
        with pytest.raises(UnknownTable, match="does not know the table 'mystery'"):
            open_catalogue(database.url).table("mystery", as_=form)  # type: ignore[call-overload]


def test_a_column_of_a_later_contract_is_no_damage(database) -> None:  # type: ignore[no-untyped-def]
    catalogue = open_catalogue(database.url)
    columns = {"commune": [*catalogue.table("commune").columns, "mystery"]}
    database.run(f"UPDATE catalogue_release SET table_columns = '{json.dumps(columns)}'")
    with pytest.raises(UnknownTable, match="does not know the column 'mystery' of commune"):
        open_catalogue(database.url).verify()


def test_missing_rows_are_found(database) -> None:  # type: ignore[no-untyped-def]
    catalogue = open_catalogue(database.url)
    database.run(f"DELETE FROM commune_release WHERE code = '00004' AND release_id = '{catalogue.release_id}'")
    with pytest.raises(CatalogueDamaged, match="commune has 3320 rows, 3321 were published"):
        catalogue.table("commune")


def test_a_changed_value_in_the_database_is_found_by_verify(database) -> None:  # type: ignore[no-untyped-def]
    catalogue = open_catalogue(database.url)
    database.run(
        f"UPDATE commune_release SET name = 'x' WHERE code = '00004' AND release_id = '{catalogue.release_id}'"
    )
    with pytest.raises(CatalogueDamaged, match="do not hash to its content hash"):
        catalogue.verify()


def test_changed_bytes_are_found_by_verify(home) -> None:  # type: ignore[no-untyped-def]
    catalogue = open_catalogue(home.folder)
    path = home.folder / "parquet" / catalogue.release_id / "commune.parquet"
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(CatalogueDamaged, match=r"bytes are not those.*commune.parquet"):
        catalogue.verify()
    path.write_bytes(b"broken")
    with pytest.raises(CatalogueDamaged, match=r"cannot be read.*commune.parquet"):
        catalogue.table("commune")
    path.unlink()
    with pytest.raises(CatalogueDamaged, match=r"cannot be read.*commune.parquet"):
        catalogue.verify()


def test_another_release_in_the_right_place_is_found(home) -> None:  # type: ignore[no-untyped-def]
    """Files that are whole and agree with their sums, but are another release's."""
    catalogue = open_catalogue(home.folder)
    here, other = (home.folder / "parquet" / r for r in (catalogue.release_id, home.published.older))
    shutil.copyfile(other / "province.parquet", here / "province.parquet")
    sums = here / "SHA256SUMS"
    sums.write_text(
        "".join(f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in here.glob("*.parquet"))
    )
    with pytest.raises(CatalogueDamaged, match="do not hash to its content hash"):
        catalogue.verify()


@pytest.mark.parametrize(
    ("sums", "what"),
    [("0" * 64 + "  commune.parquet\n", "no sum for table"), ("", "no sum for table")],
)
def test_sums_that_leave_a_table_out_are_no_proof(home, sums: str, what: str) -> None:  # type: ignore[no-untyped-def]
    catalogue = open_catalogue(home.folder)
    (home.folder / "parquet" / catalogue.release_id / "SHA256SUMS").write_text(sums)
    with pytest.raises(CatalogueDamaged, match=what):
        catalogue.verify()


def test_sums_cannot_point_out_of_the_folder(home) -> None:  # type: ignore[no-untyped-def]
    catalogue = open_catalogue(home.folder)
    lines = [f"{'0' * 64}  {name}.parquet" for name in catalogue.tables] + [f"{'0' * 64}  ../../secret"]
    (home.folder / "parquet" / catalogue.release_id / "SHA256SUMS").write_text("\n".join(lines))
    with pytest.raises(CatalogueDamaged, match="a file outside"):
        catalogue.verify()


def test_the_parquet_folder_itself_will_do(home) -> None:  # type: ignore[no-untyped-def]
    assert open_catalogue(str(home.folder / "parquet")).release_id == home.published.current


@pytest.mark.parametrize("pointer", ["", "{}", "[]", '{"release_id": 7}', '{"release_id": "x"}'])
def test_a_broken_pointer(home, pointer: str) -> None:  # type: ignore[no-untyped-def]
    (home.folder / "parquet" / "current.json").write_text(pointer)
    with pytest.raises((CatalogueDamaged, ReleaseNotFound), match="remedy"):
        open_catalogue(home.folder)


def test_a_broken_description(home) -> None:  # type: ignore[no-untyped-def]
    path = home.folder / "parquet" / home.published.current / "release.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "rows": None}))
    with pytest.raises(CatalogueDamaged, match="remedy"):
        open_catalogue(home.folder)


def test_nothing_published_or_nothing_there(tmp_path: Path, database) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CatalogueUnreachable, match="no Parquet releases here"):
        open_catalogue(tmp_path)
    (tmp_path / "parquet").mkdir()
    with pytest.raises(ReleaseNotFound, match="nothing has been published"):
        open_catalogue(tmp_path)
    missing = tmp_path / "missing.db"
    with pytest.raises(CatalogueUnreachable, match="no such database"):
        open_catalogue(f"sqlite:///{missing}")
    assert not missing.exists()
    database.run("UPDATE current_release SET release_id = NULL")
    with pytest.raises(ReleaseNotFound, match="nothing has been published"):
        open_catalogue(database.url)


@pytest.mark.parametrize(
    "url",
    [
        "nonsense://u:hunter2@h/d",
        "postgresql+nonsense://u:hunter2@h/d",
        "postgresql://u:hunter2@127.0.0.1:1/d",
        "postgresql+psycopg://u:hunter2@h:port/d",
    ],
)
def test_a_database_that_cannot_be_reached_keeps_its_password(url: str) -> None:
    with pytest.raises(CatalogueUnreachable, match="remedy") as caught:
        open_catalogue(url)
    assert "hunter2" not in str(caught.value)


def test_a_database_without_the_views(tmp_path: Path) -> None:
    (tmp_path / "empty.db").write_bytes(b"")
    with pytest.raises(CatalogueUnreachable, match=r"published_release.*kh02 db upgrade"):
        open_catalogue(f"sqlite:///{tmp_path / 'empty.db'}")


def test_reading_a_database_writes_nothing(database) -> None:  # type: ignore[no-untyped-def]
    path = Path(database.url.removeprefix("sqlite:///"))
    before = path.read_bytes()
    open_catalogue(database.url).verify()
    assert path.read_bytes() == before


def test_it_is_an_interface() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Catalogue(None, "")  # type: ignore[abstract, arg-type]


def loaded(script: str, *arguments: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after ``script``."""
    code = f"import sys\n{BLOCK}\n{script}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


BLOCK = """
class Absent:
    names = set()
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in self.names:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
"""
HEAVY = {"dagster", "great_expectations", "pydantic", "typer", "duckdb"}


def test_importing_it_loads_no_library() -> None:
    assert not loaded("import kh02_pipelines.client") & {*HEAVY, "pandas", "pyarrow", "sqlalchemy", "numpy"}


def test_arrow_readers_do_without_pandas(home, database) -> None:  # type: ignore[no-untyped-def]
    block = "Absent.names = {'pandas'}\nfrom kh02_pipelines.client import open_catalogue\n"
    read = "c = open_catalogue(sys.argv[1]); c.table('commune', as_='pyarrow'); c.verify()"
    assert not loaded(block + read, str(home.folder)) & {*HEAVY, "sqlalchemy"}
    assert not loaded(block + read, database.url) & HEAVY


def test_database_readers_do_without_pyarrow(database) -> None:  # type: ignore[no-untyped-def]
    block = "Absent.names = {'pyarrow'}\nfrom kh02_pipelines.client import open_catalogue\n"
    read = "frame = open_catalogue(sys.argv[1]).table('commune'); assert frame['code'].iloc[0] == '00004'"
    assert not loaded(block + read, database.url) & HEAVY
