"""The settings of the Dagster instance and its pool: in a fresh home, in an older one, and beside the user's own."""

from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.instance.config import PoolGranularity

from kh02_pipelines.assets.groups import POOL
from kh02_pipelines.automation.instance import prepare_instance
from kh02_pipelines.errors import EnvironmentFault

BEFORE_POOLS = """# Dagster instance of this KH02 home folder. Storage is SQLite beside this file.
telemetry:
  enabled: false
nux:
  enabled: false
"""
PRODUCTION = """storage:
  postgres:
    postgres_db:
      password: {env: KH02_DAGSTER_DB_PASSWORD}

concurrency:
  runs:
    max_concurrent_runs: 4
    tag_concurrency_limits:
      # one publisher
      - key: kh02/publisher
        value: catalogue
        limit: 1

# A run whose process has died must not stay "started" for ever.
run_monitoring:
  enabled: true   # yes
"""


def prepared(folder: Path, text: str | None = None) -> str:
    if text is not None:
        folder.mkdir()
        (folder / "dagster.yaml").write_text(text, "utf-8")
    prepare_instance(folder)
    return (folder / "dagster.yaml").read_text("utf-8")


@pytest.mark.parametrize("text", [None, BEFORE_POOLS, ""], ids=["fresh", "of the version before", "empty"])
def test_a_home_gets_the_pool_before_anything_is_launched(tmp_path: Path, text: str | None) -> None:
    written = prepared(tmp_path / "dagster", text)
    assert written.startswith(text or "# Dagster instance")
    with dg.DagsterInstance.from_config(str(tmp_path / "dagster")) as instance:
        assert instance.get_concurrency_config().pool_config.pool_granularity is PoolGranularity.RUN
        (pool,) = instance.event_log_storage.get_pool_limits()
    assert (pool.name, pool.limit, pool.from_default) == (POOL, 1, False)


def test_a_second_start_changes_nothing_and_heals_the_limit(tmp_path: Path) -> None:
    folder = tmp_path / "dagster"
    written = prepared(folder)
    moment = (folder / "dagster.yaml").stat().st_mtime_ns
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        instance.event_log_storage.set_concurrency_slots(POOL, 5)
    assert prepared(folder) == written
    assert (folder / "dagster.yaml").stat().st_mtime_ns == moment
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        assert [pool.limit for pool in instance.event_log_storage.get_pool_limits()] == [1]


def test_settings_of_ones_own_stay_with_their_comments(tmp_path: Path) -> None:
    from kh02_pipelines.automation.instance import write_settings

    file = tmp_path / "kept elsewhere.yaml"
    file.write_text(PRODUCTION, "utf-8")
    file.chmod(0o640)
    link = tmp_path / "dagster.yaml"
    link.symlink_to(file)
    write_settings(link)
    added = "  pools:\n    granularity: run\n"
    assert link.is_symlink()
    assert file.read_text("utf-8") == PRODUCTION.replace("concurrency:\n", f"concurrency:\n{added}")
    assert file.stat().st_mode & 0o777 == 0o640


def test_limits_that_dagster_refuses_beside_pools_move(tmp_path: Path) -> None:
    """Settings that were valid must not stop Dagster from starting."""
    folder = tmp_path / "dagster"
    written = prepared(
        folder,
        "run_coordinator:\n  module: dagster.core.run_coordinator\n  class: QueuedRunCoordinator\n"
        "  config: {max_concurrent_runs: 3, dequeue_interval_seconds: 2}\n"
        "concurrency: {default_op_concurrency_limit: 7}\n",
    )
    settings = yaml.safe_load(written)
    assert settings["concurrency"] == {
        "pools": {"granularity": "run", "default_limit": 7},
        "runs": {"max_concurrent_runs": 3},
    }
    assert settings["run_coordinator"]["config"] == {"dequeue_interval_seconds": 2}
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        queue = instance.get_concurrency_config().run_queue_config
    assert queue is not None
    assert queue.max_concurrent_runs == 3


@pytest.mark.parametrize("text", ["a: [", "- a\n", "concurrency: 3\n", "a: 1\na: 2\n", "\xff"])
def test_settings_that_cannot_be_read_are_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "dagster.yaml").write_bytes(text.encode("latin-1"))
    with pytest.raises(EnvironmentFault, match=r"cannot be read: .*dagster\.yaml.*remedy: correct the file"):
        prepare_instance(tmp_path)
    assert (tmp_path / "dagster.yaml").read_bytes() == text.encode("latin-1")
