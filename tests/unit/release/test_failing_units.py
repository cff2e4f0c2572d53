"""Failing rows name their unit and where it stands in its source."""

from pathlib import Path

import pandas as pd

from kh02_pipelines.checks.rule import FINDING_COLUMNS
from kh02_pipelines.release.failing_units import located, source_texts

TABLES = {
    "commune": pd.DataFrame({"code": ["00118"], "name": ["Phường Hà Đông"]}),
    "commune_crosswalk": pd.DataFrame({"old_code": ["00112"], "old_name": ["Phường Cũ"], "new_code": ["00103"]}),
}
ROWS = pd.DataFrame(
    [
        ["commune", "00118", "no parent"],
        ["commune_crosswalk", "00112>00103", "no law"],
        ["commune", "2026-01-01", "no unit at all"],
        ["unit_version", "99999@2025-07-01", "unknown"],
    ],
    columns=FINDING_COLUMNS,
)


def test_a_row_has_the_name_of_its_unit_and_the_line_of_its_source() -> None:
    texts = [("a.csv", "code,name\n001189,x\n00118,Phường Hà Đông\n"), ("b.csv", 'old;new\n"00112";"00103"\n')]
    shown = located(ROWS, TABLES, iter(texts))
    assert shown["unit"].tolist()[:2] == ["Phường Hà Đông", "Phường Cũ"]
    assert shown["source"].tolist()[:2] == ["a.csv:3", "b.csv:2"]
    assert (shown["unit"].iloc[3], shown["source"].iloc[3]) == ("", "")
    assert list(ROWS.columns) == FINDING_COLUMNS


def test_texts_are_those_that_were_read(tmp_path: Path) -> None:
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "here.csv").write_text("code\n00118\n", "utf-8")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "ab").write_bytes(b"\xff\xfe binary")
    files = pd.DataFrame(
        {
            "file": ["registers/here.csv", "x.xlsx", "not.csv"],
            "sha256": ["00", "ab", "01"],
            "followed": [True, True, False],
        }
    )
    assert list(source_texts(files, tmp_path / "reference", tmp_path)) == [("here.csv", "code\n00118\n")]
