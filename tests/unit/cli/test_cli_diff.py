"""The command ``kh02 diff``."""

import csv
import datetime as dt
import io
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.cli.main import app
from kh02_pipelines.release.files.parquet_store import ParquetStore
from kh02_pipelines.release.staging import stage


def test_it_prints_the_summary_or_every_row(
    candidate_reform: Candidate, candidate_today: Candidate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ParquetStore(tmp_path / "parquet")
    for hour, candidate in enumerate((candidate_reform, candidate_today)):
        when = dt.datetime(2026, 11, 21, hour, tzinfo=dt.UTC)
        store.point_to(store.add(stage(candidate, tmp_path / "staging"), when).release_id)
    monkeypatch.setenv("KH02_HOME", str(tmp_path))

    shown = CliRunner().invoke(app, ["diff"])
    assert shown.exit_code == 0
    assert "- `22` Tỉnh Quảng Ninh → Thành phố Quảng Ninh (36/2026/QH16)" in shown.stdout
    rows = CliRunner().invoke(app, ["diff", "2025-07-01", "current", "--csv"])
    assert rows.exit_code == 0
    types = [r for r in csv.DictReader(io.StringIO(rows.stdout)) if (r["table"], r["field"]) == ("commune", "type")]
    assert len(types) == 22
    unknown = CliRunner().invoke(app, ["diff", "2024", "current"])
    assert "no release is '2024'" in str(unknown.exception)
