"""Thống nhất after publication: whether readers of both stores have what was published.

Belongs here: the rule, and what it judges. Does not belong here: comparing (``verify``), or writing to either store.
"""

import pandas as pd

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks.rule import FINDING_COLUMNS, Rule, Word, nothing
from kh02_pipelines.release.database.store import DatabaseStore
from kh02_pipelines.release.files.parquet_store import ParquetStore
from kh02_pipelines.release.verify import verify


def holdings(files: ParquetStore, database: DatabaseStore) -> pd.DataFrame:
    """In what the current release is not, for readers of either store, the one that was published: findings.

    Raises EnvironmentFault when nothing has been published, or the database is not reachable.
    """
    found = verify(files, database)
    rows = [["release", found.release_id, problem] for problem in found.problems]
    return pd.DataFrame(rows, columns=FINDING_COLUMNS, dtype="str")


def stores_differ(candidate: Candidate) -> pd.DataFrame:
    """What was found of both stores; nothing before publication."""
    return nothing() if candidate.context.holdings is None else candidate.context.holdings


RULES = (
    Rule(
        "stores_agree",
        Word.CONSISTENT,
        "Parquet và cơ sở dữ liệu cho người đọc thấy đúng bản phát hành đã công bố, không khác một dòng",
        "Parquet and the database show readers the release that was published, row for row",
        "kh02 verify lists all of it; kh02 build writes the release, its record and the pointers anew, "
        "kh02 db upgrade the views",
        stores_differ,
        blocking=False,
        harmful=True,
    ),
)
