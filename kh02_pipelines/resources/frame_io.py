"""The I/O manager that carries frames between assets, and small JSON values beside them.

Belongs here: storage of intermediate results in the home folder, run by run, and the lock that lets one run work at a
time. Does not belong here: published files (``release``): nothing outside Dagster reads these.
"""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import PrivateAttr

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.files.durable import file_fault, remove_folder, write_durably
from kh02_pipelines.release.files.home_lock import held
from kh02_pipelines.resources.run_process import record_process

LOCK = "run.lock"
KEPT_RUNS = 3
"""Of how many runs the frames are kept, the one that is at work included."""

WAITS = "Chờ lượt đang chạy · Waits for the run at work"
"""How the event begins that a run logs when it finds another one at work."""

_KINDS = (".parquet", ".json")


class FrameIOManager(dg.ConfigurableIOManager):
    """Stores a frame as ``<run>/<asset>.parquet`` and anything else as ``<run>/<asset>.json``, replaced atomically.

    The folder belongs to one run at a time: a second one says that it waits, and fails after ``wait_seconds`` with an
    EnvironmentFault that names the first. The queue keeps runs apart already; this lock also does it for a
    ``kh02 build``, which is in no queue, and it falls with the process.

    A run reads what it made itself; a re-execution else what the runs it repeats made, however many others there were
    since; and a run of some assets alone else the newest value kept. The last three runs keep all their values, and
    one before them what none of these made anew.

    Within one run a value is handed on from memory: reading back what the same run has just written took a tenth
    of the time inside the assets. Copy-on-write keeps the receiver from changing the sender's frame.
    """

    folder: str
    wait_seconds: float = 1800.0
    _written: dict[tuple[str, dg.AssetKey], Any] = PrivateAttr(default_factory=dict)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["FrameIOManager"]:
        """Hold the folder for the length of a run, having recorded which process it is that works."""
        folder, run, instance = Path(self.folder), context.run, context.instance
        if run is None or instance is None:
            yield self
            return

        def say(holder: str) -> None:
            instance.report_engine_event(f"{WAITS}: {holder}", run)

        record_process(instance, run.run_id)
        with held(folder, LOCK, self.wait_seconds, f"run {run.run_id}", say):
            forget(folder, run.run_id, set(_repeated(instance, run)))
            yield self

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Store what an asset returned. Raises EnvironmentFault when the folder cannot be written."""
        base = self._base(context.run_id, context.asset_key)
        if any(run_id != context.run_id for run_id, _ in self._written):
            self._written.clear()  # a process may live long; values of an earlier run are on disk
        with file_fault("a value of the run cannot be kept", base):
            base.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(obj, pd.DataFrame):
                beside = base.with_suffix(".tmp")
                pq.write_table(pa.Table.from_pandas(obj, preserve_index=False), beside)
                beside.replace(base.with_suffix(".parquet"))  # a value lost in a crash is made anew by the next run
                obj = obj.copy(deep=False)
            else:
                write_durably(base.with_suffix(".json"), json.dumps(obj, ensure_ascii=False).encode())
        self._written[context.run_id, context.asset_key] = obj

    def load_input(self, context: dg.InputContext) -> Any:
        """Load what an upstream asset returned. Raises EnvironmentFault when the value is not kept."""
        run = context.step_context.dagster_run
        key = (run.run_id, context.asset_key)
        if key in self._written:
            written = self._written[key]
            return written.copy(deep=False) if isinstance(written, pd.DataFrame) else written
        file = self._file(context.step_context.instance, run, context.asset_key)
        if file.suffix == ".json":
            return json.loads(file.read_text("utf-8"))
        return pq.read_table(file, partitioning=None).to_pandas()

    def _file(self, instance: dg.DagsterInstance, run: dg.DagsterRun, asset: dg.AssetKey) -> Path:
        """Where the value lies that a run is to read."""
        repeated = _repeated(instance, run)
        for run_id in [run.run_id, *repeated]:
            for kind in _KINDS:
                if (file := self._base(run_id, asset).with_suffix(kind)).is_file():
                    return file
        name = "/".join(asset.path)
        if any(_makes(instance.get_run_by_id(run_id), asset) for run_id in repeated):
            raise EnvironmentFault(
                f"the value of {name} is no longer kept: more runs than {KEPT_RUNS} came after run {repeated[0]}",
                remedy="start the job anew instead of repeating a part of that run",
            )
        kept = [file for kind in _KINDS for file in Path(self.folder).glob(f"*/{name}{kind}")]
        if not kept:
            raise EnvironmentFault(
                f"no run has made a value of {name} that is kept", remedy="run the whole job, or this asset too"
            )
        return max(kept, key=lambda file: (file.stat().st_mtime_ns, file))

    def _base(self, run_id: str, asset: dg.AssetKey) -> Path:
        return Path(self.folder).joinpath(run_id, *asset.path)


def forget(folder: Path, current: str, needed: set[str]) -> None:
    """Remove the values of all runs but the last ones, ``current`` the very last, and those ``needed``.

    A value that no later run made anew stays: whoever materialises some assets alone reads it.

    Also what versions before this one kept here, values of no known run.
    """
    runs = [path for path in folder.iterdir() if path.is_dir() and _is_run(path.name)]
    for path in set(folder.iterdir()).difference(runs):
        if path.is_dir():
            remove_folder(path)
        elif path.suffix in _KINDS:
            path.unlink()
    made_later: set[Path] = set()
    earlier = [run for run in runs if run.name != current]
    for position, run in enumerate(sorted(earlier, key=_last_written, reverse=True)):
        files = [path for path in run.rglob("*") if path.is_file()]
        values = {path.relative_to(run) for path in files if path.suffix in _KINDS}
        if position >= KEPT_RUNS - 1 and run.name not in needed:
            for path in files:
                if path.relative_to(run) not in values - made_later:
                    path.unlink()
            if values <= made_later:
                remove_folder(run)
        made_later |= values


def _is_run(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False


def _last_written(run: Path) -> tuple[int, str]:
    """When a run last stored a value; removing some of them does not count."""
    return max((path.stat().st_mtime_ns for path in run.rglob("*") if path.suffix in _KINDS), default=0), run.name


def _repeated(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[str]:
    """The runs that a re-execution repeats, the nearest first."""
    repeated: list[str] = []
    asked: dg.DagsterRun | None = run
    while asked is not None and asked.parent_run_id is not None:
        repeated.append(asked.parent_run_id)
        asked = instance.get_run_by_id(asked.parent_run_id)
    return repeated


def _makes(run: dg.DagsterRun | None, asset: dg.AssetKey) -> bool:
    """Whether an asset was among those a run was to make; yes of a run that is no longer known."""
    return run is None or run.asset_selection is None or asset in run.asset_selection
