"""The rollback job in Dagster: one click, a reason, and only the pointers move."""

import sys
from pathlib import Path

import dagster as dg
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "integration"))

from sqlalchemy import text
from synthetic import Home, marker

from kh02_pipelines.automation.rollback import ROLLBACK_JOB
from kh02_pipelines.definitions import build_defs
from kh02_pipelines.resources.stores import Stores
from kh02_pipelines.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, f"sqlite:///{tmp_path / 'catalogue.db'}")


def run(home: Home, release: str, reason: str) -> dg.ExecuteInProcessResult:
    settings = Settings(home=home.path)
    job = build_defs(settings, Stores.from_settings(settings)).resolve_job_def(ROLLBACK_JOB)
    config = {"ops": {"move_back": {"config": {"release_id": release, "reason": reason}}}}
    return job.execute_in_process(run_config=config, raise_on_error=False)


def test_the_job_goes_back_and_says_what_it_left(home: Home) -> None:
    first, second = home.publish(1).release_id, home.publish(2).release_id
    result = run(home, first, "sai tên xã")
    assert result.success
    made = {
        event.asset_key.to_user_string(): event.materialization
        for event in result.all_events
        if (event.is_step_materialization)
    }
    shown = {name: one.metadata for name, one in made.items()}
    assert set(shown) == {"database_release", "parquet_release", "release_status"}
    assert {metadata["release_id"].value for metadata in shown.values()} == {first}
    assert shown["parquet_release"]["left_release_id"].value == second
    assert shown["database_release"]["reason"].value == "sai tên xã"
    assert home.files.pointed() == first
    with home.database.database.transaction("was read") as connection:
        assert connection.execute(text("SELECT min(name) FROM commune")).scalar_one() == marker(1)


def test_the_job_fails_without_moving_for_a_release_that_is_not_kept(home: Home) -> None:
    first = home.publish(1).release_id
    assert not run(home, "2020-01-01+00000000", "x").success
    assert home.files.pointed() == first


def test_the_launchpad_offers_the_kept_releases_as_they_are_now(home: Home) -> None:
    settings = Settings(home=home.path)
    job = build_defs(settings, Stores.from_settings(settings)).resolve_job_def(ROLLBACK_JOB)
    assert job.partitions_def is not None
    assert job.partitions_def.get_partition_keys() == []
    first, second = home.publish(1).release_id, home.publish(2).release_id
    assert job.partitions_def.get_partition_keys() == [second, first]
    assert job.partitioned_config is not None
    config = job.partitioned_config.get_run_config_for_partition_key(first)
    assert config["ops"]["move_back"]["config"]["release_id"] == first
