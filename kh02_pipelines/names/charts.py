"""The code charts of TCVN3 (ABC), VNI (Windows) and VISCII.

Belongs here: facts only, as published (TCVN 5712:1993, VNI Software's chart, RFC 1456). Does not belong here:
reading text with them (``encodings``).

The charts map to the characters U+0000–U+00FF that stand for the bytes, which is what legacy text looks like
after it was read as Latin-1.

TCVN3 as the ``.VnTime`` fonts have it: Ă Â Ê Ô Ơ Ư Đ exist as capitals, vowels with a tone do not. Writers of
capitals used the ``.VnTimeH`` fonts, which draw the lower-case codes as capitals; the bytes do not tell.
"""

from types import MappingProxyType
from typing import Final

from kh02_pipelines.names.alphabet import ACUTE, DOT_BELOW, GRAVE, HOOK, TILDE, compose


def _run(first: int, letters: str) -> dict[str, str]:
    """Letters at consecutive codes from ``first``; a dot is a code without a letter."""
    return {letter: chr(first + step) for step, letter in enumerate(letters) if letter != "."}


_TCVN3: Final = {
    **_run(0xA1, "ĂÂÊÔƠƯĐăâêôơưđ"),
    **_run(0xB5, "àảãáạ.ằẳẵắ......."),
    **_run(0xC6, "ặầẩẫấậè.ẻẽéẹềểễếệìỉ...ĩíịò"),
    **_run(0xE1, "ỏõóọồổỗốộờởỡớợù.ủũúụừửữứựỳỷỹýỵ"),
}

_VISCII: Final = {
    **dict(zip("ẲẴẪỶỸỴ", "\x02\x05\x06\x14\x19\x1e", strict=True)),
    **_run(0x80, "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐ"),
    **_run(0x90, "ỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲ"),
    **_run(0xA0, "Õắằặấầẩậẽẹếềểễệố"),
    **_run(0xB0, "ồổỗỠƠộờởịỰỨỪỬơớƯ"),
    **_run(0xC0, "ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳ"),
    **_run(0xD0, "ĐứÒÓÔạỷừửÙÚỹỵÝỡư"),
    **_run(0xE0, "àáâãảăữẫèéêẻìíĩỉ"),
    **_run(0xF0, "đựòóôõỏọụùúũủýợỮ"),
}

#: VNI writes most accented vowels as a base letter and a mark after it. The marks, in lower case:
_VNI_TONES: Final = {ACUTE: "ù", GRAVE: "ø", HOOK: "û", TILDE: "õ", DOT_BELOW: "ï"}
_VNI_CIRCUMFLEX: Final = {"": "â", ACUTE: "á", GRAVE: "à", HOOK: "å", TILDE: "ã", DOT_BELOW: "ä"}
_VNI_BREVE: Final = {"": "ê", ACUTE: "é", GRAVE: "è", HOOK: "ú", TILDE: "ü", DOT_BELOW: "ë"}
#: ... except these, which have a code of their own.
_VNI_SINGLE: Final = dict(zip("ơưđịĩỉìíỵ", "ôöñòóæìíî", strict=True))


def _vni_lower() -> dict[str, str]:
    chart = {
        compose(vowel, tone): base + mark
        for vowel, base in zip("aeouyơư", "aeouyôö", strict=True)
        for tone, mark in _VNI_TONES.items()
    }
    chart |= {compose(v, tone): b + m for v, b in ("âa", "êe", "ôo") for tone, m in _VNI_CIRCUMFLEX.items()}
    chart |= {compose("ă", tone): "a" + mark for tone, mark in _VNI_BREVE.items()}
    return chart | _VNI_SINGLE


_VNI: Final = {
    **_vni_lower(),
    **{letter.upper(): sequence.upper() for letter, sequence in _vni_lower().items()},
}

#: Encoding → Vietnamese letter → the characters that stand for its bytes.
CHARTS: Final = MappingProxyType({"tcvn3": _TCVN3, "vni": _VNI, "viscii": _VISCII})

_VNI_WITH_MARK: Final = {letter + mark: compose(letter, tone) for letter in "iy" for tone, mark in _VNI_TONES.items()}

#: What some VNI keyboards wrote for letters that have a code of their own (only for reading).
VNI_VARIANTS: Final = MappingProxyType(
    {**_VNI_WITH_MARK, **{sequence.upper(): letter.upper() for sequence, letter in _VNI_WITH_MARK.items()}}
)
