"""The asset that shows what a release changed."""

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest

from kh02_pipelines.assets.release_diff import release_diff
from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.release.diff.change_files import changes_path
from kh02_pipelines.release.files.durable import remove_folder
from kh02_pipelines.release.staging import stage
from kh02_pipelines.resources.stores import Stores
from kh02_pipelines.settings import Settings

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return Stores.from_settings(Settings(home=tmp_path))


def publish(stores: Stores, candidate: Candidate, hour: int) -> str:
    info = stores.parquet.add(stage(candidate, stores.staging), NOON + dt.timedelta(hours=hour))
    stores.parquet.point_to(info.release_id)
    return info.release_id


def run(stores: Stores) -> dg.ExecuteInProcessResult:
    return dg.materialize([release_diff], resources={"stores": stores}, raise_on_error=False)


def metadata(stores: Stores) -> dict[str, object]:
    result = run(stores)
    assert result.success
    [materialization] = result.asset_materializations_for_node("release_diff")
    return {name: value.value for name, value in materialization.metadata.items()}


def test_it_shows_and_keeps_what_the_current_release_changed(
    stores: Stores, candidate_reform: Candidate, candidate_today: Candidate
) -> None:
    first = publish(stores, candidate_reform, 0)
    shown = metadata(stores)
    assert (shown["previous_release_id"], shown["dagster/row_count"]) == ("-", 0)
    assert "Bản phát hành đầu tiên" in str(shown["changes"])

    second = publish(stores, candidate_today, 1)
    shown = metadata(stores)
    assert (shown["release_id"], shown["previous_release_id"]) == (second, first)
    assert (shown["corrections"], shown["real_changes"]) == (0, shown["dagster/row_count"])
    assert "Tỉnh Bắc Ninh → Thành phố Bắc Ninh (39/2026/QH16)" in str(shown["changes"])
    path = changes_path(stores.parquet, second)
    assert shown["file"] == str(path)
    assert shown["changes"] == path.with_suffix(".md").read_text("utf-8")

    # a second run of the same release changes nothing, nor does one after the release before is gone
    kept = path.read_bytes()
    assert metadata(stores) == shown
    remove_folder(stores.parquet.folder(first))
    assert metadata(stores) == shown
    assert path.read_bytes() == kept


def test_after_a_rollback_it_shows_the_release_that_is_current(
    stores: Stores, candidate_reform: Candidate, candidate_today: Candidate
) -> None:
    first = publish(stores, candidate_reform, 0)
    publish(stores, candidate_today, 1)
    stores.parquet.point_to(first)
    assert metadata(stores)["release_id"] == first


def test_without_a_release_it_fails_with_the_remedy(stores: Stores) -> None:
    result = run(stores)
    assert not result.success
    [failure] = result.get_step_failure_events()
    assert "remedy: run the whole job first" in str(failure.step_failure_data.error)
