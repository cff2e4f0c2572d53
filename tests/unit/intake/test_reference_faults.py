"""Faults in reference tables, each refused with the file, row and field that has to be mended."""

import datetime as dt
from collections.abc import Callable

import pandas as pd
import pytest

from kh02_pipelines.catalogue.build import build_candidate
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


CLAUSE = {"successor_code": "00004"}
HEIR = {"predecessor_code": "00118"}
LAND = {"predecessor_code": "00130"}
HANOI = {"province_code": "01", "type": "xã", "valid_from": "2025-07-01"}
TRANG_BOM = {"change_id": "2026-04-30/commune/26248"}
TOTAL = {"valid_from": "2025-07-01", "level": "commune", "type": "xã"}
SOURCES: dict[str, tuple[Plant, str, str, int | None, str | None]] = {
    # what is wrong: how to plant it, what is said, file, row, field
    "a clause that is no number": (
        put("clauses_2025-07-01", CLAUSE, clause="abc"),
        "'abc' is not a clause",
        "clauses_2025-07-01.csv",
        2,
        "clause",
    ),
    "a clause twice": (
        again("clauses_2025-07-01", CLAUSE),
        "00004 stands twice",
        "clauses_2025-07-01.csv",
        3323,
        "successor_code",
    ),
    "a clause of no commune": (
        again("clauses_2025-07-01", CLAUSE, successor_code="99999"),
        "99999 is no new commune",
        "clauses_2025-07-01.csv",
        3323,
        "successor_code",
    ),
    "a commune without a clause": (
        without("clauses_2025-07-01", **CLAUSE),
        "no row for the new commune 00004",
        "clauses_2025-07-01.csv",
        None,
        "successor_code",
    ),
    "a clause of another province's resolution": (
        put("clauses_2025-07-01", CLAUSE, legal_document="1657/NQ-UBTVQH15"),
        "00004 cites '1657/NQ-UBTVQH15', and 1656/NQ-UBTVQH15 governs its province",
        "clauses_2025-07-01.csv",
        2,
        "legal_document",
    ),
    **{
        f"an unknown document in {table}": (
            put(table, chosen, legal_document="xxx"),
            "cites 'xxx', which is not in legal_documents.csv",
            f"{table}.csv",
            row,
            "legal_document",
        )
        for table, chosen, row in (
            ("clauses_2025-07-01", CLAUSE, 2),
            ("population_heirs", HEIR, 3),
            ("land_only", LAND, 2),
            ("totals", TOTAL, 14),
            ("province_totals", HANOI, 3),
            ("changes", TRANG_BOM, 13),
        )
    },
    "an heir by another province's resolution": (
        put("population_heirs", HEIR, legal_document="1657/NQ-UBTVQH15"),
        "00118 cites '1657/NQ-UBTVQH15'",
        "population_heirs.csv",
        3,
        "legal_document",
    ),
    "an heir by a clause that is no number": (
        put("population_heirs", HEIR, clause="40a"),
        "'40a' is not a clause",
        "population_heirs.csv",
        3,
        "clause",
    ),
    "land alone twice": (again("land_only", LAND), "00130>00145", "land_only.csv", 21, None),
    "a pair twice": (
        again("successions_2025-07-01", {"predecessor_code": "00001"}),
        "the pair 00001>00097 stands twice",
        "successions_2025-07-01.csv",
        10567,
        None,
    ),
    "a province pair twice": (
        again("province_successions_2025-07-01", {"predecessor_code": "01"}),
        "the pair 01>01 stands twice",
        "province_successions_2025-07-01.csv",
        66,
        None,
    ),
    "a commune that keeps its code has lost its own row": (
        without("successions_2025-07-01", predecessor_code="00008", successor_code="00008"),
        "commune 00008 would start on 2025-07-01 while it is in force",
        "successions_2025-07-01.csv",
        4,
        "successor_code",
    ),
    "a total twice": (again("totals", TOTAL), "2025-07-01 commune xã stands twice", "totals.csv", 31, "count"),
    "a total twice with another count": (
        again("totals", TOTAL, count="7"),
        "2025-07-01 commune xã stands twice",
        "totals.csv",
        31,
        "count",
    ),
    "a province's total twice": (
        again("province_totals", HANOI),
        "2025-07-01 01 xã stands twice",
        "province_totals.csv",
        83,
        "count",
    ),
    "a fact twice": (
        again("reform_totals", {"fact": "commune_pairs"}),
        "commune_pairs stands twice",
        "reform_totals.csv",
        11,
        "count",
    ),
    "a fact that is no count": (
        put("reform_totals", {"fact": "commune_pairs"}, count="many"),
        "'many' is not a count",
        "reform_totals.csv",
        2,
        "count",
    ),
    "a change called by another id": (
        put("changes", TRANG_BOM, change_id="2026-04-30/commune/26249"),
        "'2026-04-30/commune/26249' is not what its row says",
        "changes.csv",
        13,
        "change_id",
    ),
    "a change twice": (
        again("changes", TRANG_BOM),
        "'2026-04-30/commune/26248' stands twice",
        "changes.csv",
        32,
        "change_id",
    ),
    "a change of nobody": (
        again(
            "changes",
            TRANG_BOM,
            change_id="2026-04-30/commune/99999",
            predecessor_code="99999",
            successor_code="99999",
        ),
        "commune 99999 is not in force on 2026-04-30",
        "changes.csv",
        32,
        "predecessor_code",
    ),
    "a change called by the wrong kind": (
        put("changes", TRANG_BOM, kind="rename"),
        "is called a rename and its links make it a retype",
        "changes.csv",
        13,
        "kind",
    ),
}


@pytest.mark.parametrize("what", SOURCES)
def test_a_faulty_row_is_refused_with_its_true_place(raw: Raw, what: str) -> None:
    plant, said, file, row, field = SOURCES[what]
    with pytest.raises(SourceError) as caught:
        build_candidate(plant(raw), dt.date(2026, 11, 21))
    assert said in str(caught.value)
    assert (caught.value.file, caught.value.row, caught.value.field) == (file, row, field)
    assert caught.value.remedy


LOST: dict[str, tuple[Plant, str]] = {
    "an heir": (without("population_heirs", **HEIR), "population_heirs"),
    "a part that is land alone": (without("land_only", **LAND), "land_only_parts"),
    "a successor of a divided commune": (
        without("successions_2025-07-01", predecessor_code="00025", successor_code="00199"),
        "commune_pairs",
    ),
}


@pytest.mark.parametrize("what", LOST)
def test_a_lost_row_that_breaks_nothing_else_is_counted(raw: Raw, what: str) -> None:
    plant, fact = LOST[what]
    broken = {name: rows for name, rows in audit(build_candidate(plant(raw), REFORM)).items() if len(rows)}
    assert set(broken) == {"reform_totals"}
    assert fact in set(broken["reform_totals"]["key"])
