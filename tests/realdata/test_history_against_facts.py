"""The embedded history before July 2025 against the folder of facts it was made from.

The folder lies beside the repository, in ``../shared/data/history2004``, and is no part of it; without it these tests
skip.
"""

import csv
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from kh02_pipelines.history.history import History
from kh02_pipelines.history.states import units_as_of

ROOT = Path(__file__).resolve().parents[2]
FACTS = ROOT.parent / "shared" / "data" / "history2004"
pytestmark = pytest.mark.skipif(not FACTS.is_dir(), reason="the facts (../shared/data/history2004) are not here")

LAST = pd.Timestamp("2025-06-30")
WITH_RULING = "13369"  # R005 and R006 speak for the last day alone


def facts(name: str) -> list[dict[str, str]]:
    with (FACTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def text(day: object) -> str:
    return "" if pd.isna(day) else f"{day:%Y-%m-%d}"


def test_the_files_are_what_the_script_makes_of_the_facts() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "build_history.py"), str(FACTS), "--check"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_version_that_ended_is_in_the_history(whole: History) -> None:
    ended = whole.unit_version[(whole.unit_version["valid_to"] <= LAST) & (whole.unit_version["code"] != WITH_RULING)]
    columns = ["code", "name", "type", "parent_code", "from_basis", "to_basis", "confidence"]
    found = {
        (
            text(row.valid_from),
            text(row.valid_to),
            *("" if pd.isna(getattr(row, c)) else getattr(row, c) for c in columns),
        )
        for row in ended.itertuples()
    }
    expected = {
        (row["valid_from"], row["valid_to"], *(row[c].lower() if c == "type" else row[c] for c in columns))
        for row in facts("unit_versions_ended")
        if row["code"] != WITH_RULING
    }
    assert found == expected


def test_versions_in_force_at_the_end_begin_when_the_facts_say(whole: History) -> None:
    since = {row["code"]: row["valid_from"] for row in facts("unit_valid_from_2025-06-30")}
    state = units_as_of(whole.unit_version, LAST)
    found = {row.code: text(row.valid_from) for row in state.itertuples() if row.code != WITH_RULING}
    assert found == {code: since.get(code, "2004-08-31") for code in found}


def test_every_succession_is_in_the_history_with_its_shares(whole: History) -> None:
    code = whole.unit_version.set_index("unit_id")["code"]
    dates = whole.change_event.set_index("event_id")["effective_date"]
    links = whole.succession
    found = {
        (text(day), old, new): (extent, population, confidence)
        for day, old, new, extent, population, confidence in zip(
            links["event_id"].map(dates), links["predecessor_id"].map(code), links["successor_id"].map(code),
            links["extent"], links["population"], links["confidence"], strict=True,
        )
    }  # fmt: skip
    for row in facts("successions"):
        key = (row["date"], row["predecessor_code"], row["successor_code"])
        assert found[key] == (row["extent"], row["population"], row["confidence"]), key
    for row in facts("district_successions"):
        assert (row["date"], row["predecessor_code"], row["successor_code"]) in found
