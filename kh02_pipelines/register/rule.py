"""What a rule is: a named condition on the staged tables, with the rows that break it.

Belongs here: the class, and the few helpers rules share. Does not belong here: any rule (``invariants`` in
this package and in ``crosswalk``), or how a rule is shown in Dagster (``checks``).
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

FINDING_COLUMNS = ["table", "key", "problem"]
"""A finding names the table, the key of the row in it, and what is wrong, in English."""


class Word(StrEnum):
    """The six words of plan 02-KH/BCĐTW; the value is how a tag spells them."""

    CORRECT = "dung"
    COMPLETE = "du"
    CLEAN = "sach"
    LIVE = "song"
    CONSISTENT = "thong_nhat"
    SHARED = "dung_chung"

    @property
    def vietnamese(self) -> str:
        """The word as the plan writes it."""
        return {
            "dung": "đúng",
            "du": "đủ",
            "sach": "sạch",
            "song": "sống",
            "thong_nhat": "thống nhất",
            "dung_chung": "dùng chung",
        }[self.value]


@dataclass(frozen=True)
class Candidate:
    """The tables of a release that is not published yet, and what a rule may hold them against.

    ``totals``: how many units the law gives (``level``, ``type``, ``count``) on 30 June 2025 and on ``as_of``.
    ``row_flow``: rows in, added, set aside and out of every step (see ``crosswalk.row_flow``).
    """

    tables: Mapping[str, pd.DataFrame]
    as_of: dt.date
    totals: pd.DataFrame
    row_flow: pd.DataFrame


@dataclass(frozen=True)
class Rule:
    """A condition on a candidate. ``find`` returns the breaking rows as FINDING_COLUMNS; none means it holds."""

    name: str
    word: Word
    vi: str
    en: str
    remedy: str
    find: Callable[[Candidate], pd.DataFrame]
    blocking: bool = True


def findings(table: str, rows: pd.DataFrame, key: str | list[str], problem: str | pd.Series) -> pd.DataFrame:
    """Findings for ``rows`` of ``table``; several key columns are joined with ``>``."""
    keys = [key] if isinstance(key, str) else key
    joined = rows[keys[0]].astype("str")
    for name in keys[1:]:
        joined = joined + ">" + rows[name].astype("str")
    return pd.DataFrame({"table": table, "key": joined, "problem": problem}, index=rows.index).reset_index(drop=True)


def together(*parts: pd.DataFrame) -> pd.DataFrame:
    """Several findings as one frame, in a stable order."""
    filled = [part for part in parts if len(part)]
    if not filled:
        return pd.DataFrame(columns=FINDING_COLUMNS, dtype="str")
    return pd.concat(filled).sort_values(FINDING_COLUMNS, ignore_index=True)
