"""The job that goes back to an earlier release: choose it, give a reason that is recorded.

Belongs here: its Dagster form, and what the UI shows of the release assets afterwards. Does not belong here: what it
does (``release.rollback``).
"""

from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg
from pydantic import Field

from kh02_pipelines.assets.explained import explained
from kh02_pipelines.assets.groups import POOL
from kh02_pipelines.assets.status import RELEASE_STATUS, status_metadata
from kh02_pipelines.release.duty.facts import InstanceFacts
from kh02_pipelines.release.files.home_lock import one_publisher
from kh02_pipelines.release.rollback import roll_back
from kh02_pipelines.resources.instance_facts import read_instance
from kh02_pipelines.resources.stores import Stores

ROLLBACK_JOB = "rollback"
RELEASE_ASSETS = ("database_release", "parquet_release")


class Rollback(dg.Config):
    """Run configuration of the rollback job."""

    release_id: str = Field(description="Bản muốn quay về, trong `kh02 releases` · The release to go back to.")
    reason: str = Field(description="Lý do, được ghi lại · Why; it is recorded.")


def materialized(
    stores: Stores, release: str, left: str | None, reason: str, known: Callable[[], InstanceFacts | None]
) -> Iterator[dg.AssetMaterialization]:
    """What a rollback makes of the release assets and the status, so that the UI shows what readers have."""
    info = stores.parquet.describe(release)
    shown: dict[str, Any] = {
        "release_id": release,
        "new_release": False,
        "left_release_id": left or "-",
        "moved": left is not None,
        "reason": reason,
        "dagster/row_count": sum(info.rows.values()),
    }
    yield dg.AssetMaterialization(RELEASE_ASSETS[0], metadata={**shown, "database": stores.database.display_url})
    folder = dg.MetadataValue.path(stores.parquet.folder(release))
    yield dg.AssetMaterialization(RELEASE_ASSETS[1], metadata={**shown, "folder": folder})
    yield dg.AssetMaterialization(RELEASE_STATUS, metadata=status_metadata(stores.status(known)))


@dg.op(
    out=dg.Out(dg.Nothing),
    pool=POOL,
    description=(
        "Chuyển con trỏ của cơ sở dữ liệu rồi của tệp về bản đã chọn; ghi lại lý do.\n\n"
        "Move the database's pointer and then the file pointer to the chosen release; record why."
    ),
)
@explained
def move_back(context: dg.OpExecutionContext, config: Rollback, stores: dg.ResourceParam[Stores]) -> None:
    """Roll back, and materialise the assets whose readers it concerns."""
    with one_publisher(stores.home, what="rolling back"):
        left = roll_back(stores.parquet, stores.database, config.release_id, config.reason, stores.clock())
    for event in materialized(
        stores, config.release_id, left, config.reason, lambda: read_instance(context.instance, stores.dagster_home)
    ):
        context.log_event(event)


def report_rollback(stores: Stores, release: str, left: str | None, reason: str) -> None:
    """Tell the home's Dagster instance, if there is one, of a rollback made outside it."""
    if not (stores.dagster_home / "dagster.yaml").is_file():
        return
    with dg.DagsterInstance.from_config(str(stores.dagster_home)) as instance:
        for event in materialized(stores, release, left, reason, lambda: read_instance(instance, stores.dagster_home)):
            instance.report_runless_asset_event(event)


def rollback_job_of(stores: Stores) -> dg.JobDefinition:
    """One step: move the pointers. Its launchpad offers the kept releases, read anew each time, as partitions."""

    @dg.dynamic_partitioned_config(partition_fn=lambda _: [info.release_id for info in stores.parquet.releases()])
    def chosen(release: str) -> dict[str, Any]:
        return {"ops": {"move_back": {"config": {"release_id": release, "reason": ""}}}}

    @dg.job(
        name=ROLLBACK_JOB,
        executor_def=dg.in_process_executor,
        config=chosen,
        description=(
            "Quay về một bản phát hành còn lưu: chọn bản ở ô Partition, ghi lý do. Nội dung bị rời bỏ không tự công bố "
            "lại.\n\nGo back to a release that is still kept: choose it under Partition, say why. The content left is "
            "not published again by itself."
        ),
    )
    def rollback_job() -> None:
        move_back()

    return rollback_job
