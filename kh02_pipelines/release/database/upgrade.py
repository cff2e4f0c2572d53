"""``kh02 db upgrade``: the only place where the published database's tables and views are made or changed.

Belongs here: running the migrations, deriving new tables and columns from the declarations, the order of the whole.
Does not belong here: rows, how views are made (``views``), rights (``roles``).

Migrations (alembic, ``migrations``) own the tables about releases and every change that may lose something. New
tables, columns and indexes follow from the declarations and need no migration; a new column is empty in older
releases. Whatever else differs is refused by name, before anything is derived: it needs a migration.
"""

from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Column, Connection, Inspector, Table, delete, insert, inspect, select, text
from sqlalchemy.schema import CreateColumn

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.database.connection import Database, run_ddl
from kh02_pipelines.release.database.roles import become_owner, grant
from kh02_pipelines.release.database.schema import ReleaseSchema
from kh02_pipelines.release.database.views import comment_views, create_views, views_fingerprint
from kh02_pipelines.tables.contract import CONTRACT_VERSION

LOCK_TIMEOUT = "10s"
_WHAT = {
    "mariadb": "could not be upgraded; its views still show readers the current release",
    "": "could not be upgraded; it is as it was",
}


def upgrade(database: Database, schema: ReleaseSchema) -> list[str]:
    """Bring the database to this version's schema; returns what was done, empty when it was there already.

    On PostgreSQL and SQLite all or nothing; on MariaDB, where DDL cannot be undone, repeat it until it passes: the
    views are there all the time. Raises EnvironmentFault when the database refuses or holds something that needs a
    migration.
    """
    with database.transaction(_WHAT.get(database.dialect, _WHAT[""]), writes=True) as connection:
        as_owner = False
        if connection.dialect.name == "postgresql":
            run_ddl(connection, f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")  # do not queue readers behind us
            as_owner = become_owner(connection)
        if stored_fingerprint(connection) == schema.fingerprint and _views_as_made(connection, schema):
            return []
        command.upgrade(_alembic(connection), "head")
        done = ["migrations"]
        inspector = inspect(connection)
        present = set(inspector.get_table_names())
        tables = schema.metadata.sorted_tables
        missing = {table: _missing_columns(inspector, table) for table in tables if table.name in present}
        for table in tables:
            if table.name not in present:
                table.create(connection)
                done.append(f"table {table.name}")
            for column in missing.get(table, ()):
                _add_column(connection, table, column)
                done.append(f"column {table.name}.{column.name}")
            if table.name in present:
                done += [f"index {name}" for name in _create_indexes(connection, inspector, table)]
        done += [f"view {name}" for name in create_views(connection, schema)]
        if connection.dialect.name == "postgresql":
            _declare_references(connection, schema)
            comment_views(connection, schema)
            if as_owner:
                grant(connection, schema)
                done.append("grants")
        connection.execute(delete(schema.contract))
        connection.execute(
            insert(schema.contract),
            {
                "one": 1,
                "contract_version": CONTRACT_VERSION,
                "fingerprint": schema.fingerprint,
                "views": views_fingerprint(connection, schema),
            },
        )
    return done


def stored_fingerprint(connection: Connection) -> str | None:
    """The schema the database was made for, or None when it was never upgraded."""
    if not connection.dialect.has_table(connection, "catalogue_contract"):
        return None
    return connection.execute(text("SELECT fingerprint FROM catalogue_contract WHERE one = 1")).scalar_one_or_none()


def _views_as_made(connection: Connection, schema: ReleaseSchema) -> bool:
    """Whether every view is the one that the last upgrade made."""
    made = connection.execute(select(schema.contract.c.views)).scalar_one_or_none()
    return made == views_fingerprint(connection, schema)


def _alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", "kh02_pipelines.release.database:migrations")
    config.attributes["connection"] = connection
    return config


def _missing_columns(inspector: Inspector, table: Table) -> "list[Column[Any]]":
    """The columns that are declared and missing; raises EnvironmentFault where any other one is there."""
    found = {column["name"] for column in inspector.get_columns(table.name)}
    unknown = sorted(found - {column.name for column in table.columns})
    if unknown:
        raise EnvironmentFault(
            f"table {table.name} in the database has columns that are not declared: {', '.join(unknown)}",
            remedy="write a migration that drops or renames them, then run kh02 db upgrade",
        )
    return [column for column in table.columns if column.name not in found]


def _add_column(connection: Connection, table: Table, column: "Column[Any]") -> None:
    """Add a column as one that may be empty: it is, in older releases."""
    clause = CreateColumn(Column(column.name, column.type, nullable=True)).compile(dialect=connection.dialect)
    quoted = connection.dialect.identifier_preparer.quote(table.name)
    run_ddl(connection, f"ALTER TABLE {quoted} ADD COLUMN {clause}")


def _create_indexes(connection: Connection, inspector: Inspector, table: Table) -> list[str]:
    """Make the declared indexes that a table lacks; returns their names."""
    present = {index["name"] for index in inspector.get_indexes(table.name)}
    missing = sorted((index for index in table.indexes if index.name not in present), key=lambda index: str(index.name))
    for index in missing:
        index.create(connection)
    return [str(index.name) for index in missing]


def _declare_references(connection: Connection, schema: ReleaseSchema) -> None:
    """On PostgreSQL 18 and newer: foreign keys as facts that tools can read, without checking row by row."""
    if (connection.dialect.server_version_info or (0,)) < (18,):
        return
    quote = connection.dialect.identifier_preparer.quote
    present = set(connection.execute(text("SELECT conname FROM pg_constraint WHERE contype = 'f'")).scalars())
    for name, declared in schema.catalogue.items():
        for key in declared.foreign_keys:
            constraint = f"fk_{name}_{'_'.join(key.columns)}"
            if constraint in present:
                continue
            own = ", ".join(map(quote, ("release_id", *key.columns)))
            target = ", ".join(map(quote, ("release_id", *key.target_columns)))
            run_ddl(
                connection,
                f"ALTER TABLE {quote(schema.twins[name].name)} ADD CONSTRAINT {quote(constraint)} "
                f"FOREIGN KEY ({own}) REFERENCES {quote(schema.twins[key.target].name)} ({target}) NOT ENFORCED",
            )
