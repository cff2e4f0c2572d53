"""The whole job with all checks, Great Expectations included, against the same job without them.

Without checks the publisher runs the blocking rules itself, and the quality report all of them: what is added is
Great Expectations, writing failing rows and Dagster's own records.

Both run in this process on fresh homes, turn about, so that a busy machine slows both. The import of Great
Expectations, paid once per process, counts in the first round and is printed apart. Also times the rules alone.
"""

import datetime as dt
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg

from kh02_pipelines.automation.jobs import CATALOGUE_JOB
from kh02_pipelines.automation.runner import QUIET
from kh02_pipelines.catalogue.plan import build_candidate
from kh02_pipelines.definitions import build_defs
from kh02_pipelines.release.audit import RULES, outcomes
from kh02_pipelines.settings import Settings
from kh02_pipelines.sources.reference_data import read_reference

AS_OF = dt.date(2026, 9, 20)
ROUNDS = 3
LIMIT = 2.5
UNCHECKED = "catalogue_unchecked"


def run() -> bool:
    """Print the ratio of a checked to an unchecked run; False when the median is above the limit."""
    _job(UNCHECKED)  # warm, without Great Expectations
    first, importing = _job(CATALOGUE_JOB), _job(UNCHECKED)
    print(f"first run of a process with all checks / without (imports included): {first / importing:.2f}")
    ratios = [_job(CATALOGUE_JOB) / _job(UNCHECKED) for _ in range(ROUNDS)]
    ratio = statistics.median(ratios)
    shown = ", ".join(f"{value:.2f}" for value in ratios)
    print(f"run with all checks / without: {ratio:.2f} (limit {LIMIT}; rounds {shown})")
    candidate = build_candidate(read_reference(), AS_OF)
    alone = min(_timed(lambda: outcomes(candidate)) for _ in range(ROUNDS))
    print(f"{len(RULES)} rules in plain pandas: {alone:.2f} s")
    return ratio <= LIMIT and first / importing <= LIMIT


def _job(name: str) -> float:
    with tempfile.TemporaryDirectory() as folder, dg.DagsterInstance.ephemeral() as instance:
        definitions = build_defs(Settings(home=Path(folder)))
        unchecked = dg.define_asset_job(
            UNCHECKED,
            dg.AssetSelection.all() - dg.AssetSelection.all_asset_checks(),
            executor_def=dg.in_process_executor,
        )
        definitions = dg.Definitions.merge(definitions, dg.Definitions(jobs=[unchecked]))
        job = definitions.resolve_job_def(name)
        return _timed(lambda: job.execute_in_process(instance=instance, run_config=QUIET))


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
