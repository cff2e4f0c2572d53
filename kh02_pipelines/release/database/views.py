"""The views readers use, made so that none is missing for a moment and nobody's rights are lost.

Belongs here: DDL of views. Does not belong here: what they show (``schema``), tables (``upgrade``).

PostgreSQL and MariaDB replace a view in place. PostgreSQL refuses that where a column was renamed, removed or put in
between; the view is then dropped and made anew inside the transaction of the upgrade, with the rights it had.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError, NoSuchTableError

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.database.connection import run_ddl
from kh02_pipelines.release.database.schema import BY_RELEASE, ReleaseSchema
from kh02_pipelines.tables.sql import RELEASE_SUFFIX

_OTHER_COLUMNS, _DEPENDED_ON = "42P16", "2BP01"  # SQLSTATE of PostgreSQL


def create_views(connection: Connection, schema: ReleaseSchema) -> list[str]:
    """Make or replace every view, and drop those of tables no longer declared; returns the names of those made.

    Raises EnvironmentFault when somebody's view stands on one that has to be dropped.
    """
    quote = connection.dialect.identifier_preparer.quote
    inspector = inspect(connection)
    present, tables = set(inspector.get_view_names()), set(inspector.get_table_names())
    views = schema.views(connection.dialect)
    stems = {name.removesuffix(BY_RELEASE) for name in present if name.endswith(BY_RELEASE)}
    ours = {stem for stem in stems if f"{stem}{RELEASE_SUFFIX}" in tables}
    for name in sorted(present & (ours | {stem + BY_RELEASE for stem in ours}) - set(views)):
        _drop(connection, name)
    for name, query in views.items():
        if connection.dialect.name == "sqlite":
            run_ddl(connection, f"DROP VIEW IF EXISTS {quote(name)}")
            run_ddl(connection, f"CREATE VIEW {quote(name)} AS {query}")
        elif connection.dialect.name == "postgresql":
            # without the barrier the server may call a reader's function on rows before it hides them
            _replace(connection, name, f"VIEW {quote(name)} WITH (security_barrier) AS {query}")
        else:
            run_ddl(connection, f"CREATE OR REPLACE VIEW {quote(name)} AS {query}")
    return list(views)


def views_fingerprint(connection: Connection, schema: ReleaseSchema) -> str:
    """SHA-256 over the definitions of all our views as this server gives them; one that is not there has none."""
    inspector = inspect(connection)
    digest = hashlib.sha256()
    for name in sorted(schema.views(connection.dialect)):
        try:
            definition = inspector.get_view_definition(name)
        except NoSuchTableError:
            definition = None
        digest.update(f"{name}\0{definition or ''}\0".encode())
    return digest.hexdigest()


def comment_views(connection: Connection, schema: ReleaseSchema) -> None:
    """On PostgreSQL: readers see the views alone, so the meanings stand there too."""
    quote = connection.dialect.identifier_preparer.quote
    views = schema.views(connection.dialect)
    for name, declared in {**schema.catalogue, **schema.auxiliary}.items():
        for view in {name, f"{name}{BY_RELEASE}"} & set(views):
            meanings = [f"COMMENT ON VIEW {quote(view)} IS {_literal(f'{declared.vi} | {declared.en}')}"]
            meanings += [
                f"COMMENT ON COLUMN {quote(view)}.{quote(column.name)} IS {_literal(f'{column.vi} | {column.en}')}"
                for column in declared.columns
            ]
            run_ddl(connection, "; ".join(meanings))


@contextmanager
def view_aside(connection: Connection, name: str) -> Iterator[None]:
    """Inside, a column that a view shows can change its type; after it the view is as it was, with its rights.

    PostgreSQL and SQLite refuse such a change under a view, MariaDB does not. Raises EnvironmentFault when
    somebody's view stands on it.
    """
    if connection.dialect.name not in ("postgresql", "sqlite") or name not in inspect(connection).get_view_names():
        yield
        return
    definition = inspect(connection).get_view_definition(name)
    if connection.dialect.name == "sqlite":
        again = [str(definition)]
    else:
        quoted = connection.dialect.identifier_preparer.quote(name)
        again = [f"CREATE VIEW {quoted} WITH (security_barrier) AS {definition}", *_rights(connection, name)]
    _drop(connection, name)
    yield
    for statement in again:
        run_ddl(connection, statement)


def _replace(connection: Connection, name: str, definition: str) -> None:
    """Replace a view of PostgreSQL in place, or drop it and make it anew with the rights it had."""
    try:
        with connection.begin_nested():
            run_ddl(connection, f"CREATE OR REPLACE {definition}")
        return
    except DBAPIError as error:
        if _state(error) != _OTHER_COLUMNS:
            raise
    rights = _rights(connection, name)
    _drop(connection, name)
    run_ddl(connection, "; ".join([f"CREATE {definition}", *rights]))


def _drop(connection: Connection, name: str) -> None:
    quoted = connection.dialect.identifier_preparer.quote(name)
    try:
        run_ddl(connection, f"DROP VIEW {quoted}")
    except DBAPIError as error:
        if _state(error) != _DEPENDED_ON:
            raise
        stand_on_it = "; ".join(str(error.orig.diag.message_detail).splitlines())  # type: ignore[union-attr]
        raise EnvironmentFault(
            f"the view {name} has to be dropped, which PostgreSQL refuses while others stand on it: {stand_on_it}",
            remedy="save the definitions of those, drop them, run kh02 db upgrade, and make them again",
        ) from error


def _rights(connection: Connection, name: str) -> list[str]:
    """The GRANTs that others than its owner have on a view."""
    query = text(
        "SELECT format('GRANT %s ON %I TO %s%s', a.privilege_type, c.relname, "
        "CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, "
        "CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a "
        "WHERE c.relname = :name AND n.nspname = current_schema() AND a.grantee <> c.relowner"
    )
    return list(connection.execute(query, {"name": name}).scalars())


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
