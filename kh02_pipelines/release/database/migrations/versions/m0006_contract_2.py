"""Contract 2.0 on the tables of contract 1.0: what may be unknown, and links told apart by their event.

``change_event.legal_document`` may be empty, ``succession`` has its event in the key, and four vocabularies have a word
more. Tables and columns that contract 2.0 adds follow from the declarations. Revision 0006.
"""

import re
from contextlib import ExitStack

import sqlalchemy as sa
from alembic import op

from kh02_pipelines.release.database.views import view_aside

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_KINDS = ("creation", "abolition", "merger", "split", "rename", "retype", "recode", "transfer", "spelling")
_EXTENTS = ("whole", "part", "unknown")
_POPULATIONS = ("all", "part", "none", "unknown")
_CLASSES = (
    *("spelling", "name", "type", "parent", "unit", "succession", "extent", "population", "total"),
    *("one_of_several", "not_listed", "not_identified"),
)
_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "change_event": {"kind": _KINDS},
    "succession": {"extent": _EXTENTS, "population": _POPULATIONS},
    "commune_crosswalk": {"extent": _EXTENTS, "population": _POPULATIONS},
    "source_conflict": {"class": _CLASSES},
}
_KEY = ("release_id", "event_id", "predecessor_id", "successor_id")


def upgrade() -> None:
    """Safe to repeat where DDL is not transactional: each change is made where it is missing."""
    connection = op.get_bind()
    present = set(sa.inspect(connection).get_table_names())
    for name in _WORDS:
        if f"{name}_release" not in present:
            continue
        if connection.dialect.name == "sqlite":
            _rebuild(connection, name)
        else:
            _alter(connection, name)


def _alter(connection: sa.Connection, name: str) -> None:
    table, inspector = f"{name}_release", sa.inspect(connection)
    quote = connection.dialect.identifier_preparer.quote
    checks = {str(check["name"]): str(check["sqltext"]) for check in inspector.get_check_constraints(table)}
    for column, words in _WORDS[name].items():
        check = f"ck_{table}_{column}"
        if check in checks and all(f"'{word}'" in checks[check] for word in words):
            continue
        if check in checks:
            op.drop_constraint(check, table, type_="check")
        op.create_check_constraint(check, table, _condition(quote(column), words))
    if name == "change_event":
        found = {column["name"]: column for column in inspector.get_columns(table)}["legal_document"]
        if not found["nullable"]:
            op.alter_column(
                table,
                "legal_document",
                nullable=True,
                existing_type=found["type"],
                existing_comment=found.get("comment"),
            )
    if name == "succession" and tuple(inspector.get_pk_constraint(table)["constrained_columns"]) != _KEY:
        key = ", ".join(_KEY)
        gone = (
            "DROP CONSTRAINT pk_succession_release" if connection.dialect.name == "postgresql" else "DROP PRIMARY KEY"
        )
        added = f"ADD CONSTRAINT pk_succession_release PRIMARY KEY ({key})"
        if connection.dialect.name != "postgresql":  # its keys have at most 3,072 bytes
            gone = f"MODIFY event_id VARCHAR(80) NOT NULL, {gone}"
        op.execute(f"ALTER TABLE {table} {gone}, {added}")


def _rebuild(connection: sa.Connection, name: str) -> None:
    """SQLite changes no constraint of a table that is there: the rows move into one made as the old one was."""
    table, beside = f"{name}_release", f"{name}_contract_2"
    rows = connection.execute(
        sa.text("SELECT type, sql FROM sqlite_master WHERE tbl_name = :name AND sql IS NOT NULL"), {"name": table}
    ).all()
    ddl = next(str(sql) for kind, sql in rows if kind == "table")
    made = ddl
    for column, words in _WORDS[name].items():
        check = re.escape(f"CONSTRAINT ck_{table}_{column} CHECK (") + r".*?\)\)"
        made = re.sub(check, f"CONSTRAINT ck_{table}_{column} CHECK ({_condition(column, words)})", made)
    if name == "change_event":
        made = re.sub(r"(legal_document VARCHAR\(\d+\)) NOT NULL", r"\1", made)
    if name == "succession":
        made = re.sub(r"(pk_succession_release PRIMARY KEY) \([^)]*\)", rf"\1 ({', '.join(_KEY)})", made)
    if made == ddl:
        return
    with ExitStack() as views:
        for view in (f"{name}_by_release", name):
            views.enter_context(view_aside(connection, view))
        op.execute(re.sub(rf"(CREATE TABLE )\"?{table}\"?", rf"\1{beside}", made, count=1))
        op.execute(f"INSERT INTO {beside} SELECT * FROM {table}")  # noqa: S608 (constants)
        op.execute(f"DROP TABLE {table}")
        op.execute(f"ALTER TABLE {beside} RENAME TO {table}")
        for kind, sql in rows:
            if kind == "index":
                op.execute(str(sql))


def _condition(column: str, words: tuple[str, ...]) -> str:
    column = '"class"' if column == "class" else column  # a word of SQL
    listed = ", ".join(f"'{word}'" for word in words)
    return f"{column} IN ({listed})"
