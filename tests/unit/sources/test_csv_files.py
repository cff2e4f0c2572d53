"""Strict reading of small CSV files: every fault is named with its file and row."""

from pathlib import Path
from typing import Any

import pytest

from kh02_pipelines.errors import SourceError
from kh02_pipelines.intake.vintage import CODES_BY_DATE
from kh02_pipelines.sources import csv_files
from kh02_pipelines.sources.csv_files import read_csv_strict
from kh02_pipelines.sources.reference_data import NSO_RULINGS_FILE, REFERENCE_FILES, REFERENCE_FOLDER

COLUMNS = ("code", "name")


def written(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "units.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_values_stay_text_and_rows_are_counted_as_editors_do(tmp_path: Path) -> None:
    frame = read_csv_strict(written(tmp_path, 'code,name\n00001,"Xã A, B"\n00002,\nNA,null\n'), COLUMNS)
    assert frame.to_dict("list") == {
        "code": ["00001", "00002", "NA"],
        "name": ["Xã A, B", "", "null"],
        "row": [2, 3, 4],
    }


@pytest.mark.parametrize(
    ("content", "problem", "row"),
    [
        ("", "not a readable CSV", None),
        ("code,name\n", "has a header and no rows", None),
        ("name,code\nx,1\n", "the header is name, code", 1),
        ("code\n1\n", "the header is code", 1),
        ("code,name,type\n1,x,y\n", "the header is code, name, type", 1),
        ("\ufeffcode,name\n1,x\n", None, None),
        ("code,name\n1,x\n2\n3,z\n", "has fewer values than the header", 3),
        ("code,name\n1,x\n2,y,z\n", "has more values than the header", 3),
        ("code,name\n1,x,y\n2,y,z\n", "has more values than the header", 2),
        ('code,name\n1,"open\n', "not a readable CSV", 2),
        ("code,name\n1,Đặc khu\n".encode("utf-16"), "not UTF-8", None),
        ("code,name\n1,Đặc khu\n".encode("cp1258", "ignore"), "not UTF-8", None),
    ],
)
def test_malformed_files_are_refused(tmp_path: Path, content: str | bytes, problem: str | None, row: Any) -> None:
    path = written(tmp_path, content)
    if problem is None:  # a byte order mark is no fault
        assert list(read_csv_strict(path, COLUMNS)["code"]) == ["1"]
        return
    with pytest.raises(SourceError, match=problem) as caught:
        read_csv_strict(path, COLUMNS)
    assert caught.value.file == str(path)
    assert row is ... or caught.value.row == row
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_blank_lines_do_not_shift_the_row_numbers(tmp_path: Path) -> None:
    frame = read_csv_strict(written(tmp_path, "code,name\n1,x\n\n2,y\n"), COLUMNS)
    assert dict(zip(frame["code"], frame["row"], strict=True)) == {"1": 2, "2": 4}


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read: No such file"):
        read_csv_strict(tmp_path / "none.csv", COLUMNS)
    with pytest.raises(SourceError, match="not a regular file"):
        read_csv_strict(tmp_path, COLUMNS)


def test_size_is_bounded_before_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_files, "MAX_BYTES", 10)
    with pytest.raises(SourceError, match="more than the 10 allowed"):
        read_csv_strict(written(tmp_path, "code,name\n1,x\n"), COLUMNS)


def test_the_declared_files_are_the_embedded_ones() -> None:
    here = {path.stem for path in REFERENCE_FOLDER.glob("*.csv")}
    here |= {path.parent.name for path in REFERENCE_FOLDER.glob("*/*.csv")}
    assert here == {
        *REFERENCE_FILES,
        NSO_RULINGS_FILE.name,
        CODES_BY_DATE.name,
    }
    assert all(file.vi and file.en for file in REFERENCE_FILES.values())


def test_hash_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    file = REFERENCE_FILES["totals"]
    (tmp_path / "totals.csv").write_bytes(b"x")
    assert file.sha256(tmp_path) == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    assert file.sha256() != file.sha256(tmp_path)
