"""States: which units were in force on a day.

Belongs here: reading unit versions at one day. Does not belong here: how versions came about (``history``).
"""

import datetime as dt

import pandas as pd

from kh02_pipelines.errors import Kh02Error
from kh02_pipelines.history.history import History


class DateOutOfRange(Kh02Error):
    """A date for which there is no state."""


def require_date(asked: dt.date, first: dt.date, today: dt.date, field: str = "as_of") -> pd.Timestamp:
    """``asked`` as a timestamp. Raises DateOutOfRange before ``first`` or after ``today``."""
    if asked < first:
        raise DateOutOfRange(
            f"no state is known for {asked:%Y-%m-%d}", field=field, remedy=f"use {first:%Y-%m-%d} or a later date"
        )
    if asked > today:
        raise DateOutOfRange(
            f"{asked:%Y-%m-%d} lies in the future (today is {today:%Y-%m-%d} in Viet Nam)",
            field=field,
            remedy="use today or an earlier date",
        )
    return pd.Timestamp(asked)


def units_as_of(unit_version: pd.DataFrame, day: pd.Timestamp, level: str | None = None) -> pd.DataFrame:
    """The versions in force on ``day`` (valid_from ≤ day < valid_to), of one level or all, in code order."""
    in_force = (unit_version["valid_from"] <= day) & (
        unit_version["valid_to"].isna() | (unit_version["valid_to"] > day)
    )
    if level is not None:
        in_force &= unit_version["level"] == level
    return unit_version[in_force].sort_values(["level", "code"], ignore_index=True)


def units(history: History, day: pd.Timestamp) -> pd.DataFrame:
    """The register of a day: versions in force with ``district_code`` and ``province_code``, missing where none."""
    return located(units_as_of(history.unit_version, day))


def located(state: pd.DataFrame) -> pd.DataFrame:
    """Units of one day with the codes of the district and province they lie in."""
    district = state[state["level"] == "district"].set_index("code")["parent_code"]
    within = (state["level"] == "commune") & state["parent_code"].isin(district.index)
    above = state["parent_code"].mask(within, state["parent_code"].map(district))
    return state.assign(
        district_code=state["parent_code"].where(within),
        province_code=above,
    )
