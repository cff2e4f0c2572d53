"""The published unit tables: who is in force on the release date, and the three tiers of their last day.

Belongs here: from unit versions to the ``units`` family of tables. Does not belong here: links between units.
"""

from typing import cast

import pandas as pd

from kh02_pipelines.history.periods import Periods
from kh02_pipelines.history.states import located, units_as_of
from kh02_pipelines.names import split_unit_type, to_ascii
from kh02_pipelines.names.parts import Level
from kh02_pipelines.tables.declaration import Table
from kh02_pipelines.tables.units import COMMUNE, LEGACY_COMMUNE, LEGACY_DISTRICT, LEGACY_PROVINCE, PROVINCE


def legacy_day(periods: Periods, as_of: pd.Timestamp) -> pd.Timestamp:
    """The day whose three tiers are published beside today's units: their last, or ``as_of`` before it."""
    last = periods.legacy_day
    return as_of if last is None else min(last, as_of)


def unit_tables(
    unit_version: pd.DataFrame, change_event: pd.DataFrame, periods: Periods, as_of: pd.Timestamp
) -> dict[str, pd.DataFrame]:
    """The five tables of ``tables.units`` by name, with exactly their declared columns.

    A unit that began before the period of ``as_of``, or by an event without a known document, cites what stands for
    "unchanged" in that period.
    """
    old = located(units_as_of(unit_version, legacy_day(periods, as_of)))
    now = located(units_as_of(unit_version, as_of))
    period = periods.on(as_of)
    cited = now["started_by"].map(change_event.set_index("event_id")["legal_document"]).astype("str")
    now["legal_document"] = cited.where(now["valid_from"] >= period.valid_from).fillna(period.standing_document)
    for units in (old, now):
        units["name_ascii"] = to_ascii(units["name"])
    shaped = [
        (old, LEGACY_PROVINCE),
        (old, LEGACY_DISTRICT),
        (old, LEGACY_COMMUNE),
        (now, PROVINCE),
        (now, COMMUNE),
    ]
    return {table.name: _of_level(units, table) for units, table in shaped}


def _of_level(units: pd.DataFrame, table: Table) -> pd.DataFrame:
    level = cast(Level, table.name.removeprefix("legacy_"))
    chosen = units[units["level"] == level].sort_values("code", ignore_index=True)
    chosen["short_name"] = split_unit_type(chosen["name"], level)["short_name"]
    return chosen[table.column_names]
