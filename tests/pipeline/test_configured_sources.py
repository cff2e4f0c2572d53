"""The Dagster job with configured sources: published with their trace, refused when they are of another date."""

import datetime as dt
import hashlib
import json

import pandas as pd
import pyarrow.parquet as pq
import pytest

from kh02_pipelines.automation.runner import run_catalogue
from kh02_pipelines.definitions import build_defs
from kh02_pipelines.history.periods import periods_of
from kh02_pipelines.intake.conversion_day import conversion_day, frames_of_day
from kh02_pipelines.intake.vintage import known_codes
from kh02_pipelines.resources.stores import Stores
from kh02_pipelines.settings import Settings
from kh02_pipelines.sources.reference_data import read_reference

pytestmark = pytest.mark.no_cover  # whole runs: the tracer would double their time, other tests cover the code

NOW = dt.datetime(2025, 7, 2, tzinfo=dt.UTC)
CONFIG = """version: 1
sources:
  - {name: drop, kind: landing, role: old_register, folder: incoming, pattern: "*.csv", format: nso_register,
     date: 2025-06-30}
"""


def run(home, export: pd.DataFrame):
    incoming = home / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    path = incoming / "register.csv"
    export.to_csv(path, index=False)
    path.with_name("register.csv.sha256").write_text(hashlib.sha256(path.read_bytes()).hexdigest())
    (home / "kh02.yaml").write_text(CONFIG, encoding="utf-8")
    settings = Settings(home=home / "home", config=home / "kh02.yaml")
    stores = Stores.from_settings(settings, clock=lambda: NOW)
    outcome = run_catalogue(build_defs(settings, stores), settings.dagster_home, None, lambda *_: None, lambda _: None)
    return outcome, stores


@pytest.mark.slow
def test_a_dirty_register_is_published_with_its_trace_and_another_date_is_refused(
    tmp_path, register_export: pd.DataFrame
) -> None:
    outcome, stores = run(tmp_path, register_export)
    assert outcome.success, outcome.failures
    folder = stores.parquet.folder(outcome.release_id)
    issues = pq.read_table(folder / "source_issue.parquet", partitioning=None).to_pandas()
    assert set(issues["rule"]) == {"whitespace", "leading_zeros"}
    assert (issues["rule"] == "whitespace").sum() == 10_035
    files = pq.read_table(folder / "source_file.parquet", partitioning=None).to_pandas().set_index("source")
    assert (files.loc["drop", "rows_in"], files.loc["drop", "accepted"]) == (10_040, 10_040)
    taken = files.loc["drop", "sha256"]
    assert (stores.home / "raw" / taken).is_file()
    made_of = json.loads((folder / "manifest.json").read_text("utf-8"))["sources"]
    assert made_of["drop/register.csv"] == taken
    assert "reference/registers/2025-06-30.csv" not in made_of  # it stands in for it
    assert "reference/changes/2026.csv" in made_of
    assert taken in (stores.reports / f"{outcome.release_id}.html").read_text("utf-8")
    published = stores.parquet.current().release_id

    raw = read_reference()
    day = conversion_day(periods_of(raw["periods"]))
    earlier = known_codes(frames_of_day(raw, day), day)["2025-01-04"]
    export = register_export.copy()
    extra = sorted(earlier - set(export["Mã"].str.zfill(5)))
    ghosts = export.iloc[[0] * len(extra)].assign(Mã=extra, Tên=[f"Phường Cũ {number}" for number in range(len(extra))])
    outcome, stores = run(tmp_path, pd.concat([export, ghosts]))
    assert not outcome.success
    assert len(outcome.failures) >= 1
    assert "2025-01-04" in outcome.failures[0] or "ghosts" in outcome.failures[0]
    assert stores.parquet.current().release_id == published
