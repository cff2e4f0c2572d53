"""Cleaning single columns with a trace: text, codes, unit types that lost an accent.

Belongs here: changes that are right for any source, each a named rule. Does not belong here: what a column
means, or corrections that need a citation (rulings).
"""

import re
from typing import cast

import pandas as pd

from kh02_pipelines.names import UNIT_TYPES, clean_with_trace, split_unit_type, to_ascii
from kh02_pipelines.names.parts import Level
from kh02_pipelines.sources.trace import Trace

CODE_WIDTHS = {"province": 2, "district": 3, "commune": 5}
"""Digits of a code by level (124/2004/QĐ-TTg)."""

_NUMBER = r"[0-9]+\.0+"


def clean_column(values: pd.Series, name: str, place: pd.DataFrame, trace: Trace) -> pd.Series:
    """Text in clean form (``names.clean_text``), every change traced under the rule that made it."""
    cleaned, changes = clean_with_trace(values)
    for rule, rows in changes.groupby("rule", sort=False):
        at = pd.Index(rows["index"])
        before = pd.Series(rows["before"].to_numpy(), index=at)
        after = pd.Series(rows["after"].to_numpy(), index=at)
        trace.changed(place.loc[at], name, before, after, str(rule))
    return cleaned


def clean_codes(values: pd.Series, level: str, name: str, place: pd.DataFrame, trace: Trace) -> pd.Series:
    """Codes as zero-padded text; what is no code stays as it is for the caller to quarantine.

    ``number_to_text`` takes the ``.0`` off a spreadsheet's number, ``leading_zeros`` puts back lost zeros.
    """
    text = clean_column(values, name, place, trace)
    whole = text.where(~text.str.fullmatch(_NUMBER).fillna(False), text.str.partition(".")[0])
    trace.changed(place, name, text, whole, "number_to_text")
    width = CODE_WIDTHS[level]
    short = whole.str.fullmatch(rf"[0-9]{{1,{width}}}").fillna(False)
    padded = whole.mask(short, whole.str.zfill(width))
    trace.changed(place, name, whole, padded, "leading_zeros")
    return padded


def is_code(values: pd.Series, level: str) -> pd.Series:
    """Whether each value is a code of this level, as a plain boolean column."""
    return values.str.fullmatch(rf"[0-9]{{{CODE_WIDTHS[level]}}}").fillna(False).astype(bool)


def mend_unit_type(names: pd.Series, level: str, name: str, place: pd.DataFrame, trace: Trace) -> pd.Series:
    """Put back the accents of a leading unit type (``Xa Ea Kly`` → ``Xã Ea Kly``), traced as ``unit_type_accents``.

    Only where the name starts with no type of this level and its first words are one but for accents. The rest
    of the name is left alone.
    """
    lacking = split_unit_type(names, cast(Level, level))["type"].isna() & names.notna() & (names != "")
    mended = names.copy()
    for unit_type in UNIT_TYPES[cast(Level, level)]:
        plain = to_ascii(pd.Series([unit_type])).iloc[0]
        pattern = re.compile(rf"({re.escape(str(plain))})\s+\S", re.IGNORECASE)
        hit = lacking & to_ascii(names).str.match(pattern).fillna(False)
        written = unit_type[:1].upper() + unit_type[1:]
        mended = mended.mask(hit, written + names.str.slice(len(unit_type)))
    trace.changed(place, name, names, mended, "unit_type_accents")
    return mended


def leading_type(names: pd.Series, level: str) -> pd.Series:
    """The unit type that a name starts with, spelled as the sources do (``Thị trấn``); empty where there is none."""
    types = split_unit_type(names, cast(Level, level))["type"].fillna("")
    return types.str.slice(0, 1).str.upper() + types.str.slice(1)
