"""The roles of the published database on PostgreSQL: their script, and working as their owner.

Belongs here: filling in ``roles.sql``, becoming ``kh02_owner``. Does not belong here: tables and views
(``upgrade``, ``views``).
"""

from importlib.resources import files

from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from kh02_pipelines.release.database.connection import run_ddl
from kh02_pipelines.release.database.schema import VERSION_TABLE, ReleaseSchema

OWNER_ROLE = "kh02_owner"
_GRANTS = "-- grants --"
"""Divides the script: what follows needs no more than the owner of the tables."""
_ALONE = "-- alone: "
"""Begins the lines that are for a database which holds nothing else."""


def roles_script(schema: ReleaseSchema, *, alone: bool = False) -> str:
    """The SQL script that makes the roles and their rights on PostgreSQL; safe to repeat.

    It touches the declared tables and views and nothing else. ``alone``: it also takes from everybody what
    PostgreSQL gives to everybody in the database (connecting, temporary tables, using the schema).
    """
    script = files("kh02_pipelines.release.database").joinpath("roles.sql").read_text("utf-8")
    tables = sorted({*schema.metadata.tables, VERSION_TABLE})
    script = script.replace("/* tables */", _listed(tables))
    script = script.replace(
        "/* views */", _listed(sorted(schema.views(make_url("postgresql+psycopg://").get_dialect()())))
    )
    return script.replace(_ALONE, "") if alone else script


def grant(connection: Connection, schema: ReleaseSchema) -> None:
    """Give the roles their rights on what is there now; the caller is the owner."""
    run_ddl(connection, roles_script(schema).partition(_GRANTS)[2])


def become_owner(connection: Connection) -> bool:
    """On PostgreSQL, let what is made belong to the owner role, for this transaction.

    Where the roles script was run in this database and this user is a member; says whether it is so.
    """
    may = text(
        "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = :role AND pg_has_role(current_user, oid, 'MEMBER') "
        "AND has_schema_privilege(oid, current_schema(), 'CREATE'))"
    )
    if not connection.execute(may, {"role": OWNER_ROLE}).scalar_one():
        return False
    run_ddl(connection, f"SET LOCAL ROLE {OWNER_ROLE}")
    return True


def _listed(names: list[str]) -> str:
    return ",\n            ".join(f"'{name}'" for name in names)
