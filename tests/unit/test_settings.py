"""Settings from the environment; nothing secret is shown."""

from pathlib import Path

import pytest
from dagster._core.storage.sqlite import create_db_conn_string
from pydantic import ValidationError
from sqlalchemy.engine import make_url

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.settings import Settings


def test_defaults_stay_in_the_working_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings()
    assert settings.home_path == tmp_path / "var"
    assert settings.dagster_home == tmp_path / "var" / "dagster"
    assert settings.sqlalchemy_url() == make_url(f"sqlite:///{tmp_path / 'var' / 'catalogue.db'}")
    assert settings.profile == "local"


def test_every_setting_is_an_environment_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KH02_HOME", str(tmp_path))
    monkeypatch.setenv("KH02_DATABASE_URL", "postgresql+psycopg://reader:secret@db/catalogue")
    monkeypatch.setenv("KH02_PROFILE", "production")
    settings = Settings()
    assert settings.home_path == tmp_path
    assert settings.sqlalchemy_url().password == "secret"  # noqa: S105
    assert settings.profile == "production"
    assert "secret" not in repr(settings)


def test_home_may_name_the_users_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings(home=Path("~/kh02")).home_path == tmp_path / "kh02"


@pytest.mark.parametrize("name", ["a?b", "a%20b", "a%3Fb"])
def test_a_home_that_dagster_would_misread_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(EnvironmentFault, match=r"has a \? or a %XX .*, field KH02_HOME; remedy: choose"):
        Settings(home=tmp_path / name).sqlalchemy_url()


@pytest.mark.parametrize("name", ["Hà Nội", "100%", "a#b", "a b&c=d", "a@b:c"])
def test_a_home_of_unusual_letters_is_that_folder_for_dagster_too(tmp_path: Path, name: str) -> None:
    settings = Settings(home=tmp_path / name)
    assert settings.sqlalchemy_url().database == str(tmp_path / name / "catalogue.db")
    assert make_url(str(settings.sqlalchemy_url())) == settings.sqlalchemy_url()
    stored = make_url(create_db_conn_string(str(settings.dagster_home), "runs"))
    assert stored.database == str(tmp_path / name / "dagster" / "runs.db")


def test_empty_database_url_means_the_default(tmp_path: Path) -> None:
    assert Settings(home=tmp_path, database_url="").sqlalchemy_url().drivername == "sqlite"


def test_malformed_database_url_is_refused_without_showing_it(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="KH02_DATABASE_URL is not a database URL") as caught:
        Settings(home=tmp_path, database_url="user:hunter2 at db").sqlalchemy_url()
    assert "hunter2" not in str(caught.value)


def test_unknown_profile_is_refused() -> None:
    with pytest.raises(ValidationError, match="profile"):
        Settings(profile="staging")


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("kh02.example.org", {"kh02.example.org"}),
        (" KH02.example.org, localhost,[::1] ", {"kh02.example.org", "localhost", "[::1]"}),
    ],
)
def test_names_of_the_ui(monkeypatch: pytest.MonkeyPatch, given: str, names: set[str]) -> None:
    assert Settings().ui_hosts == {"localhost", "127.0.0.1", "[::1]"}
    monkeypatch.setenv("KH02_UI_HOSTS", given)
    assert Settings().ui_hosts == names


@pytest.mark.parametrize("given", ["", " , ", "localhost:3000", "*", "https://kh02.example.org", "::1"])
def test_names_of_the_ui_that_are_none(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("KH02_UI_HOSTS", given)
    with pytest.raises(ValidationError, match="is not a host name"):
        Settings()
