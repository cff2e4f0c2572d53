"""Differences of names: which are of spelling alone, and which stop publication.

Belongs here: judging names that two sources print for one unit. Does not belong here: finding where sources differ
(``conflicts``), or rulings on it (``source_rulings``).

The registers spell many names in two ways, and priority decides which is published. What must not be published
is a name that stands on the wrong row, or that nobody ever gave the unit.
"""

import unicodedata
from difflib import SequenceMatcher

import pandas as pd

from kh02_pipelines.names import UNIT_TYPES, loose_key, spelling_key, split_unit_type
from kh02_pipelines.tables.quality import OPEN

AKIN = 0.6
"""From this share of letters in common on, two names are taken for spellings of one: ``Xà Phìn`` and ``Sà Phìn``.
Of the names that the real registers spell in two ways the least alike have 0.67 (``Sáng Nhè``, ``Xá Nhè``)."""

AGAINST = 2
"""So many other sources that agree on another, unlike name stop publication; the reference alone does."""

MANY = 2
"""From so many letters without their accents on, a name was spoilt and not spelled otherwise. The office's own register
lacks those of one letter in 16 names: ``Thị trấn Thanh An``, ``Thạnh An``."""

REFERENCE = "reference"


def name_classes(followed: pd.Series, other: pd.Series, level: pd.Series) -> pd.Series:
    """``spelling`` where two names differ in conventions alone, otherwise ``name``.

    A capital that the followed name lost, or a word in capitals alone, is no convention: ``Xã Đại áng``.
    """
    same = (spelling_key(followed) == spelling_key(other)) & ~_lost_capitals(followed, other, level)
    return same.map({True: "spelling", False: "name"}).astype("str")


def likeness(conflicts: pd.DataFrame) -> pd.Series:
    """The share of letters that the two names of a conflict have in common; types, accents and capitals aside."""
    sides = zip(_letters(conflicts, "value"), _letters(conflicts, "other_value"), strict=True)
    ratios = [SequenceMatcher(None, mine, theirs, autojunk=False).ratio() for mine, theirs in sides]
    return pd.Series(ratios, index=conflicts.index, dtype="float64")


def block_wrong_names(conflicts: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """The conflicts, with ``blocking`` set on open ones of names where the name that is followed looks wrong.

    Either it is unlike the one that the reference has, or that AGAINST other sources agree on; or it lost capitals, or
    the accents of MANY letters, that they agree on; or the other source gives it to another unit within the same unit
    above. ``units``: ``subject``, ``level``, ``name`` and ``parent_code`` of every unit of the reference.
    """
    names = conflicts[(conflicts["class"] == "name") & (conflicts["ruling"] == OPEN)]
    if names.empty:
        return conflicts
    level = _level(names)
    mine, theirs = (spelling_key(_bare(names[column], level)) for column in ("value", "other_value"))
    agreed = {
        key: names.groupby([names["subject"], others])["other_source"].transform("nunique") >= AGAINST
        for key, others in (("letters", _letters(names, "other_value")), ("spelling", theirs))
    }
    unlike = (likeness(names) < AKIN) & ((names["other_source"] == REFERENCE) | agreed["letters"])
    accents = pd.Series([_lost_accents(*sides) for sides in zip(mine, theirs, strict=True)], index=names.index)
    capitals = _lost_capitals(names["value"], names["other_value"], level) & (mine == theirs)
    worse = capitals | (accents >= MANY)
    above = units["subject"].str.rpartition("/")[0] + "/" + units["parent_code"]
    place = names["other_source"] + "|" + names["subject"].map(above.set_axis(units["subject"])).astype("str") + "|"
    given = {*(place + theirs), *(f"{REFERENCE}|" + above + "|" + spelling_key(_bare(units["name"], units["level"])))}
    wrong = unlike | (worse & agreed["spelling"]) | ((mine != theirs) & (place + mine).isin(given))
    return conflicts.assign(blocking=conflicts["blocking"] | conflicts.index.isin(names.index[wrong]))


def _level(conflicts: pd.DataFrame) -> pd.Series:
    return conflicts["subject"].str.split("/").str[1]


def _letters(conflicts: pd.DataFrame, column: str) -> pd.Series:
    """Names without type, accents, spaces and punctuation, in lower case."""
    return loose_key(_bare(conflicts[column], _level(conflicts))).str.replace(r"[\W_]", "", regex=True)


def _bare(names: pd.Series, level: pd.Series) -> pd.Series:
    """Names without their unit types."""
    bare = names.copy()
    for known in UNIT_TYPES:
        at = level == known
        bare[at] = split_unit_type(bare[at], known)["short_name"]
    return bare.fillna(names)


def _lost_capitals(followed: pd.Series, other: pd.Series, level: pd.Series) -> pd.Series:
    """Whether the followed name, but for its type, lost a capital or has words in capitals alone."""
    bare = zip(_bare(followed, level), _bare(other, level), strict=True)
    words = pd.Series([_worse_words(mine, theirs) for mine, theirs in bare], index=followed.index, dtype="bool")
    return words | (followed.str.slice(0, 1).str.islower() & other.str.slice(0, 1).str.isupper())


def _worse_words(mine: str, theirs: str) -> bool:
    words, others = mine.split(), theirs.split()
    return len(words) == len(others) and any(
        (word[0].islower() and other[0].isupper()) or (len(word) > 1 and word.isupper() and not other.isupper())
        for word, other in zip(words, others, strict=True)
    )


def _lost_accents(mine: str, theirs: str) -> int:
    """How many letters lost accents; none where the names differ in anything else. Both are spelling keys."""
    if len(mine) != len(theirs):
        return 0
    differing = [(_marks(one), _marks(other)) for one, other in zip(mine, theirs, strict=True) if one != other]
    return len(differing) if all(one < other for one, other in differing) else 0


def _marks(letter: str) -> set[str]:
    return set(unicodedata.normalize("NFD", letter.replace("đ", "d\u0335")))
