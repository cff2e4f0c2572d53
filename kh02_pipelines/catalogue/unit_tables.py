"""The published unit tables: who is in force on the release date, and the three tiers of 30 June 2025.

Belongs here: from unit versions to the ``units`` family of tables. Does not belong here: links between units.
"""

from typing import cast

import pandas as pd

from kh02_pipelines.history.legal import OLD_CODE_LIST, governing_document
from kh02_pipelines.history.links import OPENING_DATE, REFORM_DATE
from kh02_pipelines.history.states import units_as_of
from kh02_pipelines.names import split_unit_type, to_ascii
from kh02_pipelines.names.parts import Level
from kh02_pipelines.tables.declaration import Table
from kh02_pipelines.tables.units import COMMUNE, LEGACY_COMMUNE, LEGACY_DISTRICT, LEGACY_PROVINCE, PROVINCE


def unit_tables(
    unit_version: pd.DataFrame, change_event: pd.DataFrame, documents: pd.DataFrame, as_of: pd.Timestamp
) -> dict[str, pd.DataFrame]:
    """The five tables of ``tables.units`` by name, with exactly their declared columns.

    A unit that no event started (it is older than our first register) cites ``standing_document``.
    """
    old = units_as_of(unit_version, OPENING_DATE)
    now = units_as_of(unit_version, as_of)
    now["legal_document"] = (
        now["started_by"]
        .map(change_event.set_index("event_id")["legal_document"])
        .astype("str")
        .fillna(standing_document(documents, as_of))
    )
    province_of_district = old[old["level"] == "district"].set_index("code")["parent_code"]
    for units in (old, now):
        units["province_code"] = units["parent_code"].map(province_of_district).fillna(units["parent_code"])
        units["district_code"] = units["parent_code"]
        units["name_ascii"] = to_ascii(units["name"])
    shaped = [
        (old, LEGACY_PROVINCE),
        (old, LEGACY_DISTRICT),
        (old, LEGACY_COMMUNE),
        (now, PROVINCE),
        (now, COMMUNE),
    ]
    return {table.name: _of_level(units, table) for units, table in shaped}


def standing_document(documents: pd.DataFrame, as_of: pd.Timestamp) -> str:
    """What a unit without a founding event in our data rests on.

    From the reform on those are the eleven provinces that 202/2025/QH15 itself leaves as they are; before it,
    the code list then in force.
    """
    return governing_document(documents, "province:*") if as_of >= REFORM_DATE else OLD_CODE_LIST


def _of_level(units: pd.DataFrame, table: Table) -> pd.DataFrame:
    level = cast(Level, table.name.removeprefix("legacy_"))
    chosen = units[units["level"] == level].sort_values("code", ignore_index=True)
    chosen["short_name"] = split_unit_type(chosen["name"], level)["short_name"]
    return chosen[table.column_names]
