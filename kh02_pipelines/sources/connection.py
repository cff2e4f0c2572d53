"""Reaching somebody's database: the engine, how long a driver waits, and why it failed, without a word of the URL.

Belongs here: what depends on the driver. Does not belong here: queries (``database``). The URL holds a password,
and messages of drivers may hold values: neither is shown, nor kept as the cause of an error.
"""

import os
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError

from kh02_pipelines.credentials import database_url
from kh02_pipelines.errors import EnvironmentFault

_WRITTEN = "write it as dialect+driver://user:password@host/database, with special characters as %XX"
_CONNECT_SECONDS = 15

_LOGIN = ("the login was refused", "correct the user and password in the environment variable")
_NO_DATABASE = ("there is no such database", "correct the database name in the environment variable")
_NO_TABLE = ("there is no such table", "correct the table or query")
_NO_COLUMN = ("there is no such column", "correct the column mapping or the query")
_NO_RIGHT = ("the user may not read this", "grant SELECT on what the query reads")
_WRITES = ("the query writes, or calls what does", "write a SELECT that only reads")
_SYNTAX = ("the query is no correct SQL", "correct the query")
_AWAY = ("it cannot be reached, or went away", "check that the database is up and the address is right, then run again")
_OTHER = "check that the database is up and the query is right, then run again"

_STATES = {
    "28": _LOGIN,
    "3D": _NO_DATABASE,
    "42P01": _NO_TABLE,
    "3F": _NO_TABLE,
    "42703": _NO_COLUMN,
    "42501": _NO_RIGHT,
    "42601": _SYNTAX,
    "25006": _WRITES,
    "08": _AWAY,
    "57P": _AWAY,
}
"""The beginning of an SQLSTATE (PostgreSQL) → what it means and the remedy."""

_NUMBERS = {
    1044: _NO_RIGHT,
    1045: _LOGIN,
    1049: _NO_DATABASE,
    1054: _NO_COLUMN,
    1064: _SYNTAX,
    1142: _NO_RIGHT,
    1146: _NO_TABLE,
    1792: _WRITES,
    2003: _AWAY,
    2006: _AWAY,
    2013: _AWAY,
}
"""Error numbers of MySQL and MariaDB."""

_SQLITE = {
    "no such table": _NO_TABLE,
    "no such column": _NO_COLUMN,
    "unable to open database file": _AWAY,
    "file is not a database": ("the file is no SQLite database", "correct the path in the environment variable"),
    "readonly database": _WRITES,
    "syntax error": _SYNTAX,
    "incomplete input": _SYNTAX,
}
"""Words in the messages of SQLite, which has no codes for these."""

_READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
}
"""What makes a connection refuse to write: a statement may begin as a SELECT does and write all the same."""


def database_engine(variable: str, name: str, seconds: int) -> Engine:
    """An engine for the URL in an environment variable, for the source ``name``.

    Raises EnvironmentFault when the variable is not set, is no URL, or names an SQLite file that does not exist
    (SQLite would make an empty one).
    """
    text = os.environ.get(variable, "")
    if not text:
        raise EnvironmentFault(f"{variable} is not set", field=variable, remedy=f"set it to the database URL of {name}")
    try:
        url = database_url(text)
    except ValueError as error:
        raise EnvironmentFault(f"{variable} {error}", field=variable, remedy=_WRITTEN) from None
    try:
        engine = sa.create_engine(url, connect_args=_waiting(url, seconds))
    except (ValueError, TypeError, ModuleNotFoundError, SQLAlchemyError) as error:
        raise EnvironmentFault(
            f"{variable} is not a database URL, or its driver is not installed ({type(error).__name__})",
            field=variable,
            remedy=_WRITTEN,
        ) from None  # the cause may show the URL
    if url.get_backend_name() == "sqlite" and _missing_file(url.database):
        raise EnvironmentFault(
            f"{variable} names an SQLite file that does not exist", field=variable, remedy="correct its path"
        )
    if url.get_backend_name() in _READ_ONLY:
        sa.event.listen(engine, "connect", _read_only(_READ_ONLY[url.get_backend_name()]))
    return engine


def reason(error: SQLAlchemyError) -> tuple[str, str]:
    """Why a database failed, and the remedy, from its codes alone: what it says may hold values or the URL."""
    origin = getattr(error, "orig", None)
    state, arguments = getattr(origin, "sqlstate", None), getattr(origin, "args", ())
    if state:
        known = next((told for begin, told in _STATES.items() if state.startswith(begin)), None)
        return known or (f"SQLSTATE {state}", _OTHER)
    if arguments and isinstance(arguments[0], int):
        return _NUMBERS.get(arguments[0], (f"error {arguments[0]}", _OTHER))
    text = str(origin).lower()
    for words, told in _SQLITE.items():
        if words in text:
            return told
    if "password authentication failed" in text:  # told before there is a connection to carry a code
        return _LOGIN
    if isinstance(origin, OSError) or type(origin).__name__ == "OperationalError":
        return _AWAY
    return type(origin or error).__name__, _OTHER


def _read_only(statement: str) -> Callable[[DBAPIConnection, object], None]:
    def settle(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(statement)
        cursor.close()
        connection.commit()

    return settle


def _waiting(url: URL, seconds: int) -> dict[str, object]:
    """How long the driver waits, where it can be told: so that its thread and connection end, too."""
    connect = min(seconds, _CONNECT_SECONDS)
    if url.drivername == "postgresql+psycopg":
        return {"connect_timeout": connect, "tcp_user_timeout": seconds * 1000}
    if url.drivername.endswith("+pymysql"):
        return {"connect_timeout": connect, "read_timeout": seconds, "write_timeout": seconds}
    if url.get_backend_name() == "sqlite":
        return {"timeout": connect}
    return {}


def _missing_file(database: str | None) -> bool:
    """Whether it names a file that is not there (not a database in memory, not a ``file:`` address)."""
    return (
        bool(database)
        and database != ":memory:"
        and not str(database).startswith("file:")
        and not Path(str(database)).is_file()
    )
