"""A candidate: the tables of a release that is not published yet, with what surrounds it.

Belongs here: the classes that rules, staging and publishing share. Does not belong here: making a candidate
(``catalogue.plan``), finding its surroundings (``release.surroundings``) or judging it (``checks``).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from kh02_pipelines.tables.contract import CONTRACT_VERSION


@dataclass(frozen=True)
class Limits:
    """From where on age and drift are a finding. Ages in days; drifts as a share of what the last release had."""

    source_age: int = 180
    law_age: int = 365
    as_of_age: int = 7
    row_drift: float = 0.01
    name_drift: float = 0.02
    code_drift: float = 0.005


SchemaText = Mapping[str, tuple[str, bool]]
"""A table's schema: column name → (type as text, whether it may be empty)."""


@dataclass(frozen=True)
class Previous:
    """The release that a candidate would replace. ``tables`` reads a table when it is asked for.

    ``contract``: the version of the contract it was published under.
    """

    release_id: str
    as_of: dt.date
    schemas: Mapping[str, SchemaText]
    tables: Mapping[str, pd.DataFrame]
    contract: str = CONTRACT_VERSION

    @property
    def is_of_older_contract(self) -> bool:
        """Whether the number before the dot has been raised since: keys and columns may differ."""
        return self.contract.partition(".")[0] != CONTRACT_VERSION.partition(".")[0]


@dataclass(frozen=True)
class Context:
    """What surrounds a candidate, for the rules that need more than its tables; the default knows nothing.

    ``today``: the day in Viet Nam, from the injected clock. ``previous``: the release before, or None when there
    is none. ``files``: the staged Parquet file of every table. ``holdings``: in what readers of the stores
    do not have what was published, as findings; known only once something has been published.
    """

    today: dt.date | None = None
    limits: Limits = Limits()
    previous: Previous | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    holdings: pd.DataFrame | None = None


@dataclass(frozen=True)
class Candidate:
    """The tables of a release that is not published yet, and what a rule may hold them against.

    ``totals``: how many units there are by law or by others' counts, see ``history.totals.expected_totals``.
    ``row_flow``: rows in, added, set aside and out of every step (see ``catalogue.row_flow``).
    ``evidence``: further frames staged with the tables: ``rulings`` and ``periods`` as their sources have them,
    ``change_totals`` (``effective_date``, ``fact``, ``count``).
    """

    tables: Mapping[str, pd.DataFrame]
    as_of: dt.date
    totals: pd.DataFrame
    row_flow: pd.DataFrame
    evidence: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    context: Context = Context()
