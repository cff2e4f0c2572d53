"""Publishing: once, the same bytes everywhere, and never what the checks or the publisher's own audit refuse."""

import datetime as dt
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from kh02_pipelines.release.audit import PUBLISHED_RULES
from kh02_pipelines.release.content import RELEASE_ID
from kh02_pipelines.tables.catalogue import CATALOGUE, PUBLISHED

pytestmark = pytest.mark.no_cover  # whole runs: the tracer would double their time, other tests cover the code

PUBLISHERS = ["database_release", "parquet_release"]


def failures(result: Any) -> dict[str, str]:
    """The failed steps of a run, with all their errors' messages in one text."""
    found = {}
    for event in result.all_events:
        if event.is_step_failure:
            error, texts = event.step_failure_data.error, []
            while error is not None:
                texts.append(error.message)
                error = error.cause
            found[event.step_key] = " ".join(texts)
    return found


def published_rows(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What readers of the database see."""
    connection = sqlite3.connect(home / "catalogue.db")
    try:
        return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in CATALOGUE}
    finally:
        connection.close()


def releases(home: Path) -> set[str]:
    return {path.name for path in (home / "parquet").iterdir() if RELEASE_ID.fullmatch(path.name)}


def without_reports(files: dict[str, bytes]) -> dict[str, bytes]:
    """Published files but the quality reports: those tell the age of things on the day of the run."""
    return {name: data for name, data in files.items() if not name.startswith("reports/")}


def new_release(result: Any) -> dict[str, bool]:
    return {
        event.asset_key.to_user_string(): event.step_materialization_data.materialization.metadata["new_release"].value
        for event in result.get_asset_materialization_events()
        if event.asset_key.to_user_string() in PUBLISHERS
    }


def test_the_first_run_makes_a_release(first_run: Any) -> None:
    assert new_release(first_run.result) == {"database_release": True, "parquet_release": True}
    assert len(releases(first_run.installation.home)) == 1


def test_an_unchanged_catalogue_makes_no_new_release(first_run: Any, home_copy: Path, install: Any) -> None:
    """A week later, in the same home: another date, the same content, not one byte more or less."""
    later = install(home_copy, today=dt.date(2026, 11, 28))
    before = without_reports(first_run.installation.published_files())
    result = later.run()
    assert result.success, failures(result)
    assert without_reports(later.published_files()) == before
    assert new_release(result) == {"database_release": False, "parquet_release": False}


def test_another_home_at_another_time_gives_the_same_bytes(first_run: Any, tmp_path: Path, install: Any) -> None:
    other = install(tmp_path / "elsewhere" / "home", today=dt.date(2027, 3, 1))
    result = other.run(as_of="2026-11-21")
    assert result.success, failures(result)
    ours, theirs = (without_reports(home.published_files()) for home in (first_run.installation, other))
    assert set(ours) == set(theirs)
    # the time of publication, and how checks of age ended that day, and what holds these or hashes them
    of_the_day = {"release.json", "datapackage.json", "quality_result.parquet", "quality_result.csv"}
    of_the_day |= {"catalogue.sqlite", "catalogue.duckdb", "manifest.json", "SHA256SUMS"}
    assert {Path(name).name for name in ours if ours[name] != theirs[name]} <= of_the_day
    in_release = [name for name in ours if name.endswith(".parquet") and not name.startswith("changes/")]
    assert len(in_release) == len(PUBLISHED)


def test_the_folder_holds_what_the_database_told_with_the_release(first_run: Any) -> None:
    """And of the checks only those that look at both stores afterwards are missing in it."""
    home = first_run.installation.home
    folder = home / "parquet" / json.loads((home / "parquet" / "current.json").read_text("utf-8"))["path"]
    told = pq.read_table(folder / "quality_result.parquet", partitioning=None)
    with closing(sqlite3.connect(home / "catalogue.db")) as connection:
        rows = set(connection.execute("SELECT check_name, passed, failing_rows FROM quality_result").fetchall())
    early = {tuple(row.values()) for row in told.select(["check_name", "passed", "failing_rows"]).to_pylist()}
    assert {name for name, *_ in rows - early} == {rule.name for rule in PUBLISHED_RULES}
    assert early < rows
    with closing(sqlite3.connect(folder / "catalogue.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM quality_result").fetchall() == [(told.num_rows,)]


def break_ruling(reference: Any) -> None:
    reference.replace(
        "rulings", "R001,successions_2025-07-01,set,01615>01648", "R001,successions_2025-07-01,set,01615>01649"
    )


def break_file(reference: Any) -> None:
    reference.path("code_aliases").unlink()


@pytest.mark.parametrize(
    ("plant", "message"),
    [(break_ruling, "ruling R001 matches nothing"), (break_file, "code_aliases.csv")],
    ids=["ruling", "missing file"],
)
def test_a_fault_in_the_reference_publishes_nothing(
    home_copy: Path, install: Any, reference_copy: Any, plant: Any, message: str
) -> None:
    plant(reference_copy)
    broken = install(home_copy, reference=reference_copy.folder)
    files, rows = broken.published_files(), published_rows(home_copy)
    result = broken.run()
    assert not result.success
    assert message in " ".join(failures(result).values())
    done = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
    assert not done & set(PUBLISHERS)
    assert broken.published_files() == files
    assert published_rows(home_copy) == rows


def test_a_failed_check_stops_the_run_and_the_publishers_when_they_are_run_alone(
    home_copy: Path, install: Any, reference_copy: Any, kh02: Any
) -> None:
    """The law asks for one ward more than there is: exit code 1, and readers keep what they had."""
    reference_copy.replace("totals", "2026-09-20,,commune,phường,,709,", "2026-09-20,,commune,phường,,710,")
    broken = install(home_copy, reference=reference_copy.folder)
    files, rows = broken.published_files(), published_rows(home_copy)
    answer = kh02("build", home=home_copy, reference=reference_copy.folder)
    for asset in PUBLISHERS:  # in Dagster a publish asset can be materialised alone after a failed check
        assert "breaks unit_totals" in failures(broken.run(only=[asset]))[asset]
    assert broken.published_files() == files
    assert published_rows(home_copy) == rows
    assert answer.code == 1
    assert "nothing new was published" in answer.err
    assert json.loads(files["current.json"])["release_id"] in answer.err
    (fault,) = answer.faults
    assert fault.startswith("kh02: check failed: complete_unit_totals: 1 rows, first: commune, phường, counted 709")
    assert "compare the named type with totals.csv" in fault


def staged_folder(home: Path) -> Path:
    folders = [path for path in (home / "staging").iterdir() if path.is_dir()]
    assert len(folders) == 1
    return folders[0]


def corrupt_bytes(folder: Path) -> None:
    path = folder / "commune.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))


def lose_a_row(folder: Path) -> None:
    """A well-formed file of the right schema that lacks its last row."""
    path = folder / "commune_crosswalk.parquet"
    table = pq.read_table(path, partitioning=None)
    pq.write_table(table.slice(0, table.num_rows - 1), path)


def lose_a_file(folder: Path) -> None:
    (folder / "province.parquet").unlink()


def lose_the_description(folder: Path) -> None:
    (folder / "candidate.json").unlink()


def forge_the_description(folder: Path) -> None:
    """A description that claims another content for the same files."""
    path = folder / "candidate.json"
    described = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**described, "content_hash": "0" * 64}), "utf-8")


def forge_totals(folder: Path) -> None:
    """What the law asks for no longer fits the staged tables: a failed check that somebody overrode."""
    path = folder / "candidate.json"
    described = json.loads(path.read_text("utf-8"))
    lawful = [total for total in described["totals"] if total["lawful"] and not total["province_code"]]
    lawful[-1]["count"] += 1
    path.write_text(json.dumps(described), "utf-8")


@pytest.mark.parametrize(
    "harm",
    [corrupt_bytes, lose_a_row, lose_a_file, lose_the_description, forge_the_description, forge_totals],
    ids=lambda harm: harm.__name__,
)
def test_publishing_alone_refuses_a_harmed_candidate(home_copy: Path, install: Any, harm: Any) -> None:
    installation = install(home_copy)
    # nothing is published yet: there is something to refuse
    for path in (home_copy / "parquet").iterdir():
        if path.is_file():
            path.unlink()
    files, rows = installation.published_files(), published_rows(home_copy)
    harm(staged_folder(home_copy))
    for asset in PUBLISHERS:
        result = installation.run(only=[asset])
        assert not result.success
        assert "remedy: run the whole job again" in failures(result)[asset] or "unit_totals" in failures(result)[asset]
    assert installation.published_files() == files
    assert published_rows(home_copy) == rows


def test_a_raised_limit_holds_for_the_publisher_too(home_copy: Path, install: Any, reference_copy: Any) -> None:
    """What the remedy of a drift check promises: raise the limit for one run, and that run publishes."""
    pointed = json.loads((home_copy / "parquet" / "current.json").read_text("utf-8"))["release_id"]
    versions = home_copy / "parquet" / pointed / "unit_version.parquet"
    table = pq.read_table(versions, partitioning=None)
    names = [f"{name} cũ" if row % 20 == 0 else name for row, name in enumerate(table.column("name").to_pylist())]
    place = table.schema.get_field_index("name")
    pq.write_table(table.set_column(place, table.schema.field(place), [names]), versions)  # 5 % had other names
    reference_copy.replace("legal_documents", "Thành lập thành phố Bắc Ninh", "Lập thành phố Bắc Ninh")
    strict = install(home_copy, reference=reference_copy.folder)
    result = strict.run()
    assert [check.check_name for check in result.get_asset_check_evaluations() if not check.passed] == [
        "live_name_drift"
    ]
    for asset in PUBLISHERS:
        assert "breaks name_drift" in failures(strict.run(only=[asset]))[asset]
    assert len(releases(home_copy)) == 1
    result = install(home_copy, reference=reference_copy.folder, max_name_drift=0.2).run(only=PUBLISHERS)
    assert new_release(result) == {"database_release": True, "parquet_release": True}, failures(result)


def test_publishing_alone_brings_back_what_readers_lost(first_run: Any, home_copy: Path, install: Any) -> None:
    (home_copy / "parquet" / "current.json").unlink()
    installation = install(home_copy)
    result = installation.run(only=["parquet_release"])
    assert result.success, failures(result)
    assert installation.published_files() == first_run.installation.published_files()


def test_a_lost_release_comes_back_with_the_next_build_which_says_what_readers_do_not_have(
    home_copy: Path, kh02: Any
) -> None:
    release = json.loads((home_copy / "parquet" / "current.json").read_text("utf-8"))["release_id"]
    shutil.rmtree(home_copy / "parquet" / release)
    with sqlite3.connect(home_copy / "catalogue.db") as connection:
        connection.execute("DROP VIEW commune")
        connection.execute("CREATE VIEW commune AS SELECT * FROM commune_by_release WHERE code > '00100'")
    connection.close()
    answer = kh02("build", home=home_copy)
    assert answer.code == 0, answer.err
    assert "unchanged, no new release" in answer.out
    assert f"the folder of {release} was made anew" in answer.err
    assert "stores_agree" in answer.err
    assert "the view commune" in answer.err
    assert kh02("db", "upgrade", home=home_copy).code == 0
    assert kh02("verify", home=home_copy).code == 0


def test_a_clock_set_back_replaces_nothing_unasked(home_copy: Path, install: Any) -> None:
    back = install(home_copy, today=dt.date(2025, 8, 1))
    files, rows = back.published_files(), published_rows(home_copy)
    result = back.run()
    assert "is of the future" in failures(result)["release_date"]
    assert back.published_files() == files
    assert published_rows(home_copy) == rows
    result = back.run(as_of="2025-08-01")
    assert new_release(result) == {"database_release": True, "parquet_release": True}, failures(result)


def test_a_date_of_the_future_is_refused_inside_the_job(home_copy: Path, install: Any) -> None:
    installation = install(home_copy)
    files = installation.published_files()
    for as_of, message in (("2026-11-22", "lies in the future"), ("tomorrow", "is not a date")):
        result = installation.run(as_of=as_of)
        assert not result.success
        assert message in failures(result)["release_date"]
    assert installation.published_files() == files
