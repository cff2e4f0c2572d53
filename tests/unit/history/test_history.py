"""Replaying dated links: versions, events, successions, and what is refused."""

import pandas as pd
import pytest
from small_country import NO_SAME_NAMES, OPENING_DAY, register, replayed

from kh02_pipelines.errors import SourceError
from kh02_pipelines.history.history import History
from kh02_pipelines.history.timeline import Register

UNITS: tuple[tuple[str | None, ...], ...] = (
    ("01", "province", "Tỉnh Một", "tỉnh", None),
    ("02", "province", "Tỉnh Hai", "tỉnh", None),
    ("001", "district", "Huyện Ba", "huyện", "01"),
    ("00001", "commune", "Xã A", "xã", "001"),
    ("00002", "commune", "Xã B", "xã", "001"),
    ("00003", "commune", "Xã C", "xã", "001"),
)
OPENING = register(OPENING_DAY, *UNITS)
DAY, LATER, LAST = "2026-01-01", "2027-01-01", "2028-01-01"


def link(day: str, old: str, new: str | None, **more: object) -> dict[str, object]:
    """One commune link; the successor keeps name, type and parent where the code stays."""
    return {
        "effective_date": pd.Timestamp(day),
        "predecessor_level": "commune",
        "predecessor_code": old,
        "successor_level": "commune" if new else None,
        "successor_code": new,
        "extent": "whole" if new else None,
        "population": "all" if new else None,
        "legal_document": f"law {day}",
        "ruling_id": "",
        **more,
    }


def named(name: str) -> dict[str, str]:
    return {"name": name, "type": name.split()[0].lower(), "parent_code": "001"}


def replay(
    *links: dict[str, object],
    until: str | None = None,
    same_names: pd.DataFrame = NO_SAME_NAMES,
    registers: tuple[Register, ...] = (),
) -> History:
    return replayed(OPENING, *links, same_names=same_names, registers=registers, until=until)


def versions(history: History) -> dict[str, tuple[str, str, str]]:
    """unit id → name, event that started it, event that ended it."""
    table = history.unit_version.set_index("unit_id")[["name", "started_by", "ended_by"]].fillna("")
    return {str(key): tuple(values) for key, values in zip(table.index, table.to_numpy().tolist(), strict=True)}


def events(history: History) -> dict[str, str]:
    return dict(zip(history.change_event["event_id"], history.change_event["kind"], strict=True))


def test_without_links_the_opening_register_stands() -> None:
    history = replay()
    assert len(history.unit_version) == 6
    assert history.unit_version["ended_by"].isna().all()
    assert not history.unit_version["valid_from_exact"].any()
    assert history.change_event.empty
    assert history.succession.empty


def test_merger_ends_both_and_starts_one() -> None:
    history = replay(
        link(DAY, "00001", "00001", **named("Xã A Mới"), clause=3),
        link(DAY, "00002", "00001", **named("Xã A Mới"), clause=3),
    )
    founded = f"{DAY}/commune/00001"
    found = versions(history)
    assert found["00001@2025-06-30"] == ("Xã A", "", founded)
    assert found["00002@2025-06-30"] == ("Xã B", "", founded)
    assert found[f"00001@{DAY}"] == ("Xã A Mới", founded, "")
    assert events(history) == {founded: "merger"}
    assert history.change_event["clause"].tolist() == [3]
    assert history.succession["successor_id"].tolist() == [f"00001@{DAY}"] * 2
    started = history.unit_version.set_index("unit_id").loc[f"00001@{DAY}"]
    assert bool(started["valid_from_exact"])
    assert started["valid_from"] == pd.Timestamp(DAY)


def test_split_has_an_event_of_its_own() -> None:
    part = {"extent": "part", "population": "part"}
    history = replay(link(DAY, "00001", "00001", **part), link(DAY, "00001", "00009", **part, **named("Xã D")))
    assert events(history) == {
        f"{DAY}/commune/00001": "split",
        f"{DAY}/commune/00001/split": "split",
        f"{DAY}/commune/00009": "split",
    }
    assert versions(history)["00001@2025-06-30"][2] == f"{DAY}/commune/00001/split"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"name": "Xã Khác"}, "rename"),
        ({"name": "Phường A", "type": "phường"}, "retype"),
        ({"type": "phường"}, "retype"),
        ({"parent_code": "01"}, "transfer"),
    ],
)
def test_kind_follows_from_what_changes(change: dict[str, str], kind: str) -> None:
    history = replay(link(DAY, "00001", "00001", **change))
    assert events(history) == {f"{DAY}/commune/00001": kind}


def test_a_name_ruled_to_be_one_in_two_spellings_is_no_renaming() -> None:
    ruled = pd.DataFrame([("00001", "00001", "Xã A", "Xã Á")], columns=NO_SAME_NAMES.columns, dtype="str")
    spelled = link(DAY, "00001", "00001", name="Xã Á", parent_code="01")
    assert events(replay(spelled)) == {f"{DAY}/commune/00001": "rename"}
    assert events(replay(spelled, same_names=ruled)) == {f"{DAY}/commune/00001": "transfer"}
    other = link(DAY, "00002", "00002", name="Xã Á")
    assert events(replay(other, same_names=ruled)) == {f"{DAY}/commune/00002": "rename"}


def test_recode_keeps_nothing_but_what_is_said() -> None:
    history = replay(link(DAY, "00001", "00008", **named("Xã A")))
    assert events(history) == {f"{DAY}/commune/00008": "recode"}
    assert versions(history)["00001@2025-06-30"][2] == f"{DAY}/commune/00008"


def test_a_freed_code_may_be_used_again_later() -> None:
    history = replay(link(DAY, "00001", "00008", **named("Xã A")), link(LATER, "00002", "00001", **named("Xã B")))
    reused = history.unit_version[history.unit_version["code"] == "00001"]
    assert reused["unit_id"].tolist() == ["00001@2025-06-30", f"00001@{LATER}"]


def test_district_becomes_a_commune_and_ends_itself() -> None:
    history = replay(
        link(DAY, "001", "00009", **{**named("Đặc khu Ba"), "type": "đặc khu"}, predecessor_level="district")
    )
    assert events(history) == {f"{DAY}/commune/00009": "creation", f"{DAY}/district/001/abolition": "abolition"}


def test_district_without_heir_is_abolished_without_succession() -> None:
    history = replay(link(DAY, "001", None, predecessor_level="district"))
    assert events(history) == {f"{DAY}/district/001/abolition": "abolition"}
    assert history.succession.empty


def test_a_unit_that_stays_exactly_as_it_was_makes_no_version() -> None:
    for same in (link(DAY, "00001", "00001"), link(DAY, "00001", "00001", **named("Xã A"))):
        history = replay(same)
        assert len(history.unit_version) == 6
        assert history.change_event.empty


def test_until_includes_its_day_and_excludes_later_ones() -> None:
    links = (link(DAY, "00001", "00001", name="Xã A1"), link(LATER, "00001", "00001", name="Xã A2"))
    for until, count in (("2025-12-31", 6), (DAY, 7), ("2026-12-31", 7), (LATER, 8), (None, 8)):
        assert len(replay(*links, until=until).unit_version) == count
    ended = replay(*links, until=DAY).unit_version
    assert ended.loc[ended["unit_id"] == f"00001@{DAY}", "valid_to"].isna().all()


@pytest.mark.parametrize(
    ("links", "problem", "row"),
    [
        ([link(DAY, "00077", "00001")], "commune 00077 is not in force on 2026-01-01", 2),
        (
            [link(DAY, "00001", "00002", **named("Xã B"))],
            "commune 00002 would start on 2026-01-01 while it is in force",
            2,
        ),
        (
            [link(DAY, "00001", "00008", **named("Xã A")), link(LATER, "00001", "00009", **named("Xã A"))],
            "commune 00001 is not in force on 2027-01-01",
            3,
        ),
        ([link(DAY, "00001", "00008")], "00008@2026-01-01 has no name and type, or two descriptions", 2),
        (
            [link(DAY, "00001", "00008", **named("Xã X")), link(DAY, "00002", "00008", **named("Xã Y"))],
            "00008@2026-01-01 has two descriptions",
            3,
        ),
        (
            [link(DAY, "00001", "00001", name="Xã Khác", kind="retype")],
            "is called a retype and its links make it a rename",
            2,
        ),
        (
            [link(DAY, "00001", "00008", **named("Xã A"), kind="merger")],
            "is called a merger and its links make it a recode",
            2,
        ),
    ],
)
def test_impossible_histories_are_refused_with_their_row(
    links: list[dict[str, object]], problem: str, row: int
) -> None:
    with pytest.raises(SourceError) as caught:
        replay(*links)
    assert problem in str(caught.value)
    assert (caught.value.file, caught.value.row) == ("changes.csv", row)
    assert "remedy: " in str(caught.value)


def test_later_changes_chain_on_new_units() -> None:
    history = replay(
        link(DAY, "00001", "00001", **named("Xã A1")),
        link(DAY, "00002", "00001", **named("Xã A1")),
        link(LATER, "00001", "00001", **named("Phường A1")),
        link(LAST, "00001", "00003", **named("Phường AC")),
        link(LAST, "00003", "00003", **named("Phường AC")),
    )
    chain = versions(history)
    assert chain[f"00001@{DAY}"][1:] == (f"{DAY}/commune/00001", f"{LATER}/commune/00001")
    assert chain[f"00001@{LATER}"][1:] == (f"{LATER}/commune/00001", f"{LAST}/commune/00003")
    assert list(events(history).values()) == ["merger", "retype", "merger"]


def test_two_units_may_exchange_codes_on_one_day() -> None:
    history = replay(link(DAY, "00001", "00002", **named("Xã A")), link(DAY, "00002", "00001", **named("Xã B")))
    found = versions(history)
    assert found["00001@2025-06-30"][2] == f"{DAY}/commune/00002"
    assert found[f"00001@{DAY}"][0] == "Xã B"
    assert events(history) == {f"{DAY}/commune/00001": "recode", f"{DAY}/commune/00002": "recode"}


def test_a_new_unit_of_unknown_origin_has_no_predecessor() -> None:
    origin = {"predecessor_level": None, "extent": "unknown", "population": "unknown", "confidence": "unknown"}
    history = replay({**link(DAY, "", "00009", **named("Xã D")), **origin, "predecessor_code": None})
    assert events(history) == {f"{DAY}/commune/00009": "creation"}
    assert history.succession.empty


def test_districts_that_hand_over_communes_go_on() -> None:
    new = {"predecessor_level": "district", "successor_level": "district", "kind": "transfer", "extent": "part"}
    found = {**link(DAY, "", "002"), **new, "kind": "creation", "predecessor_code": None, "predecessor_level": None}
    history = replay(
        {**found, "name": "Huyện Bốn", "type": "huyện", "parent_code": "01"},
        {**link(DAY, "001", "002"), **new, "population": "unknown"},
        link(DAY, "00001", "00001", parent_code="002"),
    )
    assert versions(history)["001@2025-06-30"] == ("Huyện Ba", "", "")
    links = history.succession[["predecessor_id", "successor_id", "extent"]].to_numpy().tolist()
    assert ["001@2025-06-30", f"002@{DAY}", "part"] in links


def test_a_unit_may_join_one_of_another_level_that_goes_on_as_it_is() -> None:
    joins = {"successor_level": "district", "kind": "abolition"}
    history = replay(link(DAY, "00001", "001", **joins))
    assert versions(history)["00001@2025-06-30"][2] == f"{DAY}/commune/00001/abolition"
    assert versions(history)["001@2025-06-30"] == ("Huyện Ba", "", "")
    assert history.succession["successor_id"].tolist() == ["001@2025-06-30"]


def test_a_later_register_describes_and_its_rulings_speak_for_its_day() -> None:
    day = pd.Timestamp("2026-03-01")
    units = [row for row in UNITS if row[0] != "00001"]
    spelled = register(day, *units, ("00001", "commune", "Xã Á", "xã", "001"))
    history = replay(registers=(spelled,))
    assert versions(history)["00001@2025-06-30"] == ("Xã Á", "", "")
    ruled = register(day, *units, ("00001", "commune", "Phường A", "phường", "001"))
    ruled.units.loc[ruled.units["code"] == "00001", "ruling_id"] = "R1"
    history = replay(registers=(ruled,))
    assert versions(history)["00001@2025-06-30"][0] == "Xã A"
    late = history.unit_version.set_index("unit_id").loc["00001@2026-03-01"]
    assert (late["type"], late["from_basis"], bool(late["valid_from_exact"])) == ("phường", "register", False)
    event = history.change_event.set_index("event_id").loc["2026-03-01/commune/00001"]
    assert (event["kind"], event["basis"], event["confidence"]) == ("retype", "register", "unknown")


def test_a_register_with_other_units_than_its_day_is_refused() -> None:
    with pytest.raises(SourceError, match=r"1 units that no change founds \(00009\)") as caught:
        replay(registers=(register(pd.Timestamp("2026-03-01"), *UNITS, ("00009", "commune", "Xã D", "xã", "001")),))
    assert caught.value.file == "2026-03-01.csv"


def test_units_follow_the_province_or_district_that_they_lie_in() -> None:
    province = {"predecessor_level": "province", "successor_level": "province", "kind": "merger"}
    district = {"predecessor_level": "district", "successor_level": "district"}
    made = replay(
        link(DAY, "01", "02", **province),
        link(DAY, "02", "02", **province),
        link(LATER, "001", "002", **district, name="Huyện Mới", type="huyện", parent_code="02"),
        link(LATER, "00003", "00002"),
        link(LATER, "00002", "00002", parent_code="002"),
    )
    parents = made.unit_version.set_index("unit_id")["parent_code"]
    assert parents[f"001@{DAY}"] == "02"
    assert parents[f"00001@{LATER}"] == parents[f"00002@{LATER}"] == "002"
    assert f"00003@{LATER}" not in parents.index
    followed = made.change_event.set_index("event_id").loc[f"{LATER}/commune/00001"]
    assert (followed["kind"], followed["legal_document"]) == ("transfer", f"law {LATER}")
