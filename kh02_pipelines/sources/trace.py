"""The trace of reading one file: every change to a value, every row that could not be accepted, and the counts.

Belongs here: collecting issues and quarantined rows with the exact place they come from. Does not belong here:
deciding what to change or refuse (the readers, ``values``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

ISSUE_COLUMNS = ["source", "sha256", "sheet", "line", "field", "raw_value", "cleaned_value", "rule"]
"""One row per value and rule that changed it; ``line`` counts as an editor or a spreadsheet does, from 1."""

QUARANTINE_COLUMNS = ["source", "sha256", "sheet", "line", "field", "value", "reason"]
"""One row per row that was not accepted: the field that is to blame, its value, and why."""

NO_SHEET = "-"
"""The sheet of files that have none."""

MAX_VALUE = 255
"""Longest value kept in a trace, in characters; longer ones are cut and end in an ellipsis."""


@dataclass(frozen=True)
class Origin:
    """Which exact bytes are being read: the source's name, the hash of the bytes, the file's own name."""

    source: str
    sha256: str
    file: str


@dataclass
class Trace:
    """Collects what reading one source changed and refused. Every method takes whole columns."""

    origin: Origin
    _issues: list[pd.DataFrame] = field(default_factory=list)
    _quarantine: list[pd.DataFrame] = field(default_factory=list)
    rows_in: int = 0
    set_aside: int = 0
    accepted: int = 0
    """Lines that the records handed on stand for (``accepted_lines``), counted apart from what was refused."""
    districts_alone: set[int] = field(default_factory=set)
    """Lines that were accepted for their district: they print no commune."""

    def changed(self, place: pd.DataFrame, name: str, before: pd.Series, after: pd.Series, rule: str) -> None:
        """Note where ``rule`` made ``after`` out of ``before``; ``place`` has ``sheet`` and ``line`` per row."""
        differs = (before.fillna("").astype("str") != after.fillna("").astype("str")).to_numpy(dtype=bool)
        if differs.any():
            rows = place.loc[differs, ["sheet", "line"]].assign(
                field=name, raw_value=_shown(before[differs]), cleaned_value=_shown(after[differs]), rule=rule
            )
            self._issues.append(rows)

    def quarantine(self, place: pd.DataFrame, name: str, values: pd.Series, reason: str | pd.Series) -> None:
        """Set aside the rows of ``place`` because of ``values`` in the field ``name``."""
        if len(place):
            rows = place[["sheet", "line"]].assign(field=name, value=_shown(values), reason=reason)
            rows["reason"] = _shown(rows["reason"])
            self._quarantine.append(rows)

    def notice(self, name: str, printed: str, expected: str, rule: str) -> None:
        """Note something about the source as a whole: sheet ``-``, line 0."""
        row = {
            "sheet": NO_SHEET,
            "line": 0,
            "field": name,
            "raw_value": printed,
            "cleaned_value": expected,
            "rule": rule,
        }
        self._issues.append(pd.DataFrame([row]))

    def of_lines(self, origin: Origin, lines: pd.Series) -> "Trace":
        """The trace of some accepted ``lines`` of the file, as if it had no others; notices of the whole stay."""
        kept = {0, *lines}
        parts = [part[part["line"].isin(kept)] for part in self._issues]
        return Trace(origin, parts, [], rows_in=len(lines), accepted=len(lines))

    def issues(self) -> pd.DataFrame:
        """The issues so far as ISSUE_COLUMNS, in the order of the file."""
        return self._together(self._issues, ISSUE_COLUMNS)

    def quarantined(self) -> pd.DataFrame:
        """The quarantined rows so far as QUARANTINE_COLUMNS, in the order of the file."""
        return self._together(self._quarantine, QUARANTINE_COLUMNS)

    def counts(self) -> Mapping[str, int]:
        """``rows_in``, ``accepted``, ``quarantined`` and ``set_aside`` (title rows: no data, each an issue).

        None is computed from the others: where they do not add up, a row was lost.
        """
        return {
            "rows_in": self.rows_in,
            "accepted": self.accepted,
            "quarantined": len(self.quarantined()),
            "set_aside": self.set_aside,
        }

    def _together(self, parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
        if not parts:
            return empty_trace(columns)
        rows = pd.concat(parts, ignore_index=True).assign(source=self.origin.source, sha256=self.origin.sha256)
        rows = rows[columns].sort_values(["sheet", "line", "field"], kind="stable", ignore_index=True)
        return rows.astype({name: "int64" if name == "line" else "str" for name in columns})


def accepted_lines(records: pd.DataFrame, trace: Trace) -> int:
    """How many lines of the source the records of its reader stand for.

    The tiers above a unit are made of the same lines as the unit and do not count: a line counts for its commune,
    for a district that it prints alone, or, in a list of provinces, for its province.
    """
    if "level" not in records:
        return int(records["line"].nunique())
    own = records["level"] == ("commune" if (records["level"] != "province").any() else "province")
    alone = (records["level"] == "district") & records["row"].isin(trace.districts_alone)
    return int(records.loc[own | alone, "row"].nunique())


def empty_trace(columns: list[str]) -> pd.DataFrame:
    """No rows, with the columns and types of a trace."""
    return pd.DataFrame({name: pd.Series(dtype="int64" if name == "line" else "str") for name in columns})


def _shown(values: pd.Series) -> pd.Series:
    text = values.fillna("").astype("str")
    return text.mask(text.str.len() > MAX_VALUE, text.str.slice(0, MAX_VALUE - 1) + "…")
