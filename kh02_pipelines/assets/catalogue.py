"""Group ``catalogue``: the candidate release, staged for the checks to judge."""

import dagster as dg
import pandas as pd

from kh02_pipelines.assets import groups
from kh02_pipelines.assets.charts import bar_chart
from kh02_pipelines.assets.explained import explained
from kh02_pipelines.assets.metadata import preview
from kh02_pipelines.catalogue.plan import STAGED, candidate_of
from kh02_pipelines.intake.source_tables import followed_hashes
from kh02_pipelines.release.publish import one_publisher
from kh02_pipelines.release.staging import stage
from kh02_pipelines.resources.stores import Stores

CANDIDATE = "candidate_release"


@dg.asset(
    pool=groups.POOL,
    key=CANDIDATE,
    ins={name: dg.AssetIn(name) for name in STAGED},
    group_name=groups.CATALOGUE,
    owners=groups.OWNERS,
    kinds={"python", "parquet"},
    description=groups.described(
        "Bản ứng viên: toàn bộ bảng đã dàn sẵn trên đĩa, chờ kiểm tra; người đọc chưa thấy.",
        "The candidate release: every table staged on disk, waiting for the checks; readers do not see it.",
    ),
)
@explained
def candidate_release(stores: dg.ResourceParam[Stores], **frames: object) -> dg.MaterializeResult[str]:
    """Stage the candidate; the value is the folder's name in the staging area."""
    candidate = candidate_of(frames)
    sources = followed_hashes(candidate.tables["source_file"])
    with one_publisher(stores.home, what="staging"):
        staged = stage(candidate, stores.staging, sources)
    rows = pd.Series(dict(staged.rows)).sort_values(ascending=False)
    return dg.MaterializeResult(
        value=staged.folder.name,
        data_version=dg.DataVersion(staged.content_hash),
        metadata={
            "release_id": staged.release_id,
            "as_of": f"{candidate.as_of:%Y-%m-%d}",
            "content_hash": staged.content_hash,
            "folder": dg.MetadataValue.path(staged.folder),
            "row_flow": preview(candidate.row_flow, rows=50),
            "rows_by_table": bar_chart(rows, "số dòng theo bảng · rows by table"),
        },
    )


ASSETS = [candidate_release]
