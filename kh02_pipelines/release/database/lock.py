"""One publisher at a time, for everybody who publishes to the same database.

Belongs here: the lock of each kind of database, waiting for it, proving that it is still held, and naming who
holds it. Does not belong here: the lock of the home folder (``home_lock``).

On a server the lock is the one row of ``publishing_lock``, held in a transaction that writes into it and is never
committed: whoever has no right to write there cannot take it. (A named lock of the server is anybody's.) No view
reads that table, so a role that reads the views cannot lock its row either.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Table, select, text, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.database.connection import Database, is_lock_timeout, lock_holders, who
from kh02_pipelines.release.files.home_lock import holder_note, write_holder_note

POLL_SECONDS = 0.1
_WHAT = "could not be locked for publishing"


class PublishingLock:
    """The lock while it is held. A server's lock is its connection's, and falls with it before we notice."""

    def __init__(self, database: Database, still_held: Callable[[], bool]) -> None:
        self._database = database
        self._still_held = still_held

    def require_held(self) -> None:
        """Raise EnvironmentFault when the lock was lost: what was written since may be anybody's."""
        reason = "the server knows nothing of it"
        try:
            if self._still_held():
                return
        except SQLAlchemyError as error:
            reason = self._database.reason(error)
        raise EnvironmentFault(
            f"the publishing lock on {self._database.display_url} was lost, its connection has ended: {reason}",
            remedy="see in the server's log who ended it (an administrator, a timeout for idle sessions, a proxy), "
            "then run again; readers still have the previous release",
        )


@contextmanager
def publishing_lock(database: Database, row: Table, seconds: float) -> Iterator[PublishingLock]:
    """Hold the database's publishing lock; it falls with the process or its connection.

    ``row``: the table ``publishing_lock``. Raises EnvironmentFault naming the holder when it is not free within
    ``seconds``, or when this user may not write there.
    """
    if database.dialect == "sqlite":
        with _sqlite(database, seconds) as lock:
            yield lock
        return
    # the body's own errors must not be taken for errors of this connection
    with database.faults(_WHAT):
        connection = database.engine.connect()
    try:
        with database.faults(_WHAT):
            token = _take(connection, row, seconds)
            if token is None:
                connection.rollback()
                raise _busy(database.display_url, _holder(connection, row), seconds)
        held = select(row.c.holder == token)
        yield PublishingLock(database, lambda: bool(connection.execute(held).scalar_one()))
    finally:
        try:
            connection.rollback()
            connection.close()
        except Exception:  # the connection is gone and the lock with it
            connection.invalidate()


def _busy(where: str, held_by: str, seconds: float) -> EnvironmentFault:
    return EnvironmentFault(
        f"another publisher has held the database {where} for more than {seconds:g} seconds: {held_by}",
        remedy="wait for it to end, or stop it, then run again; the previous release is untouched",
    )


def _take(connection: Connection, row: Table, seconds: float) -> str | None:
    """Lock the row and sign it; the signature, or None when another session holds it for all of ``seconds``."""
    until = time.monotonic() + seconds
    while True:
        try:
            if connection.dialect.name == "postgresql":  # waiting is our part, and so is the end of the session
                connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            connection.execute(select(row).with_for_update(nowait=True)).one()
            process = "pg_backend_pid()" if connection.dialect.name == "postgresql" else "CONNECTION_ID()"
            number = connection.execute(text(f"SELECT {process}")).scalar_one()
            token = f"{who()}, server process {number}, {uuid.uuid4().hex}"
            connection.execute(update(row).values(holder=token))
            return token
        except DBAPIError as error:
            connection.rollback()
            if not is_lock_timeout(error):
                raise
        if time.monotonic() >= until:
            return None
        time.sleep(POLL_SECONDS)


def _holder(connection: Connection, row: Table) -> str:
    """Who holds the row now; MariaDB lets us read the signature, PostgreSQL shows whose lock it is."""
    if connection.dialect.name != "postgresql":
        connection = connection.execution_options(isolation_level="READ UNCOMMITTED")
        signature = connection.execute(select(row.c.holder)).scalar_one_or_none()
        if signature:
            return str(signature).rpartition(", ")[0]
    return lock_holders(connection, row.name)


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
        yield PublishingLock(database, lambda: lock.is_locked)
    finally:
        lock.release()
