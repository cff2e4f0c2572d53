"""The Vietnamese letters, and the tone marks on them.

Belongs here: facts of the alphabet, and taking a letter apart into the letter and its tone. Does not belong
here: where a tone mark stands in a syllable (``tones``) or which syllables exist (``syllables``).
"""

import unicodedata
from typing import Final

GRAVE: Final = "\u0300"
ACUTE: Final = "\u0301"
TILDE: Final = "\u0303"
HOOK: Final = "\u0309"
DOT_BELOW: Final = "\u0323"

#: The five written tones as combining marks: huyền, sắc, ngã, hỏi, nặng.
TONE_MARKS: Final = GRAVE + ACUTE + TILDE + HOOK + DOT_BELOW

#: The twelve vowel letters, without tone.
VOWELS: Final = "aăâeêioôơuưy"

#: The consonant letters; f, j, w and z occur in official names of the Central Highlands.
CONSONANTS: Final = "bcdđfghjklmnpqrstvwxz"


def compose(letter: str, tone: str) -> str:
    """Put a tone mark (or none) on a vowel letter."""
    return unicodedata.normalize("NFC", letter + tone)


#: Every lower-case vowel with or without tone → the vowel letter and the tone mark.
VOWEL_PARTS: Final[dict[str, tuple[str, str]]] = {
    compose(vowel, tone): (vowel, tone) for vowel in VOWELS for tone in ("", *TONE_MARKS)
}

#: Every letter that can stand in a name, both cases, precomposed.
LETTERS: Final[frozenset[str]] = frozenset(
    form for letter in (*VOWEL_PARTS, *CONSONANTS) for form in (letter, letter.upper())
)
