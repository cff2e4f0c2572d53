"""Release rows and a pointer: the tables about releases, and the pointer's one row.

A database of the first layout (the tables themselves, exchanged in one transaction) gives up those tables: views
take their names, and the next publication brings the rows. Revision 0001.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_FIRST_LAYOUT = (
    "commune_crosswalk",
    "province_crosswalk",
    "district_crosswalk",
    "succession",
    "unit_version",
    "change_event",
    "commune",
    "province",
    "legacy_commune",
    "legacy_district",
    "legacy_province",
    "legal_document",
)
_MYSQL: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_nopad_bin",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_nopad_bin",
}


def upgrade() -> None:
    """Make the tables that do not exist; safe to repeat where DDL is not transactional."""
    inspector = sa.inspect(op.get_bind())
    present = set(inspector.get_table_names())
    if "catalogue_release" in present and "status" not in {
        column["name"] for column in inspector.get_columns("catalogue_release")
    }:
        for name in (*_FIRST_LAYOUT, "catalogue_release"):
            if name in present:
                op.drop_table(name)
        present -= {*_FIRST_LAYOUT, "catalogue_release"}
    for name, columns in _tables().items():
        if name not in present:
            op.create_table(name, *columns, **_MYSQL)
    if op.get_bind().execute(sa.text("SELECT count(*) FROM current_release")).scalar_one() == 0:
        op.execute("INSERT INTO current_release (one, release_id, seq) VALUES (1, NULL, 0)")


def _tables() -> dict[str, list[SchemaItem]]:
    release_id = sa.String(40)
    return {
        "catalogue_release": [
            sa.Column("release_id", release_id, primary_key=True),
            sa.Column("as_of", sa.Date, nullable=False),
            sa.Column("content_hash", sa.String(64), nullable=False),
            sa.Column("run_id", sa.String(64)),
            sa.Column("status", sa.String(20), nullable=False),
            sa.Column("published_at", sa.String(40)),
            sa.Column("row_counts", sa.Text, nullable=False),
            sa.Column("contract_version", sa.String(20), nullable=False),
            sa.CheckConstraint("status IN ('staged', 'published')", name="ck_catalogue_release_status"),
        ],
        "current_release": [
            sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("release_id", release_id),
            sa.Column("seq", sa.BigInteger, nullable=False),
            sa.CheckConstraint("one = 1", name="ck_current_release_one"),
        ],
        "release_move": [
            sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("action", sa.String(20), nullable=False),
            sa.Column("release_id", release_id, nullable=False),
            sa.Column("content_hash", sa.String(64), nullable=False),
            sa.Column("left_release_id", release_id),
            sa.Column("left_content_hash", sa.String(64)),
            sa.Column("moved_at", sa.String(40), nullable=False),
            sa.Column("moved_by", sa.String(255), nullable=False),
            sa.Column("reason", sa.String(1000)),
        ],
        "catalogue_contract": [
            sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("contract_version", sa.String(20), nullable=False),
            sa.Column("fingerprint", sa.String(64), nullable=False),
            sa.CheckConstraint("one = 1", name="ck_catalogue_contract_one"),
        ],
    }
