"""The gate: an unsound candidate reaches no reader, whichever way its publication is asked for."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from kh02_pipelines.automation.jobs import CATALOGUE_JOB
from kh02_pipelines.resources.stores import Stores
from kh02_pipelines.sources.reference_data import REFERENCE_FOLDER

pytestmark = pytest.mark.no_cover  # whole runs: the tracer would double their time, other tests cover the code

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
PUBLISHERS = ("database_release", "parquet_release")


@dataclass
class Installation:
    """A home whose readers have a good release, and whose newest candidate breaks ``unit_totals``."""

    definitions: dg.Definitions
    instance: dg.DagsterInstance
    stores: Stores
    good: tuple[bytes, str | None]

    def readers_see(self) -> tuple[bytes, str | None]:
        pointer = (self.stores.parquet.root / "current.json").read_bytes()
        return pointer, self.stores.database.current()

    def run(self, selection: dg.AssetSelection | None = None) -> dg.ExecuteInProcessResult:
        job = self.definitions.resolve_job_def(CATALOGUE_JOB)
        if selection is not None:
            job = dg.define_asset_job("part", selection, executor_def=dg.in_process_executor)
            definitions = dg.Definitions.merge(self.definitions, dg.Definitions(jobs=[job]))
            job = definitions.resolve_job_def("part")
        return job.execute_in_process(instance=self.instance, run_config=QUIET, raise_on_error=False)


@pytest.fixture(scope="module")
def installation(
    first_run: Any, install: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("gate")
    home = Path(shutil.copytree(first_run.installation.home, folder / "home"))
    reference = Path(shutil.copytree(REFERENCE_FOLDER, folder / "reference"))
    totals = reference / "totals.csv"
    text = totals.read_text("utf-8")
    assert text.count("2026-09-20,,commune,xã,,2599,") == 1
    totals.write_text(text.replace("2026-09-20,,commune,xã,,2599,", "2026-09-20,,commune,xã,,2598,"), encoding="utf-8")
    # the content must differ too, or there would be nothing to publish
    law = reference / "legal_documents.csv"
    law.write_text(law.read_text("utf-8").replace("Thành lập thành phố Bắc Ninh", "Lập thành phố Bắc Ninh"), "utf-8")
    made = install(home, reference=reference)
    with dg.DagsterInstance.ephemeral() as instance:
        broken = Installation(made.definitions, instance, made.stores, (b"", None))
        broken.good = broken.readers_see()
        assert broken.good[1] is not None
        yield broken


def steps(result: dg.ExecuteInProcessResult) -> tuple[set[str], set[str]]:
    """Steps that failed, and steps that ran to their end."""
    return (
        {event.step_key for event in result.all_events if event.is_step_failure},
        {event.step_key for event in result.all_events if event.is_step_success},
    )


def test_a_failed_blocking_check_stops_publication(installation: Installation) -> None:
    result = installation.run()
    assert not result.success
    failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert [check.check_name for check in failed] == ["complete_unit_totals"]
    metadata = failed[0].metadata
    assert metadata["failing_rows"].value == 1
    assert Path(str(metadata["all_rows"].value)).is_file()
    assert not set(PUBLISHERS) & steps(result)[1]
    assert installation.readers_see() == installation.good


@pytest.mark.parametrize("asset", PUBLISHERS)
def test_the_publish_asset_alone_refuses(installation: Installation, asset: str) -> None:
    result = installation.run(dg.AssetSelection.assets(asset) - dg.AssetSelection.all_asset_checks())
    assert steps(result) == ({asset}, set())
    assert "AuditError" in str(
        next(event for event in result.all_events if event.is_step_failure).step_failure_data.error
    )
    assert installation.readers_see() == installation.good


def test_skipped_checks_open_nothing(installation: Installation) -> None:
    result = installation.run(
        dg.AssetSelection.assets("candidate_release", *PUBLISHERS) - dg.AssetSelection.all_asset_checks()
    )
    assert result.get_asset_check_evaluations() == []
    assert steps(result)[0] == {"database_release"}
    assert installation.readers_see() == installation.good


def test_a_forged_check_result_opens_nothing(installation: Installation) -> None:
    installation.instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey("candidate_release"),
            check_name="complete_unit_totals",
            passed=True,
            blocking=True,
            metadata={},
        )
    )
    key = dg.AssetCheckKey(dg.AssetKey("candidate_release"), "complete_unit_totals")
    record = installation.instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
    assert record.status.value == "SUCCEEDED"  # the forgery is what Dagster believes
    result = installation.run(dg.AssetSelection.assets(*PUBLISHERS) - dg.AssetSelection.all_asset_checks())
    assert steps(result)[0] == {"database_release"}
    assert installation.readers_see() == installation.good


def test_spoilt_staged_bytes_are_refused(installation: Installation) -> None:
    staged = next(installation.stores.staging.iterdir()) / "commune.parquet"
    staged.write_bytes(staged.read_bytes()[:-1] + b"\0")
    result = installation.run(dg.AssetSelection.assets("parquet_release") - dg.AssetSelection.all_asset_checks())
    assert "missing or not those" in str([event for event in result.all_events if event.is_step_failure])
    assert installation.readers_see() == installation.good
