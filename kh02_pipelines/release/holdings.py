"""Thống nhất after publication: what the Parquet store and the database hold for readers, side by side.

Belongs here: counting what each store shows, and the rule that both show the same. Does not belong here: writing
to either store.
"""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import create_engine, func, select, table
from sqlalchemy.exc import SQLAlchemyError

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks.rule import Rule, Word, findings, nothing, one_finding, together
from kh02_pipelines.release.database.store import DatabaseStore
from kh02_pipelines.release.files.parquet_store import ParquetStore
from kh02_pipelines.tables.catalogue import CATALOGUE

HOLDING_COLUMNS = ["store", "content_hash", "table", "rows"]


def holdings(files: ParquetStore, database: DatabaseStore) -> pd.DataFrame:
    """HOLDING_COLUMNS: what readers of either store see now, counted, not remembered.

    A store without a release has no row. A Parquet file that cannot be opened counts as -1 rows. Raises
    EnvironmentFault when the pointer cannot be read or the database is not reachable.
    """
    found: list[tuple[str, str, str, int]] = []
    current = files.current()
    if current is not None:
        folder = files.folder(current.release_id)
        found += [
            ("parquet", current.content_hash, name, _rows_of(folder / f"{name}.parquet")) for name in current.rows
        ]
    held = database.current()
    if held is not None:
        engine = create_engine(database.url)
        try:
            with engine.connect() as connection:
                for name in CATALOGUE:
                    counted = connection.execute(select(func.count()).select_from(table(name))).scalar_one()
                    found.append(("database", held, name, int(counted)))
        except SQLAlchemyError:
            found.append(("database", held, "", -1))
        finally:
            engine.dispose()
    return pd.DataFrame(found, columns=HOLDING_COLUMNS)


def _rows_of(path: Path) -> int:
    try:
        return int(pq.read_metadata(path).num_rows)
    except (OSError, pa.ArrowInvalid):
        return -1


def stores_differ(candidate: Candidate) -> pd.DataFrame:
    """Stores that hold different content, and tables with different rows in them."""
    held = candidate.context.holdings
    if held is None:
        return nothing()
    hashes = held.drop_duplicates(["store", "content_hash"]).set_index("store")["content_hash"]
    missing = [store for store in ("parquet", "database") if store not in hashes.index]
    if missing:
        return together(*(one_finding(store, "release", "holds no release") for store in missing))
    if hashes["parquet"] != hashes["database"]:
        return one_finding(
            "release", "content", f"Parquet has {hashes['parquet'][:8]}, the database {hashes['database'][:8]}"
        )
    counted = held.pivot(index="table", columns="store", values="rows").astype("Int64").fillna(-1).reset_index()
    wrong = counted[counted["parquet"] != counted["database"]]
    problem = "Parquet has " + wrong["parquet"].astype("str") + " rows, the database " + wrong["database"].astype("str")
    return together(findings("release", wrong, "table", problem))


RULES = (
    Rule(
        "stores_agree",
        Word.CONSISTENT,
        "Parquet và cơ sở dữ liệu cho người đọc thấy cùng một bản phát hành, cùng số dòng",
        "Parquet and the database show readers the same release with the same rows",
        "run the whole job again; it publishes what is missing in the store that lags",
        stores_differ,
        blocking=False,
        harmful=True,
    ),
)
