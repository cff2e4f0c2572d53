"""CPU of ``kh02 lookup`` against that of importing typer and pyarrow, which it is made of: a process each, by turns."""

import datetime as dt
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from kh02_pipelines.catalogue.plan import build_candidate
from kh02_pipelines.release.files.parquet_store import ParquetStore
from kh02_pipelines.release.staging import stage
from kh02_pipelines.sources.reference_data import read_reference

LIMIT = 2.5
ROUNDS = 11
COMMAND = "from kh02_pipelines.cli.main import main; main()"  # what the installed kh02 runs
QUESTIONS = ("769", "Phường 1, Quận 3")


def run() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        _publish(home)
        return measure(home)


def measure(home: Path) -> bool:
    """Print the ratios for a home with a release; whether they are within the limit."""
    environment = {**os.environ, "KH02_HOME": str(home)}
    importing: list[float] = []
    asking: dict[str, list[float]] = {question: [] for question in QUESTIONS}
    for _ in range(ROUNDS):
        importing.append(_cpu(["-c", "import typer, pyarrow"], environment))
        for question in QUESTIONS:
            asking[question].append(_cpu(["-c", COMMAND, "lookup", question], environment))
    base = statistics.median(importing)
    print(f"import typer, pyarrow    {base:.3f} s CPU")
    good = True
    for question, times in asking.items():
        ratio = statistics.median(mine / theirs for mine, theirs in zip(times, importing, strict=True))
        good &= ratio <= LIMIT
        print(f"kh02 lookup {question:<20} {statistics.median(times):.3f} s CPU, {ratio:.2f}x (limit {LIMIT}x)")
    return good


def _publish(home: Path) -> None:
    staged = stage(build_candidate(read_reference(), dt.date(2026, 11, 21)), home / "staging")
    store = ParquetStore(home / "parquet")
    store.point_to(store.add(staged, dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)).release_id)


def _cpu(arguments: list[str], environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
