"""The row that a publisher locks: only who may write to it can keep others from publishing. Revision 0004."""

import sqlalchemy as sa
from alembic import op

from kh02_pipelines.tables.sql import DIALECT_OPTIONS

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLE = "publishing_lock"


def upgrade() -> None:
    """Safe to repeat where DDL is not transactional: each step is done where it is missing."""
    connection = op.get_bind()
    if _TABLE not in sa.inspect(connection).get_table_names():
        op.create_table(
            _TABLE,
            sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("holder", sa.String(255)),
            sa.CheckConstraint("one = 1", name="ck_publishing_lock_one"),
            **DIALECT_OPTIONS,
        )
    if connection.execute(sa.text(f"SELECT count(*) FROM {_TABLE}")).scalar_one() == 0:  # noqa: S608 (our own name)
        op.execute(f"INSERT INTO {_TABLE} (one, holder) VALUES (1, NULL)")  # noqa: S608
