"""Group ``catalogue``: the candidate release, staged for the checks to judge."""

import dagster as dg
import pandas as pd

from kh02_pipelines.assets import groups
from kh02_pipelines.assets.charts import bar_chart
from kh02_pipelines.assets.explained import explained
from kh02_pipelines.assets.metadata import preview
from kh02_pipelines.assets.sources import source_key
from kh02_pipelines.catalogue.build import NEW_REGISTER, OLD_REGISTER, evidence_of
from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.catalogue.row_flow import row_flow
from kh02_pipelines.history.totals import expected_totals
from kh02_pipelines.intake.source_tables import followed_hashes
from kh02_pipelines.release.publish import one_publisher
from kh02_pipelines.release.staging import stage
from kh02_pipelines.resources.stores import Stores
from kh02_pipelines.sources.reference_data import REFERENCE_FILES
from kh02_pipelines.tables.catalogue import CATALOGUE

CANDIDATE = "candidate_release"
_SOURCES = tuple(REFERENCE_FILES)


@dg.asset(
    pool=groups.POOL,
    key=CANDIDATE,
    ins={
        **{name: dg.AssetIn(name) for name in CATALOGUE},
        **{f"raw_{name.replace('-', '_')}": dg.AssetIn(source_key(name)) for name in _SOURCES},
        "old": dg.AssetIn("register_2025_06_30"),
        "new": dg.AssetIn("register_2025_07_01"),
        "links": dg.AssetIn("links"),
        "release_date": dg.AssetIn("release_date"),
    },
    group_name=groups.CATALOGUE,
    owners=groups.OWNERS,
    kinds={"python", "parquet"},
    description=groups.described(
        "Bản ứng viên: toàn bộ bảng đã dàn sẵn trên đĩa, chờ kiểm tra; người đọc chưa thấy.",
        "The candidate release: every table staged on disk, waiting for the checks; readers do not see it.",
    ),
)
@explained
def candidate_release(
    stores: dg.ResourceParam[Stores],
    old: pd.DataFrame,
    new: pd.DataFrame,
    links: pd.DataFrame,
    release_date: str,
    **frames: pd.DataFrame,
) -> dg.MaterializeResult[str]:
    """Stage the candidate; the value is the folder's name in the staging area."""
    day = pd.Timestamp(release_date)
    tables = {name: frames[name] for name in CATALOGUE}
    raw = {name: frames[f"raw_{name.replace('-', '_')}"] for name in _SOURCES}
    flow = row_flow(raw, {OLD_REGISTER: old, NEW_REGISTER: new}, links, tables, day)
    candidate = Candidate(tables, day.date(), expected_totals(raw["totals"], day), flow, evidence_of(raw, day))
    with one_publisher(stores.home, what="staging"):
        staged = stage(candidate, stores.staging, followed_hashes(tables["source_file"]))
    rows = pd.Series(dict(staged.rows)).sort_values(ascending=False)
    return dg.MaterializeResult(
        value=staged.folder.name,
        data_version=dg.DataVersion(staged.content_hash),
        metadata={
            "release_id": staged.release_id,
            "as_of": release_date,
            "content_hash": staged.content_hash,
            "folder": dg.MetadataValue.path(staged.folder),
            "row_flow": preview(flow, rows=50),
            "rows_by_table": bar_chart(rows, "số dòng theo bảng · rows by table"),
        },
    )


ASSETS = [candidate_release]
