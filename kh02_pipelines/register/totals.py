"""How many units the law gives, by level and type, on a date.

Belongs here: reading ``totals.csv`` at a date. Does not belong here: counting our own tables (``invariants``).
"""

import pandas as pd

from kh02_pipelines.errors import SourceError
from kh02_pipelines.register.legal import parse_dates
from kh02_pipelines.register.links import OPENING_DATE


def expected_totals(raw: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Totals for the opening state and for ``as_of``: ``state`` (legacy | current), ``level``, ``type``, ``count``.

    A block of totals holds from its ``valid_from`` until the next one. Raises SourceError for a count that is
    not a whole number.
    """
    file = "totals.csv"
    totals = raw.assign(valid_from=parse_dates(raw, "valid_from", file))
    numbers = pd.to_numeric(totals["count"], errors="coerce")
    wrong = numbers.isna() | (numbers % 1 != 0) | (numbers < 0)
    if wrong.any():
        row = raw[wrong].iloc[0]
        raise SourceError(
            f"{row['count']!r} is not a count",
            file=file,
            row=int(row["row"]),
            field="count",
            remedy="write digits",
        )
    totals["count"] = numbers.astype("int64")
    legacy = totals[totals["valid_from"] == OPENING_DATE]
    current = totals[totals["valid_from"] == totals.loc[totals["valid_from"] <= as_of, "valid_from"].max()]
    both = pd.concat([legacy.assign(state="legacy"), current.assign(state="current")], ignore_index=True)
    return both.loc[:, ["state", "level", "type", "count"]]
