"""Frames and small values between assets: stored, handed on, and never shared by accident."""

import json
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest
from dagster import DagsterResourceFunctionError, build_reconstructable_job

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.resources.frame_io import KEPT_RUNS, WAITS, FrameIOManager

HERE = Path(__file__).parent


@dg.asset
def numbers() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "code": pd.Series(["01", None], dtype="str"),
            "n": pd.array([1, None], dtype="Int32"),
            "day": pd.to_datetime(["2025-07-01", None]).astype("datetime64[ms]"),
        }
    )


@dg.asset
def word() -> str:
    return "ngày"


@dg.asset
def reader(numbers: pd.DataFrame, word: str) -> str:
    types = [str(kind) for kind in numbers.dtypes]
    numbers.loc[0, "code"] = "99"  # must not reach the next reader
    return f"{word} {types}"


@dg.asset(deps=[reader])
def later(numbers: pd.DataFrame) -> str:
    return str(numbers["code"].iloc[0])


def materialise(folder: Path, selection: list[Any] | None = None, **extra: Any) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [numbers, word, reader, later, *extra.pop("assets", [])],
        selection=selection,
        instance=extra.pop("instance", None) or dg.DagsterInstance.ephemeral(),
        resources={"io_manager": FrameIOManager(folder=str(folder), **extra)},
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )


@pytest.mark.parametrize("alone", [False, True], ids=["one run", "from disk"])
def test_values_arrive_with_their_types(tmp_path: Path, alone: bool) -> None:
    result = materialise(tmp_path)
    if alone:
        result = materialise(tmp_path, [reader, later])
    assert result.output_for_node("reader") == "ngày ['str', 'Int32', 'datetime64[ms]']"
    assert result.output_for_node("later") == "01"
    (frame,) = tmp_path.glob("*/numbers.parquet")
    assert (frame.parent / "word.json").read_text("utf-8") == '"ngày"'
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.mark.parametrize("asset", [numbers, word], ids=["frame", "value"])
def test_a_full_disk_is_one_line(tmp_path: Path, asset: dg.AssetsDefinition) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, limits[1]))
    try:
        with pytest.raises(EnvironmentFault, match=r"a value of the run cannot be kept: .*; remedy: free space"):
            materialise(tmp_path, selection=[asset])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_second_run_waits_and_says_for_whom(tmp_path: Path) -> None:
    """A run that starts in the middle of another is told who is at work, and changes nothing."""
    told: list[str] = []

    @dg.asset(deps=[word])
    def meanwhile() -> str:
        with dg.DagsterInstance.ephemeral() as instance:
            with pytest.raises(DagsterResourceFunctionError) as refused:
                materialise(tmp_path, instance=instance, wait_seconds=0.1)
            assert isinstance(refused.value.__cause__, EnvironmentFault)
            (run,) = instance.get_runs()
            logged = [entry.get_dagster_event().message for entry in instance.all_logs(run.run_id)]
        told.extend([str(refused.value.__cause__), *(line for line in logged if line and line.startswith(WAITS))])
        return ""

    result = materialise(tmp_path, assets=[meanwhile])
    fault, waited = told
    assert "another run has been at work here" in fault
    assert f"run {result.run_id}" in fault
    assert f"run {result.run_id}" in waited
    assert materialise(tmp_path, wait_seconds=0.1).success


# ---- values of other runs ----

SAYS: list[str] = ["-"]
"""The last is what ``source`` hands out; ``broken`` fails while it ends with an exclamation mark."""


@dg.asset
def source() -> str:
    return SAYS[-1]


@dg.asset
def broken(source: str) -> str:
    if SAYS[-1].endswith("!"):
        raise RuntimeError
    return f"from {source}"


def job_of(folder: str) -> dg.JobDefinition:
    """A job of the two assets, as the UI loads it."""
    resources = {"io_manager": FrameIOManager(folder=folder)}
    job = dg.define_asset_job("both", executor_def=dg.in_process_executor)
    return dg.Definitions([source, broken], jobs=[job], resources=resources).resolve_job_def("both")


def run(folder: Path, instance: dg.DagsterInstance, says: str, **how: Any) -> dg.JobExecutionResult:
    """Run the job in ``folder``."""
    SAYS.append(says)
    job = build_reconstructable_job(__name__, "job_of", (str(folder),), reconstructor_working_directory=str(HERE))
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with dg.execute_job(job, instance, run_config=quiet, **how) as result:
        return result


def values(folder: Path) -> dict[str, set[str]]:
    """What each run has kept, by run."""
    return {path.name: {file.name for file in path.iterdir()} for path in folder.iterdir() if path.is_dir()}


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    quiet = {"telemetry": {"enabled": False}, "nux": {"enabled": False}}
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=quiet) as made:
        yield made


def test_a_re_execution_reads_what_its_own_parent_made(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    folder = tmp_path / "frames"
    failed = run(folder, instance, "the parent!")
    assert not failed.success
    for number in range(KEPT_RUNS - 1):
        assert run(folder, instance, f"another {number}").success
    again = dg.ReexecutionOptions.from_failure(failed.run_id, instance)
    repeated = run(folder, instance, "later", reexecution_options=again)
    assert repeated.success
    assert json.loads((folder / repeated.run_id / "broken.json").read_text("utf-8")) == "from the parent!"


def test_a_value_that_is_no_longer_kept_is_never_replaced_by_another(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    folder = tmp_path / "frames"
    failed = run(folder, instance, "the parent!")
    for number in range(KEPT_RUNS):
        run(folder, instance, f"another {number}")
    assert failed.run_id not in values(folder)
    again = dg.ReexecutionOptions.from_failure(failed.run_id, instance)
    late = run(folder, instance, "later", reexecution_options=again, raise_on_error=False)
    assert not late.success
    (failure,) = [event for event in late.all_events if event.is_step_failure]
    assert "the value of source is no longer kept" in str(failure.step_failure_data.error)
    assert "remedy: start the job anew" in str(failure.step_failure_data.error)


def test_the_last_runs_keep_all_and_earlier_ones_what_nobody_made_anew(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    folder = tmp_path / "frames"
    (folder / "nested").mkdir(parents=True)
    (folder / "nested" / "unit.parquet").touch()  # as versions before this one kept them
    (folder / "word.json").touch()
    whole = [run(folder, instance, f"whole {number}").run_id for number in range(KEPT_RUNS + 1)]
    assert values(folder) == {run_id: {"source.json", "broken.json"} for run_id in whole[-KEPT_RUNS:]}
    assert not (folder / "word.json").exists()

    alone = [
        run(folder, instance, f"alone {number}", asset_selection=[dg.AssetKey("broken")]).run_id
        for number in range(KEPT_RUNS + 1)
    ]
    assert values(folder) == {
        whole[-1]: {"source.json"},
        **{run_id: {"broken.json"} for run_id in alone[-KEPT_RUNS:]},
    }
    assert json.loads((folder / alone[-1] / "broken.json").read_text("utf-8")) == f"from whole {KEPT_RUNS}"


def test_a_value_that_nobody_made_is_named(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    alone = [dg.AssetKey("broken")]
    result = run(tmp_path / "frames", instance, "-", asset_selection=alone, raise_on_error=False)
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "no run has made a value of source that is kept; remedy: run the whole job" in str(
        failure.step_failure_data.error
    )
