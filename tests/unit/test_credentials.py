"""Addresses: read so that no part of a password passes for something else, and shown without what is secret."""

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError

from kh02_pipelines.credentials import database_url, file_name, shown, web_address, without
from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.database.connection import Database


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("postgresql://h/d", "postgresql+psycopg"),
        ("postgresql+psycopg2://h/d", "postgresql+psycopg2"),
        ("mysql://h/d", "mysql+pymysql"),
        ("mariadb://h/d", "mariadb+pymysql"),
        ("sqlite:///x.db", "sqlite"),
    ],
)
def test_bare_dialects_get_the_installed_driver(given: str, named: str) -> None:
    url = database_url(given)
    assert url.drivername == named
    assert (url.host, url.database) == (make_url(given).host, make_url(given).database)


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("postgresql://w:hunter2@h:1/d", "postgresql+psycopg://w:***@h:1/d"),
        ("postgresql://w:hun/ter2@h/d", "postgresql+psycopg://w:***@h/d"),
        ("postgresql://w:hun%40ter2@h/d", "postgresql+psycopg://w:***@h/d"),
        ("postgresql://w@h/d?password=hunter2", "postgresql+psycopg://w@h/d?***"),
        ("postgresql://w@h/d?password=p@hunter2&host=/run", "postgresql+psycopg://w@h/d?host=/run&***"),
        (
            "postgresql://w@h/d?sslkey=/hunter2&sslpassword=hunter2&sslmode=require",
            "h/d?sslmode=require&***",
        ),
        ("postgresql://w@h/d?hunter2", "postgresql+psycopg://w@h/d"),
        ("mysql://w:hunter2@h/d?ssl_key=/hunter2&charset=utf8", "mysql+pymysql://w:***@h/d?charset=utf8&***"),
        ("sqlite:////var/a@b/catalogue.db", "sqlite:////var/a%40b/catalogue.db"),
        ("postgresql://me@office:hunter2@h/d", "h/d"),
    ],
)
def test_a_database_is_shown_without_its_secrets(given: str, seen: str) -> None:
    place = shown(database_url(given))
    assert place.endswith(seen)
    assert "ter2" not in place


@pytest.mark.parametrize(
    "given",
    [
        "hunter2 is none",
        "postgresql://w:hunter2@h:port/d",
        "postgresql://w:p@hunter2@h/d",
        "postgresql://w:p@hun/ter2@h/d",
        "postgresql://w:p@1:hunter2@h/d",
        "postgresql://w:p@ss?hunter2@h/d",
        "postgresql://w:p@ss?x=1&hunter2@h/d",
        "mysql://w:p@/hunter2@h/d",
        "postgresql://w:p@hunter2#x@h/d",
        "mysql://w:@hunter2@h/d",
    ],
)
def test_an_address_that_would_be_misread_is_refused_and_not_shown(given: str) -> None:
    with pytest.raises(ValueError, match=r"is not a database URL|not written as %40") as error:
        database_url(given)
    assert "ter2" not in str(error.value)
    assert error.value.__suppress_context__ or error.value.__context__ is None


def test_a_misread_address_of_another_hand_is_not_shown_either() -> None:
    assert shown(make_url("postgresql://w:p@hunter2@h/d")) == "postgresql://***"


password = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=4, max_size=12)


@given_any(password)
def test_no_password_as_people_type_it_is_shown(secret: str) -> None:
    """As it is, without a care for what has to be written as %XX: shown in no part, or refused."""
    for text in (f"postgresql://kh:Zq{secret}Zq@db:1/cat", f"https://kh:Zq{secret}Zq@db/cat.csv"):
        try:
            place = shown(database_url(text)) if text.startswith("p") else shown(web_address(text), private=True)
        except ValueError as error:
            place = str(error)
        assert "zq" not in place.lower(), place


@pytest.mark.parametrize(
    ("given", "seen", "private", "name"),
    [
        ("https://me:hunter2@h:1/a/b.csv?t=hunter2#hunter2", "https://h/a/b.csv", "https://h/***", "b.csv"),
        ("https://hunter2@h/a/b.xlsx", "https://h/a/b.xlsx", "https://h/***", "b.xlsx"),
        ("https://[::1]:8/b.csv", "https://[::1]/b.csv", "https://[::1]/***", "b.csv"),
        ("https://h/dl/c2VjcmV0", "https://h/dl/c2VjcmV0", "https://h/***", "download"),
    ],
)
def test_a_web_address_is_shown_without_its_secrets(given: str, seen: str, private: str, name: str) -> None:
    parts = web_address(given)
    assert (shown(parts), shown(parts, private=True), file_name(parts, private=True)) == (seen, private, name)


MESSAGE = 'could not open "/keys/hunter2.key" for hunter2%40x: p%40ss, p@ss'
SECRET = make_url("postgresql+psycopg://w:p%40ss@h/d?sslkey=/keys/hunter2.key&options=hunter2@x")


def test_messages_lose_what_is_secret() -> None:
    assert without(MESSAGE, SECRET) == 'could not open "***" for ***: ***, ***'
    assert without("no", URL.create("postgresql", username="w", password="o")) == "no"  # noqa: S106


@pytest.mark.parametrize(("told", "kept"), [(MESSAGE, False), ("the server went away", True)])
def test_a_cause_that_shows_a_secret_is_not_kept(told: str, kept: bool) -> None:
    failure = OperationalError("select", {}, Exception("down"))
    failure.__cause__ = ConnectionError(told)
    with pytest.raises(EnvironmentFault) as error, Database(SECRET).faults("is not reachable"):
        raise failure
    assert "hunter2" not in str(error.value)
    assert (error.value.__cause__ is not None) == kept
    assert error.value.__suppress_context__
