"""Group ``publication``: what the current release changed against the one published before it."""

import dagster as dg
import pyarrow.compute as pc

from kh02_pipelines.assets import groups
from kh02_pipelines.assets.explained import explained
from kh02_pipelines.assets.metadata import definition_metadata
from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.diff.change_files import (
    changes_between,
    changes_path,
    kept_changes,
    previous_release,
    write_changes,
)
from kh02_pipelines.resources.stores import Stores
from kh02_pipelines.tables.release import RELEASE_CHANGE


@dg.asset(
    pool=groups.POOL,
    deps=["parquet_release"],
    group_name=groups.PUBLICATION,
    owners=groups.OWNERS,
    kinds={"python", "parquet", "markdown"},
    metadata=definition_metadata(RELEASE_CHANGE),
    description=groups.described(
        "Khác biệt của bản phát hành hiện hành so với bản công bố ngay trước: thay đổi thật (theo sự kiện có hiệu lực) "
        "hay đính chính, kèm căn cứ.",
        "What the current release changed against the one published just before: real changes (an event took effect) "
        "or corrections, each with its document.",
    ),
)
@explained
def release_diff(stores: dg.ResourceParam[Stores]) -> dg.MaterializeResult[None]:
    """Compare the current release with the previous one and keep the result beside the releases."""
    store = stores.parquet
    current = store.current()
    if current is None:
        raise EnvironmentFault("no release has been published yet", file=store.root, remedy="run the whole job first")
    release = current.release_id
    before = previous_release(store, release)
    # once the release it replaced is pruned, what was written when that was still there is all there is
    gone = before is None or current.replaces not in (None, before)
    kept = kept_changes(store, release) if gone else None
    changes, text = kept or (changes_between(store, before, release), "")
    if kept is None:
        text = write_changes(store, release, before, changes)
    if kept is not None and changes.num_rows:
        before = changes.column("previous_release_id")[0].as_py()
    kinds = changes.column("kind")
    return dg.MaterializeResult(
        metadata={
            "release_id": release,
            "previous_release_id": before or "-",
            "changes": dg.MetadataValue.md(text),
            "real_changes": pc.sum(pc.equal(kinds, "real_change")).as_py() or 0,
            "corrections": pc.sum(pc.equal(kinds, "correction")).as_py() or 0,
            "dagster/row_count": changes.num_rows,
            "file": dg.MetadataValue.path(changes_path(store, release)),
        }
    )


ASSETS = [release_diff]
