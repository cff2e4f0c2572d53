"""Which written syllables Vietnamese has: onset + rime + tone.

Belongs here: the spelling rules of the language as data, and the set of syllables they make. Used to judge
whether decoded text is Vietnamese. Does not belong here: judging names one by one; many official names of the
Central Highlands (Krông Jing, Đắk Wer) are not Vietnamese syllables and are right.
"""

import functools
import itertools
from collections.abc import Iterator
from typing import Final

from kh02_pipelines.names.alphabet import ACUTE, DOT_BELOW, TONE_MARKS, VOWELS, compose
from kh02_pipelines.names.tones import Placement, tone_place


def _list(text: str) -> list[str]:
    return text.split()


#: Onsets that take every rime of a back vowel, of a front vowel (e ê i y), or of both.
_BACK_ONSETS: Final = _list("c g ng")
_FRONT_ONSETS: Final = _list("k gh ngh")
_FREE_ONSETS: Final = ["", *_list("b ch d đ h kh l m n nh p ph r s t th tr v x")]

_FRONT_RIMES: Final = _list(
    "e ec em en eng eo ep et ê êch êm ên ênh êp êt êu i ich im in inh ip it iu ia iêc iêm iên iêng iêp iêt iêu"
)
_BACK_RIMES: Final = _list(
    "a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây "
    "o oc oi om on ong op ot oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt "
    "oe oen oeo oet ooc oong ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt "
    "u uc ui um un ung up ut ua uôc uôi uôm uôn uông uôt uân uâng uât uây uê uêch uên uênh uêt uơ "
    "uy uya uych uyên uyêt uynh uyp uyt uyu ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu"
)
#: y stands for i alone after these (kỳ, lý, mỹ), and opens a syllable as y or yê.
_Y_ONSETS: Final = ["", *_list("h k l m s t v")]
_Y_OPENING: Final = _list("yêm yên yêng yêt yêu")
_AFTER_QU: Final = _list(
    "a ac ach ai am an ang anh ao at au ay ăc ăm ăn ăng ăp ăt ân âng ât âu ây e en eo et ê ên ênh êch êt "
    "i in inh ich it y yên yêt yêu ynh ych yt ôc ơ ơi"
)
#: After gi the i of iê merges into the onset: giêng, giếc.
_AFTER_GI: Final = [
    *(rime for rime in _BACK_RIMES if rime[0] not in "yi" and not rime.startswith(("oa", "uy"))),
    *_list("e eo em en ep et ê êc êm ên êng êt"),
]
_G_I: Final = _list("i in")

_STOP_ENDINGS: Final = ("c", "ch", "p", "t")
_PLACEMENTS: Final[tuple[Placement, ...]] = ("classic", "modern")


@functools.cache
def all_syllables() -> frozenset[str]:
    """Every syllable the rules make, lower case, NFC, with the tone mark in either accepted place."""
    return frozenset(
        spelled
        for onset, rime in _letters()
        for tone in (ACUTE + DOT_BELOW if rime.endswith(_STOP_ENDINGS) else ("", *TONE_MARKS))
        for spelled in _spell(onset, rime, tone)
    )


@functools.cache
def all_letter_pairs() -> frozenset[str]:
    """Every two letters that stand next to each other in some syllable."""
    return frozenset(first + second for word in all_syllables() for first, second in itertools.pairwise(word))


def is_syllable(token: str) -> bool:
    """Whether one lower-case NFC token is a written Vietnamese syllable."""
    return token in all_syllables()


def _letters() -> Iterator[tuple[str, str]]:
    yield from itertools.product([*_BACK_ONSETS, *_FREE_ONSETS], _BACK_RIMES)
    yield from itertools.product([*_FRONT_ONSETS, *_FREE_ONSETS], _FRONT_RIMES)
    yield from itertools.product(_Y_ONSETS, ["y"])
    yield from itertools.product([""], _Y_OPENING)
    yield from itertools.product(["qu"], _AFTER_QU)
    yield from itertools.product(["gi"], _AFTER_GI)
    yield from itertools.product(["g"], _G_I)


def _spell(onset: str, rime: str, tone: str) -> Iterator[str]:
    letters = onset + rime
    start = next(place for place, letter in enumerate(letters) if letter in VOWELS)
    end = max(place for place, letter in enumerate(letters) if letter in VOWELS) + 1
    before, vowels, after = letters[:start], letters[start:end], letters[end:]
    for placement in _PLACEMENTS:
        place = tone_place(before, vowels, not after, placement)
        if place is not None:
            yield before + vowels[:place] + compose(vowels[place], tone) + vowels[place + 1 :] + after
