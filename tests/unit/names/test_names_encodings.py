import itertools

import pandas as pd
import pytest

from kh02_pipelines.names import clean_text
from kh02_pipelines.names.alphabet import LETTERS, VOWEL_PARTS
from kh02_pipelines.names.charts import CHARTS
from kh02_pipelines.names.encodings import ENCODINGS, decode_legacy, detect_encoding, encode_legacy
from kh02_pipelines.names.syllables import all_syllables, is_syllable

LEGACY = [encoding for encoding in ENCODINGS if encoding != "unicode"]


def column(*values):
    return pd.Series(values, dtype="str")


def thousands_of_names():
    """Two-word names that use every syllable of the language."""
    words = sorted(all_syllables())
    names = [f"{a.capitalize()} {b}" for a, b in zip(words, [*words[7000:], *words[:7000]], strict=True)]
    return pd.Series([name for name in names if name[0].isascii()], dtype="str")


CLEAN = column(
    "Thành phố Hà Nội",
    "Phường Trúc Bạch",
    "Thị trấn Thạnh Mỹ",
    "Xã Ea H'đinh",
    "Huyện Krông Pắc",
    "Quận Ba Đình",
    "Tỉnh Quảng Ngãi",
    "Phường Cửa Đông",
    "Xã Đăk Djrăng",
    "Phường 5",
)


# ---------------------------------------------------------------- charts


@pytest.mark.parametrize(
    ("encoding", "unicode", "legacy"),
    [
        ("tcvn3", "Hà Nội", "H\u00b5 N\u00e9i"),
        ("tcvn3", "Việt Nam", "Vi\u00d6t Nam"),
        ("tcvn3", "Phường Đồng Tiến", "Ph\u00ad\u00eang \u00a7\u00e5ng Ti\u00d5n"),
        ("tcvn3", "ủũúụừửữứựỳỷỹýỵ", "".join(map(chr, range(0xF1, 0xFF)))),
        ("vni", "Hà Nội", "Ha\u00f8 No\u00e4i"),
        ("vni", "Việt Nam", "Vie\u00e4t Nam"),
        ("vni", "Phường Đồng Tiến", "Ph\u00f6\u00f4\u00f8ng \u00d1o\u00e0ng Tie\u00e1n"),
        ("vni", "ĐẤT MŨI", "\u00d1A\u00c1T MU\u00d5I"),
        ("vni", "ẳ ị ĩ ỉ ỵ", "a\u00fa \u00f2 \u00f3 \u00e6 \u00ee"),
        ("viscii", "Hà Nội", "H\u00e0 N\u00b5i"),
        ("viscii", "Việt Nam", "Vi\u00aet Nam"),
        ("viscii", "Phường Đồng Tiến", "Ph\u00df\u00b6ng \u00d0\u00b0ng Ti\u00aan"),
        ("viscii", "Ẳng Ỷ", "\u0002ng \u0014"),
    ],
)  # fmt: skip
def test_golden_charts(encoding, unicode, legacy):
    assert encode_legacy(column(unicode), encoding).iloc[0] == legacy
    assert decode_legacy(column(legacy), encoding).iloc[0] == unicode


def test_charts_are_complete_and_unambiguous():
    accented = {letter for letter in LETTERS if not letter.isascii()}
    for encoding in ("vni", "viscii"):
        assert set(CHARTS[encoding]) == accented
    small = {letter for letter in [*VOWEL_PARTS, "đ"] if not letter.isascii()}
    assert set(CHARTS["tcvn3"]) == small | set("ĂÂÊÔƠƯĐ")
    for chart in CHARTS.values():
        assert len(set(chart.values())) == len(chart)


# ---------------------------------------------------------------- round trips


@pytest.mark.parametrize(("encoding", "read_as"), list(itertools.product(LEGACY, ["latin-1", "cp1252"])))
def test_thousands_of_names_come_back(encoding, read_as):
    names = thousands_of_names()
    assert len(names) > 10_000
    legacy = encode_legacy(names, encoding, read_as)
    assert (legacy != names).mean() > 0.5
    for value in legacy:
        value.encode("latin-1" if read_as == "latin-1" else "utf-8")
    back = decode_legacy(legacy, encoding)
    assert back[back != names].empty


@pytest.mark.parametrize("encoding", ["vni", "viscii"])
def test_capitals_come_back(encoding):
    names = thousands_of_names().str.upper()
    back = decode_legacy(encode_legacy(names, encoding), encoding)
    assert back[back != names].empty


def test_tcvn3_has_no_accented_capitals():
    names = column("HÀ NỘI", "XÃ TÂN HƯNG", "XÃ MINH TRÍ", "Ý Yên", "TP Hồ", "Xã Thượng Ấm", "Ô Môn")
    legacy = encode_legacy(names, "tcvn3")
    assert legacy[0] == "H\u00b5 N\u00e9I"
    back = decode_legacy(legacy, "tcvn3")
    assert back.tolist() == [
        "HÀ NỘI",
        "XÃ TÂN HƯNG",
        "XÃ MINH TRÍ",
        "ý Yên",
        "TP Hồ",
        "Xã Thượng ấm",
        "Ô Môn",
    ]
    assert back.str.lower().equals(names.str.lower())


def test_vni_variants_are_read():
    legacy = column("Bi\u00f8nh", "A\u00e1n", "My\u00ef", "A\u00c1N")
    assert decode_legacy(legacy, "vni").tolist() == ["Bình", "Ấn", "Mỵ", "ẤN"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_is_unicode_already_stays(encoding):
    s = column("Khoá Hoà Bạch", "Đắk Lắk", "ASCII 12 - (a)", None)
    assert decode_legacy(s, encoding).equals(s)


def test_typography_survives_decoding():
    legacy = encode_legacy(column("Ba Đình"), "tcvn3") + " \u2013 K\u2019"
    assert decode_legacy(legacy, "tcvn3").iloc[0] == "Ba Đình \u2013 K\u2019"


def test_a_character_without_a_code_is_refused():
    with pytest.raises(ValueError, match="vni has no character"):
        encode_legacy(column("Xã 北"), "vni")


@pytest.mark.parametrize("function", [decode_legacy, encode_legacy])
def test_an_unknown_encoding_is_refused(function):
    with pytest.raises(ValueError, match="vps"):
        function(column("A"), "vps")


def test_unicode_is_encoded_as_itself():
    assert encode_legacy(CLEAN, "unicode").equals(CLEAN)


# ---------------------------------------------------------------- detection


@pytest.mark.parametrize(("encoding", "read_as"), list(itertools.product(LEGACY, ["latin-1", "cp1252"])))
def test_a_legacy_column_is_told_with_evidence(encoding, read_as):
    legacy = encode_legacy(CLEAN, encoding, read_as)
    detection = detect_encoding(pd.concat([legacy, column(None)]))
    assert detection.encoding == encoding
    evidence = detection.evidence.set_index("encoding")
    assert list(evidence.index) == list(ENCODINGS)
    row = evidence.loc[encoding]
    assert row["values"] == 10
    assert row["values_with_signature"] >= 7
    assert detection.score == row["share"] == row["syllables"] / row["words"]
    assert row["share"] == evidence["share"].max()
    before, after = row["before"].split(" | "), row["after"].split(" | ")
    assert decode_legacy(pd.Series(before, dtype="str"), encoding).tolist() == after
    assert set(after) <= set(CLEAN)


@pytest.mark.parametrize("encoding", LEGACY)
def test_capitals_are_told_too(encoding):
    assert detect_encoding(encode_legacy(CLEAN.str.upper(), encoding)).encoding == encoding


@pytest.mark.parametrize(
    "values",
    [
        CLEAN,
        CLEAN.str.normalize("NFD"),
        column("Phuong 5", "Ha Noi", "Quan Ba Dinh"),
        column("Hà", "Lý", "Trà", "Hoà", "Khoá", "Xã Bé"),  # all within Latin-1
        column("K\u2019 Dang", "B\u2019 L\u2019 R\u2019", "Da \u2013 Re \u2014 Mi \u2026"),
        column("Société Générale", "Besançon", "Müller", "Ñuñoa", "Curaçao"),
        CLEAN.map(lambda name: name.encode().decode("latin-1")),  # UTF-8 read as Latin-1
        column(),
        column(None, None),
    ],
    ids=["clean", "decomposed", "ascii", "latin-1", "typographic", "foreign", "mojibake", "empty", "missing"],
)
def test_what_is_not_legacy_is_unicode(values):
    assert detect_encoding(values).encoding == "unicode"


@pytest.mark.parametrize("encoding", LEGACY)
def test_a_column_of_few_repeated_words_is_told(encoding):
    types = column(*["Xã"] * 76, *["Phường"] * 17, *["Thị trấn"] * 6)
    assert detect_encoding(encode_legacy(types, encoding)).encoding == encoding
    assert detect_encoding(types).encoding == "unicode"


@pytest.mark.parametrize("encoding", LEGACY)
def test_a_mixed_column_is_unicode_and_the_evidence_shows_it(encoding):
    mixed = pd.concat([CLEAN, encode_legacy(CLEAN, encoding)])
    detection = detect_encoding(mixed)
    assert detection.encoding == "unicode"
    evidence = detection.evidence.set_index("encoding")
    assert evidence.loc[encoding, "values_with_signature"] >= 7
    assert evidence.loc["unicode", "values_with_signature"] >= 7
    assert detection.score < 1


@pytest.mark.parametrize(
    "values",
    [
        # The lead: right in Unicode but for one look-alike letter, which VISCII would explain.
        column("Hà", "Lý", "Trà", "Xá", "\u00d0à"),
        # The margin: biêm bùa trà in TCVN3, biếm bỉa trộ in VISCII.
        column("bi\u00aam", "b\u00efa", "tr\u00b5"),
        # The share: three words of TCVN3 among words of other languages.
        column("Société", "Besançon", "Müller", "Curaçao", "H\u00b5 N\u00e9i", "Tr\u00b5"),
    ],
    ids=["lead", "margin", "share"],
)
def test_each_limit_holds_back_a_guess(values):
    assert detect_encoding(values).encoding == "unicode"


@pytest.mark.parametrize("encoding", LEGACY)
def test_a_single_short_name_is_never_enough(encoding):
    assert detect_encoding(encode_legacy(column("Hồ", "Hồ", "Hồ"), encoding)).encoding == "unicode"


def test_repeated_values_weigh_as_often_as_they_occur():
    evidence = detect_encoding(pd.concat([CLEAN, CLEAN])).evidence
    assert (evidence["values"] == 20).all()
    assert evidence["words"].iloc[0] == 2 * detect_encoding(CLEAN).evidence["words"].iloc[0]


def test_cleaning_before_decoding_would_lose_letters():
    legacy = encode_legacy(column("Phường Hưng Lợi"), "tcvn3")
    assert decode_legacy(clean_text(legacy), "tcvn3").iloc[0] != "Phường Hưng Lợi"
    assert clean_text(decode_legacy(legacy, "tcvn3")).iloc[0] == "Phường Hưng Lợi"


# ---------------------------------------------------------------- syllables


YES = """
    nghiêng quốc huỳnh khuỷu giếng gìn già thuở thuỷ thủy hoà hòa ươm yên ỷ quý xoong đường tuyết khúc
"""
NO = "qúy gìa nghang kác cêm khuc̀ tột́ hớac bàt tiếnh ngiêng wer krông đắk fa ấa gií Hà"


@pytest.mark.parametrize("word", YES.split())
def test_syllables(word):
    assert is_syllable(word)


@pytest.mark.parametrize("word", NO.split())
def test_no_syllables(word):
    assert not is_syllable(word)


def test_stops_take_two_tones_only():
    assert [word for word in ("mat", "màt", "mát", "mảt", "mãt", "mạt") if is_syllable(word)] == [
        "mát",
        "mạt",
    ]
