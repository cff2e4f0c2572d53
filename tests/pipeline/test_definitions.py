"""What Dagster loads: nothing nameless, nothing undescribed, and no change that nobody noticed.

``UPDATE_SNAPSHOT=1 pytest tests/pipeline/test_definitions.py`` writes the snapshot anew; its difference belongs
into the review.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from kh02_pipelines.assets.groups import POOL
from kh02_pipelines.tables.catalogue import CATALOGUE

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOT = Path(__file__).with_name("definitions_snapshot.json")
GROUPS = {"sources", "history", "crosswalk", "catalogue", "publication", "datasets"}
VIETNAMESE = re.compile(r"[ăâđêôơưàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ]", re.IGNORECASE)


@pytest.fixture(scope="module")
def definitions(install: Any, tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    made: dg.Definitions = install(tmp_path_factory.mktemp("definitions")).definitions
    return made


@pytest.fixture(scope="module")
def specs(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


def check_specs(definitions: dg.Definitions) -> list[dg.AssetCheckSpec]:
    return [spec for check in definitions.asset_checks or [] for spec in check.check_specs]


def kinds(spec: dg.AssetSpec) -> list[str]:
    return sorted(spec.kinds)


def snapshot(definitions: dg.Definitions, specs: dict[str, dg.AssetSpec]) -> dict[str, Any]:
    """What users and other systems see of the definitions, without run-time values."""
    repository = definitions.get_repository_def()
    return {
        "assets": {
            key: {
                "group": spec.group_name,
                "owners": sorted(spec.owners),
                "kinds": kinds(spec),
                "depends_on": sorted(dep.asset_key.to_user_string() for dep in spec.deps),
                "columns": [
                    f"{column.name}: {column.type}"
                    for column in getattr(spec.metadata.get("dagster/column_schema"), "columns", [])
                ],
                "description": spec.description,
            }
            for key, spec in sorted(specs.items())
        },
        "checks": {
            f"{spec.asset_key.to_user_string()}:{spec.name}": {
                "blocking": spec.blocking,
                "description": spec.description,
            }
            for spec in sorted(check_specs(definitions), key=lambda spec: spec.name)
        },
        "jobs": {
            job.name: {"tags": dict(sorted(job.tags.items())), "steps": sorted(node.name for node in job.graph.nodes)}
            for job in sorted(repository.get_all_jobs(), key=lambda job: job.name)
            if not job.name.startswith("__")
        },
        "schedules": {
            schedule.name: {
                "cron": schedule.cron_schedule,
                "timezone": schedule.execution_timezone,
                "job": schedule.job_name,
                "default": schedule.default_status.value,
            }
            for schedule in sorted(repository.schedule_defs, key=lambda schedule: schedule.name)
        },
        "sensors": {
            sensor.name: sensor.default_status.value
            for sensor in sorted(repository.sensor_defs, key=lambda sensor: sensor.name)
        },
    }


def test_definitions_are_those_of_the_snapshot(definitions: dg.Definitions, specs: dict[str, dg.AssetSpec]) -> None:
    found = json.dumps(snapshot(definitions, specs), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if os.environ.get("UPDATE_SNAPSHOT"):
        SNAPSHOT.write_text(found, "utf-8")
    assert found == SNAPSHOT.read_text("utf-8"), "run again with UPDATE_SNAPSHOT=1 and review the difference"


def test_every_asset_is_described_in_both_languages_and_has_group_owner_and_kind(
    specs: dict[str, dg.AssetSpec],
) -> None:
    for key, spec in specs.items():
        vietnamese, _, english = (spec.description or "").partition("\n\n")
        assert VIETNAMESE.search(vietnamese), key
        assert re.search(r"[A-Za-z]{3}", english), key
        assert spec.group_name in GROUPS, key
        assert spec.owners, key
        assert kinds(spec), key
        assert re.fullmatch(r"[a-z0-9_]+(/[a-z0-9_]+)*", key)


def test_every_check_is_described_and_has_its_word(definitions: dg.Definitions) -> None:
    checks = check_specs(definitions)
    assert len({spec.name for spec in checks}) == len(checks)
    words = {"đúng", "đủ", "sạch", "sống", "thống nhất", "dùng chung"}
    for spec in checks:
        vietnamese, _, english = (spec.description or "").partition("\n\n")
        assert VIETNAMESE.search(vietnamese), spec.name
        assert english, spec.name
        assert spec.metadata["word"] in words, spec.name


def test_jobs_and_schedules_are_described(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    for job in repository.get_all_jobs():
        assert job.name.startswith("__") or VIETNAMESE.search(job.description or ""), job.name
    for sensor in repository.sensor_defs:
        assert VIETNAMESE.search(sensor.description or ""), sensor.name
    for schedule in repository.schedule_defs:
        assert VIETNAMESE.search(schedule.description or ""), schedule.name


def test_everything_is_in_the_pool_of_one_run_at_a_time(definitions: dg.Definitions) -> None:
    """Every job, the one behind "Materialize all" too, so that any selection of steps is."""
    for job in definitions.get_repository_def().get_all_jobs():
        assert {node.pool for node in job.graph.node_defs} == {POOL}, job.name
        assert job.executor_def.name == "in_process"


def test_the_nightly_schedule(definitions: dg.Definitions) -> None:
    schedule = definitions.resolve_schedule_def("nightly_sync")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 1 * * *", "Asia/Ho_Chi_Minh")
    assert schedule.job_name == "catalogue"
    job = definitions.resolve_job_def("catalogue")
    assert job.executor_def.name == "in_process"


def test_published_tables_show_their_declared_columns(specs: dict[str, dg.AssetSpec]) -> None:
    for name, table in CATALOGUE.items():
        schema = specs[name].metadata["dagster/column_schema"]
        assert [column.name for column in schema.columns] == table.column_names
        for shown, declared in zip(schema.columns, table.columns, strict=True):
            assert shown.description == f"{declared.vi} · {declared.en}"
            assert shown.constraints.nullable == declared.nullable
            assert shown.constraints.unique == (table.primary_key == (declared.name,))
            limits = " ".join(shown.constraints.other)
            assert not declared.pattern or declared.pattern in limits
            assert all(word in limits for word in declared.allowed or ())
        assert f"primary key ({', '.join(table.primary_key)})" in schema.constraints.other
        references = " ".join(schema.constraints.other)
        assert all(f"references {key.target} (" in references for key in table.foreign_keys)


def run(*command: str, home: Path) -> subprocess.CompletedProcess[str]:
    """A command of the development tools in a process of its own."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("KH02_")},
        "KH02_HOME": str(home),
        "DAGSTER_HOME": str(home),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
    }
    return subprocess.run(
        [str(Path(sys.executable).with_name(command[0])), *command[1:]],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    [
        ("dagster", "definitions", "validate", "-w", "workspace.yaml"),
        ("dg", "check", "defs"),
    ],
    ids=["dagster", "dg"],
)
def test_the_tools_load_the_location(command: tuple[str, ...], tmp_path: Path) -> None:
    done = run(*command, home=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
