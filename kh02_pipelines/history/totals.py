"""How many units the law gives, by level and type, on a date, and how many links the reform made.

Belongs here: reading ``totals.csv``, ``province_totals.csv`` and ``reform_totals.csv`` at a date. Does not belong
here: counting our own tables (``invariants``).
"""

import pandas as pd

from kh02_pipelines.history.legal import parse_dates
from kh02_pipelines.history.links import OPENING_DATE, REFORM_DATE
from kh02_pipelines.sources.refusal import refuse_first


def expected_totals(raw: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Totals for the opening state and for ``as_of``: ``state`` (legacy | current), ``level``, ``type``, ``count``.

    A block of totals holds from its ``valid_from`` until the next one. Raises SourceError for a count that is
    not a whole number, and for one that stands twice.
    """
    totals = _dated_counts(raw, "totals.csv", ["valid_from", "level", "type"])
    legacy = totals[totals["valid_from"] == OPENING_DATE]
    current = totals[totals["valid_from"] == totals.loc[totals["valid_from"] <= as_of, "valid_from"].max()]
    both = pd.concat([legacy.assign(state="legacy"), current.assign(state="current")], ignore_index=True)
    return both.loc[:, ["state", "level", "type", "count"]]


def expected_province_totals(raw: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Communes by new province on ``as_of``: ``province_code``, ``type``, ``count``; none before the reform.

    Each province's newest block counts. Raises SourceError for a count that is not a whole number, and for one that
    stands twice.
    """
    totals = _dated_counts(raw, "province_totals.csv", ["valid_from", "province_code", "type"])
    totals = totals[totals["valid_from"] <= as_of]
    newest = totals["valid_from"] == totals.groupby("province_code")["valid_from"].transform("max")
    return totals.loc[newest, ["province_code", "type", "count"]].reset_index(drop=True)


def expected_reform_totals(raw: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """What the reform of 1 July 2025 made: ``fact``, ``count``; none before it.

    Raises SourceError for a count that is not a whole number, and for a fact that stands twice.
    """
    facts = _counts(raw, "reform_totals.csv", ["fact"])[["fact", "count"]]
    return facts if as_of >= REFORM_DATE else facts.iloc[:0]


def _dated_counts(raw: pd.DataFrame, file: str, keys: list[str]) -> pd.DataFrame:
    return _counts(raw, file, keys).assign(valid_from=parse_dates(raw, "valid_from", file))


def _counts(raw: pd.DataFrame, file: str, keys: list[str]) -> pd.DataFrame:
    twice = raw.duplicated(keys)
    refuse_first(
        raw,
        twice,
        " ".join(f"{{{key}}}" for key in keys) + " stands twice",
        file=file,
        field="count",
        remedy=f"keep one row for each {', '.join(keys)}",
    )
    numbers = pd.to_numeric(raw["count"], errors="coerce")
    wrong = numbers.isna() | (numbers % 1 != 0) | (numbers < 0)
    refuse_first(
        raw,
        wrong,
        "{count!r} is not a count",
        file=file,
        field="count",
        remedy="write digits",
    )
    return raw.assign(count=numbers.astype("int64"))
