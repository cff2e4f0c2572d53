"""The catalogue job against a plain pandas script doing the same reads, joins and writes.

Prints the time inside the assets (asset steps as Dagster records them: loading inputs, computing, storing) over
the plain script's, both in this process, turn about; and for the whole command its wall time and the share spent
importing. Judging is apart: the checks and the quality report (``benchmarks.checks`` measures them). In a whole job
every rule runs once, in the check steps; the publisher reads and hashes the staged bytes again, which counts here,
and runs again only what this process has not seen hold for those bytes (``release.proven``).
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import dagster as dg

from benchmarks import plain_script
from kh02_pipelines.automation.jobs import CATALOGUE_JOB
from kh02_pipelines.automation.runner import QUIET
from kh02_pipelines.definitions import build_defs
from kh02_pipelines.settings import Settings

ROUNDS = 5
LIMIT = 2.0


def run() -> bool:
    ratios, overheads = [], []
    _plain(), _assets()  # both warm
    for _ in range(ROUNDS):
        plain = _plain()
        inside, whole = _assets()
        ratios.append(inside / plain)
        overheads.append(whole / inside)
    ratio = statistics.median(ratios)
    print(f"time inside the assets / plain pandas script: {ratio:.2f} (limit {LIMIT}; rounds {_list(ratios)})")
    print(f"whole job with checks / time inside the assets: {statistics.median(overheads):.2f}")
    wall, importing = _command()
    print(f"kh02 build as a command: {wall:.1f} s wall, {importing / wall:.0%} of it importing")
    return ratio <= LIMIT


def _plain() -> float:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        tables = plain_script.build()
        plain_script.write(tables, Path(folder), f"sqlite:///{folder}/plain.db")
        return time.perf_counter() - started


def _assets() -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder, dg.DagsterInstance.ephemeral() as instance:
        definitions = build_defs(Settings(home=Path(folder)))
        job = definitions.resolve_job_def(CATALOGUE_JOB)
        judging = {check.node_def.name for check in definitions.asset_checks or []} | {"quality_report"}
        started = time.perf_counter()
        result = job.execute_in_process(instance=instance, run_config=QUIET)
        whole = time.perf_counter() - started
        inside = sum(
            event.event_specific_data.duration_ms
            for event in result.all_events
            if event.is_step_success and event.step_key not in judging
        )
        return inside / 1000, whole


def _command() -> tuple[float, float]:
    modules = (
        "kh02_pipelines.cli.main, kh02_pipelines.definitions, kh02_pipelines.automation.runner, great_expectations"
    )
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "KH02_HOME": folder}
        importing = _timed([sys.executable, "-c", f"import {modules}"], environment)
        return _timed([sys.executable, "-m", "kh02_pipelines.cli.main", "build"], environment), importing


def _timed(command: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - started


def _list(values: list[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)
