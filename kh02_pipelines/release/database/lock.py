"""One publisher at a time, for everybody who publishes to the same database.

Belongs here: the lock each kind of database offers, waiting for it, proving that it is still held, and naming who
holds it. Does not belong here: the lock of the home folder (``home_lock``).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.database.connection import Database, first_line
from kh02_pipelines.release.files.home_lock import holder_note, write_holder_note

POSTGRESQL_KEY = 0x6B6830325F707562  # "kh02_pub" as one 64-bit number
POLL_SECONDS = 0.1
_WHAT = "could not be locked for publishing"


class PublishingLock:
    """The lock while it is held. A server's lock is its connection's, and falls with it before we notice."""

    def __init__(self, where: str, still_held: Callable[[], bool]) -> None:
        self._where = where
        self._still_held = still_held

    def require_held(self) -> None:
        """Raise EnvironmentFault when the lock was lost: what was written since may be anybody's."""
        reason = "the server knows nothing of it"
        try:
            if self._still_held():
                return
        except SQLAlchemyError as error:
            reason = first_line(error)
        raise EnvironmentFault(
            f"the publishing lock on {self._where} was lost, its connection has ended: {reason}",
            remedy="see in the server's log who ended it (an administrator, a timeout for idle sessions, a proxy), "
            "then run again; readers still have the previous release",
        )


@contextmanager
def publishing_lock(database: Database, seconds: float) -> Iterator[PublishingLock]:
    """Hold the database's publishing lock; it falls with the process or its connection.

    Raises EnvironmentFault naming the holder when it is not free within ``seconds``.
    """
    if database.dialect == "sqlite":
        with _sqlite(database, seconds) as lock:
            yield lock
        return
    take, held, give_back = (
        (_take_postgresql, _HELD_POSTGRESQL, _give_back_postgresql)
        if database.dialect == "postgresql"
        else (_take_mariadb, _HELD_MARIADB, _give_back_mariadb)
    )
    # the body's own errors must not be taken for errors of this connection
    with database.faults(_WHAT):
        connection = database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        with database.faults(_WHAT):
            held_by = take(connection, seconds)
        if held_by is not None:
            raise _busy(database.display_url, held_by, seconds)
        yield PublishingLock(database.display_url, lambda: bool(connection.execute(held).scalar_one()))
    finally:
        try:
            give_back(connection)
            connection.close()
        except Exception:  # the connection is gone and the lock with it
            connection.invalidate()


def _busy(where: str, held_by: str, seconds: float) -> EnvironmentFault:
    return EnvironmentFault(
        f"another publisher has held the database {where} for more than {seconds:g} seconds: {held_by}",
        remedy="wait for it to end, or stop it, then run again; the previous release is untouched",
    )


_IS_OUR_KEY = (
    "l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 "
    "AND (l.classid::bigint << 32) | l.objid::bigint = :key "
    "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_HELD_POSTGRESQL = text(
    f"SELECT EXISTS (SELECT 1 FROM pg_locks l WHERE l.pid = pg_backend_pid() AND {_IS_OUR_KEY})"  # noqa: S608
).bindparams(key=POSTGRESQL_KEY)


def _take_postgresql(connection: Connection, seconds: float) -> str | None:
    until = time.monotonic() + seconds
    while not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": POSTGRESQL_KEY}).scalar_one():
        if time.monotonic() >= until:
            row = connection.execute(
                text(
                    "SELECT l.pid, a.usename, a.application_name, a.backend_start "  # noqa: S608 - our own text
                    f"FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid) WHERE {_IS_OUR_KEY}"
                ),
                {"key": POSTGRESQL_KEY},
            ).first()
            if row is None:
                return "it has just ended"
            return f"{row.application_name} as {row.usename}, server process {row.pid}, since {row.backend_start}"
        time.sleep(POLL_SECONDS)
    return None


def _give_back_postgresql(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": POSTGRESQL_KEY})


_MARIADB_NAME = "CONCAT('kh02.publish.', LEFT(DATABASE(), 40))"
_HELD_MARIADB = text(f"SELECT IS_USED_LOCK({_MARIADB_NAME}) = CONNECTION_ID()")


def _take_mariadb(connection: Connection, seconds: float) -> str | None:
    if connection.execute(text(f"SELECT GET_LOCK({_MARIADB_NAME}, :seconds)"), {"seconds": seconds}).scalar_one() == 1:
        return None
    row = connection.execute(
        text(
            "SELECT id, user, host, time FROM information_schema.processlist "  # noqa: S608
            f"WHERE id = IS_USED_LOCK({_MARIADB_NAME})"
        )
    ).first()
    if row is None:
        return "it has just ended, or its connection is not shown to this user"
    return f"{row.user} from {row.host}, server process {row.id}"


def _give_back_mariadb(connection: Connection) -> None:
    connection.execute(text(f"SELECT RELEASE_LOCK({_MARIADB_NAME})"))


@contextmanager
def _sqlite(database: Database, seconds: float) -> Iterator[PublishingLock]:
    path = Path(f"{database.url.database}.publish.lock")
    try:
        lock = FileLock(path, timeout=seconds)
        lock.acquire()
    except Timeout:
        raise _busy(database.display_url, holder_note(path), seconds) from None
    except OSError as error:
        raise EnvironmentFault(
            f"the database {database.display_url} {_WHAT}: {error.strerror or error}",
            file=path,
            remedy="set KH02_DATABASE_URL or KH02_HOME to a folder this user may write to, with free space",
        ) from error
    try:
        write_holder_note(path, "publishing")
        yield PublishingLock(database.display_url, lambda: lock.is_locked)
    finally:
        lock.release()
