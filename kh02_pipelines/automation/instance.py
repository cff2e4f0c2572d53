"""The Dagster instance of a home folder: its ``dagster.yaml``, and the pool in which one run works at a time.

Belongs here: what has to be so before the first run is launched. Does not belong here: runs (``runner``), or those
whose process is gone (``dead_runs``).
"""

import io
from pathlib import Path
from typing import Any

import dagster as dg
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from kh02_pipelines.assets.groups import POOL
from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.files.durable import file_fault, write_durably
from kh02_pipelines.release.files.home_lock import held

INSTANCE_YAML = """# Dagster instance of this KH02 home folder. Storage is SQLite beside this file.
telemetry:
  enabled: false
nux:
  enabled: false
# No capture of standard output: the steps print nothing, the event log has everything, and Dagster's capture waits
# for a child process that has been seen not to end.
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""
PREPARE_SECONDS = 60.0
POOL_COMMENT = "One run at a time, of whatever job: kh02 keeps `granularity: run` here, all else is yours."
QUEUE_LIMITS = ("max_concurrent_runs", "tag_concurrency_limits")
"""Dagster refuses these where they stood before there were pools, once there is a section for pools."""


def prepare_instance(folder: Path) -> None:
    """Make or correct ``dagster.yaml`` in the folder, and set the pool's limit: before anything is launched there.

    The limit is set by name: a default limit does not hold in the first pass over the queue. One process at a time:
    two that make the storage of a new home at once trip over each other. Raises EnvironmentFault for a ``dagster.yaml``
    that cannot be read or written.
    """
    with held(folder, "prepare.lock", PREPARE_SECONDS, "preparing the instance"):
        write_settings(folder / "dagster.yaml")
        with dg.DagsterInstance.from_config(str(folder)) as instance:
            limit_pool(instance)


def limit_pool(instance: dg.DagsterInstance) -> None:
    """Let one run of the pool work at a time."""
    storage = instance.event_log_storage
    if not any(pool.name == POOL and pool.limit == 1 for pool in storage.get_pool_limits()):
        storage.set_concurrency_slots(POOL, 1)


def write_settings(file: Path) -> None:
    """Make the file if it is not there, and see that pools count runs; everything else in it stays, comments too."""
    file = file.resolve()  # a link to a file that is kept elsewhere stays one
    try:
        before = file.read_text("utf-8") if file.exists() else ""
        after = _counting_runs(before or INSTANCE_YAML)
    except (OSError, UnicodeDecodeError, YAMLError, AttributeError, TypeError) as error:
        what = " ".join(str(error).split())
        raise EnvironmentFault(
            f"the settings of the Dagster instance cannot be read: {what}",
            file=file,
            remedy="correct the file, or remove it: kh02 writes a new one",
        ) from error
    if after == before:
        return
    mode = file.stat().st_mode if file.exists() else None
    remedy = "make the folder writable, or write `concurrency: {pools: {granularity: run}}` into the file yourself"
    with file_fault("the settings of the Dagster instance cannot be written", file, remedy):
        write_durably(file, after.encode())
        if mode is not None:
            file.chmod(mode)


def _counting_runs(text: str) -> str:
    """The settings with ``concurrency.pools.granularity: run``; the same text when they say so already."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    config: Any = yaml.load(text)
    config = CommentedMap() if config is None else config
    concurrency = _section(config, "concurrency", at=len(config))
    pools = _section(concurrency, "pools")
    if pools.get("granularity") == "run":
        return text
    if len(concurrency) == 1:
        config.yaml_set_comment_before_after_key("concurrency", before=POOL_COMMENT)
    pools["granularity"] = "run"
    if (limit := concurrency.pop("default_op_concurrency_limit", None)) is not None:
        pools.setdefault("default_limit", limit)
    queues = config.get("run_queue"), (config.get("run_coordinator") or {}).get("config")
    for queue in queues:
        for name in QUEUE_LIMITS:
            if queue and name in queue:
                _section(concurrency, "runs").setdefault(name, queue.pop(name))
    written = io.StringIO()
    yaml.dump(config, written)
    return written.getvalue()


def _section(parent: Any, name: str, at: int = 0) -> Any:
    """A mapping in a mapping; made where it is not there, in front, so that comments stay with what they are about."""
    if parent.get(name) is None:
        parent.pop(name, None)
        parent.insert(at, name, CommentedMap())
    return parent[name]
