import unicodedata

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from kh02_pipelines.names import (
    UNIT_TYPES,
    clean_text,
    clean_with_trace,
    join_unit_type,
    loose_key,
    spelling_key,
    split_unit_type,
    stray_characters,
    to_ascii,
)
from kh02_pipelines.names.alphabet import LETTERS
from kh02_pipelines.names.encodings import decode_legacy, encode_legacy
from kh02_pipelines.names.syllables import all_syllables
from kh02_pipelines.names.tones import move_tone

SYLLABLES = st.sampled_from(sorted(all_syllables()))
HIGHLAND = st.sampled_from(["Krông", "M'Đrắk", "K' Nàng", "Djrăng", "Zuôich", "Ch'ơm", "Êa", "R'Lấp", "Wer"])
NUMBERS = st.integers(0, 40).map(str)
WORDS = st.one_of(SYLLABLES, SYLLABLES.map(str.capitalize), HIGHLAND, NUMBERS)
NAMES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
NOISE = st.sampled_from([" ", "\u00a0", "\n", "\u200b", "\u200d", "\u00ad", "\ufeff", "'", "\u2019", "-", "\u2013"])
PIECES = st.one_of(
    NAMES,
    NOISE,
    st.characters(max_codepoint=0x24F),
    st.sampled_from("\u0300\u0301\u0302\u0306\u0323\u031bÐðǎ\u0430"),
)
DIRTY = st.lists(PIECES, max_size=6).map("".join)

untimed = settings(deadline=None)


def one(function, value):
    return function(pd.Series([value], dtype="str")).iloc[0]


@untimed
@given(st.one_of(DIRTY, st.text()))
def test_cleaning_twice_is_cleaning_once(value):
    once = one(clean_text, value)
    assert one(clean_text, once) == once
    assert once == unicodedata.normalize("NFC", once)
    assert once == " ".join(once.split())


@untimed
@given(st.lists(st.one_of(st.none(), DIRTY), max_size=8))
def test_the_trace_replays_to_the_cleaned_column(values):
    s = pd.Series(values, dtype="str")
    cleaned, trace = clean_with_trace(s)
    assert cleaned.equals(clean_text(s))
    replayed = dict(s.items())
    for row in trace.itertuples(index=False):
        assert replayed[row.index] == row.before != row.after
        replayed[row.index] = row.after
    assert pd.Series(replayed, dtype="str").equals(cleaned)


@untimed
@given(NAMES)
def test_a_clean_name_is_left_alone(name):
    assert one(clean_text, name) == name
    assert not one(stray_characters, name)


@untimed
@given(DIRTY)
def test_keys_are_idempotent(value):
    for function in (spelling_key, loose_key):
        key = one(function, value)
        assert one(function, key) == key


@untimed
@given(NAMES)
def test_keys_do_not_see_form_or_case(name):
    variants = [
        name,
        unicodedata.normalize("NFD", name),
        name.upper(),
        name.lower(),
        f"\ufeff {name.replace(' ', chr(0xA0) + chr(0x200B))}\n",
        name.replace("'", "\u2019"),
        name.replace(" ", " - "),
        " ".join("0" + word if word.isdigit() else word for word in name.split(" ")),
    ]
    for function in (spelling_key, loose_key):
        keys = function(pd.Series(variants[:6], dtype="str"))
        assert keys.nunique() == 1, keys.tolist()
    if "'" not in name:
        assert spelling_key(pd.Series(variants, dtype="str")).nunique() == 1


@untimed
@given(st.lists(SYLLABLES, min_size=1, max_size=4))
def test_keys_do_not_see_where_the_tone_stands(words):
    classic = " ".join(move_tone(word, "classic") for word in words)
    modern = " ".join(move_tone(word, "modern") for word in words)
    assert one(spelling_key, classic) == one(spelling_key, modern)


@untimed
@given(SYLLABLES, SYLLABLES)
def test_syllables_share_a_key_only_by_tone_place_or_i_and_y(a, b):
    def plain(word):
        return move_tone(word).translate(str.maketrans("yýỳỷỹỵ", "iíìỉĩị"))

    if plain(a) != plain(b):
        assert one(spelling_key, a) != one(spelling_key, b)


@untimed
@given(SYLLABLES, st.sampled_from("\u0300\u0301\u0303\u0309\u0323"))
def test_another_tone_is_another_key(word, tone):
    level = unicodedata.normalize(
        "NFC",
        "".join(c for c in unicodedata.normalize("NFD", word) if c not in "\u0300\u0301\u0303\u0309\u0323"),
    )
    toned = move_tone(unicodedata.normalize("NFC", level + tone)) if level[-1] in "aeiouy" else None
    if toned:
        assert one(spelling_key, level) != one(spelling_key, toned)
        assert one(loose_key, level) == one(loose_key, toned)


@untimed
@given(NAMES)
def test_a_name_typed_without_accents_has_the_same_loose_key(name):
    assert one(loose_key, one(to_ascii, name)) == one(loose_key, name)
    assert one(loose_key, name).isascii()
    assert one(loose_key, name) == one(to_ascii, one(spelling_key, name))


@untimed
@given(st.text())
def test_to_ascii_is_ascii(value):
    result = one(to_ascii, value)
    assert result.isascii()
    assert one(to_ascii, result) == result


@untimed
@given(NAMES)
def test_to_ascii_keeps_length_and_case(name):
    result = one(to_ascii, name)
    assert len(result) == len(name)
    assert [c.isupper() for c in result] == [c.isupper() for c in name]


@untimed
@given(st.sampled_from([(level, kind) for level, kinds in UNIT_TYPES.items() for kind in kinds]), NAMES)
def test_splitting_and_joining_gives_the_name_back(unit, short_name):
    level, kind = unit
    name = f"{kind.capitalize()} {short_name}"
    parts = split_unit_type(pd.Series([name], dtype="str"), level)
    assert parts.iloc[0].tolist() == [kind, short_name]
    assert join_unit_type(parts["type"], parts["short_name"]).iloc[0] == name


@untimed
@given(st.sampled_from(["vni", "viscii"]), st.sampled_from(["latin-1", "cp1252"]), NAMES)
def test_legacy_text_comes_back(encoding, read_as, name):
    s = pd.Series([name, name.upper()], dtype="str")
    assert decode_legacy(encode_legacy(s, encoding, read_as), encoding).equals(s)


@untimed
@given(NAMES)
def test_tcvn3_comes_back_but_for_the_case_of_accented_letters(name):
    s = pd.Series([name, name.upper()], dtype="str")
    back = decode_legacy(encode_legacy(s, "tcvn3"), "tcvn3")
    assert back.str.lower().equals(s.str.lower())


@untimed
@given(st.text(alphabet=sorted(LETTERS)))
def test_any_letters_come_back_from_viscii(value):
    assert one(lambda s: decode_legacy(encode_legacy(s, "viscii"), "viscii"), value) == value
