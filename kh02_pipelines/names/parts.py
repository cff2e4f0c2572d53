"""The parts of a unit's full name: its type, its own name, and the code some files print after it.

Belongs here: taking names apart and together, and spelling out P. Q. TX. and the like. Does not belong here:
which type a unit really has. A name is no proof of it (``Phường 5`` is, ``Xã Đàn`` may be a street), so a
name without a type gives a missing type, never a default.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from kh02_pipelines.names._series import map_fields, map_text

if TYPE_CHECKING:
    import pandas as pd

Level = Literal["province", "district", "commune"]

#: The unit types of each level, lower case.
UNIT_TYPES: Final[Mapping[Level, tuple[str, ...]]] = MappingProxyType(
    {
        "province": ("tỉnh", "thành phố"),
        "district": ("quận", "huyện", "thị xã", "thành phố"),
        "commune": ("phường", "xã", "thị trấn", "đặc khu"),
    }
)

_ABBREVIATIONS: Final[Mapping[Level, Mapping[str, str]]] = {
    "province": {"TP": "Thành phố", "T": "Tỉnh"},
    "district": {"TP": "Thành phố", "TX": "Thị xã", "Q": "Quận", "H": "Huyện"},
    "commune": {"TT": "Thị trấn", "ĐK": "Đặc khu", "P": "Phường", "X": "Xã"},
}

_CODE: Final = re.compile(r"(?P<name>.*?)\s*[(\[]\s*(?P<code>[0-9]{5}|[0-9]{2,3})\s*[)\]]\s*", re.DOTALL)


def _type_pattern(level: Level) -> re.Pattern[str]:
    types = "|".join(name.replace(" ", r"\s+") for name in UNIT_TYPES[level])
    return re.compile(rf"\s*(?P<type>{types})\s+(?P<rest>\S.*)", re.IGNORECASE | re.DOTALL)


def _abbreviation_pattern(level: Level) -> re.Pattern[str]:
    """P.5, P. 5, P 5, P5, T.T. Thạnh Mỹ; two letters also straight before a capital: TPHuế."""
    forms = _ABBREVIATIONS[level]
    dotted = "|".join(r"\.?".join(short) for short in forms)
    glued = "|".join(short for short in forms if len(short) > 1) or "(?!)"
    return re.compile(
        rf"\s*(?:(?P<short>(?i:{dotted}))(?:\s*\.\s*|\s+|(?=[0-9]))|(?P<glued>{glued}))"
        r"(?P<rest>[^\W_].*)",
        re.DOTALL,
    )


_TYPE_PATTERNS: Final = {level: _type_pattern(level) for level in UNIT_TYPES}
_ABBREVIATION_PATTERNS: Final = {level: _abbreviation_pattern(level) for level in UNIT_TYPES}


def split_unit_type(names: pd.Series, level: Level) -> pd.DataFrame:
    """Split full names into ``type`` (lower case) and ``short_name``.

    ``type`` is missing when the name starts with no type of this level, or is nothing but a type;
    ``short_name`` is then the whole name. Only the first type is split off: Huế had a ``Phường Phường Đúc``.
    Names are compared in any case; both parts come back composed (NFC) and trimmed.
    """
    _known(level)
    return map_fields(names, lambda name: split_name(name, level), ["type", "short_name"])


def split_name(name: str, level: Level) -> tuple[str | None, str]:
    """What ``split_unit_type`` says of one full name: its type, or None, and its own name."""
    name = unicodedata.normalize("NFC", name)
    match = _TYPE_PATTERNS[level].fullmatch(name)
    if match is None:
        return None, name.strip()
    return " ".join(match["type"].lower().split()), match["rest"].strip()


def join_unit_type(types: pd.Series, short_names: pd.Series) -> pd.Series:
    """Put type and own name together: ``thị trấn``, ``Thạnh Mỹ`` → ``Thị trấn Thạnh Mỹ``.

    A missing type leaves the own name alone; a missing own name stays missing.
    """
    if not types.index.equals(short_names.index):
        raise ValueError("join_unit_type joins two columns of one table: their indexes differ")
    prefix = map_text(types, lambda text: text[:1].upper() + text[1:] + " ").fillna("")
    joined = prefix + map_text(short_names, str)
    joined.name = short_names.name
    return joined


def expand_abbreviations(names: pd.Series, level: Level) -> pd.Series:
    """Spell out an abbreviated unit type: P. Q. TX. TT. TP. H. X. T. ĐK., with or without dot or space.

    One letter without a dot or space is taken only before a digit (``P5``): ``Hoà An`` is no huyện. Two
    capital letters are also taken straight before a capital (``TPHuế``). What is not understood stays.
    Each level knows its own: T. is tỉnh for a province and nothing elsewhere.
    """
    _known(level)
    return map_text(names, lambda name: expand_name(name, level))


def expand_name(name: str, level: Level) -> str:
    """What ``expand_abbreviations`` makes of one name."""
    match = _ABBREVIATION_PATTERNS[level].fullmatch(name)
    if match is None or (match["glued"] and not match["rest"][0].isupper()):
        return name
    short = re.sub(r"[.\s]", "", match["short"] or match["glued"])
    return f"{_ABBREVIATIONS[level][short.upper()]} {match['rest']}"


def strip_code(s: pd.Series) -> pd.DataFrame:
    """Split ``Quận Ba Đình (001)`` into ``name`` and ``code``, as NSO's conversion table prints them.

    A code is two, three or five digits in round or square brackets at the very end; anything else stays in
    the name and ``code`` is missing.
    """
    return map_fields(s, split_code, ["name", "code"])


def split_code(value: str) -> tuple[str, str | None]:
    """What ``strip_code`` says of one value: the name, and the code or None."""
    match = _CODE.fullmatch(value)
    return (value.strip(), None) if match is None else (match["name"].strip(), match["code"])


def _known(level: Level) -> Level:
    if level not in UNIT_TYPES:
        raise ValueError(f"unknown level: {level!r}; known: {', '.join(UNIT_TYPES)}")
    return level
