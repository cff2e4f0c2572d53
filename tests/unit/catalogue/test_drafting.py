"""Drafting against the units of a day: the changes of 2026, in sentences of our own, come out as they are known."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.catalogue.drafting import draft_from_file, surroundings_of

DAYS = [("2026-04-30", "tỉnh Đồng Nai"), ("2026-09-01", "tỉnh Quảng Ninh"), ("2026-09-20", "tỉnh Bắc Ninh")]


@pytest.mark.parametrize(("day", "province"), DAYS)
def test_the_changes_of_2026_are_drafted_as_they_are_known(
    day: str, province: str, candidate_today: Candidate, tmp_path: Path
) -> None:
    versions = candidate_today.tables["unit_version"]
    started = versions[versions["valid_from"] == pd.Timestamp(day)]
    before = versions[versions["valid_to"] == pd.Timestamp(day)].set_index(["level", "code"])["name"]
    sentences = []
    for number, unit in enumerate(started.itertuples(), start=1):
        old, new = str(before[unit.level, unit.code]), str(unit.name)
        above = "trực thuộc trung ương" if unit.level == "province" else f"thuộc {province}"
        sentences.append(
            f"{number}. Thành lập {new[0].lower()}{new[1:]} {above} trên cơ sở nguyên trạng toàn bộ 10,5 km2 diện tích "
            f"tự nhiên, quy mô dân số 9.000 người của {old[0].lower()}{old[1:]}."
        )
    file = tmp_path / "law.txt"
    file.write_text("\n".join([f"Điều 1. Thành lập các đơn vị của {province}", *sentences]), encoding="utf-8")
    draft = draft_from_file(file, dt.date.fromisoformat(day))
    assert draft.unread == []
    assert len(draft.rows) == len(started) > 0
    for row, unit in zip(draft.rows, started.itertuples(), strict=True):
        assert row["change_id"] == unit.started_by
        assert (row["name"], row["type"], row["parent_code"]) == (
            unit.name,
            unit.type,
            "" if pd.isna(unit.parent_code) else unit.parent_code,
        )
        assert (row["kind"], row["extent"], row["population"], row["doubt"]) == ("retype", "whole", "all", "")


def test_the_surroundings_of_the_reform_have_the_old_units_and_the_new_provinces() -> None:
    around = surroundings_of(dt.date(2025, 7, 1))
    assert pd.Series([unit.level for unit in around.units]).value_counts().to_dict() == {
        "commune": 10_035,
        "district": 696,
        "province": 63,
    }
    assert len(around.provinces) == 34
    assert {province.code: province.before for province in around.provinces}["91"] == {"89", "91"}
    assert not around.districts_remain
    first = next(unit for unit in around.units if unit.code == "00001")
    assert (first.district, first.province, first.province_code) == ("Quận Ba Đình", "Thành phố Hà Nội", "01")
