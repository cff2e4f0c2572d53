"""The Dagster code location: ``build_defs(settings)`` and nothing else."""

import dagster as dg

from kh02_pipelines.assets import (
    asset_checks,
    catalogue,
    preview,
    publication,
    quality,
    release_diff,
    sources,
    status,
    steps,
)
from kh02_pipelines.automation.dead_runs import dead_runs
from kh02_pipelines.automation.duty_sensor import duty_sensor_of
from kh02_pipelines.automation.jobs import catalogue_job, nightly_sync
from kh02_pipelines.automation.rollback import rollback_job_of
from kh02_pipelines.resources.frame_io import FrameIOManager
from kh02_pipelines.resources.stores import Stores
from kh02_pipelines.settings import Settings


def build_defs(settings: Settings, stores: Stores | None = None) -> dg.Definitions:
    """Everything Dagster loads, for one installation; ``stores`` replaces what the settings would give."""
    stores = stores or Stores.from_settings(settings)
    return dg.Definitions(
        assets=[
            *sources.ASSETS,
            *steps.ASSETS,
            *catalogue.ASSETS,
            *preview.ASSETS,
            *publication.ASSETS,
            *release_diff.ASSETS,
            *quality.ASSETS,
            *status.ASSETS,
        ],
        asset_checks=asset_checks.CHECKS,
        jobs=[catalogue_job, rollback_job_of(stores)],
        schedules=[nightly_sync],
        sensors=[dead_runs, duty_sensor_of(stores, asset_checks.CHECKS)],
        executor=dg.in_process_executor,
        resources={
            "stores": stores,
            "io_manager": FrameIOManager(folder=str(settings.dagster_home / "storage" / "frames")),
        },
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The location as Dagster loads it, with settings from the environment."""
    return build_defs(Settings())
