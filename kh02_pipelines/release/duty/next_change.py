"""The next change that is law already and not yet in force, and how its preview ended.

Belongs here: that one answer, for the status. Does not belong here: building a preview.
"""

import datetime as dt
from dataclasses import dataclass

from kh02_pipelines.release.files.parquet_store import ParquetStore


@dataclass(frozen=True)
class NextChange:
    """A day on which units change. ``passes``: whether its preview holds all blocking rules; None when not built."""

    day: dt.date
    passes: bool | None


def next_enacted_change(files: ParquetStore) -> NextChange | None:
    """The next change after the current release; None when none is known, as long as no previews are kept."""
    del files  # previews will lie beside the releases
    return None
