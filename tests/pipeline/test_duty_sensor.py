"""The sensor that tells people: problems and failing checks, those that do not block too, once; and a true status."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from kh02_pipelines.automation.duty_sensor import failing_checks
from kh02_pipelines.automation.instance import prepare_instance


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    prepare_instance(tmp_path / "home" / "dagster")
    with dg.DagsterInstance.from_config(str(tmp_path / "home" / "dagster")) as made:
        yield made


def report(instance: dg.DagsterInstance, *, passed: bool) -> None:
    instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey("candidate_release"),
            check_name="live_source_age",
            passed=passed,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"failing_rows": 3, "remedy": "Lấy nguồn mới hơn · take a newer one"},
        )
    )


def test_a_failing_check_is_told_once_and_the_status_is_kept_true(
    instance: dg.DagsterInstance, install: Any, tmp_path: Path
) -> None:
    installation = install(tmp_path / "home")
    repository = installation.definitions.get_repository_def()
    sensor = repository.get_sensor_def("duty")

    def look(cursor: str | None) -> Any:
        context = dg.build_sensor_context(instance=instance, cursor=cursor)
        return sensor.evaluate_tick(context)

    first = look(None)
    assert {event.asset_key.to_user_string() for event in first.asset_events} == {"release_status"}
    assert "no_release" in str(first.skip_message)
    assert look(first.cursor).asset_events == []
    report(instance, passed=False)
    told = look(first.cursor)
    assert "check:live_source_age" in str(told.skip_message)
    assert "check:" not in str(look(told.cursor).skip_message)
    key = dg.AssetCheckKey(dg.AssetKey("candidate_release"), "live_source_age")
    (alert,) = failing_checks(instance, [key])
    assert alert.vi == "Kiểm tra live_source_age không đạt (WARN): 3 dòng · rows"
    assert alert.remedy == "Lấy nguồn mới hơn · take a newer one"
    report(instance, passed=True)
    assert failing_checks(instance, [key]) == []
