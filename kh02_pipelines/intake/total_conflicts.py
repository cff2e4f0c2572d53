"""Totals that others published, held against the history: where they differ, the difference is a conflict in public.

Belongs here: totals that are no law. Does not belong here: totals of the law, which stop publication (``checks``).
"""

import pandas as pd

from kh02_pipelines.history.totals import counted_units
from kh02_pipelines.intake.conflicts import CONFLICT_COLUMNS, all_conflicts
from kh02_pipelines.tables.quality import OPEN

_LENGTH = 40
"""As long as the name of a source may be."""


def with_total_conflicts(conflicts: pd.DataFrame, unit_version: pd.DataFrame, totals: pd.DataFrame) -> pd.DataFrame:
    """The conflicts with one more for every total (``history.totals.TOTAL_COLUMNS``) that the history does not meet."""
    theirs = totals[~totals["lawful"].astype(bool)]
    counted = counted_units(unit_version, theirs)
    wrong = theirs[counted != theirs["count"]]
    kind = wrong["type"].mask(wrong["type"] == "", "all")
    missing = pd.Series(None, index=wrong.index, dtype="str")
    rows = pd.DataFrame(
        {
            "subject": wrong["day"] + "/" + wrong["level"] + "/" + kind,
            "field": "count",
            "other_source": wrong["source"].str.slice(0, _LENGTH),
            "source": "catalogue",
            "value": counted[wrong.index].astype("str"),
            "other_value": wrong["count"].astype("str"),
            "class": "total",
            "blocking": False,
            "ruling": OPEN,
            "legal_document": missing,
            "clause": missing,
        }
    )
    return all_conflicts([conflicts, rows[CONFLICT_COLUMNS]])
