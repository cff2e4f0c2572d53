"""As-of states: which units were in force on a given day.

Belongs here: reading unit versions at one date. Does not belong here: how versions came about (``history``).
"""

import datetime as dt

import pandas as pd

from kh02_pipelines.errors import Kh02Error
from kh02_pipelines.history.links import OPENING_DATE


class DateOutOfRange(Kh02Error):
    """A date for which the register has no state."""


def require_date(as_of: dt.date, today: dt.date) -> pd.Timestamp:
    """``as_of`` as a timestamp. Raises DateOutOfRange before 2025-06-30 or after ``today``."""
    if as_of < OPENING_DATE.date():
        raise DateOutOfRange(
            f"no state is known for {as_of:%Y-%m-%d}", field="as_of", remedy="use 2025-06-30 or a later date"
        )
    if as_of > today:
        raise DateOutOfRange(
            f"{as_of:%Y-%m-%d} lies in the future (today is {today:%Y-%m-%d} in Viet Nam)",
            field="as_of",
            remedy="use today or an earlier date",
        )
    return pd.Timestamp(as_of)


def units_as_of(unit_version: pd.DataFrame, day: pd.Timestamp, level: str | None = None) -> pd.DataFrame:
    """The versions in force on ``day`` (valid_from ≤ day < valid_to), of one level or all, in code order."""
    in_force = (unit_version["valid_from"] <= day) & (
        unit_version["valid_to"].isna() | (unit_version["valid_to"] > day)
    )
    if level is not None:
        in_force &= unit_version["level"] == level
    return unit_version[in_force].sort_values(["level", "code"], ignore_index=True)
