"""``kh02 db upgrade``: the only place where the published database's tables and views are made or changed.

Belongs here: running the migrations, deriving new tables, columns and views from the declarations, grants.
Does not belong here: rows.

Migrations (alembic, ``migrations``) own the tables about releases and every change that may lose something. New
tables and new columns follow from the declarations and need no migration; a new column is empty in older
releases. Whatever else differs is refused by name: it needs a migration.
"""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from sqlalchemy import Column, Connection, Inspector, Table, delete, insert, inspect, text
from sqlalchemy.schema import CreateColumn

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.database_connection import Database
from kh02_pipelines.release.database_schema import BY_RELEASE, ReleaseSchema
from kh02_pipelines.tables.contract import CONTRACT_VERSION

OWNER_ROLE = "kh02_owner"
GRANTS = "-- grants --"
"""Divides the roles script: what follows needs no more than the owner of the tables."""
LOCK_TIMEOUT = "10s"
_WHAT = "could not be upgraded; it is as it was"


def upgrade(database: Database, schema: ReleaseSchema) -> list[str]:
    """Bring the database to this version's schema; returns what was done, empty when it was there already.

    On PostgreSQL and SQLite all or nothing; on MariaDB, where DDL cannot be undone, repeat it until it passes.
    Raises EnvironmentFault when the database refuses or holds something that needs a migration.
    """
    with database.transaction(_WHAT, writes=True) as connection:
        as_owner = _become_owner(connection)
        if stored_fingerprint(connection) == schema.fingerprint:
            return []
        done: list[str] = []
        command.upgrade(_alembic(connection), "head")
        done.append("migrations")
        inspector = inspect(connection)
        present = set(inspector.get_table_names())
        _drop_views(connection, inspector)
        for table in schema.metadata.sorted_tables:
            if table.name not in present:
                table.create(connection)
                done.append(f"table {table.name}")
            else:
                done += [f"column {table.name}.{name}" for name in _add_columns(connection, inspector, table)]
        done += [f"view {name}" for name in _create_views(connection, schema)]
        if connection.dialect.name == "postgresql":
            _declare_references(connection, schema)
            _comment_views(connection, schema)
            if as_owner:
                _run(connection, roles_script().partition(GRANTS)[2])
                done.append("grants")
        connection.execute(delete(schema.contract))
        connection.execute(
            insert(schema.contract),
            {"one": 1, "contract_version": CONTRACT_VERSION, "fingerprint": schema.fingerprint},
        )
    return done


def stored_fingerprint(connection: Connection) -> str | None:
    """The schema the database was made for, or None when it was never upgraded."""
    if not connection.dialect.has_table(connection, "catalogue_contract"):
        return None
    return connection.execute(text("SELECT fingerprint FROM catalogue_contract WHERE one = 1")).scalar_one_or_none()


def roles_script() -> str:
    """The SQL script that makes the roles and their rights on PostgreSQL; safe to repeat."""
    return files("kh02_pipelines.release").joinpath("roles.sql").read_text("utf-8")


def _alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", "kh02_pipelines.release:migrations")
    config.attributes["connection"] = connection
    return config


def _become_owner(connection: Connection) -> bool:
    """On PostgreSQL: do not queue readers behind us for long, and let what is made belong to the owner role.

    The latter where the roles script was run in this database and this user is a member; says whether it is so.
    """
    if connection.dialect.name != "postgresql":
        return False
    _run(connection, f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    may = text(
        "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = :role AND pg_has_role(current_user, oid, 'MEMBER') "
        "AND has_schema_privilege(oid, current_schema(), 'CREATE'))"
    )
    if not connection.execute(may, {"role": OWNER_ROLE}).scalar_one():
        return False
    _run(connection, f"SET LOCAL ROLE {OWNER_ROLE}")
    return True


def _drop_views(connection: Connection, inspector: Inspector) -> None:
    quote = connection.dialect.identifier_preparer.quote
    present = set(inspector.get_view_names())
    stems = {name.removesuffix(BY_RELEASE) for name in present if name.endswith(BY_RELEASE)}
    for name in sorted(present & ({"published_release"} | stems | {stem + BY_RELEASE for stem in stems})):
        _run(connection, f"DROP VIEW {quote(name)}")


def _create_views(connection: Connection, schema: ReleaseSchema) -> list[str]:
    quote = connection.dialect.identifier_preparer.quote
    views = schema.views(connection.dialect)
    for name, query in views.items():
        _run(connection, f"CREATE VIEW {quote(name)} AS {query}")
    return list(views)


def _add_columns(connection: Connection, inspector: Inspector, table: Table) -> list[str]:
    """Add the columns that are declared and missing, as ones that may be empty; refuse any other difference."""
    found = {column["name"]: column for column in inspector.get_columns(table.name)}
    unknown = sorted(set(found) - {column.name for column in table.columns})
    if unknown:
        raise EnvironmentFault(
            f"table {table.name} in the database has columns that are not declared: {', '.join(unknown)}",
            remedy="write a migration that drops or renames them, then run kh02 db upgrade",
        )
    preparer = connection.dialect.identifier_preparer
    added = []
    for column in table.columns:
        if column.name in found:
            continue
        empty = Column(column.name, column.type, nullable=True)
        clause = CreateColumn(empty).compile(dialect=connection.dialect)
        _run(connection, f"ALTER TABLE {preparer.quote(table.name)} ADD COLUMN {clause}")
        added.append(column.name)
    return added


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
            _run(
                connection,
                f"ALTER TABLE {quote(schema.twins[name].name)} ADD CONSTRAINT {quote(constraint)} "
                f"FOREIGN KEY ({own}) REFERENCES {quote(schema.twins[key.target].name)} ({target}) NOT ENFORCED",
            )


def _comment_views(connection: Connection, schema: ReleaseSchema) -> None:
    """On PostgreSQL: readers see the views alone, so the meanings stand there too."""
    quote = connection.dialect.identifier_preparer.quote
    for name, declared in schema.catalogue.items():
        for view in (name, f"{name}{BY_RELEASE}"):
            meanings = [f"COMMENT ON VIEW {quote(view)} IS {_literal(f'{declared.vi} | {declared.en}')}"]
            meanings += [
                f"COMMENT ON COLUMN {quote(view)}.{quote(column.name)} IS {_literal(f'{column.vi} | {column.en}')}"
                for column in declared.columns
            ]
            _run(connection, "; ".join(meanings))


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _run(connection: Connection, statement: str) -> None:
    """Run DDL as it stands; several statements may be joined, and a percent sign is one."""
    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
