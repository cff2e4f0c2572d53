"""``kh02 lookup`` over a published release: what it prints, its exit codes, and what it does not import."""

import datetime as dt
import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.cli.main import app
from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.files.parquet_store import ParquetStore
from kh02_pipelines.release.staging import stage

FOUND, NOTHING = 0, 1


@pytest.fixture(scope="module")
def home(candidate_today: Candidate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lookup") / "home"
    store = ParquetStore(folder / "parquet")
    published = dt.datetime(2026, 11, 24, 20, tzinfo=dt.UTC)  # the 25th in Viet Nam
    store.point_to(store.add(stage(candidate_today, folder / "staging"), published).release_id)
    return folder


@pytest.fixture
def ask(home: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setenv("KH02_HOME", str(home))
    return lambda *words: CliRunner().invoke(app, ["lookup", *words])


def refusal(result: Result) -> str:
    assert isinstance(result.exception, EnvironmentFault)
    return str(result.exception)


def test_the_story_of_a_code(ask) -> None:  # type: ignore[no-untyped-def]
    result = ask("769")
    assert result.exit_code == FOUND
    assert result.output.splitlines()[:5] == [
        "! Mã 769 chỉ 2 phiên bản đơn vị theo thời gian, có thể là lãnh thổ khác nhau · "
        "the code stood for 2 unit versions over time, maybe other territory",
        "",
        "769 Quận 2, Thành phố Hồ Chí Minh",
        "  từ · from 2004-08-31 hoặc trước nữa · or earlier; đến trước · until 2021-01-01: đã hết hiệu lực · ended",
        "  → 2021-01-01 đổi loại · retype: 769 Thành phố Thủ Đức; 1111/NQ-UBTVQH14",
    ]
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("07693",), "mã ma: đã hết mà danh mục còn in · ghost"),
        (("04966",), "mã này từng được in cho đơn vị này, không phải mã của nó · alias"),
        (("05782",), "đã hết, chưa biết đơn vị kế thừa · ended, successor not known"),
        (("754", "--on", "2018-04-20"), "took effect from 2018-04-11 to 2018-06-13"),
        (("Phó Bảng",), "không có tên viết đúng như vậy"),
        (("00004",), "← 2025-07-01 nhập · merger: 00004 Phường Trúc Bạch, 00013 Phường Quán Thánh"),
        (("00142",), "suy ra · derived"),
    ],
)
def test_what_is_not_plain_is_said(ask, words: tuple[str, ...], told: str) -> None:  # type: ignore[no-untyped-def]
    result = ask(*words)
    assert result.exit_code == FOUND
    assert told in result.output


def test_json_is_one_document_and_nothing_found_is_one_too(ask) -> None:  # type: ignore[no-untyped-def]
    found = ask("Hà Tây", "--json")
    answer = json.loads(found.stdout)
    assert list(answer) == ["query", "spans", "suggestions"]
    assert [span["level"] for span in answer["spans"]] == ["province", "commune", "commune"]
    assert list(answer["spans"][0]) == [
        *("level", "code", "name", "valid_from", "valid_to", "status", "today", "steps"),
    ]
    missed = ask("99999", "--json")
    assert (missed.exit_code, json.loads(missed.stdout)) == (
        NOTHING,
        {"query": "99999", "spans": [], "suggestions": []},
    )


def test_suggestions_where_nothing_fits(ask) -> None:  # type: ignore[no-untyped-def]
    result = ask("Quạn 9")
    assert (result.exit_code, result.stdout) == (NOTHING, "")
    assert "có phải · did you mean:\n    Quận 9, Thành phố Hồ Chí Minh (763)\n" in result.stderr


def test_days_that_the_release_does_not_speak_for(ask) -> None:  # type: ignore[no-untyped-def]
    assert "2004-08-30 is not among the days 2004-08-31 to 2026-11-21" in refusal(ask("769", "--on", "2004-08-30"))
    assert "run kh02 build" in refusal(ask("769", "--on", "2026-11-26"))
    assert "write it as YYYY-MM-DD" in refusal(ask("769", "--on", "hôm qua"))
    checked = ask("00004", "--on", "2026-11-25")
    assert checked.exit_code == FOUND
    assert "the release speaks for 2026-11-21" in checked.stderr


def test_it_imports_neither_pandas_nor_sqlalchemy_nor_dagster(home: Path) -> None:
    code = (
        "import sys\nfrom kh02_pipelines.cli.main import app\n"
        "try:\n    app(['lookup', 'Phường 1, Quận 3'])\nexcept SystemExit as end:\n    assert not end.code\n"
        "print(sorted({'pandas', 'sqlalchemy', 'dagster', 'pydantic_settings', 'great_expectations', 'rich'}"
        " & set(sys.modules)))"
    )
    environment = {**os.environ, "KH02_HOME": str(home)}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    assert "27160 Phường 1, Quận 3" in ended.stdout
    assert ended.stdout.splitlines()[-1] == "[]"
