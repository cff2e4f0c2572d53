"""What a rule is: a named condition on the staged tables, with the rows that break it.

Belongs here: the classes and the few helpers rules share. Does not belong here: any rule (the modules beside this
one, and ``release.holdings``), what a rule may hold a candidate against (``catalogue.candidate``), or how a rule is
shown in Dagster (``assets.asset_checks``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.frames import among as among

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
class Rule:
    """A condition on a candidate. ``find`` returns the breaking rows as FINDING_COLUMNS; none means it holds.

    A broken ``blocking`` rule stops publication. ``harmful``: an ERROR that cannot block, since it is seen only
    after publication. ``figures``, where a rule measures something, gives the numbers it judged, whether or not
    it holds.
    """

    name: str
    word: Word
    vi: str
    en: str
    remedy: str
    find: Callable[[Candidate], pd.DataFrame]
    blocking: bool = True
    harmful: bool = False
    figures: Callable[[Candidate], Mapping[str, float]] | None = None

    @property
    def severity(self) -> str:
        """``ERROR`` where readers would be hurt, otherwise ``WARN``."""
        return "ERROR" if self.blocking or self.harmful else "WARN"


_NOTHING = pd.DataFrame(columns=FINDING_COLUMNS, dtype="str")  # making one anew takes a millisecond


def nothing() -> pd.DataFrame:
    """No findings."""
    return _NOTHING.copy()


def one_finding(table: str, key: str, problem: str) -> pd.DataFrame:
    """A single finding."""
    return pd.DataFrame([[table, key, problem]], columns=FINDING_COLUMNS, dtype="str")


def findings(table: str, rows: pd.DataFrame, key: str | list[str], problem: str | pd.Series) -> pd.DataFrame:
    """Findings for ``rows`` of ``table``; several key columns are joined with ``>``."""
    if rows.empty:
        return nothing()
    keys = [key] if isinstance(key, str) else key
    joined = rows[keys[0]].astype("str")
    for name in keys[1:]:
        joined = joined + ">" + rows[name].astype("str")
    return pd.DataFrame({"table": table, "key": joined, "problem": problem}, index=rows.index).reset_index(drop=True)


def together(*parts: pd.DataFrame) -> pd.DataFrame:
    """Several findings as one frame, in a stable order."""
    filled = [part for part in parts if len(part)]
    if not filled:
        return nothing()
    return pd.concat(filled).sort_values(FINDING_COLUMNS, ignore_index=True)
