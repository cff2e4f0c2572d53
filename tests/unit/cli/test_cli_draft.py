"""The command ``kh02 draft``, on sentences about real communes of 2026."""

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kh02_pipelines.cli.main import app
from kh02_pipelines.errors import Kh02Error

LAW = """Số: 9/NQ-UBTVQH16
Điều 1. Sắp xếp các phường của thành phố Hà Nội
1. Sắp xếp toàn bộ diện tích tự nhiên, quy mô dân số của phường Hoàn Kiếm và phường Cửa Nam thành phường mới có tên gọi
là phường Hồ Gươm.
{more}
Điều 2. Hiệu lực thi hành
1. Nghị quyết này có hiệu lực thi hành từ ngày {day}.
"""


def law(folder: Path, day: str = "01 tháng 3 năm 2027", more: str = "") -> Path:
    file = folder / "law.txt"
    file.write_text(LAW.format(day=day, more=more), encoding="utf-8")
    return file


def run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["draft", *map(str, words)])
    if isinstance(result.exception, Kh02Error):
        return 2, "", str(result.exception)
    return result.exit_code, result.stdout, result.stderr


def test_it_writes_the_draft_and_asks_for_review(tmp_path: Path) -> None:
    output = tmp_path / "changes.csv"
    code, shown, _ = run(law(tmp_path), "-o", output)
    assert code == 3  # the code of the merged unit is open
    assert "2 dòng dự thảo" in shown
    with output.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["predecessor_code"], row["kind"], row["status"]) for row in rows] == [
        ("00070", "merger", "draft"),
        ("00082", "merger", "draft"),
    ]
    assert {row["effective_date"] for row in rows} == {"2027-03-01"}


def test_with_a_code_list_there_is_nothing_to_review(tmp_path: Path) -> None:
    codes = tmp_path / "codes.csv"
    codes.write_text(
        "Mã số,Tên đơn vị hành chính,Tỉnh (thành phố)\n00070,Phường Hồ Gươm,Thành phố Hà Nội\n", encoding="utf-8"
    )
    output = tmp_path / "changes.csv"
    assert run(law(tmp_path), "-o", output, "--codes", codes)[0] == 0
    assert "2027-03-01/commune/00070" in output.read_text("utf-8")


def test_what_is_not_read_is_printed_with_file_and_clause(tmp_path: Path) -> None:
    file = law(tmp_path, more="2. Sắp xếp toàn bộ xã Không Có và phường Láng thành phường Khác.")
    code, _, printed = run(file, "-o", tmp_path / "changes.csv")
    assert code == 3
    assert "law.txt, khoản · clause 2: Xã Không Có is in force nowhere" in printed


def test_a_given_day_goes_before_that_of_the_text(tmp_path: Path) -> None:
    output = tmp_path / "changes.csv"
    run(law(tmp_path), "-o", output, "--on", "2028-01-01")
    assert output.read_text("utf-8").count(",2028-01-01,") == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--on", "1/3/2027"), "'1/3/2027' is not a date; field on; remedy: write it as YYYY-MM-DD"),
        (("--on", "1999-01-01"), "no units are known for 1998-12-31"),
        (("--codes", "/nowhere/codes.csv"), "does not exist"),
    ],
)
def test_bad_options_are_one_line(words: tuple[str, ...], message: str, tmp_path: Path) -> None:
    code, _, printed = run(law(tmp_path), "-o", tmp_path / "changes.csv", *words)
    assert (code, message in printed, "\n" in printed) == (2, True, False)
    assert not (tmp_path / "changes.csv").exists()


def test_an_existing_file_is_kept_unless_it_may_be_overwritten(tmp_path: Path) -> None:
    output = tmp_path / "changes.csv"
    output.write_text("mine", encoding="utf-8")
    code, _, printed = run(law(tmp_path), "-o", output)
    assert (code, output.read_text("utf-8")) == (2, "mine")
    assert "exists already" in printed
    assert "--overwrite" in printed
    assert run(law(tmp_path), "-o", output, "--overwrite")[0] == 3
    file = law(tmp_path)
    assert run(file, "-o", file, "--overwrite")[0] == 2


def test_a_text_without_a_day_needs_one(tmp_path: Path) -> None:
    code, _, printed = run(law(tmp_path, day="được thông qua"), "-o", tmp_path / "changes.csv")
    assert code == 2
    assert "give the day with --on YYYY-MM-DD" in printed
