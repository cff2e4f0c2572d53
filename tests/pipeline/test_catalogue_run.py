"""One run of everything: what it materialises, what it says of it, and that it is the core's own result."""

import base64
import json
import re
import sqlite3
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from kh02_pipelines.assets.asset_checks import check_name
from kh02_pipelines.assets.preview import CHECK
from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.release.audit import PUBLISHED_RULES, RULES
from kh02_pipelines.tables.arrow import arrow_schema, to_arrow
from kh02_pipelines.tables.catalogue import CATALOGUE

ROWS = {
    "province": 34,
    "commune": 3_321,
    "legacy_province": 63,
    "legacy_district": 696,
    "legacy_commune": 10_035,
    "province_crosswalk": 63,
    "commune_crosswalk": 10_566,
}
EMPTY = {"quarantine", "source_issue"}  # the embedded reference needs no cleaning and no row of it is refused
WITH_CHARTS = (
    *(name for name in CATALOGUE if name not in EMPTY),
    "candidate_release",
    "links",
    "registers",
)


@pytest.fixture(scope="module")
def materialised(first_run: Any) -> dict[str, dict[str, Any]]:
    """Metadata of every asset of the run."""
    return {
        event.asset_key.to_user_string(): {
            name: value.value for name, value in event.step_materialization_data.materialization.metadata.items()
        }
        for event in first_run.result.get_asset_materialization_events()
    }


def test_everything_is_materialised_once(first_run: Any, materialised: dict[str, dict[str, Any]]) -> None:
    assert first_run.result.success
    events = first_run.result.get_asset_materialization_events()
    specs = first_run.installation.definitions.resolve_all_asset_specs()
    assert len(events) == len(materialised)
    assert set(materialised) == {spec.key.to_user_string() for spec in specs}


def test_every_check_ran_and_passed(first_run: Any) -> None:
    evaluations = {check.check_name: check for check in first_run.result.get_asset_check_evaluations()}
    blocking = {check_name(rule): rule.blocking for rule in (*RULES, *PUBLISHED_RULES)} | {CHECK: False}
    assert {name: check.blocking for name, check in evaluations.items()} == blocking
    assert [name for name, check in evaluations.items() if not check.passed] == []
    assert {f"clean_declared_{name}" for name in CATALOGUE} <= set(blocking)
    assert all(evaluations[f"clean_declared_{name}"].metadata["expectations"].value > 3 for name in CATALOGUE)


def test_row_counts_and_previews_are_in_the_metadata(
    materialised: dict[str, dict[str, Any]], candidate_today: Candidate
) -> None:
    for name, frame in candidate_today.tables.items():
        assert materialised[name]["dagster/row_count"] == len(frame)
        assert materialised[name]["dagster/row_count"] == ROWS.get(name, len(frame))
        if name in EMPTY:
            assert frame.empty
            continue
        records = (
            materialised[name]["preview"]["records"]
            if isinstance(materialised[name]["preview"], dict)
            else materialised[name]["preview"].records
        )
        assert 1 <= len(records) <= 10
        assert all(set(record.data) == set(frame.columns) for record in records)


@pytest.mark.parametrize("name", WITH_CHARTS)
def test_main_assets_have_a_chart_that_is_an_image(name: str, materialised: dict[str, dict[str, Any]]) -> None:
    charts = [
        value for value in materialised[name].values() if isinstance(value, str) and "data:image/svg+xml" in value
    ]
    assert charts
    for chart in charts:
        encoded = re.fullmatch(r"!\[.+\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", chart)
        assert encoded
        svg = base64.b64decode(encoded[1]).decode()
        assert svg.startswith("<svg ")
        assert svg.count("<rect") > 1


def test_figures_of_the_crosswalk(materialised: dict[str, dict[str, Any]]) -> None:
    figures = materialised["commune_crosswalk"]
    assert (figures["split_communes"], figures["population_heirs"], figures["ruled_links"]) == (441, 60, 4)
    assert materialised["district_crosswalk"]["districts"] == 696


def test_sources_carry_the_hash_of_their_file(first_run: Any, materialised: dict[str, dict[str, Any]]) -> None:
    hashes = {value["file"]: value["sha256"] for value in materialised.values() if "sha256" in value}
    reference = first_run.installation.stores.reference
    only_for_other_sources = {"nso_rulings.csv", "commune_codes_by_date.csv"}
    here = {path.name for path in reference.glob("*.csv")} | {"registers", "changes"}
    assert set(hashes) == here - only_for_other_sources
    assert all(re.fullmatch(r"[0-9a-f]{64}", value) for value in hashes.values())


def test_the_job_publishes_what_the_core_builds(first_run: Any, candidate_today: Candidate) -> None:
    root = first_run.installation.home / "parquet"
    pointer = json.loads((root / "current.json").read_text("utf-8"))
    assert pointer["as_of"] == "2026-11-21"
    assert re.fullmatch(r"2026-11-21\+[0-9a-f]{8}", pointer["release_id"])
    for name, table in CATALOGUE.items():
        found = pq.read_table(root / pointer["path"] / f"{name}.parquet", partitioning=None)
        assert found.schema.equals(arrow_schema(table))
        assert arrow_schema(table).metadata.items() <= found.schema.metadata.items()  # and what release it is of
        assert found.equals(to_arrow(candidate_today.tables[name], table)), name


def test_the_database_holds_the_same_rows(first_run: Any, candidate_today: Candidate) -> None:
    path = first_run.installation.home / "catalogue.db"
    with sqlite3.connect(path) as connection:
        for name, table in CATALOGUE.items():
            columns = ", ".join(f'"{column}"' for column in table.column_names)
            found = pd.read_sql_query(f'SELECT {columns} FROM "{name}"', connection)
            expected = candidate_today.tables[name][table.column_names]
            assert len(found) == len(expected), name
            keys = list(table.primary_key)
            found, expected = (frame.sort_values(keys, ignore_index=True) for frame in (found, expected))
            for column in table.columns:
                wanted = expected[column.name]
                if column.type.value == "date":
                    wanted = wanted.dt.strftime("%Y-%m-%d")
                same = (found[column.name].astype("object") == wanted.astype("object")) | (
                    found[column.name].isna() & wanted.isna()
                )
                assert same.all(), f"{name}.{column.name}"
    connection.close()


def test_the_data_dictionary_is_published_beside_the_releases(first_run: Any) -> None:
    written = (first_run.installation.home / "parquet" / "data_dictionary.md").read_text("utf-8")
    assert all(f"## {name}\n" in written for name in CATALOGUE)


def test_nothing_unfinished_is_left_behind(first_run: Any) -> None:
    home = first_run.installation.home
    assert not [path for path in home.rglob("*") if path.name.endswith(".tmp") or path.name.startswith(".probe")]
