"""Names in plain ASCII, for systems that take nothing else and for searching.

Belongs here: dropping diacritics. Does not belong here: comparing names (``keys.loose_key``). Many different
names become the same text: never a key to join official data on.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from kh02_pipelines.names._series import map_text
from kh02_pipelines.names.alphabet import LETTERS

if TYPE_CHECKING:
    import pandas as pd

#: What has no ASCII base letter to fall back on in Unicode's own decompositions.
_SPECIAL: Final = str.maketrans(
    {
        **dict.fromkeys("đð\u0256", "d"),
        **dict.fromkeys("ĐÐ\u0189", "D"),
        **dict.fromkeys("\u00b4\u02b9\u02bb\u02bc\u02bd\u02c8\u2018\u2019\u201b\u2032`", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u00ad\u200c\u200d\u200e\u200f\u2060\ufeff", ""),
        **dict.fromkeys("\u200b\u2028\u2029\u0085", " "),
        **dict(zip("øØłŁ\u0131", "oOlLi", strict=True)),
        **{"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE"},
    }
)
#: The same with the Vietnamese letters, which is nearly everything.
_LETTERS: Final = {ord(letter): unicodedata.normalize("NFD", letter)[0] for letter in LETTERS} | _SPECIAL


def fold_value(value: str) -> str:
    """Drop the diacritics of one text; what cannot be written in ASCII becomes ``?``."""
    folded = value.translate(_LETTERS)
    if folded.isascii():
        return folded
    folded = unicodedata.normalize("NFKD", folded).translate(_SPECIAL)
    if folded.isascii():
        return folded
    return "".join(letter if letter.isascii() else "" if unicodedata.combining(letter) else "?" for letter in folded)


def to_ascii(s: pd.Series) -> pd.Series:
    """Write names without diacritics in pure ASCII: ``Đắk R’Lấp`` → ``Dak R'Lap``.

    Case and white space are kept. A letter of another script becomes ``?`` rather than vanish.
    """
    return map_text(s, fold_value)
