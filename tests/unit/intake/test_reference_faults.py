"""Faults in reference tables, each refused with the file, row and field that has to be mended."""

import datetime as dt
from collections.abc import Callable

import pandas as pd
import pytest

from kh02_pipelines.catalogue.plan import build_candidate
from kh02_pipelines.errors import Kh02Error, RulingError, SourceError
from kh02_pipelines.release.audit import audit

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
        "commune 99999 is not in force on 2025-07-01",
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


MERGED = {"change_id": "2025-07-01/commune/00097", "predecessor_code": "00001"}
HEIR = {"change_id": "2025-07-01/commune/00118", "predecessor_code": "00118"}
LAND = {"change_id": "2025-07-01/commune/00145", "predecessor_code": "00130"}
HANOI = {"province_code": "01", "type": "xã", "valid_from": "2025-07-01"}
TRANG_BOM = {"change_id": "2026-04-30/commune/26248"}
TOTAL = {"valid_from": "2025-07-01", "level": "commune", "type": "xã", "province_code": ""}
IN_2025, IN_2026 = "changes/2025.csv", "changes/2026.csv"
SOURCES: dict[str, tuple[Plant, str, str, str | None]] = {
    # what is wrong: how to plant it, what is said, file, field
    "a clause that is no number": (
        put("changes", MERGED, clause="abc"), "'abc' is not a clause", IN_2025, "clause",
    ),
    "an unknown document": (
        put("changes", MERGED, legal_document="xxx"),
        "cites 'xxx', which is not in legal_documents.csv", IN_2025, "legal_document",
    ),
    "a second heir": (
        put("changes", {"change_id": "2025-07-01/commune/00008", "predecessor_code": "00007"}, population="all"),
        "the shares of the people of 00007 contradict each other", IN_2025, "population",
    ),
    "a divided commune that goes whole": (
        put("changes", LAND, extent="whole"), "00130 goes whole to 00145", IN_2025, "extent",
    ),
    "a pair twice": (again("changes", MERGED), "stands twice with one predecessor", IN_2025, "change_id"),
    "a commune that keeps its code has lost its own row": (
        without("changes", change_id="2025-07-01/commune/00008", predecessor_code="00008"),
        "commune 00008 would start on 2025-07-01 while it is in force", IN_2025, "successor_code",
    ),
    "a total twice": (
        again("totals", TOTAL), "2025-07-01 commune xã 19/2025/QĐ-TTg stands twice", "totals.csv", "count",
    ),
    "a province's total twice": (
        again("totals", HANOI), "2025-07-01 commune xã 01 1656/NQ-UBTVQH15 stands twice", "totals.csv", "count",
    ),
    "a fact twice": (
        again("change_totals", {"fact": "commune_pairs"}),
        "2025-07-01 commune_pairs stands twice", "change_totals.csv", "count",
    ),
    "a fact that is no count": (
        put("change_totals", {"fact": "commune_pairs"}, count="many"),
        "'many' is not a count", "change_totals.csv", "count",
    ),
    "a change called by another id": (
        put("changes", TRANG_BOM, change_id="2026-04-30/commune/26249"),
        "'2026-04-30/commune/26249' is not what its row says", IN_2026, "change_id",
    ),
    "a change of nobody": (
        again(
            "changes", TRANG_BOM, change_id="2026-04-30/commune/99999", predecessor_code="99999", successor_code="99999"
        ),
        "commune 99999 is not in force on 2026-04-30", IN_2026, "predecessor_code",
    ),
    "a change called by the wrong kind": (
        put("changes", TRANG_BOM, kind="merger"),
        "is called a merger and its links make it a retype", IN_2026, "kind",
    ),
    "a period that leaves a gap": (
        put("periods", {"valid_from": "2009-04-01"}, valid_from="2009-04-02"),
        "'2009-04-02' is no valid_from of a period", "periods.csv", "valid_from",
    ),
    "a register that no change leads to": (
        without("registers", date="2025-06-30", code="00004"),
        "the register of 2025-06-30 has 1 units of that day are missing (00004)", "registers/2025-06-30.csv", "code",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", SOURCES)
def test_a_faulty_row_is_refused_with_its_true_place(raw: Raw, what: str) -> None:
    plant, said, file, field = SOURCES[what]
    with pytest.raises(SourceError) as caught:
        build_candidate(plant(raw), dt.date(2026, 11, 21))
    assert said in str(caught.value)
    assert (caught.value.file, caught.value.field) == (file, field)
    assert (caught.value.row is None) == file.startswith("registers/")
    assert caught.value.remedy


LOST: dict[str, tuple[Plant, str]] = {
    "an heir": (
        put("changes", {"change_id": "2025-07-01/commune/00103", "predecessor_code": "00112"}, population="part"),
        "population_heirs",
    ),
    "a part that is land alone": (put("changes", LAND, population="part"), "land_only_parts"),
    "a successor of a divided commune": (
        without("changes", change_id="2025-07-01/commune/00199", predecessor_code="00025"),
        "commune_pairs",
    ),
}


@pytest.mark.parametrize("what", LOST)
def test_a_lost_row_that_breaks_nothing_else_is_counted(raw: Raw, what: str) -> None:
    plant, fact = LOST[what]
    broken = {name: rows for name, rows in audit(build_candidate(plant(raw), REFORM)).items() if len(rows)}
    assert "change_totals" in set(broken)
    assert fact in set(broken["change_totals"]["key"])
