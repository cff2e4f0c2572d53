"""The published database as SQLAlchemy metadata: release rows, the pointer, and the views readers use.

Belongs here: which tables and views there are. Does not belong here: making or changing them
(``upgrade``), or rows (``store``).

``<table>_release`` holds the rows of every kept release; the view ``<table>`` shows those of the current one,
the view ``<table>_by_release`` those of every published one with its ``release_id``. A table about releases has one
view under its plain name, of every published one. ``current_release`` has one row: the pointer. ``release_move``
records every move of the pointer, with who, when and why.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Dialect,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

from kh02_pipelines.tables.contract import contract_fingerprint
from kh02_pipelines.tables.declaration import Table as Declared
from kh02_pipelines.tables.sql import DIALECT_OPTIONS, RELEASE_ID_LENGTH, RELEASE_KEY, Moment, release_table

STAGED, PUBLISHED = "staged", "published"
PUBLISH, ROLLBACK = "publish", "rollback"
BY_RELEASE = "_by_release"
PUBLISHED_RELEASE = "published_release"
REVISION = "0006"
"""The newest migration; a database at another one is not written to."""
VERSION_TABLE = "catalogue_schema_version"
"""Where alembic keeps the migration a database is at."""

_TIME = String(40)  # ISO 8601 with the offset of whoever moved the pointer


@dataclass(frozen=True)
class ReleaseSchema:
    """Every table and view of the published database, made from the declarations."""

    catalogue: Mapping[str, Declared]
    auxiliary: Mapping[str, Declared]
    metadata: MetaData
    twins: Mapping[str, Table]
    beside: Mapping[str, Table]
    release: Table
    pointer: Table
    move: Table
    contract: Table
    lock: Table

    @property
    def fingerprint(self) -> str:
        """Tells whether a database was made for these declarations and this version's migrations."""
        return f"{REVISION}-{contract_fingerprint({**self.catalogue, **self.auxiliary})[:32]}"

    def views(self, dialect: Dialect) -> dict[str, str]:
        """The SELECT of every view by name, quoted for ``dialect``."""
        quote = dialect.identifier_preparer.quote
        found = {}
        for name, twin in self.twins.items():
            columns = ", ".join(quote(column) for column in self.catalogue[name].column_names)
            source = quote(twin.name)
            found[name] = (
                f"SELECT {columns} FROM {source} "  # noqa: S608 - names come from the declarations
                "WHERE release_id = (SELECT release_id FROM current_release WHERE one = 1)"
            )
            found[f"{name}{BY_RELEASE}"] = (
                f"SELECT release_id, {columns} FROM {source} WHERE release_id IN "  # noqa: S608
                f"(SELECT release_id FROM catalogue_release WHERE status = '{PUBLISHED}')"
            )
        for name, twin in self.beside.items():
            columns = ", ".join(quote(column) for column in self.auxiliary[name].column_names)
            found[name] = (
                f"SELECT {columns} FROM {quote(twin.name)} WHERE release_id IN "  # noqa: S608
                f"(SELECT release_id FROM catalogue_release WHERE status = '{PUBLISHED}')"
            )
        found[PUBLISHED_RELEASE] = (
            "SELECT r.release_id, r.as_of, r.content_hash, r.contract_version, r.run_id, r.published_at, "  # noqa: S608
            "r.row_counts, CASE WHEN r.release_id = "
            "(SELECT c.release_id FROM current_release c WHERE c.one = 1) THEN 1 ELSE 0 END AS is_current, "
            "r.table_columns, r.last_checked_at "
            f"FROM catalogue_release r WHERE r.status = '{PUBLISHED}'"
        )
        return found


def release_schema(catalogue: Mapping[str, Declared], auxiliary: Mapping[str, Declared], dialect: str) -> ReleaseSchema:
    """The schema for a dialect. References within a release stand in the DDL of SQLite alone.

    SQLite records them at no cost. On PostgreSQL enforcing them row by row costs more than the whole publish;
    the upgrade declares them unenforced where the server can (``upgrade``). Everywhere the audit
    proves them on the same content, which is then hashed in the database.
    """
    metadata = MetaData()
    references = dialect == "sqlite"
    twins = {name: release_table(table, metadata, foreign_keys=references) for name, table in catalogue.items()}
    beside = {name: release_table(table, metadata, foreign_keys=False) for name, table in auxiliary.items()}
    return ReleaseSchema(
        catalogue=catalogue,
        auxiliary=auxiliary,
        metadata=metadata,
        twins=twins,
        beside=beside,
        **control_tables(metadata),
    )


def control_tables(metadata: MetaData) -> dict[str, Table]:
    """The tables that are about releases rather than part of one, as the migrations make them."""
    release_id = String(RELEASE_ID_LENGTH)
    return {
        "release": Table(
            "catalogue_release",
            metadata,
            Column(RELEASE_KEY, release_id, primary_key=True, comment="Mã bản phát hành | Release id"),
            Column("as_of", Date, nullable=False, comment="Ngày của dữ liệu | Date the data speak for"),
            Column("content_hash", String(64), nullable=False, comment="SHA-256 nội dung | SHA-256 of the content"),
            Column("run_id", String(64), comment="Lượt chạy Dagster | Dagster run that brought it"),
            Column("status", String(20), nullable=False, comment="staged (chưa công bố) | published"),
            Column("published_at", Moment(), comment="Lúc công bố, giờ UTC | Time of publication, UTC"),
            Column("row_counts", Text, nullable=False, comment="Số dòng từng bảng, JSON | Rows by table, JSON"),
            Column("contract_version", String(20), nullable=False, comment="Phiên bản hợp đồng | Contract version"),
            Column(
                "table_columns",
                Text,
                comment="Các cột từng bảng lúc công bố, JSON | Columns by table as published, JSON",
            ),
            Column(
                "last_checked_at",
                Moment(),
                comment="Lần gần nhất mọi kiểm tra đều đạt, giờ UTC | When all checks last passed, UTC",
            ),
            CheckConstraint("status IN ('staged', 'published')", name="ck_catalogue_release_status"),
            comment="Các bản phát hành có trong cơ sở dữ liệu | The releases the database holds",
            **DIALECT_OPTIONS,
        ),
        "pointer": Table(
            "current_release",
            metadata,
            Column("one", Integer, primary_key=True, autoincrement=False, comment="Luôn là 1 | Always 1"),
            Column(RELEASE_KEY, release_id, comment="Bản đang công bố | The release readers see"),
            Column("seq", BigInteger, nullable=False, comment="Số lần đổi | How often it has moved"),
            CheckConstraint("one = 1", name="ck_current_release_one"),
            comment="Con trỏ tới bản đang công bố | The pointer to the current release",
            **DIALECT_OPTIONS,
        ),
        "move": Table(
            "release_move",
            metadata,
            Column("seq", BigInteger, primary_key=True, autoincrement=False, comment="Lần đổi thứ | Which move"),
            Column("action", String(20), nullable=False, comment="publish hoặc rollback | publish or rollback"),
            Column(RELEASE_KEY, release_id, nullable=False, comment="Bản được trỏ tới | Release moved to"),
            Column("content_hash", String(64), nullable=False, comment="SHA-256 nội dung | Its content hash"),
            Column("left_release_id", release_id, comment="Bản trước đó | Release moved from"),
            Column("left_content_hash", String(64), comment="SHA-256 bản trước đó | Content hash moved from"),
            Column("moved_at", _TIME, nullable=False, comment="Lúc đổi, ISO 8601 | Time of the move, ISO 8601"),
            Column("moved_by", String(255), nullable=False, comment="Ai đổi | Who moved it"),
            Column("reason", String(1000), comment="Lý do | Reason"),
            comment="Mọi lần đổi con trỏ | Every move of the pointer",
            **DIALECT_OPTIONS,
        ),
        "contract": Table(
            "catalogue_contract",
            metadata,
            Column("one", Integer, primary_key=True, autoincrement=False, comment="Luôn là 1 | Always 1"),
            Column("contract_version", String(20), nullable=False, comment="Phiên bản hợp đồng | Contract version"),
            Column("fingerprint", String(64), nullable=False, comment="Dấu vết lược đồ | Fingerprint of the schema"),
            Column(
                "views",
                String(64),
                comment="Dấu vết các khung nhìn lúc dựng | Fingerprint of the views as they were made",
            ),
            CheckConstraint("one = 1", name="ck_catalogue_contract_one"),
            comment="Lược đồ được dựng cho hợp đồng nào | The contract the schema was made for",
            **DIALECT_OPTIONS,
        ),
        "lock": Table(
            "publishing_lock",
            metadata,
            Column("one", Integer, primary_key=True, autoincrement=False, comment="Luôn là 1 | Always 1"),
            Column("holder", String(255), comment="Ai đang công bố | Who publishes; never committed"),
            CheckConstraint("one = 1", name="ck_publishing_lock_one"),
            comment="Khóa công bố: mỗi lúc một người | The publishing lock: one publisher at a time",
            **DIALECT_OPTIONS,
        ),
    }
