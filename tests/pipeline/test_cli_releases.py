"""``kh02 releases``, ``rollback``, ``verify`` and ``db``: what they print and how they exit."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "integration"))

from synthetic import Home

from kh02_pipelines.cli.main import app
from kh02_pipelines.errors import EnvironmentFault


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("KH02_HOME", str(tmp_path))
    monkeypatch.delenv("KH02_DATABASE_URL", raising=False)
    return Home(tmp_path, f"sqlite:///{tmp_path / 'catalogue.db'}")


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_listing_going_back_and_verifying(home: Home) -> None:
    first, second = home.publish(1).release_id, home.publish(2).release_id
    code, text = run("releases")
    assert code == 0
    assert [line[:22].rstrip() for line in text.splitlines()[1:]] == [f"* {second}", f"  {first}"]
    assert run("rollback", first, "--reason", "thử") == (0, f"{second} → {first}\n")
    assert run("rollback", first, "--reason", "thử")[1].startswith(f"{first}: đang là bản hiện hành")
    assert run("releases")[1].splitlines()[2].startswith(f"* {first}")
    code, text = run("verify")
    assert (code, text.split(":")[0]) == (0, first)
    (home.files.folder(second) / "commune.parquet").unlink()
    assert run("verify", second)[0] == 1
    assert run("verify")[0] == 0


def test_a_rollback_without_reason_is_a_usage_error(home: Home) -> None:
    assert run("rollback", home.publish(1).release_id)[0] == 2


def test_the_schema_is_made_once(home: Home) -> None:
    assert "view commune" in run("db", "upgrade")[1]
    assert "up to date" in run("db", "upgrade")[1]
    assert run("db", "roles")[1].startswith("-- Roles")
    assert "    EXECUTE format('REVOKE ALL ON DATABASE" in run("db", "roles", "--alone")[1]


def test_before_the_first_release_there_is_nothing_to_verify(home: Home) -> None:
    with pytest.raises(EnvironmentFault, match="run kh02 build first"):
        run("verify")
