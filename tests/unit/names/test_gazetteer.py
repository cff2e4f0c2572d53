"""The gazetteer over a few units made for it: which names meet, within which units, on which day."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kh02_pipelines.names.gazetteer import COLUMNS, Gazetteer
from kh02_pipelines.names.keys import loose_keys, squeezed
from kh02_pipelines.names.syllables import all_syllables

# level, code, name, code above, first day, first day no longer
UNITS = [
    ("province", "01", "Tỉnh Hòa Lạc", None, 0, 100),
    ("province", "02", "Thành phố Bà Hà - Tân Vũ", None, 0, None),
    ("district", "011", "Huyện Tân Hòa", "01", 0, 50),
    ("district", "011", "Thị xã Tân Hòa", "01", 50, 100),
    ("district", "021", "Quận 1", "02", 0, 100),
    ("commune", "00011", "Phường 01", "021", 0, 40),
    ("commune", "00011", "Phường 1", "021", 40, 100),
    ("commune", "00012", "Xã Tân Hòa", "011", 0, 100),
    ("commune", "00013", "Xã Tân Hóa", "011", 0, 100),
    ("commune", "00014", "Phường Phương Liệt", "021", 0, 100),
    ("commune", "00015", "Phường Liệt", "021", 0, 100),
    ("commune", "00016", "Phường Phường Đúc", "021", 0, 100),
    ("commune", "00017", "Xã Tân Hòa", "02", 100, None),
]
PLACES = list(range(len(UNITS)))


@pytest.fixture(scope="module")
def units() -> Gazetteer:
    return Gazetteer(dict(zip(COLUMNS, zip(*UNITS, strict=True), strict=True)))


def codes(units: Gazetteer, text: str, day: int | None = None) -> list[str]:
    return [units.code[place] for place in units.find(text, day).places]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Xã Tân Hòa", ["00012", "00017"]),
        ("X. Tân Hoà", ["00012", "00017"]),
        ("Tân Hòa", ["011", "011", "00012", "00017"]),
        ("tan hoa", ["011", "011", "00012", "00013", "00017"]),
        ("xa tan hoa", ["00012", "00013", "00017"]),
        ("TX Tân Hòa", ["011"]),
        ("Phường 01", ["00011", "00011"]),
        ("P1", ["00011", "00011"]),
        ("Q.1", ["021"]),
        ("1", ["021", "00011", "00011"]),
        ("phuong liet", ["00014", "00015"]),
        ("Phường Liệt", ["00015"]),
        ("Phường Đúc", ["00016"]),
        ("P. Phường Đúc", ["00016"]),
        ("Bà Hà Tân Vũ", ["02"]),
        ("Quận Tân Hòa", []),
        ("", []),
    ],
)
def test_names_meet_with_and_without_their_unit_word(units: Gazetteer, text: str, found: list[str]) -> None:
    assert codes(units, text) == found
    assert units.find(text).exact


@pytest.mark.parametrize("text", ["TPBHTV", "TP. BHTV", "BHTV", "tpbhtv", "Bà Hà Tân Vu", "Thành phố Ba Hà Tân Vũ"])
def test_initials_and_lost_accents_meet_and_are_not_exact(units: Gazetteer, text: str) -> None:
    assert codes(units, text) == ["02"]
    assert not units.find(text).exact


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Tân Hòa, Tân Hòa", ["00012"]),
        ("Xã Tân Hòa, H. Tân Hòa, T. Hòa Lạc", ["00012"]),
        ("Xã Tân Hòa, Tỉnh Hòa Lạc", ["00012"]),
        ("Xã Tân Hòa, TP Bà Hà Tân Vũ", ["00017"]),
        ("Xã Tân Hòa, Quận 1", []),
        ("Xã Tân Hòa, Tỉnh Hòa Lạc, Huyện Tân Hòa", []),
    ],
)
def test_a_name_within_the_names_above_it(units: Gazetteer, text: str, found: list[str]) -> None:
    assert codes(units, text) == found


def test_days_choose_among_units_and_among_those_above(units: Gazetteer) -> None:
    assert codes(units, "Tân Hòa", 99) == ["011", "00012"]
    assert codes(units, "Tân Hòa", 100) == ["00017"]
    assert codes(units, "Xã Tân Hòa, Huyện Tân Hòa", 49) == ["00012"]
    assert codes(units, "Xã Tân Hòa, Huyện Tân Hòa", 50) == []
    assert [units.name[place] for place in units.of_code("00011", 40)] == ["Phường 1"]
    assert units.path(7) == "Thị xã Tân Hòa, Tỉnh Hòa Lạc"
    assert [units.name[place] for place in units.above(7)] == ["Huyện Tân Hòa", "Thị xã Tân Hòa", "Tỉnh Hòa Lạc"]


def test_near_names_are_hints_with_the_nearest_first(units: Gazetteer) -> None:
    assert units.name[units.near("Quạn 1")[0]] == "Quận 1"
    assert [units.code[place] for place in units.near("Xã Tân Hào")] == ["011", "011", "00012", "00013", "00017"]
    assert units.near("Tân Hòa", limit=2) == [2, 3]
    assert units.near("") == []
    assert "00011" not in [units.code[place] for place in units.near("Phường 2")]


WORDS = st.sampled_from([*sorted(all_syllables()), "K'", "M'Đrắk", "01", "10", "-", "HCM", "Ð", "\u0430n"])
NAMES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)


@given(st.lists(NAMES, min_size=1, max_size=5))
def test_names_of_one_loose_key_have_one_squeezed_form(names: list[str]) -> None:
    key = loose_keys()
    assert squeezed(names) == squeezed([key(name) for name in names])
    assert squeezed(names) == [squeezed([name])[0] for name in names]


@given(st.lists(NAMES, min_size=1, max_size=6), NAMES)
def test_every_unit_of_the_same_loose_key_is_found(names: list[str], asked: str) -> None:
    key = loose_keys()
    columns = [("commune", f"{place:05}", f"Xã {name}", None, 0, None) for place, name in enumerate(names)]
    units = Gazetteer(dict(zip(COLUMNS, zip(*columns, strict=True), strict=True)))
    for text in (*names, asked):
        wanted = {place for place, name in enumerate(names) if key(name) == key(text)}
        spelled = {place for place in wanted if names[place] == text}
        assert spelled <= set(units.find(f"Xã {text}").places) <= wanted
