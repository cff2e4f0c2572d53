"""How the views were made, beside the contract they were made for: a view that was replaced shows. Revision 0005."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TABLE = "catalogue_contract"


def upgrade() -> None:
    """Safe to repeat where DDL is not transactional."""
    if "views" not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns(_TABLE)}:
        comment = "Dấu vết các khung nhìn lúc dựng | Fingerprint of the views as they were made"
        op.add_column(_TABLE, sa.Column("views", sa.String(64), comment=comment))
