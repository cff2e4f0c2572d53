"""Two releases of a small but real catalogue, as a home folder and as a database."""

import datetime as dt
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import Column, Date, MetaData, String, Table, Text, create_engine, insert, text
from sqlalchemy.pool import NullPool

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks.rule import nothing
from kh02_pipelines.release.about import rows_about
from kh02_pipelines.release.audit import RULES, Outcome
from kh02_pipelines.release.content import content_hash
from kh02_pipelines.release.files.parquet_store import ParquetStore
from kh02_pipelines.release.staging import stage, write_parquet
from kh02_pipelines.tables.arrow import to_arrow
from kh02_pipelines.tables.catalogue import ABOUT_RELEASES, CATALOGUE
from kh02_pipelines.tables.sql import Moment, sql_table

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Published:
    """What was published: the older and the current release, and the tables of each."""

    older: str
    current: str
    tables: dict[str, dict[str, pa.Table]]


@dataclass(frozen=True)
class Home:
    folder: Path
    published: Published

    @property
    def store(self) -> ParquetStore:
        return ParquetStore(self.folder / "parquet")


@pytest.fixture(scope="session")
def home_template(
    candidate_reform: Candidate, candidate_today: Candidate, tmp_path_factory: pytest.TempPathFactory
) -> Home:
    folder = tmp_path_factory.mktemp("client") / "home"
    store = ParquetStore(folder / "parquet")
    ids, tables = [], {}
    for hour, candidate in enumerate((candidate_reform, candidate_today)):
        staged = stage(candidate, folder / "staging")
        release = staged.release_id
        content = {n: to_arrow(candidate.tables[n], t) for n, t in CATALOGUE.items()}
        about = rows_about(store, release, ids[-1] if ids else None, content, [Outcome(RULES[0], nothing())])
        at = NOON + dt.timedelta(hours=hour)
        store.add(staged, at, partial(write_parquet_files, tables=about))
        store.point_to(release)
        ids.append(release)
        tables[release] = {**content, **about}
    return Home(folder, Published(ids[0], ids[1], tables))


def write_parquet_files(folder: Path, tables: dict[str, pa.Table]) -> None:
    for name, table in tables.items():
        write_parquet(table, folder / f"{name}.parquet")


@pytest.fixture
def home(home_template: Home, tmp_path: Path) -> Home:
    """A copy that a test may break."""
    return Home(shutil.copytree(home_template.folder, tmp_path / "home"), home_template.published)


@dataclass(frozen=True)
class Database:
    url: str
    published: Published
    run: Callable[[str], None]


@pytest.fixture(scope="session")
def database_template(home_template: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published database as readers may see it: release rows, and the views over them."""
    path = tmp_path_factory.mktemp("client_db") / "catalogue.db"
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    metadata = MetaData()
    releases = Table(
        "catalogue_release",
        metadata,
        Column("release_id", String(40), primary_key=True),
        Column("as_of", Date),
        Column("content_hash", String(64)),
        Column("status", String(20)),
        Column("row_counts", Text),
        Column("table_columns", Text),
        Column("last_checked_at", Moment()),
    )
    rows: dict[str, Table] = {}
    for name, declared in CATALOGUE.items():
        columns = [Column(c.name, c.type, nullable=c.nullable) for c in sql_table(declared, MetaData()).columns]
        rows[name] = Table(f"{name}_release", metadata, Column("release_id", String(40)), *columns)
    beside = {name: sql_table(declared, metadata) for name, declared in ABOUT_RELEASES.items()}
    published = home_template.published
    with engine.begin() as connection:
        metadata.create_all(connection)
        connection.execute(text("CREATE TABLE current_release (one INTEGER PRIMARY KEY, release_id TEXT, seq INTEGER)"))
        connection.execute(
            text(
                "CREATE VIEW published_release AS SELECT r.*, r.release_id = "
                "(SELECT release_id FROM current_release) AS is_current "
                "FROM catalogue_release r WHERE status = 'published'"
            )
        )
        for name in CATALOGUE:
            connection.execute(
                text(
                    f"CREATE VIEW {name}_by_release AS SELECT * FROM {name}_release WHERE release_id IN "
                    "(SELECT release_id FROM catalogue_release WHERE status = 'published')"
                )
            )
            connection.execute(
                text(
                    f"CREATE VIEW {name} AS SELECT {', '.join(CATALOGUE[name].column_names)} FROM {name}_release "
                    "WHERE release_id = (SELECT release_id FROM current_release)"
                )
            )
        for release, stored in published.tables.items():
            tables = {name: stored[name] for name in CATALOGUE}
            about = {
                "release_id": release,
                "as_of": dt.date.fromisoformat(release[:10]),
                "content_hash": content_hash(tables),
                "status": "published",
                "last_checked_at": NOON + dt.timedelta(days=1),
                "row_counts": json.dumps({name: table.num_rows for name, table in tables.items()}),
                "table_columns": json.dumps({name: table.column_names for name, table in tables.items()}),
            }
            connection.execute(insert(releases), about)
            connection.execute(insert(releases), {**about, "release_id": f"{release}-staged", "status": "staged"})
            for name, table in tables.items():
                # in another order than the keys': the database promises none
                values = [{"release_id": release, **row} for row in reversed(table.to_pylist())]
                if values:
                    connection.execute(insert(rows[name]), values)
            for name, table in beside.items():
                if stored[name].num_rows:
                    connection.execute(insert(table), stored[name].to_pylist())
        connection.execute(text(f"INSERT INTO current_release VALUES (1, '{published.current}', 2)"))
    return path


@pytest.fixture
def database(database_template: Path, home_template: Home, tmp_path: Path) -> Database:
    """A copy that a test may break; ``run`` executes a statement in it."""
    path = tmp_path / "catalogue.db"
    path.write_bytes(database_template.read_bytes())
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)

    def run(statement: str) -> None:
        with engine.begin() as connection:
            connection.execute(text(statement))

    return Database(f"sqlite:///{path}", home_template.published, run)
