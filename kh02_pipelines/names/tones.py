"""Where the tone mark stands in a syllable: hòa (classic) or hoà (modern).

Both ways are right and mean the same; official registers mix them. A tone belongs to its whole syllable, so
moving the mark never makes another word. Belongs here: moving the mark. Does not belong here: keys, or any
judgement whether the syllable exists (``syllables``). Official spelling is never rewritten with this.
"""

import re
import unicodedata
from typing import Final, Literal

from kh02_pipelines.names.alphabet import VOWEL_PARTS, VOWELS, compose

Placement = Literal["classic", "modern"]

_CLUSTER: Final = re.compile(f"[{''.join(VOWEL_PARTS)}]+")
_PLAIN: Final = {toned: vowel for toned, (vowel, _) in VOWEL_PARTS.items()}
_TONED: Final = frozenset(toned for toned, (_, tone) in VOWEL_PARTS.items() if tone)
_WITH_QUALITY: Final = frozenset(VOWELS) - frozenset("aeiouy")
_MODERN_ON_SECOND: Final = frozenset({"oa", "oe", "uy"})


def move_tone(token: str, placement: Placement = "classic") -> str:
    """Move each tone mark of a lower-case NFC token to its place in its own run of vowels.

    A run with two tone marks, or with more vowels than a syllable has, or with a mark that no Vietnamese
    letter takes, is left as it is.
    """
    if _TONED.isdisjoint(token):
        return token
    return _CLUSTER.sub(lambda match: _place(match, placement), token)


def _place(match: re.Match[str], placement: Placement) -> str:
    cluster = match.group()
    tones = [VOWEL_PARTS[letter][1] for letter in cluster if letter in _TONED]
    after = match.string[match.end() : match.end() + 1]
    if len(tones) != 1 or unicodedata.combining(after or " "):
        return cluster
    vowels = "".join(_PLAIN[letter] for letter in cluster)
    open_syllable = not after.isalpha()
    place = tone_place(match.string[: match.start()], vowels, open_syllable, placement)
    if place is None:
        return cluster
    return vowels[:place] + compose(vowels[place], tones[0]) + vowels[place + 1 :]


def tone_place(before: str, vowels: str, open_syllable: bool, placement: Placement) -> int | None:
    """Which of ``vowels`` carries the tone; None when they are too many for one syllable.

    ``before`` is what stands before them: in ``qu`` the u, and in ``gi`` + vowel the i, are consonants.
    """
    skip = int(len(vowels) > 1 and ((before, vowels[0]) in {("q", "u"), ("g", "i")}))
    core = vowels[skip:]
    if len(core) > 3:
        return None
    marked = [place for place, vowel in enumerate(core) if vowel in _WITH_QUALITY]
    if marked:
        return skip + marked[-1]
    if len(core) == 3 or (len(core) == 2 and not open_syllable):
        return skip + 1
    return skip + int(placement == "modern" and core in _MODERN_ON_SECOND)
