"""Connections to the published database, the same way on SQLite, PostgreSQL and MariaDB.

Belongs here: engines, transactions, and turning a driver's errors into ours. Does not belong here: statements.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from kh02_pipelines.credentials import cause, shown, without
from kh02_pipelines.errors import EnvironmentFault

CONNECT_SECONDS = 10
SQLITE_BUSY_MILLISECONDS = 30_000
WRITES = "kh02_writes"
LOCK_TIMEOUT = "50s"
"""How long a publisher waits for a row or a table on PostgreSQL where its session sets nothing; MariaDB's default."""

_LOCK_TIMEOUTS = frozenset({"55P03", 1205, 3572})  # of PostgreSQL, MariaDB, MySQL
_NOT_SHOWN = "a session that the server does not show to this user (on MariaDB that takes the right PROCESS)"


def who() -> str:
    """This process, as others may see it: host and process id."""
    return f"{socket.gethostname()} pid {os.getpid()}"


def first_line(error: Exception) -> str:
    """What a driver's error says, without the statement."""
    return (str(getattr(error, "orig", None) or error).splitlines() or [type(error).__name__])[0]


def run_ddl(connection: Connection, statements: str) -> None:
    """Run DDL as it stands; several statements may be joined, and a percent sign is one."""
    connection.exec_driver_sql(statements, execution_options={"no_parameters": True})


def is_lock_timeout(error: Exception) -> bool:
    """Whether a statement gave up waiting for a lock that another session holds."""
    original = getattr(error, "orig", None) or error
    codes = {getattr(original, "sqlstate", None), *getattr(original, "args", ())[:1]}
    return not _LOCK_TIMEOUTS.isdisjoint(code for code in codes if isinstance(code, str | int))


def lock_holders(connection: Connection, table: str) -> str:
    """Which sessions hold locks that keep others from writing to a table, as far as this user may see them.

    PostgreSQL says it of the table, MariaDB of the database. Each comes with its user and the server's number of it.
    """
    if connection.dialect.name == "postgresql":
        query = text(
            "SELECT DISTINCT a.pid, a.usename, a.application_name, a.xact_start FROM pg_locks l "
            "JOIN pg_stat_activity a USING (pid) WHERE l.granted AND l.pid <> pg_backend_pid() "
            "AND l.relation = to_regclass(:name) AND l.mode NOT IN ('AccessShareLock') "
            "AND NOT EXISTS (SELECT 1 FROM pg_locks w WHERE w.pid = l.pid AND NOT w.granted) ORDER BY a.pid"
        )
    else:
        query = text(
            "SELECT p.id, p.user, p.host, t.trx_started FROM information_schema.innodb_trx t "
            "JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id "
            "WHERE p.db = DATABASE() AND p.id <> CONNECTION_ID() AND t.trx_lock_structs > 0 AND :name <> '' "
            "ORDER BY t.trx_started"
        )
    try:
        found = connection.execute(query, {"name": table}).all()
    except DBAPIError:
        return _NOT_SHOWN
    sessions = [
        f"{name or 'a session'} as {user}, server process {number}{f', since {since}' if since else ''}"
        if connection.dialect.name == "postgresql"
        else f"{user} from {name or 'here'}, server process {number}, since {since}"
        for number, user, name, since in found
    ]
    return "; ".join(sessions) or "a session that has just ended"


class Database:
    """One database; no connection is made before it is needed, and none is kept."""

    def __init__(self, url: URL) -> None:
        self.url = url

    @property
    def display_url(self) -> str:
        """The address without what is secret in it."""
        return shown(self.url)

    def reason(self, error: Exception) -> str:
        """What a driver's error says, without what is secret in the address."""
        return without(first_line(error), self.url)

    @property
    def dialect(self) -> str:
        """``sqlite``, ``postgresql`` or ``mariadb`` (also for MySQL's dialect)."""
        return self.url.get_backend_name().replace("mysql", "mariadb")

    @cached_property
    def engine(self) -> Engine:
        """The engine; without a pool, so that nothing is left open or shared with a forked process."""
        arguments: dict[str, object] = {}
        if self.dialect == "postgresql":
            arguments = {"application_name": f"kh02 {who()}"[:63], "connect_timeout": CONNECT_SECONDS}
        elif self.dialect == "mariadb":
            arguments = {"charset": "utf8mb4", "connect_timeout": CONNECT_SECONDS}
            if "unix_socket" in self.url.query:
                # nothing leaves the machine, and the driver reads all certificates at every connection
                arguments["ssl_disabled"] = True
        # values are handed to MariaDB's driver by position (``rows``), as SQLite's takes them anyway
        style = {"paramstyle": "format"} if self.dialect == "mariadb" else {}
        engine = create_engine(self.url, poolclass=NullPool, connect_args=arguments, **style)
        if self.dialect == "sqlite":
            _settle_sqlite(engine)
        return engine

    @contextmanager
    def transaction(self, what: str, *, writes: bool = False) -> Iterator[Connection]:
        """A transaction that sees one state of the database; ``what`` says in an error what could not be done."""
        with self.faults(what):
            options: dict[str, bool | str] = {WRITES: True} if writes else {}
            if self.dialect != "sqlite" and not writes:
                options["isolation_level"] = "REPEATABLE READ"
            with self.engine.execution_options(**options).begin() as connection:
                if writes and self.dialect == "postgresql":
                    wait = "SELECT set_config('lock_timeout', :wait, true) WHERE current_setting('lock_timeout') = '0'"
                    connection.execute(text(wait), {"wait": LOCK_TIMEOUT})
                yield connection

    @contextmanager
    def session(self, what: str) -> Iterator[Connection]:
        """A connection outside any transaction, for locks that outlive transactions."""
        with self.faults(what), self.engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def faults(self, what: str) -> Iterator[None]:
        """Raise EnvironmentFault saying ``what`` for any error of the driver."""
        try:
            yield
        except (SQLAlchemyError, psycopg.Error) as error:
            reason = self.reason(error)
            if self.dialect != "sqlite" and is_lock_timeout(error):
                reason += f"; held by {self._holders()}"
            message = f"the database {self.display_url} {what}: {reason}"
            remedy = f"{_remedy(reason.lower())}, then run again"
            raise EnvironmentFault(message, remedy=remedy) from cause(error, self.url)

    def _holders(self) -> str:
        """Who holds the pointer's row, which is what a publisher waits for."""
        try:
            with self.engine.connect() as connection:
                return lock_holders(connection, "current_release")
        except SQLAlchemyError:
            return _NOT_SHOWN


def _remedy(reason: str) -> str:
    if any(word in reason for word in ("full", "no space")):
        return "free space for the database"
    if "disk i/o error" in reason:
        # SQLite makes files beside the database even to read, and does not say that there is no room
        return "free space on the disk of the database, see whether the disk is sound"
    if any(words in reason for words in ("readonly database", "unable to open database file")):
        return (
            "give this user the right to write to the folder of the SQLite file, which even reading it takes; without "
            "it read catalogue.sqlite in the release folder that parquet/current.json names"
        )
    if any(words in reason for words in ("lock wait timeout", "lock timeout", "database is locked")):
        return "end the transaction of another session that holds the rows (docs/reading.md)"
    return "start the database or correct KH02_DATABASE_URL and its rights"


def _settle_sqlite(engine: Engine) -> None:
    """WAL for readers beside a writer; transactions begin where we say, not where the driver guesses."""

    @event.listens_for(engine, "connect")
    def _connect(connection, _record):  # type: ignore[no-untyped-def]
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_MILLISECONDS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # a transaction that reads first and writes later could not wait for another writer
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
