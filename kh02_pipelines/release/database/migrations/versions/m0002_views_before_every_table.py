"""A view in front of every table that readers read, the columns of each release, and a pointer that cannot dangle.

``release_change`` and ``quality_result`` become views of published releases under those names; the rows move to
``<name>_release``, as with every other table. Rights that were given on them to roles other than kh02_reader have to
be given again. Revision 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NOW_VIEWS = ("release_change", "quality_result")
_REFERENCE = "fk_current_release_release_id"


def upgrade() -> None:
    """Safe to repeat where DDL is not transactional: each change is made where it is missing."""
    connection = op.get_bind()
    inspector = sa.inspect(connection)
    if "table_columns" not in {column["name"] for column in inspector.get_columns("catalogue_release")}:
        comment = "Các cột từng bảng lúc công bố, JSON | Columns by table as published, JSON"
        op.add_column("catalogue_release", sa.Column("table_columns", sa.Text, comment=comment))
    tables = set(inspector.get_table_names())
    quote = connection.dialect.identifier_preparer.quote
    for name in _NOW_VIEWS:
        if name in tables:
            columns = ", ".join(quote(column["name"]) for column in inspector.get_columns(name))
            op.rename_table(name, f"{name}_release")
            # at once: where DDL is not transactional, the rest of the upgrade may still be refused
            op.execute(
                f"CREATE VIEW {name} AS SELECT {columns} FROM {name}_release WHERE release_id IN "  # noqa: S608
                "(SELECT release_id FROM catalogue_release WHERE status = 'published')"
            )
    # SQLite cannot add a reference to a table that is there
    references = {key["name"] for key in inspector.get_foreign_keys("current_release")}
    if connection.dialect.name != "sqlite" and _REFERENCE not in references:
        op.create_foreign_key(_REFERENCE, "current_release", "catalogue_release", ["release_id"], ["release_id"])
