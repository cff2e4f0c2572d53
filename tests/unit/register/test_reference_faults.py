"""Faults in reference tables, each refused with the file, row and field that has to be mended."""

import datetime as dt
from collections.abc import Callable

import pandas as pd
import pytest

from kh02_pipelines.crosswalk.build import build_candidate
from kh02_pipelines.errors import Kh02Error, RulingError

Raw = dict[str, pd.DataFrame]
Plant = Callable[[Raw], Raw]
REFORM = dt.date(2025, 7, 1)


def put(table: str, chosen: dict[str, str], /, **values: str) -> Plant:
    """Other values in the one row of a table."""

    def plant(raw: Raw) -> Raw:
        frame = raw[table].copy()
        rows = pd.Series(True, index=frame.index)
        for name, value in chosen.items():
            rows &= frame[name] == value
        assert rows.sum() == 1, f"{chosen} is in {rows.sum()} rows"
        frame.loc[rows, list(values)] = list(values.values())
        return {**raw, table: frame}

    return plant


def put_all(table: str, values: dict[str, str]) -> Plant:
    """A further row of a table; columns left out are empty."""

    def plant(raw: Raw) -> Raw:
        frame = raw[table]
        row = dict.fromkeys(frame.columns, "") | values | {"row": len(frame) + 2}
        return {**raw, table: pd.concat([frame, pd.DataFrame([row])], ignore_index=True)}

    return plant


def again(table: str, key: dict[str, str], /, **values: str) -> Plant:
    """The one row that has a key once more at the end, with other values."""

    def plant(raw: Raw) -> Raw:
        frame = raw[table]
        rows = frame[(frame[list(key)] == pd.Series(key)).all(axis="columns")]
        assert len(rows) == 1
        return put_all(table, {**rows.iloc[0].to_dict(), **values})(raw)

    return plant


def without(table: str, **key: str) -> Plant:
    """A table without the one row that has a key; the other rows keep their numbers."""

    def plant(raw: Raw) -> Raw:
        frame = raw[table]
        rows = (frame[list(key)] == pd.Series(key)).all(axis="columns")
        assert rows.sum() == 1
        return {**raw, table: frame[~rows].reset_index(drop=True)}

    return plant


R014 = {"ruling_id": "R014"}
RULINGS: dict[str, tuple[Plant, str, int, str | None]] = {
    # what is wrong: how to plant it, what is said, row, field
    "unknown target": (put("rulings", R014, target="relations_2025-07-02"), "'relations_2025-07-02'", 15, "target"),
    "unknown register": (
        put("rulings", {"ruling_id": "R010"}, target="units_2025-07-99"),
        "ruling R010 cannot be applied: its target is 'units_2025-07-99'",
        11,
        "target",
    ),
    "another target's action": (put("rulings", R014, action="set"), "action is 'set' on field 'name'", 15, "action"),
    "another target's field": (
        put("rulings", {"ruling_id": "R001"}, field="type"),
        "its action is 'set' on field 'type'",
        2,
        "action",
    ),
    "one id twice": (put("rulings", {"ruling_id": "R002"}, ruling_id="R001"), "ruling_id is 'R001'", 3, "ruling_id"),
    "no id": (put("rulings", R014, ruling_id=""), "its ruling_id is ''", 15, "ruling_id"),
    "a code for a pair": (put("rulings", R014, key="04603"), "its key is '04603'", 15, "key"),
    "an added pair without a successor": (
        put("rulings", {"ruling_id": "R004"}, ruled_value="23053"),
        "its ruled_value is '23053'",
        5,
        "ruled_value",
    ),
    "one name on a pair that is none": (put("rulings", R014, key="99999>99999"), "99999>99999", 15, "name"),
    "one name on a merged unit": (put("rulings", R014, key="00004>00004"), "00004>00004", 15, "name"),
    "one name that the old register does not print": (
        put("rulings", R014, source_value="Xã Tà Si Lang"),
        "the registers print 'Xã Tà Si Láng' and 'Xã Tà Xi Láng' for 04603>04603",
        15,
        "name",
    ),
    "one name that the new register does not print": (
        put("rulings", R014, ruled_value="Xã Tà Xi Lang"),
        "the registers print 'Xã Tà Si Láng' and 'Xã Tà Xi Láng' for 04603>04603",
        15,
        "name",
    ),
    "a successor from nowhere": (
        put("rulings", {"ruling_id": "R001"}, ruled_value="99999"),
        "commune 99999 is not in the register of its date",
        2,
        "predecessor_code",
    ),
    "a pair that another ruling adds": (
        again("rulings", {"ruling_id": "R004"}, ruling_id="R021"),
        "the pair 23053>23041 stands twice",
        22,
        None,
    ),
}


@pytest.mark.parametrize("what", RULINGS)
def test_a_ruling_that_corrects_nothing_is_refused(raw: Raw, what: str) -> None:
    plant, said, row, field = RULINGS[what]
    with pytest.raises(Kh02Error) as caught:
        build_candidate(plant(raw), REFORM)
    assert said in str(caught.value)
    assert (caught.value.file, caught.value.row, caught.value.field) == ("rulings.csv", row, field)
    assert caught.value.remedy
    assert isinstance(caught.value, RulingError) or said.startswith("commune")
