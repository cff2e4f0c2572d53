"""Periods: from when to when there are which levels, unit types and code list, and what "unchanged" rests on.

Belongs here: reading ``periods.csv`` and finding the period of a day. Does not belong here: rules (``checks``), which
ask a period instead of naming a date, and the changes that lead from one period into the next.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import pandas as pd

from kh02_pipelines.errors import SourceError
from kh02_pipelines.history.legal import parse_dates
from kh02_pipelines.tables.vocabulary import LEVELS

PERIODS_FILE = "periods.csv"
MEMBER, FRESH = "member", "fresh"
CODE_ORIGINS = (MEMBER, FRESH)
PARTIAL, COMPLETE = "partial", "complete"


@dataclass(frozen=True)
class Period:
    """One period, ``valid_to`` exclusive and missing while it lasts.

    ``levels``: from the top. ``types``: by level, lower case. ``code_list``: the document with the codes.
    ``opening_codes``, ``new_codes``: where the code of a unit that is founded comes from, on the period's first day
    and later: a member's, a fresh one. ``standing_document``: what a unit rests on that the period found and left as
    it was. ``complete``: whether every change of the period is known, but for what is published as not resolved.
    """

    valid_from: pd.Timestamp
    valid_to: pd.Timestamp | None
    levels: tuple[str, ...]
    types: dict[str, tuple[str, ...]]
    code_list: str
    opening_codes: tuple[str, ...]
    new_codes: tuple[str, ...]
    standing_document: str
    complete: bool

    @property
    def last_day(self) -> pd.Timestamp | None:
        """The last day of a period that has ended."""
        return None if self.valid_to is None else self.valid_to - pd.Timedelta(days=1)

    def level_above(self, level: str) -> str | None:
        """The level of the parent of a unit of ``level``; None for the top."""
        position = self.levels.index(level)
        return self.levels[position - 1] if position else None


@dataclass(frozen=True)
class Periods:
    """All periods, oldest first, without a gap."""

    each: tuple[Period, ...]

    def on(self, day: pd.Timestamp) -> Period:
        """The period of a day; the first for a day before all of them."""
        found = [period for period in self.each if period.valid_from <= day]
        return found[-1] if found else self.each[0]

    @property
    def legacy_day(self) -> pd.Timestamp | None:
        """The last day of the last period that had districts; None while they are in force."""
        with_districts = [period for period in self.each if "district" in period.levels]
        return with_districts[-1].last_day if with_districts else None

    @property
    def first_day(self) -> pd.Timestamp:
        """The first day of which there is a register."""
        return self.each[0].valid_from

    @property
    def chain_day(self) -> pd.Timestamp:
        """The day from which on the chain from an old code to today is complete, but for what is not resolved."""
        broken = [period.valid_to for period in self.each if not period.complete and period.valid_to is not None]
        return max(broken, default=self.first_day)


def periods_of(raw: pd.DataFrame) -> Periods:
    """Periods from their source. Raises SourceError for a word that is not known, a gap or an overlap."""
    starts = parse_dates(raw, "valid_from", PERIODS_FILE)
    ends = parse_dates(raw, "valid_to", PERIODS_FILE)
    found = []
    for place, row in enumerate(raw.to_dict("records")):  # a handful
        levels = tuple(str(row["levels"]).split(" "))
        _require(set(levels) <= set(LEVELS), row, "levels", f"use {', '.join(LEVELS)}")
        origins = {field: _words(row[field]) for field in ("opening_codes", "new_codes")}
        for field, words in origins.items():
            _require(bool(words) and set(words) <= set(CODE_ORIGINS), row, field, f"use {' | '.join(CODE_ORIGINS)}")
        types = {level: _words(row[f"{level}_types"]) for level in levels}
        for level, words in types.items():
            _require(bool(words), row, f"{level}_types", "list the unit types of the level, joined with |")
        _require(row["chain"] in (PARTIAL, COMPLETE), row, "chain", f"use {PARTIAL} or {COMPLETE}")
        _require(pd.notna(starts.iloc[place]), row, "valid_from", "write the period's first day")
        end = None if pd.isna(ends.iloc[place]) else ends.iloc[place]
        found.append(
            Period(
                valid_from=starts.iloc[place],
                valid_to=end,
                levels=levels,
                types=types,
                code_list=str(row["code_list"]),
                standing_document=str(row["standing_document"]),
                complete=row["chain"] == COMPLETE,
                **origins,
            )
        )
        follows = place == 0 or found[-2].valid_to == found[-1].valid_from
        _require(follows, row, "valid_from", "let each period begin on the day the one before ends")
    if not found or found[-1].valid_to is not None:
        raise SourceError(
            "the last period has an end" if found else "there is no period",
            file=PERIODS_FILE,
            field="valid_to",
            remedy="leave valid_to of the last period empty",
        )
    return Periods(tuple(found))


def _words(text: object) -> tuple[str, ...]:
    return tuple(word for word in str(text).split("|") if word)


def _require(holds: bool, row: Mapping[Hashable, object], field: str, remedy: str) -> None:
    if not holds:
        raise SourceError(
            f"{row[field]!r} is no {field} of a period",
            file=str(row.get("file", PERIODS_FILE)),
            row=int(str(row["row"])),
            field=field,
            remedy=remedy,
        )
