"""The two real catalogues as Arrow tables, as a release holds them."""

import pyarrow as pa
import pytest

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.tables.arrow import to_arrow
from kh02_pipelines.tables.catalogue import CATALOGUE


def _arrow(candidate: Candidate) -> dict[str, pa.Table]:
    return {name: to_arrow(candidate.tables[name], table) for name, table in CATALOGUE.items()}


@pytest.fixture(scope="session")
def tables_today(candidate_today: Candidate) -> dict[str, pa.Table]:
    return _arrow(candidate_today)


@pytest.fixture(scope="session")
def tables_reform(candidate_reform: Candidate) -> dict[str, pa.Table]:
    return _arrow(candidate_reform)
