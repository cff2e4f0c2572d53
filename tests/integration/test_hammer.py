"""Publications in a row while six processes read without a pause: nothing mixed, nothing empty, no error."""

import multiprocessing
import os
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url, text
from sqlalchemy.engine import URL
from synthetic import Home, marker, with_password

from kh02_pipelines.client import open_catalogue
from kh02_pipelines.release.database.connection import Database

PUBLICATIONS = [12, pytest.param(60, marks=pytest.mark.drill)]
TABLES = ("commune", "province", "legacy_commune", "unit_version")
Seen = tuple[str, int]
"""The marker of a release and its number of rows, as one read of one table gave them."""


def rows_of(number: int) -> int:
    """Releases alternate between two sizes, so that a mixture shows in the count as well."""
    return 30 if number % 2 else 50


def single_statements(connection: Connection, _: Path) -> list[Seen]:
    parts = " UNION ALL ".join(f"SELECT min(name), max(name), count(*) FROM {name}" for name in TABLES)
    return _flat(connection.execute(text(parts)).all())


def transactions(connection: Connection, _: Path) -> list[Seen]:
    found = []
    for name in TABLES:
        found += connection.execute(text(f"SELECT min(name), max(name), count(*) FROM {name}")).all()
        time.sleep(0.005)
    return _flat(found)


def pinned(connection: Connection, _: Path) -> list[Seen]:
    release = connection.execute(text("SELECT release_id FROM published_release WHERE is_current = 1")).scalar_one()
    found = []
    for name in TABLES:
        connection.rollback()  # each statement for itself, as a reader without transactions would
        query = text(f"SELECT min(name), max(name), count(*) FROM {name}_by_release WHERE release_id = :release")
        found += connection.execute(query, {"release": release}).all()
    return _flat(found)


def parquet(_: Connection, root: Path) -> list[Seen]:
    catalogue = open_catalogue(root)  # resolves the pointer once
    found: list[Seen] = []
    for name in TABLES:
        values = catalogue.table(name, as_="pyarrow")["name"].to_pylist()
        found += [(value, len(values)) for value in set(values)] or [("", 0)]
    return found


def _flat(rows: list) -> list[Seen]:  # type: ignore[type-arg]
    return [(value or "", count) for least, most, count in rows for value in (least, most)]


READERS: list[Callable[[Connection, Path], list[Seen]]] = [
    single_statements,
    single_statements,
    transactions,
    transactions,
    pinned,
    parquet,
]


def read_until(
    stop: Event, kind: int, url: str, root: str, results: "multiprocessing.Queue[dict[str, object]]"
) -> None:
    read, database = READERS[kind], Database(make_url(url))
    tally: dict[str, object] = {"kind": read.__name__, "reads": 0, "mixed": [], "empty": 0, "errors": [], "releases": 0}
    releases, reads = set(), 0
    isolation = {} if database.dialect == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    if read is single_statements and isolation:
        isolation["isolation_level"] = "READ COMMITTED"
    with database.engine.connect().execution_options(**isolation) as connection:
        while not stop.is_set():
            try:
                seen = set(read(connection, Path(root)))
                connection.rollback()
            except Exception as error:
                tally["errors"] = [*tally["errors"], repr(error)][:5]  # type: ignore[misc]
                connection.rollback()
                continue
            reads += 1
            releases |= seen
            if any(not count for _, count in seen):
                tally["empty"] = int(tally["empty"]) + 1  # type: ignore[call-overload]
            elif len(seen) != 1 or seen != {(marker(number_of(seen)), rows_of(number_of(seen)))}:
                tally["mixed"] = [*tally["mixed"], sorted(seen)][:5]  # type: ignore[misc]
            time.sleep(0.05)
    results.put({**tally, "reads": reads, "releases": len(releases)})


def number_of(seen: set[Seen]) -> int:
    return int(min(seen)[0].split()[-1])


@pytest.mark.slow
@pytest.mark.no_cover  # thousands of repetitions of what other tests cover, twice as fast without the tracer
@pytest.mark.parametrize("publications", PUBLICATIONS)
def test_readers_never_see_a_mixture(
    tmp_path: Path, database_url: URL, processes: ForkServerContext, publications: int
) -> None:
    home = Home(tmp_path / "home", with_password(database_url))
    home.publish(0, rows_of(0))
    stop, results = processes.Event(), processes.Queue()
    readers = [
        processes.Process(target=read_until, args=(stop, kind, home.url, str(home.files.root), results))
        for kind in range(len(READERS))
    ]
    for reader in readers:
        reader.start()
    started = time.monotonic()
    try:
        for number in range(1, publications + 1):
            assert home.publish(number, rows_of(number)).new
    finally:
        stop.set()
    tallies = [results.get(timeout=60) for _ in readers]
    for reader in readers:
        reader.join(60)
    if os.environ.get("KH02_SHOW_FIGURES"):
        print(f"\n{time.monotonic() - started:.1f} s", *tallies, sep="\n")
    for tally in tallies:
        assert (tally["mixed"], tally["empty"], tally["errors"]) == ([], 0, []), tally
        assert int(tally["reads"]) >= publications // 2, tally
        assert tally["releases"] >= 5, tally
