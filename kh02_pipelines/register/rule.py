"""What a rule is: a named condition on the staged tables, with the rows that break it.

Belongs here: the classes, what a rule may hold a candidate against, and the few helpers rules share. Does not
belong here: any rule (``invariants`` and the modules beside it here, in ``crosswalk`` and in ``release``), or how
a rule is shown in Dagster (``checks``).
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import pandas as pd

from kh02_pipelines.register.frames import among as among

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
class Limits:
    """From where on age and drift are a finding. Ages in days; drifts as a share of what the last release had."""

    source_age: int = 180
    law_age: int = 365
    as_of_age: int = 7
    row_drift: float = 0.01
    name_drift: float = 0.02
    code_drift: float = 0.005


SchemaText = Mapping[str, tuple[str, bool]]
"""A table's schema: column name → (type as text, whether it may be empty)."""


@dataclass(frozen=True)
class Previous:
    """The release that a candidate would replace. ``tables`` reads a table when it is asked for."""

    release_id: str
    as_of: dt.date
    schemas: Mapping[str, SchemaText]
    tables: Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Context:
    """What surrounds a candidate, for the rules that need more than its tables; the default knows nothing.

    ``today``: the day in Viet Nam, from the injected clock. ``previous``: the release before, or None when there
    is none. ``files``: the staged Parquet file of every table. ``holdings``: what the stores hold for readers
    (``store``, ``content_hash``, ``table``, ``rows``), known only once something has been published.
    """

    today: dt.date | None = None
    limits: Limits = Limits()
    previous: Previous | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    holdings: pd.DataFrame | None = None


@dataclass(frozen=True)
class Candidate:
    """The tables of a release that is not published yet, and what a rule may hold them against.

    ``totals``: how many units the law gives (``level``, ``type``, ``count``) on 30 June 2025 and on ``as_of``.
    ``row_flow``: rows in, added, set aside and out of every step (see ``crosswalk.row_flow``).
    ``evidence``: further frames staged with the tables: ``rulings`` as their source has them, ``province_totals``
    (``province_code``, ``type``, ``count`` on ``as_of``), ``reform_totals`` (``fact``, ``count``; none before it).
    """

    tables: Mapping[str, pd.DataFrame]
    as_of: dt.date
    totals: pd.DataFrame
    row_flow: pd.DataFrame
    evidence: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    context: Context = Context()


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
