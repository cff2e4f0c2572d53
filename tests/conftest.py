"""Fixtures shared by all tests: the reference data, two catalogues in memory, and installations on disk.

Belongs here: what more than one test module needs. Does not belong here: expected values (they stand in the
tests) or imports of Dagster at module level (unit tests do without it).
"""

import csv
import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.catalogue.plan import build_candidate, history_in, whole_history
from kh02_pipelines.history.history import History
from kh02_pipelines.history.rulings import same_name_pairs
from kh02_pipelines.intake.gather import gather
from kh02_pipelines.intake.source_tables import SourceTables
from kh02_pipelines.resources.stores import Stores
from kh02_pipelines.settings import Settings
from kh02_pipelines.sources.reference_data import REFERENCE_FILES, REFERENCE_FOLDER, read_reference

ROOT = Path(__file__).resolve().parents[1]
VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")
TODAY = dt.date(2026, 11, 21)
REFORM = dt.date(2025, 7, 1)

# Shared machines stall now and then: a slow example is no failure.
hypothesis_settings.register_profile(
    "kh02", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("kh02")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In several processes: a file stays in one, and so do all tests that share the first run of everything."""
    for item in items:
        shared = item.path.parent.name == "pipeline"
        item.add_marker(pytest.mark.xdist_group("pipeline" if shared else str(item.path.relative_to(ROOT))))


@pytest.fixture(scope="session", autouse=True)
def _own_environment() -> Iterator[None]:
    """No setting of whoever runs the tests reaches them, and nothing is reported to anyone."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("KH02_") or name == "DAGSTER_HOME":
                patch.delenv(name)
        patch.setenv("DAGSTER_DISABLE_TELEMETRY", "yes")
        patch.setenv("GX_ANALYTICS_ENABLED", "false")
        yield


@pytest.fixture(scope="session")
def raw() -> dict[str, pd.DataFrame]:
    """Every reference file as it is embedded."""
    return read_reference()


@pytest.fixture(scope="session")
def whole(raw: dict[str, pd.DataFrame]) -> History:
    """The embedded history with every change that is known; tests must not change its frames."""
    return history_in(whole_history(raw))


@pytest.fixture(scope="session")
def same_names(raw: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Pairs ruled to be one name in two spellings."""
    return same_name_pairs(raw["rulings"])


@pytest.fixture(scope="session")
def source_tables(tmp_path_factory: pytest.TempPathFactory) -> SourceTables:
    """What is published about the embedded reference as a source."""
    now = dt.datetime.combine(TODAY, dt.time(), tzinfo=dt.UTC)
    return gather(REFERENCE_FOLDER, None, tmp_path_factory.mktemp("gathered"), now).tables


@pytest.fixture(scope="session")
def candidate_today(raw: dict[str, pd.DataFrame], source_tables: SourceTables) -> Candidate:
    """The catalogue after the changes of 2026, with its sources; tests must not change its frames."""
    return build_candidate(raw, TODAY, source_tables)


@pytest.fixture(scope="session")
def candidate_reform(raw: dict[str, pd.DataFrame], source_tables: SourceTables) -> Candidate:
    """The catalogue of the day of the reform; tests must not change its frames."""
    return build_candidate(raw, REFORM, source_tables)


@pytest.fixture(scope="session")
def clock_at() -> Callable[[dt.date], Callable[[], dt.datetime]]:
    """A clock that stands still in Viet Nam, in the morning of a day."""
    return lambda day: lambda: dt.datetime.combine(day, dt.time(8, 30), VIET_NAM)


@dataclass(frozen=True)
class Installation:
    """A home folder with its settings and stores, and runs of the job in it."""

    settings: Settings
    stores: Stores

    @property
    def home(self) -> Path:
        return self.settings.home_path

    @property
    def definitions(self) -> Any:
        from kh02_pipelines.definitions import build_defs

        return build_defs(self.settings, self.stores)

    def run(self, as_of: str | None = None, only: list[str] | None = None) -> Any:
        """One run of the catalogue job, or of some of its assets; failures are in the result."""
        import dagster as dg

        config: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        if as_of is not None:
            config["ops"] = {"release_date": {"config": {"as_of": as_of}}}
        with dg.DagsterInstance.ephemeral() as instance:
            return self.definitions.resolve_job_def("catalogue").execute_in_process(
                instance=instance,
                run_config=config,
                raise_on_error=False,
                asset_selection=None if only is None else [dg.AssetKey(name) for name in only],
            )

    def published_files(self) -> dict[str, bytes]:
        """What Parquet readers can see, by path, but the time of the last check, which moves with every run."""
        root = self.home / "parquet"
        return {
            str(path.relative_to(root)): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() and not path.name.startswith(".") and path.name != "checked.json"
        }


Install = Callable[..., Installation]


@pytest.fixture(scope="session")
def install(clock_at: Callable[[dt.date], Callable[[], dt.datetime]]) -> Install:
    """Make an installation: ``install(home, today=…, reference=…)``, and any setting by its name."""

    def make(home: Path, *, today: dt.date = TODAY, reference: Path = REFERENCE_FOLDER, **others: Any) -> Installation:
        settings = Settings(home=home, **others)
        return Installation(settings, Stores.from_settings(settings, clock=clock_at(today), reference=reference))

    return make


@dataclass(frozen=True)
class FirstRun:
    """An installation in which the whole job ran once, and the result of that run."""

    installation: Installation
    result: Any


@pytest.fixture(scope="session")
def first_run(install: Install, tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    """One run of everything, shared by many tests; they must not change its home (see ``home_copy``)."""
    installation = install(tmp_path_factory.mktemp("first_run") / "home")
    return FirstRun(installation, installation.run())


@pytest.fixture
def home_copy(first_run: FirstRun, tmp_path: Path) -> Path:
    """A home of one's own in which the whole job ran once."""
    return shutil.copytree(first_run.installation.home, tmp_path / "home_copy")


@dataclass(frozen=True)
class ReferenceCopy:
    """The reference data in a folder of its own, for planting faults."""

    folder: Path

    def path(self, name: str) -> Path:
        """The file of a name: ``changes/2025``, ``registers/2025-06-30``, ``rulings``."""
        return self.folder / f"{name}.csv"

    def replace(self, name: str, old: str, new: str) -> None:
        """Exchange a text that stands in the file exactly once."""
        content = self.path(name).read_text("utf-8")
        assert content.count(old) == 1, f"{old!r} stands {content.count(old)} times in {name}"
        self.path(name).write_text(content.replace(old, new), "utf-8")

    def append(self, name: str, row: Mapping[str, str]) -> int:
        """Add a row (columns left out stay empty); the row's number as an editor counts."""
        content = self.path(name).read_text("utf-8")
        header = next(csv.reader([content.splitlines()[0]]))
        assert set(row) <= set(header)
        with self.path(name).open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow([row.get(column, "") for column in header])
        return content.count("\n") + 1


@pytest.fixture
def reference_copy(tmp_path: Path) -> ReferenceCopy:
    """A copy of the embedded reference data that a test may break."""
    return ReferenceCopy(shutil.copytree(REFERENCE_FOLDER, tmp_path / "reference"))


@pytest.fixture(scope="session")
def register_export() -> pd.DataFrame:
    """The embedded old register as an export, with dirt in it."""
    registers = REFERENCE_FILES["registers"].read()
    units = registers[registers["date"] == "2025-06-30"]
    tiers = {level: units[units["level"] == level].set_index("code") for level in ("province", "district", "commune")}
    above = pd.concat([tiers["province"], tiers["district"]])
    names, parents = above["name"], above["parent_code"]
    empty = tiers["district"].index.difference(tiers["commune"]["parent_code"])
    communes = tiers["commune"].reset_index()
    islands = pd.DataFrame({"code": "", "name": "", "type": "Huyện", "parent_code": empty})
    rows = pd.concat([communes, islands], ignore_index=True)
    province = rows["parent_code"].map(parents)
    return pd.DataFrame(
        {
            "Mã": rows["code"].str.lstrip("0"),
            "Tên": rows["name"].str.replace(" ", "  "),
            "Cấp": rows["type"],
            "Mã QH": rows["parent_code"],
            "Quận Huyện": rows["parent_code"].map(names),
            "Mã TP": province,
            "Tỉnh / Thành Phố": province.map(names),
        }
    )
