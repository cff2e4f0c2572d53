"""The database store: release rows, the pointer, and publishing by moving it, in SQLite, PostgreSQL or MariaDB.

Belongs here: writing a release so that nobody sees it, proving it in the database, moving the pointer, pruning.
Does not belong here: DDL (``database_upgrade``), files, or deciding whether to publish (``publish``).

Readers use the view of each table under its plain name. Rows of a release lie in the database before the pointer
names it, and stay after it has moved on: a reader sees the old release or the new one, in one statement always and
in several inside one REPEATABLE READ transaction.
"""

import datetime as dt
import getpass
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.engine import URL

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release import database_rows as rows_of
from kh02_pipelines.release.content import release_id
from kh02_pipelines.release.database_connection import Database, who
from kh02_pipelines.release.database_lock import publishing_lock
from kh02_pipelines.release.database_schema import (
    PUBLISH,
    PUBLISHED,
    ROLLBACK,
    STAGED,
    ReleaseSchema,
    release_schema,
)
from kh02_pipelines.release.database_upgrade import stored_fingerprint, upgrade
from kh02_pipelines.release.steps import Step, no_step
from kh02_pipelines.tables.catalogue import CATALOGUE
from kh02_pipelines.tables.contract import CONTRACT_VERSION
from kh02_pipelines.tables.declaration import Table
from kh02_pipelines.tables.release import TABLES as RELEASE_TABLES

LOCK_SECONDS = 60.0
AUXILIARY: dict[str, Table] = {table.name: table for table in RELEASE_TABLES}
_NOT_TAKEN = "did not take the release; readers still have the previous one"
_NOT_READ = "is not reachable"


@dataclass(frozen=True)
class DatabaseRelease:
    """What the database says of one published release; ``published_at`` has its offset."""

    release_id: str
    as_of: dt.date
    content_hash: str
    published_at: dt.datetime
    rows: dict[str, int]
    run_id: str | None


@dataclass(frozen=True)
class Withdrawal:
    """A release that somebody rolled back from, and has not been moved to since."""

    release_id: str
    moved_at: str
    moved_by: str
    reason: str


class DatabaseStore:
    """The published tables in one database; no connection is made before it is needed.

    ``upgrades_itself``: make the schema where it is missing or older (the SQLite file of a home folder);
    elsewhere that is an error which names ``kh02 db upgrade``. ``catalogue`` and ``step`` are there for tests.
    """

    def __init__(
        self,
        url: URL,
        *,
        upgrades_itself: bool = False,
        lock_seconds: float = LOCK_SECONDS,
        step: Step = no_step,
        catalogue: Mapping[str, Table] = CATALOGUE,
    ) -> None:
        self.url = url
        self.database = Database(url)
        self._catalogue = catalogue
        self._upgrades_itself = upgrades_itself
        self._lock_seconds = lock_seconds
        self._step = step

    @property
    def display_url(self) -> str:
        """The address without its password."""
        return self.database.display_url

    @cached_property
    def schema(self) -> ReleaseSchema:
        """The tables and views this version publishes."""
        return release_schema(self._catalogue, AUXILIARY, self.database.dialect)

    def upgrade(self) -> list[str]:
        """Make or bring up to date tables and views; returns what was done. Raises EnvironmentFault."""
        return upgrade(self.database, self.schema)

    def require_schema(self) -> None:
        """Raise EnvironmentFault unless the schema is this version's; make it so if this store may."""
        with self.database.transaction(_NOT_READ) as connection:
            found = stored_fingerprint(connection)
        if found == self.schema.fingerprint:
            return
        if self._upgrades_itself:
            self.upgrade()
            return
        state = "has no catalogue schema" if found is None else "has the catalogue schema of another version"
        raise EnvironmentFault(
            f"the database {self.display_url} {state}", remedy="run kh02 db upgrade (as kh02_owner), then run again"
        )

    def current(self) -> str | None:
        """The content hash of the release readers see, or None. Raises EnvironmentFault if unreachable."""
        found = self.current_release()
        return None if found is None else found.content_hash

    def current_release(self) -> DatabaseRelease | None:
        """The release readers see, or None before the first one. Raises EnvironmentFault if unreachable."""
        return next((release for release, is_current in self._published() if is_current), None)

    def releases(self) -> list[DatabaseRelease]:
        """Every published release the database holds, newest first. Raises EnvironmentFault if unreachable."""
        found = [release for release, _ in self._published()]
        return sorted(found, key=lambda release: (release.published_at, release.release_id), reverse=True)

    def stored(self, release: str, shapes: Mapping[str, pa.Schema] | None = None) -> tuple[dict[str, int], str]:
        """Rows by table, and the content hash, of what the database holds of a release, read through SQL.

        ``shapes``: the schemas it was published with, if an older contract made it. Raises KeyError for a table
        that is not declared any more.
        """
        with self.database.transaction(_NOT_READ) as connection:
            return (
                rows_of.row_counts(connection, self.schema, release),
                rows_of.stored_content_hash(connection, self.schema, release, shapes),
            )

    def withdrawn(self, content_hash: str) -> Withdrawal | None:
        """Whether the content was rolled back from and has not been moved to since."""
        move = self.schema.move
        with self.database.transaction(_NOT_READ) as connection:
            if stored_fingerprint(connection) is None:
                return None
            moves = connection.execute(
                select(move)
                .where((move.c.content_hash == content_hash) | (move.c.left_content_hash == content_hash))
                .order_by(move.c.seq.desc())
                .limit(1)
            ).first()
        if moves is None or moves.action != ROLLBACK or moves.content_hash == content_hash:
            return None
        return Withdrawal(moves.left_release_id, moves.moved_at, moves.moved_by, moves.reason)

    def left_at(self) -> dict[str, dt.datetime]:
        """When the pointer last moved away from each release that it once named and has left."""
        move = self.schema.move
        moves = select(move.c.left_release_id, move.c.moved_at).where(move.c.left_release_id.is_not(None))
        with self.database.transaction(_NOT_READ) as connection:
            found = connection.execute(moves.order_by(move.c.seq)).all()
        return {release: dt.datetime.fromisoformat(when) for release, when in found}  # the last move counts

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the database's publishing lock. Raises EnvironmentFault naming who holds it for long."""
        with publishing_lock(self.database, self._lock_seconds):
            self._step("database.locked")
            yield

    def publish(
        self,
        tables: Mapping[str, pa.Table],
        as_of: dt.date,
        content_hash: str,
        *,
        published_at: dt.datetime | None = None,
        run_id: str | None = None,
        auxiliary: Mapping[str, pa.Table] | None = None,
    ) -> None:
        """Write a release where nobody sees it, prove it in the database, and move the pointer to it.

        ``auxiliary``: rows of the tables about releases, for this release; they appear with the pointer's move.
        Raises EnvironmentFault when the database refuses, when what it holds is not what was written, or when
        another publisher moved the pointer meanwhile; readers then still have the previous release.
        """
        release = release_id(as_of, content_hash)
        self.require_schema()
        with self.lock():
            with self.database.transaction(_NOT_TAKEN, writes=True) as connection:
                seq = self._seq(connection)
                held = self._status(connection, release)
                if held != PUBLISHED:
                    rows_of.delete_release(connection, self.schema, release)
                    self._allocate(connection, release, as_of, content_hash, tables, run_id)
            self._step("database.allocated")
            if held != PUBLISHED:
                self._write(release, tables)
            self._audit(release, tables, content_hash)
            self._move(release, seq, PUBLISH, published_at or dt.datetime.now(dt.UTC), None, auxiliary or {})

    def record(self, name: str, release: str, rows: pa.Table) -> None:
        """Put a release's rows into one of the tables about releases, in place of what it had there.

        For what is known only after publishing. Raises EnvironmentFault; the table then stays as it was.
        """
        self.require_schema()
        beside = self.schema.beside[name]
        with self.database.transaction(f"did not take {name}", writes=True) as connection:
            connection.execute(delete(beside).where(beside.c.release_id == release))
            rows_of.insert_rows(connection, beside, rows)

    def roll_back(self, release: str, reason: str, moved_at: dt.datetime) -> None:
        """Move the pointer to a published release, and record why. Raises EnvironmentFault if it is not held."""
        self.require_schema()
        with self.lock():
            with self.database.transaction(_NOT_TAKEN) as connection:
                seq, held = self._seq(connection), self._status(connection, release)
                described = self._row_counts(connection, release)
                counted = rows_of.row_counts(connection, self.schema, release)
            # tables that an older contract did not have are empty in its releases
            if held != PUBLISHED or described != {name: counted.get(name) for name in described or ()}:
                raise EnvironmentFault(
                    f"the database {self.display_url} does not hold the whole release {release}",
                    remedy="choose one that kh02 releases lists, or publish it again",
                )
            self._move(release, seq, ROLLBACK, moved_at, reason, {})

    def clear_staged(self) -> list[str]:
        """Remove the rows of releases that were written and never published; returns their ids."""
        with self.database.transaction(_NOT_READ) as connection:
            if stored_fingerprint(connection) is None or not self._staged(connection):
                return []
        with self.lock(), self.database.transaction("could not be cleared", writes=True) as connection:
            staged = self._staged(connection)  # again: only under the lock is it nobody's work
            for release in staged:
                rows_of.delete_release(connection, self.schema, release)
        return staged

    def remove(self, releases: Collection[str]) -> None:
        """Remove releases that no pointer names, rows and all. Raises EnvironmentFault; then all stay."""
        with self.lock(), self.database.transaction("could not be pruned", writes=True) as connection:
            current = connection.execute(select(self.schema.pointer.c.release_id)).scalar_one()
            for release in releases:
                if release != current:
                    rows_of.delete_release(connection, self.schema, release)

    def _allocate(
        self,
        connection: Connection,
        release: str,
        as_of: dt.date,
        content_hash: str,
        tables: Mapping[str, pa.Table],
        run_id: str | None,
    ) -> None:
        row = {
            "release_id": release,
            "as_of": as_of,
            "content_hash": content_hash,
            "run_id": run_id,
            "status": STAGED,
            "row_counts": json.dumps({name: tables[name].num_rows for name in sorted(self.schema.twins)}),
            "contract_version": CONTRACT_VERSION,
        }
        connection.execute(insert(self.schema.release), row)

    def _write(self, release: str, tables: Mapping[str, pa.Table]) -> None:
        with self.database.transaction(_NOT_TAKEN, writes=True) as connection:
            self._step("database.rows_begun")
            for name, twin in self.schema.twins.items():
                rows_of.insert_release(connection, twin, release, tables[name])
            self._step("database.rows_written")
        self._step("database.rows_committed")

    def _audit(self, release: str, tables: Mapping[str, pa.Table], content_hash: str) -> None:
        counted, hashed = self.stored(release)
        wrong = [
            f"{name} {counted[name]} of {tables[name].num_rows} rows"
            for name in counted
            if counted[name] != tables[name].num_rows
        ]
        if wrong or hashed != content_hash:
            raise EnvironmentFault(
                f"the database {self.display_url} does not hold what was written: "
                + (", ".join(wrong) or f"content hash {hashed[:8]} instead of {content_hash[:8]}"),
                remedy="check its encoding (UTF-8), collation and triggers, then run again",
            )
        self._step("database.audited")

    def _move(
        self,
        release: str,
        seq: int,
        action: str,
        moved_at: dt.datetime,
        reason: str | None,
        auxiliary: Mapping[str, pa.Table],
    ) -> None:
        """Compare and swap: the pointer moves if it is still where ``seq`` saw it."""
        schema, when = self.schema, moved_at.isoformat(timespec="seconds")
        with self.database.transaction(_NOT_TAKEN, writes=True) as connection:
            left = connection.execute(
                select(schema.release.c.release_id, schema.release.c.content_hash).join(
                    schema.pointer, schema.pointer.c.release_id == schema.release.c.release_id
                )
            ).first()
            hashed = connection.execute(
                select(schema.release.c.content_hash).where(schema.release.c.release_id == release)
            ).scalar_one()
            moved = connection.execute(
                update(schema.pointer)
                .where(schema.pointer.c.one == 1, schema.pointer.c.seq == seq)
                .values(release_id=release, seq=seq + 1)
            )
            if moved.rowcount != 1:
                raise EnvironmentFault(
                    "another publisher moved the database's pointer meanwhile",
                    remedy="run again; what the other one published is in place",
                )
            connection.execute(
                update(schema.release)
                .where(schema.release.c.release_id == release, schema.release.c.status == STAGED)
                .values(status=PUBLISHED, published_at=when)
            )
            connection.execute(
                insert(schema.move),
                {
                    "seq": seq + 1,
                    "action": action,
                    "release_id": release,
                    "content_hash": hashed,
                    "left_release_id": left.release_id if left else None,
                    "left_content_hash": left.content_hash if left else None,
                    "moved_at": when,
                    "moved_by": f"{getpass.getuser()} at {who()}"[:255],
                    "reason": reason,
                },
            )
            for name, table in auxiliary.items():
                beside = schema.beside[name]
                connection.execute(delete(beside).where(beside.c.release_id == release))
                rows_of.insert_rows(connection, beside, table)
            self._step("database.pointer_set")
        self._step("database.pointer_committed")

    def _published(self) -> list[tuple[DatabaseRelease, bool]]:
        release, pointer = self.schema.release, self.schema.pointer
        with self.database.transaction(_NOT_READ) as connection:
            if stored_fingerprint(connection) is None:
                return []
            current = connection.execute(select(pointer.c.release_id)).scalar_one()
            rows = connection.execute(select(release).where(release.c.status == PUBLISHED)).all()
        return [(_described(row), row.release_id == current) for row in rows]

    def _seq(self, connection: Connection) -> int:
        return int(connection.execute(select(self.schema.pointer.c.seq)).scalar_one())

    def _status(self, connection: Connection, release: str) -> str | None:
        table = self.schema.release
        return connection.execute(select(table.c.status).where(table.c.release_id == release)).scalar_one_or_none()

    def _row_counts(self, connection: Connection, release: str) -> dict[str, int] | None:
        table = self.schema.release
        text = connection.execute(select(table.c.row_counts).where(table.c.release_id == release)).scalar_one_or_none()
        return None if text is None else json.loads(text)

    def _staged(self, connection: Connection) -> list[str]:
        table = self.schema.release
        query = select(table.c.release_id).where(table.c.status == STAGED).order_by(table.c.release_id)
        return list(connection.execute(query).scalars())


def _described(row: Row[Any]) -> DatabaseRelease:
    return DatabaseRelease(
        release_id=row.release_id,
        as_of=row.as_of,
        content_hash=row.content_hash,
        published_at=dt.datetime.fromisoformat(row.published_at),
        rows=json.loads(row.row_counts),
        run_id=row.run_id,
    )
