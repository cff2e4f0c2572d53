import unicodedata

import pandas as pd
import pytest

from kh02_pipelines.names import (
    UNIT_TYPES,
    expand_abbreviations,
    join_unit_type,
    split_unit_type,
    strip_code,
)


def column(*values):
    return pd.Series(values, dtype="str")


def test_unit_types_of_each_level():
    assert UNIT_TYPES == {
        "province": ("tỉnh", "thành phố"),
        "district": ("quận", "huyện", "thị xã", "thành phố"),
        "commune": ("phường", "xã", "thị trấn", "đặc khu"),
    }


@pytest.mark.parametrize(
    ("level", "name", "unit_type", "short_name"),
    [
        ("commune", "Thị trấn Thạnh Mỹ", "thị trấn", "Thạnh Mỹ"),
        ("commune", "Phường 5", "phường", "5"),
        ("commune", "Đặc khu Phú Quốc", "đặc khu", "Phú Quốc"),
        ("commune", "Thị Trấn Châu Ổ", "thị trấn", "Châu Ổ"),
        ("commune", "PHƯỜNG BA ĐÌNH", "phường", "BA ĐÌNH"),
        ("commune", "Phường Phường Đúc", "phường", "Phường Đúc"),
        ("commune", " Thị  trấn\nN.T Phong Hải ", "thị trấn", "N.T Phong Hải"),
        ("commune", unicodedata.normalize("NFD", "Phường Hoà An"), "phường", "Hoà An"),
        ("commune", "Côn Đảo", None, "Côn Đảo"),
        ("commune", "Phường", None, "Phường"),
        ("commune", "Xãi An", None, "Xãi An"),
        ("commune", "Huyện Củ Chi", None, "Huyện Củ Chi"),  # no type of this level
        ("district", "Huyện Củ Chi", "huyện", "Củ Chi"),
        ("district", "Quận 1", "quận", "1"),
        ("district", "Thị xã Sơn Tây", "thị xã", "Sơn Tây"),
        ("district", "Thành phố Thủ Đức", "thành phố", "Thủ Đức"),
        ("province", "Tỉnh Bà Rịa - Vũng Tàu", "tỉnh", "Bà Rịa - Vũng Tàu"),
        ("province", "Cao Bằng", None, "Cao Bằng"),
    ],
)
def test_split_unit_type(level, name, unit_type, short_name):
    row = split_unit_type(column(name), level).iloc[0]
    assert (None if pd.isna(row["type"]) else row["type"], row["short_name"]) == (unit_type, short_name)


def test_split_keeps_missing_and_index():
    frame = split_unit_type(pd.Series(["Xã A", None], index=["x", "x"], dtype="str"), "commune")
    assert list(frame.index) == ["x", "x"]
    assert list(frame.columns) == ["type", "short_name"]
    assert frame.iloc[1].isna().all()
    assert set(frame.dtypes.astype(str)) == {"str"}


def test_join_unit_type():
    joined = join_unit_type(column("thị trấn", None, "xã"), column("Thạnh Mỹ", "Côn Đảo", None))
    assert joined.iloc[:2].tolist() == ["Thị trấn Thạnh Mỹ", "Côn Đảo"]
    assert pd.isna(joined.iloc[2])
    with pytest.raises(ValueError, match="indexes differ"):
        join_unit_type(column("xã"), pd.Series(["A"], index=[5], dtype="str"))


@pytest.mark.parametrize(
    ("level", "short", "full"),
    [
        ("commune", "P. Bến Nghé", "Phường Bến Nghé"),
        ("commune", "P.Bến Nghé", "Phường Bến Nghé"),
        ("commune", "P Bến Nghé", "Phường Bến Nghé"),
        ("commune", "p. bến nghé", "Phường bến nghé"),
        ("commune", "P5", "Phường 5"),
        ("commune", "P.05", "Phường 05"),
        ("commune", "TT Thạnh Mỹ", "Thị trấn Thạnh Mỹ"),
        ("commune", "T.T. Thạnh Mỹ", "Thị trấn Thạnh Mỹ"),
        ("commune", "TTThạnh Mỹ", "Thị trấn Thạnh Mỹ"),
        ("commune", "TT.N.T Phong Hải", "Thị trấn N.T Phong Hải"),
        ("commune", "X. Ia H'Drai", "Xã Ia H'Drai"),
        ("commune", "ĐK Phú Quốc", "Đặc khu Phú Quốc"),
        ("district", "Q.1", "Quận 1"),
        ("district", "Q1", "Quận 1"),
        ("district", "H. Củ Chi", "Huyện Củ Chi"),
        ("district", "TX. Sơn Tây", "Thị xã Sơn Tây"),
        ("district", "TP Thủ Đức", "Thành phố Thủ Đức"),
        ("province", "TP.HCM", "Thành phố HCM"),
        ("province", "TPHCM", "Thành phố HCM"),
        ("province", "Tp. Huế", "Thành phố Huế"),
        ("province", "T.P Huế", "Thành phố Huế"),
        ("province", "T. Phú Yên", "Tỉnh Phú Yên"),
    ],
)
def test_abbreviations(level, short, full):
    assert expand_abbreviations(column(short), level).iloc[0] == full


@pytest.mark.parametrize(
    ("level", "name"),
    [
        ("commune", "Phường Bến Nghé"),
        ("commune", "Phú Mỹ"),
        ("commune", "Xuân Lộc"),
        ("commune", "TTrung"),
        ("commune", "T. Phú Yên"),  # no commune abbreviates so
        ("commune", "N.T Phong Hải"),
        ("commune", "P."),
        ("district", "Hoà An"),
        ("district", "H'Drai"),
        ("district", "P. Bến Nghé"),
        ("province", "Thái Bình"),
    ],
)
def test_what_is_no_abbreviation_stays(level, name):
    assert expand_abbreviations(column(name), level).iloc[0] == name


@pytest.mark.parametrize(
    ("value", "name", "code"),
    [
        ("Quận Ba Đình (001)", "Quận Ba Đình", "001"),
        ("Thành phố Hà Nội (01) \n", "Thành phố Hà Nội", "01"),
        ("Phường\nPhú Xuân[19804]", "Phường\nPhú Xuân", "19804"),
        ("Huyện A (cũ) (123)", "Huyện A (cũ)", "123"),
        ("Quận 1", "Quận 1", None),
        ("Xã B (1)", "Xã B (1)", None),
        ("Xã B (1234)", "Xã B (1234)", None),
        ("(001) Quận Ba Đình", "(001) Quận Ba Đình", None),
    ],
)
def test_strip_code(value, name, code):
    row = strip_code(column(value)).iloc[0]
    assert (row["name"], None if pd.isna(row["code"]) else row["code"]) == (name, code)


@pytest.mark.parametrize("function", [split_unit_type, expand_abbreviations])
def test_an_unknown_level_is_refused(function):
    with pytest.raises(ValueError, match="ward"):
        function(column("Xã A"), "ward")
