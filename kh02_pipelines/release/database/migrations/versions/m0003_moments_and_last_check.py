"""``published_at`` as a point in time instead of text, and ``last_checked_at`` beside it.

A release that was published before had passed all checks then: that is its first ``last_checked_at``. Revision 0003.
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op

from kh02_pipelines.release.database.views import view_aside
from kh02_pipelines.tables.sql import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLE, _VIEW = "catalogue_release", "published_release"
_PUBLISHED = "Lúc công bố, giờ UTC | Time of publication, UTC"
_CHECKED = "Lần gần nhất mọi kiểm tra đều đạt, giờ UTC | When all checks last passed, UTC"


def upgrade() -> None:
    """Safe to repeat where DDL is not transactional: each change is made where it is missing."""
    connection = op.get_bind()
    columns = {column["name"]: column["type"] for column in sa.inspect(connection).get_columns(_TABLE)}
    with view_aside(connection, _VIEW):
        if isinstance(columns["published_at"], sa.String):
            _to_moment(connection)
        if "last_checked_at" not in columns:
            op.add_column(_TABLE, sa.Column("last_checked_at", Moment(), comment=_CHECKED))
        op.execute("UPDATE catalogue_release SET last_checked_at = published_at WHERE last_checked_at IS NULL")


def _to_moment(connection: sa.Connection) -> None:
    """The text is written as UTC first, in the form that every database takes for a moment."""
    rows = connection.execute(sa.text("SELECT release_id, published_at FROM catalogue_release")).all()
    found = [{"it": release, "moment": _utc(text)} for release, text in rows if text is not None]
    put = sa.text("UPDATE catalogue_release SET published_at = :moment WHERE release_id = :it")
    if connection.dialect.name == "sqlite":
        # it cannot change the type of a column; nobody sees the table before the transaction ends
        op.drop_column(_TABLE, "published_at")
        op.add_column(_TABLE, sa.Column("published_at", Moment()))
    if found:
        connection.execute(put, found)
    if connection.dialect.name != "sqlite":
        op.alter_column(
            _TABLE,
            "published_at",
            type_=Moment(),
            existing_type=sa.String(40),
            existing_nullable=True,
            comment=_PUBLISHED,
            postgresql_using="CAST(published_at || '+00' AS timestamptz)",
        )


def _utc(text: str) -> str:
    moment = dt.datetime.fromisoformat(text)  # without an offset after an upgrade that was cut off: UTC already
    return f"{moment if moment.tzinfo is None else moment.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}"
