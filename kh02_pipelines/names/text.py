"""Clean text: the form of a name, never its spelling.

Each change is a rule of its own with a name (``RULES``), so that a caller can trace every changed value or
leave a rule out: official spelling is published verbatim. Belongs here: Unicode form, invisible characters,
look-alike letters and apostrophes, white space. Does not belong here: case, tone placement, i/y and other
spelling conventions (``keys``), abbreviations (``parts``) and legacy encodings.

Decode legacy text before cleaning it (``encodings``): a TCVN3 ``ư`` looks like a soft hyphen and a VISCII
``Õ`` like a no-break space, and both would be lost here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from kh02_pipelines.names._series import map_flag, map_text
from kh02_pipelines.names.alphabet import LETTERS

if TYPE_CHECKING:
    import pandas as pd

#: Characters that take no room and part no words: soft hyphen, joiners, direction marks, byte order mark.
_JOINERS: Final = re.compile(
    "[\u00ad\u034f\u180e\u200c-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]"
)
#: Every Unicode space and line break, and the zero-width space, which parts words.
_SPACES: Final = re.compile("[\\s\u200b]+")
_APOSTROPHES: Final = re.compile("[\u0060\u00b4\u02b9\u02bb\u02bc\u02bd\u02c8\u2018\u2019\u201b\u2032\uff07]")

_COMBINING: Final = re.compile("[\u0300-\u036f]")
#: A tone mark typed before the circumflex or breve it belongs upon.
_TONE_FIRST: Final = re.compile("([aeoAEO])([\u0300\u0301\u0303\u0309\u0323]+)([\u0302\u0306])")

_WORD: Final = re.compile("[^\\W\\d_](?:[^\\W\\d_]|[\u0300-\u036f])*")
_WORD_WITH_APOSTROPHES: Final = re.compile("[^\\W\\d_](?:[^\\W\\d_]|[\u0300-\u036f'])*")
#: Letters of other alphabets that look like Latin ones.
_LOOKALIKES: Final = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0423\u0406"
    "\u03bf\u0391\u0392\u0395\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
    "\u0131\u0261",
    "aeopcyxiABEKMHOPCTXYIoABEHIKMNOPTYXig",
)
_CARON_FOR_BREVE: Final = re.compile("(?<=[aA])\u030c")
_STROKES: Final = str.maketrans("\u00d0\u0189\u00f0\u0256", "ĐĐđđ")
_LATIN: Final = LETTERS | frozenset("\u00d0\u0189\u00f0\u0256")

_ALLOWED: Final = LETTERS | frozenset("0123456789 -'\u2019.,()/&")


def _remove_invisible(value: str) -> str:
    return _JOINERS.sub("", value)


def _compose(value: str) -> str:
    value = unicodedata.normalize("NFC", value)
    if not _COMBINING.search(value):
        return value
    swapped = _TONE_FIRST.sub(r"\1\3\2", unicodedata.normalize("NFD", value))
    return unicodedata.normalize("NFC", swapped)


def _straighten_apostrophes(value: str) -> str:
    return _APOSTROPHES.sub("'", value)


def _latin_word(match: re.Match[str]) -> str:
    word = match.group()
    parts = unicodedata.normalize("NFD", word)
    latin = _CARON_FOR_BREVE.sub("\u0306", parts.translate(_LOOKALIKES))
    if latin == parts or _LATIN.isdisjoint(parts):
        return word
    latin = _compose(latin)
    return latin if _LATIN.issuperset(latin.replace("'", "")) else word


def _replace_lookalikes(value: str) -> str:
    return value if _ALLOWED.issuperset(value) else _WORD_WITH_APOSTROPHES.sub(_latin_word, value)


def _stroke_word(match: re.Match[str]) -> str:
    word = match.group()
    plain = word.translate(_STROKES)
    is_name = all(letter in LETTERS for letter in plain)
    return plain[:-1] + (word[-1] if len(word) > 1 else plain[-1]) if is_name else word


def _replace_strokes(value: str) -> str:
    return value if _ALLOWED.issuperset(value) else _WORD.sub(_stroke_word, value)


def _single_spaces(value: str) -> str:
    return _SPACES.sub(" ", value).strip(" ")


_STEPS: Final[dict[str, Callable[[str], str]]] = {
    "invisible_characters": _remove_invisible,
    "unicode_form": _compose,
    "apostrophes": _straighten_apostrophes,
    "lookalike_letters": _replace_lookalikes,
    "d_with_stroke": _replace_strokes,
    "whitespace": _single_spaces,
}


def _rule(step: Callable[[str], str]) -> Callable[[pd.Series], pd.Series]:
    return lambda s: map_text(s, step)


#: The rules in the order they apply. Each takes and returns a Series.
#:
#: ``invisible_characters`` drops soft hyphens, joiners, direction marks and byte order marks;
#: ``unicode_form`` composes (NFC), also a tone typed before its circumflex; ``apostrophes`` makes
#: ’ ‘ ʼ ` ´ ′ an '; ``lookalike_letters`` turns Cyrillic, Greek and caron letters inside a Vietnamese word
#: into Latin ones; ``d_with_stroke`` turns Ð and Ɖ, which never end a syllable, into Đ; ``whitespace`` makes
#: every run of spaces, line breaks and zero-width spaces one space and trims.
RULES: Final[Mapping[str, Callable[[pd.Series], pd.Series]]] = MappingProxyType(
    {name: _rule(step) for name, step in _STEPS.items()}
)


def is_plain(value: str) -> bool:
    """Whether a text holds nothing but composed Vietnamese letters, digits, space and ``- ' ’ . , ( ) / &``."""
    return _ALLOWED.issuperset(value)


def clean_value(value: str) -> str:
    """Apply every rule to one text."""
    if is_plain(value) and "  " not in value and "\u2019" not in value:
        return value.strip(" ")  # nothing for a rule to do: nearly every value
    for step in _STEPS.values():
        value = step(value)
    return value


def clean_text(s: pd.Series, rules: Iterable[str] | None = None) -> pd.Series:
    """Apply all ``RULES``, or only the named ones, always in the order of ``RULES``."""
    if rules is None:
        return map_text(s, clean_value)
    for name in _chosen(rules):
        s = RULES[name](s)
    return s


def clean_with_trace(s: pd.Series, rules: Iterable[str] | None = None) -> tuple[pd.Series, pd.DataFrame]:
    """Clean as ``clean_text`` does and list every change: columns ``index``, ``rule``, ``before``, ``after``.

    One row per value and rule that changed it, in the order of the rules; ``index`` is the label in ``s``.
    """
    import pandas as pd

    changes: list[pd.DataFrame] = []
    for name in _chosen(rules):
        after = RULES[name](s)
        changed = (s.notna() & (s.astype("object") != after.astype("object"))).to_numpy(dtype=bool)
        changes.append(
            pd.DataFrame(
                {
                    "index": s.index[changed].to_numpy(),
                    "rule": pd.Series(name, index=range(int(changed.sum())), dtype="str"),
                    "before": s[changed].astype("str").to_numpy(),
                    "after": after[changed].to_numpy(),
                }
            )
        )
        s = after
    rows = [frame for frame in changes if len(frame)] or changes[:1]
    if not rows:  # no rule was chosen
        return map_text(s, str), pd.DataFrame(columns=["index", "rule", "before", "after"])
    trace = pd.concat(rows, ignore_index=True)
    return s, trace.astype(dict.fromkeys(["rule", "before", "after"], "str"))


def _chosen(rules: Iterable[str] | None) -> list[str]:
    if rules is None:
        return list(RULES)
    wanted = set(rules)
    unknown = wanted - set(RULES)
    if unknown:
        raise ValueError(f"unknown cleaning rule: {', '.join(sorted(unknown))}; known: {', '.join(RULES)}")
    return [name for name in RULES if name in wanted]


def stray_characters(s: pd.Series) -> pd.Series:
    """Whether a value holds anything but Vietnamese letters, digits, space and ``- ' ’ . , ( ) / &``.

    Judged on the composed form, so a decomposed accent is not stray. f, j, w and z are letters. Missing
    values give a missing answer.
    """
    return map_flag(s, lambda value: not is_plain(unicodedata.normalize("NFC", value)))
