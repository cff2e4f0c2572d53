"""What the database records of its releases, and the pointer: statements inside the caller's transaction.

Belongs here: ``catalogue_release``, ``current_release`` and ``release_move``. Does not belong here: transactions and
locks (``store``), or the rows of a release (``rows``).
"""

import datetime as dt
import getpass
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Row, insert, select, update

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.content import release_id
from kh02_pipelines.release.database.connection import who
from kh02_pipelines.release.database.schema import PUBLISHED, ROLLBACK, STAGED, ReleaseSchema
from kh02_pipelines.tables.arrow import arrow_schema
from kh02_pipelines.tables.contract import CONTRACT_VERSION


@dataclass(frozen=True)
class DatabaseRelease:
    """What the database says of one published release; ``published_at`` is in UTC."""

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


@dataclass(frozen=True)
class Rollback:
    """A rollback that still stands: readers have ``release_id`` although a later release is kept."""

    release_id: str
    left_release_id: str
    moved_at: str
    moved_by: str
    reason: str


@dataclass(frozen=True)
class Pointer:
    """Where the pointer is, and how often it has moved."""

    release_id: str | None
    seq: int


@dataclass(frozen=True)
class Move:
    """A move of the pointer, from where ``seq`` saw it."""

    release_id: str
    seq: int
    action: str
    moved_at: dt.datetime
    reason: str | None


def lock_pointer(connection: Connection, schema: ReleaseSchema) -> Pointer:
    """Lock the pointer until the transaction ends, and say where it is.

    Everybody who moves it or removes a release begins with this, in a transaction that writes: whatever is read
    after it stays true until the commit. (SQLite locks the whole database when such a transaction begins.)
    """
    row = connection.execute(select(schema.pointer).with_for_update()).one()
    return Pointer(row.release_id, int(row.seq))


def status(connection: Connection, schema: ReleaseSchema, release: str) -> str | None:
    """STAGED, PUBLISHED, or None when the database does not know the release; as of now, not of a snapshot."""
    table = schema.release
    query = select(table.c.status).where(table.c.release_id == release)
    return connection.execute(query.with_for_update()).scalar_one_or_none()


def seq_and_rows(connection: Connection, schema: ReleaseSchema, release: str) -> tuple[int, dict[str, int] | None]:
    """How often the pointer has moved, and the recorded rows of a published release; None if it is not published."""
    table = schema.release
    query = select(table.c.row_counts).where(table.c.release_id == release, table.c.status == PUBLISHED)
    counts = connection.execute(query).scalar_one_or_none()
    seq = int(connection.execute(select(schema.pointer.c.seq)).scalar_one())
    return seq, _counts(counts)


def shapes(connection: Connection, schema: ReleaseSchema, release: str) -> dict[str, pa.Schema]:
    """The tables and columns a release was published with, in the declared types; the declared ones if not recorded.

    Raises KeyError for a table that is not declared any more.
    """
    table = schema.release
    query = select(table.c.table_columns).where(table.c.release_id == release)
    recorded = json.loads(connection.execute(query).scalar_one_or_none() or "null")
    declared = {name: arrow_schema(schema.catalogue[name]) for name in recorded or schema.catalogue}
    return {
        name: pa.schema([field for field in shape if recorded is None or field.name in recorded[name]])
        for name, shape in declared.items()
    }


def left_at(connection: Connection, schema: ReleaseSchema) -> dict[str, dt.datetime]:
    """When the pointer last moved away from each release that it has left."""
    move = schema.move
    moves = select(move.c.left_release_id, move.c.moved_at).where(move.c.left_release_id.is_not(None))
    found = connection.execute(moves.order_by(move.c.seq)).all()
    return {release: dt.datetime.fromisoformat(when) for release, when in found}  # the last move counts


def replaced(connection: Connection, schema: ReleaseSchema, release: str) -> str | None:
    """The release that the pointer left when it first moved to ``release``; None for the first, and where unknown."""
    move = schema.move
    moves = select(move.c.left_release_id).where(move.c.release_id == release).order_by(move.c.seq).limit(1)
    return connection.execute(moves).scalar_one_or_none()


def staged(connection: Connection, schema: ReleaseSchema) -> list[str]:
    """The releases that were written and never published."""
    table = schema.release
    query = select(table.c.release_id).where(table.c.status == STAGED).order_by(table.c.release_id)
    return list(connection.execute(query).scalars())


def published(connection: Connection, schema: ReleaseSchema) -> list[tuple[DatabaseRelease, bool]]:
    """Every published release, and whether it is the current one."""
    current = connection.execute(select(schema.pointer.c.release_id)).scalar_one_or_none()
    try:
        table = schema.release
        known = [column for column in table.c if column.name != "as_of"]  # the id says it
        rows = connection.execute(select(*known).where(table.c.status == PUBLISHED)).all()
        return [(_described(row), row.release_id == current) for row in rows]
    except (ValueError, TypeError) as error:
        raise EnvironmentFault(
            f"what the database records of a release cannot be read: {error}",
            field="catalogue_release",
            remedy="as the owner of the tables put published_at of that row back to moved_at of its first row in "
            "release_move, in UTC",
        ) from error


def withdrawal(connection: Connection, schema: ReleaseSchema, content_hash: str) -> Withdrawal | None:
    """Whether the content was rolled back from and has not been moved to since."""
    move = schema.move
    last = connection.execute(
        select(move)
        .where((move.c.content_hash == content_hash) | (move.c.left_content_hash == content_hash))
        .order_by(move.c.seq.desc())
        .limit(1)
    ).first()
    if last is None or last.action != ROLLBACK or last.content_hash == content_hash:
        return None
    return Withdrawal(last.left_release_id, last.moved_at, last.moved_by, last.reason)


def standing_rollback(connection: Connection, schema: ReleaseSchema) -> Rollback | None:
    """The last move of the pointer, if it was a rollback and left a later release behind."""
    move = schema.move
    last = connection.execute(select(move).order_by(move.c.seq.desc()).limit(1)).first()
    if last is None or last.action != ROLLBACK:
        return None
    held = published(connection, schema)
    current = next((release for release, is_current in held if is_current), None)
    if current is None or all(release.published_at <= current.published_at for release, _ in held):
        return None
    return Rollback(last.release_id, last.left_release_id or "-", last.moved_at, last.moved_by, last.reason or "")


def allocate(
    connection: Connection,
    schema: ReleaseSchema,
    as_of: dt.date,
    content_hash: str,
    tables: Mapping[str, pa.Table],
    run_id: str | None,
) -> None:
    """Record a release as staged."""
    row = {
        "release_id": release_id(as_of, content_hash),
        "run_id": run_id,
        "status": STAGED,
        "contract_version": CONTRACT_VERSION,
        **_description(as_of, content_hash, tables),
    }
    connection.execute(insert(schema.release), row)


def is_described(
    connection: Connection, schema: ReleaseSchema, release: str, content_hash: str, tables: Mapping[str, pa.Table]
) -> bool:
    """Whether what is recorded of a release follows from its id, its content hash and its tables."""
    wanted = _description(dt.date.fromisoformat(release[:10]), content_hash, tables)
    table = schema.release
    query = select(*(table.c[name] for name in wanted)).where(table.c.release_id == release)
    try:
        row = connection.execute(query).one()
    except ValueError:  # a date that is none
        return False
    return all(getattr(row, name) == value for name, value in wanted.items())


def describe(
    connection: Connection, schema: ReleaseSchema, release: str, content_hash: str, tables: Mapping[str, pa.Table]
) -> None:
    """Record anew what ``is_described`` looks at."""
    wanted = _description(dt.date.fromisoformat(release[:10]), content_hash, tables)
    connection.execute(update(schema.release).where(schema.release.c.release_id == release).values(**wanted))


def _description(as_of: dt.date, content_hash: str, tables: Mapping[str, pa.Table]) -> dict[str, Any]:
    return {
        "as_of": as_of,
        "content_hash": content_hash,
        "row_counts": json.dumps({name: tables[name].num_rows for name in sorted(tables)}),
        "table_columns": json.dumps({name: tables[name].column_names for name in sorted(tables)}),
    }


def move_pointer(connection: Connection, schema: ReleaseSchema, pointer: Pointer, move: Move) -> None:
    """Compare and swap: the pointer, which the caller has locked, moves if it is still where ``move`` saw it.

    A staged release becomes a published one with it. Raises EnvironmentFault when the pointer was moved meanwhile.
    """
    release, when = schema.release, move.moved_at
    query = select(release.c.release_id, release.c.content_hash)
    hashes = {
        row.release_id: row.content_hash
        for row in connection.execute(query.where(release.c.release_id.in_([move.release_id, pointer.release_id])))
    }
    moved = connection.execute(
        update(schema.pointer)
        .where(schema.pointer.c.one == 1, schema.pointer.c.seq == move.seq)
        .values(release_id=move.release_id, seq=move.seq + 1)
    )
    if moved.rowcount != 1:
        raise EnvironmentFault(
            "another publisher moved the database's pointer meanwhile",
            remedy="run again; what the other one published is in place",
        )
    connection.execute(
        update(release)
        .where(release.c.release_id == move.release_id, release.c.status == STAGED)
        .values(status=PUBLISHED, published_at=when, last_checked_at=when)
    )
    connection.execute(
        insert(schema.move),
        {
            "seq": move.seq + 1,
            "action": move.action,
            "release_id": move.release_id,
            "content_hash": hashes[move.release_id],
            "left_release_id": pointer.release_id,
            "left_content_hash": hashes.get(pointer.release_id or ""),
            "moved_at": when.isoformat(timespec="seconds"),
            "moved_by": f"{getpass.getuser()} at {who()}"[:255],
            "reason": move.reason,
        },
    )


def note_check(connection: Connection, schema: ReleaseSchema, release: str, when: dt.datetime) -> None:
    """Record that all checks have passed on a published release; nothing happens to one that is not."""
    table = schema.release
    connection.execute(
        update(table).where(table.c.release_id == release, table.c.status == PUBLISHED).values(last_checked_at=when)
    )


def _described(row: Row[Any]) -> DatabaseRelease:
    if row.published_at is None:
        raise ValueError(f"published_at of {row.release_id} is empty")
    return DatabaseRelease(
        release_id=row.release_id,
        as_of=dt.date.fromisoformat(row.release_id[:10]),
        content_hash=row.content_hash,
        published_at=row.published_at,
        rows=_counts(row.row_counts) or {},
        run_id=row.run_id,
    )


def _counts(recorded: str | None) -> dict[str, int] | None:
    """Rows by table as recorded; None where nothing sound is."""
    try:
        counts = json.loads(recorded or "null")
        return {str(name): int(number) for name, number in counts.items()}
    except (ValueError, TypeError, AttributeError):
        return None
