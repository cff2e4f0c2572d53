"""Differences of names that stop publication: where what is followed looks like the name of another unit.

Belongs here: judging open conflicts of names by all sources together. Does not belong here: finding conflicts
(``conflicts``), or rulings on them (``source_rulings``).

The registers spell many names in two ways, and priority decides which is published. What must not be published
is a name that stands on the wrong row.
"""

from difflib import SequenceMatcher

import pandas as pd

from kh02_pipelines.names import UNIT_TYPES, loose_key, spelling_key, split_unit_type
from kh02_pipelines.tables.quality import OPEN

AKIN = 0.6
"""From this share of letters in common on, two names are taken for spellings of one: ``Xà Phìn`` and ``Sà Phìn``.
Of the names that the real registers spell in two ways the least alike have 0.67 (``Sáng Nhè``, ``Xá Nhè``)."""

AGAINST = 2
"""So many other sources that agree on another name stop publication."""


def block_wrong_names(conflicts: pd.DataFrame, above: pd.Series) -> pd.DataFrame:
    """The conflicts, with ``blocking`` set on open ones of names where the name that is followed looks wrong.

    The two names differ in more than accents, and either AGAINST other sources give another, unlike name, or the
    other source gives the name that is followed to another unit within the same unit above. ``above``: parent code
    by subject.
    """
    names = conflicts[(conflicts["class"] == "name") & (conflicts["ruling"] == OPEN)]
    if names.empty:
        return conflicts
    mine, theirs = _letters(names, "value"), _letters(names, "other_value")
    sources = names.groupby([names["subject"], theirs])["other_source"].transform("nunique")
    pairs = zip(mine, theirs, strict=True)  # names in other letters: a few hundred
    alike = [SequenceMatcher(None, one, other, autojunk=False).ratio() for one, other in pairs]
    unlike = pd.Series(alike, index=names.index) < AKIN
    place = names["other_source"] + "|" + names["subject"].map(above).fillna("").astype("str") + "|"
    neighbours = (place + spelling_key(names["value"])).isin(place + spelling_key(names["other_value"]))
    wrong = (mine != theirs) & (((sources >= AGAINST) & unlike) | neighbours)
    return conflicts.assign(blocking=conflicts["blocking"] | conflicts.index.isin(names.index[wrong]))


def _letters(names: pd.DataFrame, column: str) -> pd.Series:
    """Names without type, accents, spaces and punctuation, in lower case."""
    level = names["subject"].str.split("/").str[1]
    bare = names[column].copy()
    for known in UNIT_TYPES:
        at = level == known
        bare[at] = split_unit_type(bare[at], known)["short_name"]
    return loose_key(bare.fillna(names[column])).str.replace(r"[\W_]", "", regex=True)
