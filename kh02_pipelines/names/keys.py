"""Keys under which the spellings of one name meet.

``spelling_key`` is the same for two names exactly when they differ only in conventions that carry no meaning:

- what ``clean_text`` mends: Unicode form, invisible characters, look-alike letters, the kind of apostrophe;
- upper and lower case, white space;
- the place of the tone mark: hoà / hòa, thuý / thúy, khoẻ / khỏe (never its kind: hoà is not hoá);
- i or y as the only vowel of an open syllable with a consonant before it: Mỹ / Mĩ, Lý / Lí, Quý / Quí.
  Not in ay, ây, uy, ui (thúy is not thúi), nor before a final consonant (quynh, quinh), nor alone (I, Y);
- the apostrophe of a Central Highlands name and the space after it: K' Nàng / K'Nàng / KNàng;
- a hyphen or dash, with or without spaces, against a plain space: Phan Rang-Tháp Chàm / Phan Rang Tháp Chàm;
- zeros before a number: Phường 01 / Phường 1.

It does not drop accents, unit types or abbreviations (``parts`` does the latter), read Roman numerals, mend
typing errors, or know renamed places; and it is not for codes, whose zeros matter. ``loose_key`` is the same
without accents, in lower-case ASCII: it also meets names that differ, so several candidates stay several.

Both are for comparing and joining. Neither is ever published in place of the official spelling.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from kh02_pipelines.names._series import map_text
from kh02_pipelines.names.alphabet import CONSONANTS
from kh02_pipelines.names.ascii import fold_value
from kh02_pipelines.names.text import clean_value, is_plain
from kh02_pipelines.names.tones import move_tone

if TYPE_CHECKING:
    import pandas as pd

_DASHES: Final = re.compile(" *[-\u2010-\u2015\u2212][-\u2010-\u2015\u2212 ]*")
#: A run of consonants that is a word of its own before an apostrophe: M'Đrắk, Ch'ơm.
_PRESYLLABLE: Final = re.compile(rf"(?<![^\W\d_])([{CONSONANTS}]+) ?' ?(?=[^\W\d_])")
_LETTER_RUN: Final = re.compile("(?:[^\\W\\d_][\u0300-\u036f]*)+")
_NUMBER_ZEROS: Final = re.compile(r"(?<![0-9])0+(?=[0-9])")
#: A consonant (also qu) and then i or y, and nothing else.
_LONE_Y: Final = re.compile(rf"(?:qu|[{CONSONANTS}]+)[yýỳỷỹỵ]")
_Y_TO_I: Final = str.maketrans("yýỳỷỹỵ", "iíìỉĩị")
#: ASCII → what ``squeezed`` leaves of it.
_SQUEEZE: Final = {code: None for code in range(128) if not (chr(code).islower() or chr(code) in "123456789\n")} | {
    ord("y"): "i"
}


def spelling_key(s: pd.Series) -> pd.Series:
    """The key that is equal when two names differ only in spelling conventions; accents count."""
    return map_text(s, spelling_keys())


def loose_key(s: pd.Series) -> pd.Series:
    """``spelling_key`` without accents, in lower-case ASCII."""
    return map_text(s, loose_keys())


def spelling_keys() -> Callable[[str], str]:
    """A function from one name to its ``spelling_key``; it works on each distinct word once."""
    return _key_maker(clean_value)


def loose_keys() -> Callable[[str], str]:
    """A function from one name to its ``loose_key``; it works on each distinct word once."""
    return _key_maker(lambda value: clean_value(fold_value(clean_value(value))))


def same_spelling(a: pd.Series, b: pd.Series) -> pd.Series:
    """Whether two columns agree, row by row, up to spelling conventions; missing where either is missing."""
    if not a.index.equals(b.index):
        raise ValueError("same_spelling compares two columns of one table: their indexes differ")
    keys_a, keys_b = spelling_key(a), spelling_key(b)
    same = (keys_a.astype("object") == keys_b.astype("object")).astype("boolean")
    return same.mask(a.isna() | b.isna()).rename(None)


def squeezed(names: Sequence[str]) -> list[str]:
    """Every name as the bare letters and digits 1 to 9 of its ``loose_key``, y as i: for finding, many at once.

    Names of one loose key have one squeezed form; names of one squeezed form may have different keys.
    """
    plain = names if is_plain("".join(names)) else [clean_value(name) for name in names]
    return fold_value("\n".join(plain)).lower().translate(_SQUEEZE).split("\n") if names else []


def _key_maker(prepare: Callable[[str], str]) -> Callable[[str], str]:
    words: dict[str, str] = {}

    def key(value: str) -> str:
        cleaned = unicodedata.normalize("NFC", prepare(value).lower())
        text = _DASHES.sub(" ", cleaned).strip(" ") or cleaned
        if "'" in text:
            text = _PRESYLLABLE.sub(r"\1", text)
        parts = text.split(" ")
        for place, part in enumerate(parts):
            known = words.get(part)
            if known is None:
                known = words[part] = _word_key(part)
            parts[place] = known
        return " ".join(parts)

    return key


def _word_key(word: str) -> str:
    if word.isalpha():
        return _letters_key(word)
    word = _LETTER_RUN.sub(lambda match: _letters_key(match.group()), word)
    return _NUMBER_ZEROS.sub("", word)


def _letters_key(letters: str) -> str:
    letters = move_tone(letters)
    if _LONE_Y.fullmatch(letters):
        return letters[:-1] + letters[-1].translate(_Y_TO_I)
    return letters
