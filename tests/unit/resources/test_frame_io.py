"""Frames and small values between assets: stored, handed on, and never shared by accident."""

from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

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


def materialise(folder: Path, selection: list[Any] | None = None) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [numbers, word, reader, later],
        selection=selection,
        resources={"io_manager": FrameIOManager(folder=str(folder))},
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
