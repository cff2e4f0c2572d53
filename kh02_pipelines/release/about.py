"""The rows about a release that come with it: what it changes, and how its checks ended before it was published.

Belongs here: making both tables (``tables.release``) for a release that readers do not see yet. Does not belong here:
comparing (``diff``), judging (``audit``), or how the checks ended that look at both stores afterwards: the quality
report puts those into the database.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from kh02_pipelines.release.audit import Outcome
from kh02_pipelines.release.diff.change_files import change_rows
from kh02_pipelines.release.files.parquet_store import ParquetStore
from kh02_pipelines.release.report.results import quality_results
from kh02_pipelines.tables.release import QUALITY_RESULT, RELEASE_CHANGE


def rows_about(
    files: ParquetStore,
    release: str,
    replaced: str | None,
    tables: Mapping[str, pa.Table],
    found: Sequence[Outcome],
) -> dict[str, pa.Table]:
    """RELEASE_CHANGE and QUALITY_RESULT of a release by table name; ``replaced`` is the one that readers have now."""
    return {
        RELEASE_CHANGE.name: change_rows(files, release, tables, replaced),
        QUALITY_RESULT.name: quality_results(found, release),
    }
