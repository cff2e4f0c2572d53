"""The I/O manager that carries frames between assets, and small JSON values beside them.

Belongs here: storage of intermediate results in the home folder. Does not belong here: published files
(``release``): nothing outside Dagster reads these.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import PrivateAttr

from kh02_pipelines.release.files.durable import write_durably
from kh02_pipelines.release.files.home_lock import held

LOCK = "run.lock"


class FrameIOManager(dg.ConfigurableIOManager):
    """Stores a frame as ``<asset>.parquet`` and anything else as ``<asset>.json``, replaced atomically.

    The folder belongs to one run at a time: a second one waits ``wait_seconds`` and then fails with an
    EnvironmentFault that names the first. Otherwise two runs would read each other's frames and publish a mixture.

    Within one run a value is handed on from memory: reading back what the same run has just written took a tenth
    of the time inside the assets. Copy-on-write keeps the receiver from changing the sender's frame.
    """

    folder: str
    wait_seconds: float = 60.0
    _written: dict[tuple[str, dg.AssetKey], Any] = PrivateAttr(default_factory=dict)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["FrameIOManager"]:
        """Hold the folder for the length of a run."""
        folder = Path(self.folder)
        run = f"run {context.run.run_id}" if context.run is not None else "a run"
        with held(folder, LOCK, self.wait_seconds, what=run):
            yield self

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Store what an asset returned."""
        base = self._base(context)
        base.parent.mkdir(parents=True, exist_ok=True)
        if any(run_id != context.run_id for run_id, _ in self._written):
            self._written.clear()  # a process may live long; values of an earlier run are on disk
        if isinstance(obj, pd.DataFrame):
            beside = base.with_suffix(".tmp")
            pq.write_table(pa.Table.from_pandas(obj, preserve_index=False), beside)
            beside.replace(base.with_suffix(".parquet"))  # a value lost in a crash is made anew by the next run
            obj = obj.copy(deep=False)
        else:
            write_durably(base.with_suffix(".json"), json.dumps(obj, ensure_ascii=False).encode())
        self._written[context.run_id, context.asset_key] = obj

    def load_input(self, context: dg.InputContext) -> Any:
        """Load what an upstream asset returned."""
        key = (context.step_context.run_id, context.asset_key)
        if key in self._written:
            written = self._written[key]
            return written.copy(deep=False) if isinstance(written, pd.DataFrame) else written
        base = self._base(context)
        if base.with_suffix(".json").is_file():
            return json.loads(base.with_suffix(".json").read_text("utf-8"))
        return pq.read_table(base.with_suffix(".parquet")).to_pandas()

    def _base(self, context: Any) -> Path:
        return Path(self.folder).joinpath(*context.asset_key.path)
