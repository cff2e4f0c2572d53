"""Rows in are counted against what readers hand on, so that a row a reader drops breaks the rule."""

import datetime as dt
from types import SimpleNamespace

import pytest
from small_registers import ROWS, csv

from kh02_pipelines.checks.source_rules import source_rows_lost
from kh02_pipelines.intake.conflicts import no_conflicts
from kh02_pipelines.intake.source_tables import source_tables
from kh02_pipelines.sources import load
from kh02_pipelines.sources.config import SourcesConfig
from kh02_pipelines.sources.load import Surroundings, read_sources
from kh02_pipelines.sources.raw_store import RawStore

CONVERSION = """Tỉnh mới,Tên Xã mới,Mã Xã mới,Tên Xã cũ,Mã Xã cũ,Ghi chú,Quận/huyện,Tỉnh cũ
TỈNH A,,,,,,,
Tỉnh A (01),Xã Một,00001,Xã Một,00001,Nhập toàn bộ,Huyện X (001),Tỉnh A (01)
Tỉnh A (01),Xã Một,00001,Xã Hai,00002,Nhập toàn bộ,Huyện X (001),Tỉnh A (01)
"""
ISLANDS = [
    ",,,Huyện,755,Huyện Côn Đảo,77,Tỉnh Bà Rịa - Vũng Tàu",
    ",,,Huyện,318,Huyện Bạch Long Vĩ,31,Thành phố Hải Phòng",
]
PROVINCES = "Mã số,Tên đơn vị hành chính\n01,Thành phố Hà Nội\n04,Tỉnh Cao Bằng\n"
FILES = {
    "nso_register": ("old_register", csv(*ROWS, *ISLANDS)),
    "nso_conversion": ("conversion", CONVERSION),
    "nso_code_list": ("new_register", PROVINCES),
}


def findings(tmp_path, kind: str):
    role, text = FILES[kind]
    (tmp_path / "file.csv").write_text(text, encoding="utf-8")
    date = "2025-06-30" if role == "old_register" else "2025-07-01"
    source = {"name": "office", "kind": kind, "role": role, "path": "file.csv", "date": date}
    now = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    around = Surroundings(tmp_path, RawStore(tmp_path / "raw"), tmp_path / "state", now)
    reads = read_sources(SourcesConfig.model_validate({"version": 1, "sources": [source]}), around)
    tables = source_tables(reads, {}, {}, no_conflicts())
    return source_rows_lost(SimpleNamespace(tables=tables.by_name()))


@pytest.mark.parametrize("kind", FILES)
def test_nothing_is_missing_where_nothing_is_dropped(tmp_path, kind) -> None:
    assert findings(tmp_path, kind).empty


@pytest.mark.parametrize(
    ("kind", "column", "dropped"),
    [
        ("nso_register", "code", ["00001", "00004"]),
        ("nso_register", "code", ["00688"]),  # the only commune of its district
        ("nso_register", "code", ["755"]),
        ("nso_conversion", "old_code", ["00002"]),
        ("nso_code_list", "code", ["04"]),
    ],
)
def test_a_reader_that_drops_rows_is_found(tmp_path, monkeypatch, kind, column, dropped) -> None:
    reader = load._READERS[kind]

    def losing(*arguments, **options):
        records = reader(*arguments, **options)
        return records[~records[column].isin(dropped)]

    monkeypatch.setitem(load._READERS, kind, losing)
    found = findings(tmp_path, kind)
    assert len(found) == 1
    assert "rows in are not" in found["problem"].iloc[0]
