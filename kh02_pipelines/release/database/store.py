"""The database store: release rows, the pointer, and publishing by moving it, in SQLite, PostgreSQL or MariaDB.

Belongs here: writing a release so that nobody sees it, proving it in the database, moving the pointer, pruning.
Does not belong here: DDL (``upgrade``), files, or deciding whether to publish (``publish``).

Readers use the view of each table under its plain name. Rows of a release lie in the database before the pointer
names it, and stay after it has moved on: a reader sees the old release or the new one, in one statement always and
in several inside one REPEATABLE READ transaction.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property

import pyarrow as pa
from sqlalchemy import Connection, delete, select
from sqlalchemy.engine import URL

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.content import release_id
from kh02_pipelines.release.database import proof, records
from kh02_pipelines.release.database import rows as rows_of
from kh02_pipelines.release.database.connection import Database
from kh02_pipelines.release.database.lock import PublishingLock, publishing_lock
from kh02_pipelines.release.database.proof import Published
from kh02_pipelines.release.database.records import DatabaseRelease, Move, Pointer, Rollback, Withdrawal
from kh02_pipelines.release.database.schema import (
    PUBLISH,
    PUBLISHED,
    ROLLBACK,
    STAGED,
    ReleaseSchema,
    release_schema,
)
from kh02_pipelines.release.database.upgrade import stored_fingerprint, upgrade
from kh02_pipelines.release.steps import Step, no_step
from kh02_pipelines.tables.arrow import arrow_schema
from kh02_pipelines.tables.catalogue import ABOUT_RELEASES, CATALOGUE
from kh02_pipelines.tables.declaration import Table

__all__ = ["DatabaseRelease", "DatabaseStore", "Withdrawal", "published_schema"]

LOCK_SECONDS = 60.0
_NOT_TAKEN = "did not take the release; readers still have the previous one"
_NOT_READ = "is not reachable"


def published_schema(dialect: str, catalogue: Mapping[str, Table] = CATALOGUE) -> ReleaseSchema:
    """The tables and views this version publishes; ``catalogue`` is there for tests."""
    return release_schema(catalogue, ABOUT_RELEASES, dialect)


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
        """The address without what is secret in it."""
        return self.database.display_url

    @cached_property
    def schema(self) -> ReleaseSchema:
        """The tables and views this version publishes."""
        return published_schema(self.database.dialect, self._catalogue)

    def upgrade(self) -> list[str]:
        """Make or bring up to date tables and views; returns what was done. Raises EnvironmentFault."""
        return upgrade(self.database, self.schema)

    def require_schema(self) -> None:
        """Raise EnvironmentFault unless the schema is this version's; make it so if this store may."""
        state = self._schema_state()
        if state is None:
            return
        if self._upgrades_itself:
            self.upgrade()
            return
        raise EnvironmentFault(
            f"the database {self.display_url} {state}", remedy="run kh02 db upgrade (as kh02_owner), then run again"
        )

    def schema_fault(self) -> str | None:
        """Why nothing can be published to this database until somebody upgrades it; None when something can."""
        return None if self._upgrades_itself else self._schema_state()

    def _schema_state(self) -> str | None:
        with self.database.transaction(_NOT_READ) as connection:
            found = stored_fingerprint(connection)
        if found == self.schema.fingerprint:
            return None
        return "has no catalogue schema" if found is None else "has the catalogue schema of another version"

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

        ``shapes``: the schemas it was published with; by default what is recorded of them. Raises KeyError for a
        table that is not declared any more.
        """
        with self.database.transaction(_NOT_READ) as connection:
            shapes = shapes or records.shapes(connection, self.schema, release)
            return (
                rows_of.row_counts(connection, self.schema, release),
                rows_of.stored_content_hash(connection, self.schema, release, shapes),
            )

    def problems(self, published: Published) -> list[str]:
        """In what readers of the database do not see a release as it was published; and where the pointer is wrong."""
        with self.database.transaction(_NOT_READ) as connection:
            if stored_fingerprint(connection) is None:
                return ["the database has no catalogue schema"]
            found = proof.pointer_problems(connection, self.schema) if published.is_current else []
            return found + proof.release_problems(connection, self.schema, published)

    def withdrawn(self, content_hash: str) -> Withdrawal | None:
        """Whether the content was rolled back from and has not been moved to since."""
        with self.database.transaction(_NOT_READ) as connection:
            if stored_fingerprint(connection) is None:
                return None
            return records.withdrawal(connection, self.schema, content_hash)

    def standing_rollback(self) -> Rollback | None:
        """The rollback after which readers still have an earlier release than there is. Raises EnvironmentFault."""
        with self.database.transaction(_NOT_READ) as connection:
            return (
                None if stored_fingerprint(connection) is None else records.standing_rollback(connection, self.schema)
            )

    def left_at(self) -> dict[str, dt.datetime]:
        """When the pointer last moved away from each release that it once named and has left."""
        with self.database.transaction(_NOT_READ) as connection:
            return records.left_at(connection, self.schema)

    @contextmanager
    def lock(self) -> Iterator[PublishingLock]:
        """Hold the database's publishing lock. Raises EnvironmentFault naming who holds it for long."""
        with publishing_lock(self.database, self.schema.lock, self._lock_seconds) as lock:
            self._step("database.locked")
            yield lock

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
        Raises EnvironmentFault when the database refuses, when what it holds is not what was written, when the
        lock is lost on the way, or when another publisher moved the pointer meanwhile; readers then still have
        the previous release.
        """
        release = release_id(as_of, content_hash)
        self.require_schema()
        with self.lock() as lock:
            with self._changing(lock, _NOT_TAKEN) as (connection, pointer):
                held = records.status(connection, self.schema, release)
                fresh = held != PUBLISHED and pointer.release_id != release
                if fresh:
                    rows_of.delete_release(connection, self.schema, release)
                    records.allocate(connection, self.schema, as_of, content_hash, tables, run_id)
            self._step("database.allocated")
            if fresh:
                self._write(lock, release, tables)
            self._audit(lock, release, tables, content_hash)
            move = Move(release, pointer.seq, PUBLISH, published_at or dt.datetime.now(dt.UTC), None)
            # what was said of a release when it was published stays
            self._move(lock, move, STAGED if fresh else held or PUBLISHED, (auxiliary or {}) if fresh else {})

    def record(self, name: str, release: str, rows: pa.Table) -> None:
        """Put a release's rows into one of the tables about releases, in place of what it had there.

        For what is known only after publishing. Raises EnvironmentFault; the table then stays as it was.
        """
        self.require_schema()
        beside = self.schema.beside[name]
        with self.database.transaction(f"did not take {name}", writes=True) as connection:
            connection.execute(delete(beside).where(beside.c.release_id == release))
            rows_of.insert_rows(connection, beside, rows)

    def about(self, release: str) -> dict[str, pa.Table]:
        """What the tables about releases say of one, in key order."""
        found = {}
        with self.database.transaction(_NOT_READ) as connection:
            for name, beside in self.schema.beside.items():
                rows = connection.execute(select(beside).where(beside.c.release_id == release)).mappings()
                table = pa.Table.from_pylist([dict(row) for row in rows], arrow_schema(ABOUT_RELEASES[name]))
                found[name] = table.sort_by([(key, "ascending") for key in ABOUT_RELEASES[name].primary_key])
        return found

    def note_check(self, release: str, when: dt.datetime) -> None:
        """Tell readers that all checks have passed on what ``release`` shows them. Raises EnvironmentFault."""
        with self.database.transaction("did not take the time of the last check", writes=True) as connection:
            records.note_check(connection, self.schema, release, when)

    def roll_back(self, release: str, reason: str, moved_at: dt.datetime) -> None:
        """Move the pointer to a published release, and record why. Raises EnvironmentFault if it is not held."""
        self.require_schema()
        with self.lock() as lock:
            with self.database.transaction(_NOT_TAKEN) as connection:
                seq, described = records.seq_and_rows(connection, self.schema, release)
                counted = rows_of.row_counts(connection, self.schema, release)
            # tables that an older contract did not have are empty in its releases
            if described is None or described != {name: counted.get(name) for name in described}:
                raise self._not_held(release)
            self._move(lock, Move(release, seq, ROLLBACK, moved_at, reason), PUBLISHED, {})

    def holds(self, release: str, tables: Mapping[str, pa.Table], content_hash: str) -> bool:
        """Whether a release has these tables, and is recorded as what they are. Raises EnvironmentFault."""
        with self.database.transaction(_NOT_READ) as connection:
            return (
                records.is_described(connection, self.schema, release, content_hash, tables)
                and self._hash(connection, release, tables) == content_hash
            )

    def restore(self, release: str, tables: Mapping[str, pa.Table], content_hash: str) -> None:
        """Write a published release's rows and record anew, in one transaction: readers see the altered or the right.

        Raises EnvironmentFault when the database refuses or does not hold the release then; it stays as it was.
        """
        self.require_schema()
        with self.lock() as lock, self._changing(lock, _NOT_TAKEN) as (connection, _):
            self._require_status(connection, lock, release, PUBLISHED)
            if self._hash(connection, release, tables) != content_hash:
                rows_of.replace_release(connection, self.schema, release, tables)
            records.describe(connection, self.schema, release, content_hash, tables)
            if self._hash(connection, release, tables) != content_hash:
                raise self._not_held(release)

    def _hash(self, connection: Connection, release: str, tables: Mapping[str, pa.Table]) -> str | None:
        """The content hash of a release in the columns of these tables; None when it holds what none can."""
        try:
            shapes = {name: table.schema for name, table in tables.items()}
            return rows_of.stored_content_hash(connection, self.schema, release, shapes)
        except (pa.ArrowException, ValueError, TypeError):
            return None

    def replaced(self, release: str) -> str | None:
        """The release that readers had until ``release`` was first shown; None for the first, and where unknown."""
        with self.database.transaction(_NOT_READ) as connection:
            return records.replaced(connection, self.schema, release)

    def clear_staged(self) -> list[str]:
        """Remove the rows of releases that were written and never published; returns their ids."""
        with self.database.transaction(_NOT_READ) as connection:
            if stored_fingerprint(connection) is None or not records.staged(connection, self.schema):
                return []
        self.require_schema()
        with self.lock() as lock, self._changing(lock, "could not be cleared") as (connection, pointer):
            # again: only under the lock is it nobody's work; what readers are shown is no leftover, whatever it says
            staged = [name for name in records.staged(connection, self.schema) if name != pointer.release_id]
            for release in staged:
                rows_of.delete_release(connection, self.schema, release)
        return staged

    def remove(self, releases: Collection[str]) -> None:
        """Remove published releases that no pointer names, rows and all. Raises EnvironmentFault; then all stay."""
        with self.lock() as lock, self._changing(lock, "could not be pruned") as (connection, pointer):
            for release in releases:
                if release != pointer.release_id and records.status(connection, self.schema, release) == PUBLISHED:
                    rows_of.delete_release(connection, self.schema, release)

    @contextmanager
    def _changing(self, lock: PublishingLock, what: str) -> Iterator[tuple[Connection, Pointer]]:
        """A transaction that alone may change releases: the pointer's row is locked, then ``lock`` was held.

        Were the lock lost after that, another publisher would wait for the row, and see what was done here.
        """
        with self.database.transaction(what, writes=True) as connection:
            pointer = records.lock_pointer(connection, self.schema)
            lock.require_held()
            yield connection, pointer

    def _write(self, lock: PublishingLock, release: str, tables: Mapping[str, pa.Table]) -> None:
        with self.database.transaction(_NOT_TAKEN, writes=True) as connection:
            self._step("database.rows_begun")
            for name, twin in self.schema.twins.items():
                rows_of.insert_release(connection, twin, release, tables[name])
            self._step("database.rows_written")
            # without the lock another publisher may have cleared the release: its rows would stay for ever
            records.lock_pointer(connection, self.schema)
            self._require_status(connection, lock, release, STAGED)
        self._step("database.rows_committed")

    def _audit(self, lock: PublishingLock, release: str, tables: Mapping[str, pa.Table], content_hash: str) -> None:
        counted, hashed = self.stored(release)
        wrong = [
            f"{name} {counted[name]} of {tables[name].num_rows} rows"
            for name in counted
            if counted[name] != tables[name].num_rows
        ]
        if wrong or hashed != content_hash:
            lock.require_held()  # otherwise another publisher removed the rows
            raise EnvironmentFault(
                f"the database {self.display_url} does not hold what was written: "
                + (", ".join(wrong) or f"content hash {hashed[:8]} instead of {content_hash[:8]}"),
                remedy="check its encoding (UTF-8), collation and triggers, then run again",
            )
        self._step("database.audited")

    def _move(self, lock: PublishingLock, move: Move, expected: str, auxiliary: Mapping[str, pa.Table]) -> None:
        """Move the pointer to a release that has the status ``expected``, and add what is told about it."""
        with self._changing(lock, _NOT_TAKEN) as (connection, pointer):
            self._require_status(connection, lock, move.release_id, expected)
            records.move_pointer(connection, self.schema, pointer, move)
            for name, table in auxiliary.items():
                beside = self.schema.beside[name]
                connection.execute(delete(beside).where(beside.c.release_id == move.release_id))
                rows_of.insert_rows(connection, beside, table)
            self._step("database.pointer_set")
        self._step("database.pointer_committed")

    def _require_status(self, connection: Connection, lock: PublishingLock, release: str, expected: str) -> None:
        """Raise EnvironmentFault unless we hold the lock and the release is as we left it."""
        lock.require_held()
        if records.status(connection, self.schema, release) != expected:
            raise self._not_held(release)

    def _not_held(self, release: str) -> EnvironmentFault:
        return EnvironmentFault(
            f"the database {self.display_url} does not hold the whole release {release}",
            remedy="choose one that kh02 releases lists, or publish it again",
        )

    def _published(self) -> list[tuple[DatabaseRelease, bool]]:
        with self.database.transaction(_NOT_READ) as connection:
            return [] if stored_fingerprint(connection) is None else records.published(connection, self.schema)
