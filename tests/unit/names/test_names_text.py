import unicodedata

import numpy as np
import pandas as pd
import pytest

from kh02_pipelines.names import RULES, clean_text, clean_with_trace, stray_characters


def column(*values):
    return pd.Series(values, dtype="str")


def clean(value):
    return clean_text(column(value)).iloc[0]


@pytest.mark.parametrize(
    ("dirty", "expected"),
    [
        ("  Xã\u00a0 Gia\nTân \r\n", "Xã Gia Tân"),
        ("Hà\u200bNội", "Hà Nội"),
        ("Hà \u200b Nội\u200b", "Hà Nội"),
        ("\ufeffHà Nội", "Hà Nội"),
        ("Hà No\u0302\u00ad\u0323i", "Hà Nội"),
        ("Phươ\u0300ng Suối Hoa", "Phường Suối Hoa"),
        ("Xa\u0303 Tie\u0301\u0302n", "Xã Tiến"),  # the tone typed before the circumflex
        ("Xã Ea H\u2019đinh", "Xã Ea H'đinh"),
        ("Xã K\u02bc Dang", "Xã K' Dang"),
        ("Xã K` Dang", "Xã K' Dang"),
        ("\u00d0\u1eafk L\u1eafk", "Đắk Lắk"),
        ("N\u00e2m N'\u00d0ir", "Nâm N'Đir"),
        ("\u00d0ak Kr\u00f4ng, ng\u00e0n \u00f0\u1eddi", "Đak Krông, ngàn đời"),
        ("\u00d0\u01cek Dr\u00f3t", "Đăk Drót"),  # a caron for the breve
        ("\u041d\u00e0 N\u1ed9i", "Hà Nội"),  # a Cyrillic letter
        ("\u01cdn B'\u0430", "Ăn B'a"),
        ("\u00d0\u0131nh", "Đinh"),
        ("Xã M\u0456nh T\u0430\u0302n", "Xã Minh Tân"),
    ],
)
def test_cleaning_mends_the_form_of_a_name(dirty, expected):
    assert clean(dirty) == expected


@pytest.mark.parametrize(
    "name",
    [
        "Phường Hoà An",  # modern tone placement is official spelling
        "Xã Quí Quân",
        "Thành phố Phan Rang-Tháp Chàm",
        "Thị trấn N.T Phong Hải",
        "Phường 01",
        "XÃ TÂN HƯNG",
        "Seyðisfjörður",  # not a Vietnamese word
        "Borð",  # đ never ends a word
        "Москва",
        "",
    ],
)
def test_cleaning_leaves_spelling_alone(name):
    assert clean(name) == name


def test_missing_index_and_name_are_kept():
    s = pd.Series(["Xã  A", np.nan, None, "Xã  A"], index=[7, 7, 3, 1], name="ten", dtype="str")
    cleaned = clean_text(s)
    assert cleaned.dtype == "str"
    assert cleaned.name == "ten"
    assert list(cleaned.index) == [7, 7, 3, 1]
    assert list(cleaned.isna()) == [False, True, True, False]
    assert list(cleaned.dropna()) == ["Xã A", "Xã A"]


def test_empty_and_object_columns():
    assert clean_text(pd.Series([], dtype="object")).dtype == "str"
    assert list(clean_text(pd.Series(["Xã  A", None], dtype="object")).isna()) == [False, True]


def test_a_number_is_refused_not_turned_into_text():
    with pytest.raises(TypeError, match="int"):
        clean_text(pd.Series(["Xã A", 12], dtype="object"))


def test_rules_can_be_chosen():
    s = column("  K\u2019 Dang ")
    assert clean_text(s, rules=["whitespace"]).iloc[0] == "K\u2019 Dang"
    assert clean_text(s, rules=["apostrophes"]).iloc[0] == "  K' Dang "
    with pytest.raises(ValueError, match="no_such_rule"):
        clean_text(s, rules=["no_such_rule"])


def test_every_rule_changes_what_it_is_for_and_nothing_else():
    dirty = {
        "invisible_characters": ("Hà\u200d Nội", "Hà Nội"),
        "unicode_form": (unicodedata.normalize("NFD", "Hà Nội"), "Hà Nội"),
        "apostrophes": ("M\u2019Đrắk", "M'Đrắk"),
        "lookalike_letters": ("Hà N\u1ed9\u0456", "Hà Nội"),
        "d_with_stroke": ("\u00d0ồng Nai", "Đồng Nai"),
        "whitespace": ("Hà\u2003Nội", "Hà Nội"),
    }
    assert set(dirty) == set(RULES)
    for rule, (before, after) in dirty.items():
        for name, function in RULES.items():
            assert function(column(before)).iloc[0] == (after if name == rule else before), (rule, name)


def test_the_trace_has_a_row_per_value_and_rule():
    s = pd.Series(["Hà Nội", " \u00d0ồng  Nai", None, "K\u2019 Dang"], index=[10, 11, 12, 13], dtype="str")
    cleaned, trace = clean_with_trace(s)
    assert cleaned.dropna().tolist() == ["Hà Nội", "Đồng Nai", "K' Dang"]
    assert cleaned.equals(clean_text(s))
    assert trace.to_dict("records") == [
        {"index": 13, "rule": "apostrophes", "before": "K\u2019 Dang", "after": "K' Dang"},
        {"index": 11, "rule": "d_with_stroke", "before": " \u00d0ồng  Nai", "after": " Đồng  Nai"},
        {"index": 11, "rule": "whitespace", "before": " Đồng  Nai", "after": "Đồng Nai"},
    ]
    assert [str(dtype) for dtype in trace.dtypes] == ["int64", "str", "str", "str"]


@pytest.mark.parametrize("rules", [None, [], ["whitespace"]])
def test_a_trace_without_changes_keeps_its_columns(rules):
    cleaned, trace = clean_with_trace(column("Hà Nội", None), rules)
    assert cleaned.iloc[0] == "Hà Nội"
    assert list(trace.columns) == ["index", "rule", "before", "after"]
    assert trace.empty


@pytest.mark.parametrize(
    ("value", "stray"),
    [
        ("Phường Văn Miếu - Quốc Tử Giám", False),
        ("Xã B’Lao (cũ), số 1/2 & 3.", False),
        ("Xã Za Hung", False),
        (unicodedata.normalize("NFD", "Xã Tiến"), False),
        ("Thành phố\nHuế", True),
        ("\u00d0ắk Lắk", True),
        ("H\u00b5 N\u00e9i", True),
        ("Xã ?", True),
        ("=HYPERLINK()", True),
        ("Xã\u00a0A", True),
    ],
)
def test_stray_characters(value, stray):
    assert bool(stray_characters(column(value)).iloc[0]) is stray


def test_stray_characters_of_a_missing_value_are_unknown():
    result = stray_characters(column("Xã A", None))
    assert result.dtype == "boolean"
    assert list(result.isna()) == [False, True]
