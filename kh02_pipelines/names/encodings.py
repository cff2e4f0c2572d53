"""Legacy Vietnamese encodings: TCVN3 (ABC), VNI (Windows) and VISCII.

The input is text whose bytes were read as cp1252 or Latin-1, as spreadsheets and databases of the 1990s come
out today (``Hµ Néi``, ``Haø Noäi``). Belongs here: saying which encoding a whole column is in, with the
evidence, and decoding it. Does not belong here: the charts (``charts``), reading files, and UTF-8 read as
cp1252 (``HÃ Ná»™i``): that is no encoding of Vietnamese; it is reported as ``unicode`` with a low score.

Detect on a column or a file, never on a row: one short name can be right in two encodings.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from kh02_pipelines.names._series import distinct, map_text
from kh02_pipelines.names.alphabet import LETTERS, VOWEL_PARTS
from kh02_pipelines.names.charts import CHARTS, VNI_VARIANTS
from kh02_pipelines.names.syllables import all_letter_pairs, is_syllable

if TYPE_CHECKING:
    import pandas as pd

Encoding = Literal["unicode", "tcvn3", "vni", "viscii"]

ENCODINGS: Final[tuple[Encoding, ...]] = ("unicode", "tcvn3", "vni", "viscii")

#: A legacy encoding is only reported when at least this share of the accented words are syllables in it,
MIN_SHARE: Final = 0.6
#: that share is this much above the share when read as Unicode,
MIN_LEAD: Final = 0.25
#: and this much above the share in any other legacy encoding,
MIN_MARGIN: Final = 0.1
#: and so many different accented words speak for it.
MIN_WORDS: Final = 3
#: How many values the evidence shows before and after.
EXAMPLES: Final = 3

#: What cp1252 puts at 0x80–0x9F → the characters U+0080–U+009F that stand for the bytes themselves.
_CP1252: Final = {
    bytes([code]).decode("cp1252"): chr(code)
    for code in range(0x80, 0xA0)
    if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_CP1252_TO_BYTE: Final = str.maketrans(_CP1252)
_BYTE_TO_CP1252: Final = str.maketrans({byte: char for char, byte in _CP1252.items()})
#: Words end at ASCII white space, digits and punctuation only: any other character may be a legacy letter.
_BETWEEN_WORDS: Final = re.compile(r"[\t-\r !-@\[-`{-~]+")
#: Marks of correct text that are no letters; « » · are not among them, being ô ằ ã in TCVN3.
_TYPOGRAPHIC: Final = re.compile("[\u00a0\u00b4\u2010-\u2026\u2032\u2033\ufeff]+")
#: A word of capitals: one beyond its first letter, and a vowel (TRí, NộI, TÂN; not the abbreviation TP).
_CAPITALS_WORD: Final = re.compile(
    rf"(?=[^\W\d_]*(?i:[{''.join(VOWEL_PARTS)}]))[^\W\d_]+[{''.join(sorted(filter(str.isupper, LETTERS)))}]"
)


@dataclass(frozen=True)
class Detection:
    """The encoding of a column and what speaks for it.

    ``score`` is the share of accented words that are Vietnamese syllables in that encoding (1.0 where there
    are none). ``evidence`` has a row per encoding: ``encoding``, ``values`` (not missing),
    ``values_with_signature`` (holding what this encoding writes and Unicode Vietnamese never has; for
    ``unicode``, holding a letter that no legacy byte can stand for),
    ``words`` (accented), ``syllables`` (of them, read so), ``share``, ``before`` and ``after`` (examples).
    """

    encoding: Encoding
    score: float
    evidence: pd.DataFrame


def decode_legacy(s: pd.Series, encoding: str) -> pd.Series:
    """Read a column of legacy text; the result is composed Unicode. ``unicode`` gives it back unchanged.

    A value with a letter no legacy byte can stand for is Unicode already and stays as it is. TCVN3 has no
    accented capitals. A value typed in a capitals font, told by a word of capitals and no plain small letter
    (``Hµ NéI``), becomes capitals (``HÀ NỘI``); but ``ý Yªn`` can only become ``ý Yên``.
    """
    if _known(encoding) == "unicode":
        return map_text(s, str)
    return map_text(s, functools.partial(_decode_value, encoding=encoding))


def encode_legacy(s: pd.Series, encoding: str, read_as: Literal["latin-1", "cp1252"] = "latin-1") -> pd.Series:
    """Write Unicode text in a legacy encoding, as it looks when its bytes are read as ``read_as``.

    In TCVN3 accented capitals become small letters, for want of codes. A character the encoding does not have
    raises ValueError.
    """
    if _known(encoding) == "unicode":
        return map_text(s, str)
    chart = _encode_chart(encoding)

    def encode(value: str) -> str:
        composed = unicodedata.normalize("NFC", value)
        for char in composed:
            if char not in chart and not char.isascii():
                raise ValueError(f"{encoding} has no character {char!r} (in {value!r})")
        encoded = "".join(chart.get(char, char) for char in composed)
        return encoded.translate(_BYTE_TO_CP1252) if read_as == "cp1252" else encoded

    return map_text(s, encode)


def detect_encoding(s: pd.Series) -> Detection:
    """Say which encoding a whole column is in, and show why.

    Conservative: a legacy encoding is reported only when no value holds a letter beyond the bytes, and within
    the limits ``MIN_SHARE``, ``MIN_LEAD``, ``MIN_MARGIN`` and ``MIN_WORDS``. Plain ASCII,
    correct Unicode, and correct Unicode mixed with legacy rows are ``unicode``; the evidence still counts the
    legacy rows.
    """
    codes, uniques = distinct(s)
    counts = Counter(codes.tolist())
    values = [_Value(value, _as_bytes(value), counts[place]) for place, value in enumerate(uniques)]
    words = _count_words(values)
    readings = {encoding: _read_as(encoding, values, words) for encoding in ENCODINGS}
    best = max(ENCODINGS, key=lambda encoding: readings[encoding].share)
    lead = readings[best].share - readings["unicode"].share
    margin = min(readings[best].share - reading.share for name, reading in readings.items() if name != best)
    enough = (
        readings[best].share >= MIN_SHARE
        and lead >= MIN_LEAD
        and margin >= MIN_MARGIN
        and readings[best].different >= MIN_WORDS
        and all(_is_bytes(value.raw) for value in values)
    )
    encoding = best if enough else "unicode"
    return Detection(encoding, readings[encoding].share, _evidence(readings))


@dataclass(frozen=True)
class _Value:
    """A distinct value, the characters of its bytes, and how often it occurs."""

    text: str
    raw: str
    count: int


@dataclass(frozen=True)
class _Reading:
    """A column read in one encoding: the counts, and how many different words are syllables."""

    values: int
    signed: int
    words: int
    syllables: int
    different: int
    examples: list[tuple[str, str]]

    @property
    def share(self) -> float:
        return self.syllables / self.words if self.words else 1.0


def _known(encoding: str) -> str:
    if encoding not in ENCODINGS:
        raise ValueError(f"unknown encoding: {encoding!r}; known: {', '.join(ENCODINGS)}")
    return encoding


def _as_bytes(value: str) -> str:
    """The text with every character of cp1252 replaced by the one that stands for its byte."""
    return unicodedata.normalize("NFC", value).translate(_CP1252_TO_BYTE)


def _is_bytes(raw: str) -> bool:
    return all(char <= "\xff" or not char.isalpha() for char in raw)


@functools.cache
def _encode_chart(encoding: str) -> dict[str, str]:
    chart = dict(CHARTS[encoding])
    if encoding == "tcvn3":
        chart = {**{letter.upper(): code for letter, code in chart.items() if letter.islower()}, **chart}
    return chart


@functools.cache
def _decoder(encoding: str) -> Callable[[str], str]:
    """A function that replaces the legacy sequences of an encoding, longest first, in one pass."""
    letters = {sequence: letter for letter, sequence in CHARTS[encoding].items()}
    if encoding == "vni":
        letters |= VNI_VARIANTS
        # A small mark after a capital also occurs: the base letter says the case.
        letters |= {k[0] + k[1].lower(): v for k, v in letters.items() if len(k) == 2 and k.isupper()}
    longest_first = sorted(letters, key=lambda sequence: (-len(sequence), sequence))
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    return lambda raw: pattern.sub(lambda match: letters[match.group()], raw)


def _decode_value(value: str, encoding: str) -> str:
    raw = _as_bytes(value)
    if raw.isascii() and encoding != "viscii":
        return value
    if not _is_bytes(raw):
        return value
    decoded = unicodedata.normalize("NFC", _decoder(encoding)(raw)).translate(_BYTE_TO_CP1252)
    if encoding == "tcvn3" and not re.search("[a-z]", decoded) and _CAPITALS_WORD.search(decoded):
        return decoded.upper()
    return decoded


@functools.cache
def _signature(encoding: str) -> re.Pattern[str]:
    """What the encoding writes for a Vietnamese letter and Vietnamese in Unicode never holds."""
    foreign = [
        sequence
        for sequence in CHARTS[encoding].values()
        if not LETTERS.issuperset(sequence)
        or (len(sequence) == 2 and sequence.lower() not in all_letter_pairs())
        or (len(sequence) == 1 and sequence.lower() in "fjwz")
    ]
    return re.compile("|".join(map(re.escape, sorted(foreign, key=len, reverse=True))))


def _is_plain(word: str) -> bool:
    return all("\x20" <= char <= "\x7e" for char in word)


def _reads_as_unicode(word: str) -> bool:
    word = word.translate(_BYTE_TO_CP1252)
    return all(_is_plain(part) or is_syllable(part.lower()) for part in _TYPOGRAPHIC.split(word))


def _count_words(values: Sequence[_Value]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for value in values:
        for word in _BETWEEN_WORDS.split(value.raw):
            if not _is_plain(word):
                counts[word] += value.count
    return counts


def _read_as(encoding: Encoding, values: Sequence[_Value], words: Counter[str]) -> _Reading:
    if encoding == "unicode":
        signed = [value for value in values if not _is_bytes(value.raw)]
        good = [word for word in words if _reads_as_unicode(word)]
        examples = [(value.text, value.text) for value in signed[:EXAMPLES]]
    else:
        decode = _decoder(encoding)
        signed = [value for value in values if _signature(encoding).search(value.raw)]
        good = [word for word in words if is_syllable(decode(word).lower())]
        examples = [(value.text, decode(value.raw)) for value in signed[:EXAMPLES]]
    return _Reading(
        values=sum(value.count for value in values),
        signed=sum(value.count for value in signed),
        words=words.total(),
        syllables=sum(words[word] for word in good),
        different=len(good),
        examples=examples,
    )


def _evidence(readings: Mapping[Encoding, _Reading]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        {
            "encoding": encoding,
            "values": reading.values,
            "values_with_signature": reading.signed,
            "words": reading.words,
            "syllables": reading.syllables,
            "share": reading.share,
            "before": " | ".join(before for before, _ in reading.examples),
            "after": " | ".join(after for _, after in reading.examples),
        }
        for encoding, reading in readings.items()
    ]
    return pd.DataFrame(rows).astype(dict.fromkeys(["encoding", "before", "after"], "str"))
