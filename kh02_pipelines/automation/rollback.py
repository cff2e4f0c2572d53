"""The job that goes back to an earlier release: one click, with a reason that is recorded.

Belongs here: its Dagster form. Does not belong here: what it does (``release.rollback``).
"""

import dagster as dg
from pydantic import Field

from kh02_pipelines.assets.groups import POOL
from kh02_pipelines.release.files.home_lock import one_publisher
from kh02_pipelines.release.rollback import roll_back
from kh02_pipelines.resources.stores import Stores

ROLLBACK_JOB = "rollback"


class Rollback(dg.Config):
    """Run configuration of the rollback job."""

    release_id: str = Field(description="Bản muốn quay về, trong `kh02 releases` · The release to go back to.")
    reason: str = Field(description="Lý do, được ghi lại · Why; it is recorded.")


@dg.op(
    out=dg.Out(dg.Nothing),
    pool=POOL,
    description=(
        "Chuyển con trỏ của cơ sở dữ liệu rồi của tệp về bản đã chọn; ghi lại lý do.\n\n"
        "Move the database's pointer and then the file pointer to the chosen release; record why."
    ),
)
def move_back(context: dg.OpExecutionContext, config: Rollback, stores: dg.ResourceParam[Stores]) -> None:
    """Roll back, and leave a note of it on the two assets whose readers it concerns."""
    with one_publisher(stores.home, what="rolling back"):
        left = roll_back(stores.parquet, stores.database, config.release_id, config.reason, stores.clock())
    note: dict[str, str | bool] = {
        "release_id": config.release_id,
        "left_release_id": left or "-",
        "moved": left is not None,
        "reason": config.reason,
    }
    for asset in ("database_release", "parquet_release"):
        context.log_event(dg.AssetObservation(asset, metadata=note))


@dg.job(
    name=ROLLBACK_JOB,
    executor_def=dg.in_process_executor,
    description=(
        "Quay về một bản phát hành còn lưu; nội dung bị rời bỏ không tự công bố lại.\n\n"
        "Go back to a release that is still kept; the content left is not published again by itself."
    ),
)
def rollback_job() -> None:
    """One step: move the pointers."""
    move_back()
