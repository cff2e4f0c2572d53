"""Frames and small values between assets: stored, handed on, and never shared by accident."""

from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest
from dagster import DagsterResourceFunctionError

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.resources.frame_io import FrameIOManager


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
        resources={"io_manager": FrameIOManager(folder=str(folder), **extra)},
        instance=dg.DagsterInstance.ephemeral(),
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )


@pytest.mark.parametrize("alone", [False, True], ids=["one run", "from disk"])
def test_values_arrive_with_their_types(tmp_path: Path, alone: bool) -> None:
    result = materialise(tmp_path)
    if alone:
        result = materialise(tmp_path, [reader, later])
    assert result.output_for_node("reader") == "ngày ['str', 'Int32', 'datetime64[ms]']"
    assert result.output_for_node("later") == "01"
    assert (tmp_path / "numbers.parquet").is_file()
    assert (tmp_path / "word.json").read_text("utf-8") == '"ngày"'
    assert not list(tmp_path.glob("*.tmp"))


def test_a_run_never_reads_the_values_of_another(tmp_path: Path) -> None:
    """A second run that starts in the middle of the first is told who is at work, and changes nothing."""
    told: list[str] = []

    @dg.asset(deps=[word])
    def meanwhile() -> str:
        with pytest.raises(DagsterResourceFunctionError) as refused:
            materialise(tmp_path, wait_seconds=0.1)
        assert isinstance(refused.value.__cause__, EnvironmentFault)
        told.append(str(refused.value.__cause__))
        (tmp_path / "word.json").write_text('"another"', "utf-8")
        return ""

    @dg.asset(deps=[meanwhile])
    def afterwards(word: str) -> str:
        return word

    result = materialise(tmp_path, assets=[meanwhile, afterwards])
    assert result.output_for_node("afterwards") == "ngày"
    assert len(told) == 1
    assert "another run has been at work here" in told[0]
    assert f"run {result.run_id}" in told[0]
    assert materialise(tmp_path, wait_seconds=0.1).success
