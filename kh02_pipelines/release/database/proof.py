"""What a reader of the database sees of a release, held against what was published.

Belongs here: reading through the views, as readers do, the pointer, and what is recorded of releases; each
difference is one line. Does not belong here: files (``files.whole``), or mending.
"""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psycopg
import pyarrow as pa
from sqlalchemy import Connection, column, func, select, table
from sqlalchemy.exc import SQLAlchemyError

from kh02_pipelines.credentials import without
from kh02_pipelines.release.content import content_hash_of_rows, csv_bytes
from kh02_pipelines.release.database import records
from kh02_pipelines.release.database.connection import first_line
from kh02_pipelines.release.database.rows import csv_rows
from kh02_pipelines.release.database.schema import BY_RELEASE, PUBLISH, PUBLISHED, PUBLISHED_RELEASE, ReleaseSchema
from kh02_pipelines.tables.arrow import arrow_schema
from kh02_pipelines.tables.release import RELEASE_CHANGE
from kh02_pipelines.tables.sql import RELEASE_KEY

_UNREADABLE = (SQLAlchemyError, psycopg.Error, pa.ArrowException, ValueError, TypeError, KeyError, AttributeError)
_RECORDED = ("as_of", "content_hash", "contract_version", "published_at", "row_counts", "table_columns")


@dataclass(frozen=True)
class Published:
    """What a release must be, as other places have it.

    ``tables``: those of its Parquet files; without any, the content hash and the columns on record are what there is
    to compare with. ``about``: the rows that the tables about releases must have of it, as far as they are known.
    """

    release_id: str
    is_current: bool
    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    about: Mapping[str, pa.Table] = field(default_factory=dict)
    contract_version: str | None = None


def pointer_problems(connection: Connection, schema: ReleaseSchema) -> list[str]:
    """In what the pointer, and the mark of the current release, are not where the last recorded move put them."""
    pointer = connection.execute(select(schema.pointer.c.release_id, schema.pointer.c.seq)).one_or_none()
    if pointer is None:
        return ["current_release: its row is gone"]
    move, known = schema.move, schema.release
    last = connection.execute(select(move.c.release_id, move.c.seq).order_by(move.c.seq.desc()).limit(1)).one_or_none()
    problems = []
    if last is not None and tuple(pointer) != tuple(last):
        problems.append(
            f"current_release names {pointer.release_id or 'nothing'} (move {pointer.seq}), the last move on record is "
            f"number {last.seq}, to {last.release_id}"
        )
    held = sorted(connection.execute(select(known.c.release_id).where(known.c.status == PUBLISHED)).scalars())
    if pointer.release_id is not None and pointer.release_id not in held:
        problems.append(f"current_release names {pointer.release_id}, which is no published release")
    view = table(PUBLISHED_RELEASE, column(RELEASE_KEY), column("is_current"))

    def marks() -> list[str]:
        rows = connection.execute(select(view.c.release_id, view.c.is_current)).all()
        marked = sorted(str(row.release_id) for row in rows if row.is_current)
        if sorted(str(row.release_id) for row in rows) != held:
            return [f"{PUBLISHED_RELEASE}: does not list the releases that are published"]
        if marked != [name for name in held if name == pointer.release_id]:
            return [f"{PUBLISHED_RELEASE}: marks {', '.join(marked) or 'nothing'} as current"]
        return []

    return problems + _seen(connection, PUBLISHED_RELEASE, marks)


def release_problems(connection: Connection, schema: ReleaseSchema, published: Published) -> list[str]:
    """In what the views do not show a release as it was published, one line each."""
    release, recorded, problems = published.release_id, dict[str, Any](), list[str]()
    problems += _seen(
        connection, f"{release}: {PUBLISHED_RELEASE}", partial(_read_record, connection, release, recorded)
    )
    try:
        shapes = {name: found.schema for name, found in published.tables.items()}
        shapes = shapes or records.shapes(connection, schema, release)
        unknown = set(shapes) - set(schema.catalogue)
        if unknown:
            raise KeyError(min(unknown))
    except KeyError as error:
        return [*problems, f"{release}: cannot be compared, its table {error} is not declared any more"]
    except (ValueError, TypeError, AttributeError):
        return problems  # what is recorded of its columns cannot be read: said above
    counted = dict[str, int]()
    for suffix in ("", BY_RELEASE) if published.is_current else (BY_RELEASE,):
        problems += _content(connection, schema, published, suffix, shapes, counted)
    if recorded:
        problems += _seen(connection, release, partial(_claims, published, recorded, shapes, counted))
        problems += _seen(connection, release, partial(_moment_of_move, connection, schema, release, recorded))
    for name, rows in published.about.items():
        problems += _seen(connection, name, partial(_about, connection, schema, name, release, rows))
    return problems


def _seen(connection: Connection, what: str, look: Callable[[], list[str]]) -> list[str]:
    """What ``look`` finds; that it could not look is a finding, and spoils nothing of what is read after it."""
    try:
        with connection.begin_nested():
            return look()
    except _UNREADABLE as error:
        return [f"{what}: cannot be read: {without(first_line(error), connection.engine.url)}"]


def _read_record(connection: Connection, release: str, recorded: dict[str, Any]) -> list[str]:
    """What ``published_release`` says of a release, into ``recorded``, with its JSON read."""
    view = table(PUBLISHED_RELEASE, column(RELEASE_KEY), *map(column, _RECORDED))
    wanted = select(*(view.c[name] for name in _RECORDED)).where(view.c.release_id == release)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        return [f"{release}: {PUBLISHED_RELEASE} does not list it"]
    read = dict(row._mapping)
    for name in ("row_counts", "table_columns"):
        read[name] = None if read[name] is None else json.loads(read[name])
    recorded.update(read)
    return []


def _content(
    connection: Connection,
    schema: ReleaseSchema,
    published: Published,
    suffix: str,
    shapes: Mapping[str, pa.Schema],
    counted: dict[str, int],
) -> list[str]:
    """Every table of a release as the views with ``suffix`` show it; its rows are counted into ``counted``."""
    release, seen, problems = published.release_id, dict[str, bytes](), list[str]()
    of_release = release if suffix else None

    def look(name: str) -> list[str]:
        view = table(name + suffix, column(RELEASE_KEY))
        query = select(func.count()).select_from(view)
        counted[name] = connection.execute(query.where(view.c.release_id == release) if suffix else query).scalar_one()
        seen[name] = b"".join(csv_rows(connection, schema.catalogue[name], view.name, shapes[name], of_release))
        wanted = published.tables.get(name)
        if wanted is None or seen[name] == csv_bytes(wanted, header=False):
            return []
        if counted[name] != wanted.num_rows:
            return [f"{release}: the view {view.name} shows {counted[name]} rows, Parquet has {wanted.num_rows}"]
        return [f"{release}: the view {view.name} and Parquet hold different content"]

    for name in sorted(shapes):
        problems += _seen(connection, f"{release}: the view {name}{suffix}", partial(look, name))
    if len(seen) == len(shapes):
        hashed = content_hash_of_rows((name, shapes[name], [seen[name]]) for name in sorted(shapes))
        if hashed[:8] != release[11:]:
            problems.append(f"{release}: the database's content is not what was published, it is {hashed[:8]}")
    return problems


def _claims(
    published: Published, recorded: Mapping[str, Any], shapes: Mapping[str, pa.Schema], counted: Mapping[str, int]
) -> list[str]:
    """What is recorded of a release against its id, its rows and its files."""
    release, counts, columns = published.release_id, recorded["row_counts"], recorded["table_columns"]
    wrong = {
        "as_of": str(recorded["as_of"])[:10] != release[:10],
        "content_hash": recorded["content_hash"][:8] != release[11:],
        "contract_version": published.contract_version not in (None, recorded["contract_version"]),
        "row_counts": counts != {name: counted.get(name) for name in (published.tables or counts)},
        "table_columns": columns is not None and columns != {name: shape.names for name, shape in shapes.items()},
    }
    return [
        f"{release}: {PUBLISHED_RELEASE}.{name} is not that of the release"
        for name, is_wrong in wrong.items()
        if is_wrong
    ]


def _moment_of_move(
    connection: Connection, schema: ReleaseSchema, release: str, recorded: Mapping[str, Any]
) -> list[str]:
    """Whether a release was published when it says so: a move to it was made then."""
    move = schema.move
    moves = select(move.c.moved_at).where(move.c.release_id == release, move.c.action == PUBLISH)
    times = {_moment(when) for when in connection.execute(moves).scalars()}
    if not times or _moment(recorded["published_at"]) in times:
        return []
    return [f"{release}: {PUBLISHED_RELEASE}.published_at is not when the pointer was moved to it"]


def _moment(value: str | dt.datetime) -> dt.datetime:
    when = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    return (when if when.tzinfo else when.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)


def _about(connection: Connection, schema: ReleaseSchema, name: str, release: str, rows: pa.Table) -> list[str]:
    """The rows of a table about releases, against those that were written of this one."""
    if name == RELEASE_CHANGE.name and not _same_comparison(connection, schema, release, rows):
        return []
    declared = schema.auxiliary[name]
    shape = arrow_schema(declared)
    seen = b"".join(csv_rows(connection, declared, name, shape, release))
    if seen == csv_bytes(rows.select(shape.names), header=False):
        return []
    return [f"{release}: the rows of {name} are not those that were written of it"]


def _same_comparison(connection: Connection, schema: ReleaseSchema, release: str, rows: pa.Table) -> bool:
    """Whether differences were made against the release that readers of this database had until then.

    A home that lost its files, or did not have that release, compares with another one or with none.
    """
    against = set(rows.column("previous_release_id").to_pylist())
    return against == {records.replaced(connection, schema, release)} - {None}
