"""What rules ask of time: the periods of a candidate, its last three-tier day, and what has changed since it opened.

Belongs here: questions about days that several rules share. Does not belong here: rules.
"""

import pandas as pd

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.catalogue.unit_tables import legacy_day
from kh02_pipelines.history.periods import Period, Periods, periods_of

REARRANGING = ("creation", "merger", "split", "recode", "transfer")


def periods(candidate: Candidate) -> Periods:
    """The periods that were staged with the candidate. Raises KeyError when they were not."""
    return periods_of(candidate.evidence["periods"])


def period(candidate: Candidate) -> Period:
    """The period of the release date."""
    return periods(candidate).on(pd.Timestamp(candidate.as_of))


def last_three_tier_day(candidate: Candidate) -> pd.Timestamp:
    """The day of the ``legacy_`` tables."""
    return legacy_day(periods(candidate), pd.Timestamp(candidate.as_of))


def opening_day(candidate: Candidate) -> pd.Timestamp | None:
    """The day on which the period after the last three-tier day opened; None for a release before it."""
    day = periods(candidate).legacy_day
    if day is None or pd.Timestamp(candidate.as_of) <= day:
        return None
    return day + pd.Timedelta(days=1)


def rearranged_since(candidate: Candidate, level: str, kinds: tuple[str, ...] = REARRANGING) -> pd.Series:
    """Codes of a level that later changes than that opening founded, divided or moved."""
    day = opening_day(candidate)
    events, versions = candidate.tables["change_event"], candidate.tables["unit_version"]
    if day is None:
        return pd.Series(dtype="str")
    later = events[(events["effective_date"] > day) & events["kind"].isin(kinds)]
    touched = versions["started_by"].isin(later["event_id"]) | versions["ended_by"].isin(later["event_id"])
    return versions.loc[touched & (versions["level"] == level), "code"]


def provinces_of_versions(versions: pd.DataFrame, days: pd.Series) -> pd.Series:
    """The province of every unit version on a day of its own, through its district where it has one."""
    districts = versions.loc[versions["level"] == "district", ["code", "parent_code", "valid_from", "valid_to"]]
    below = versions.assign(day=days).loc[versions["level"] == "commune", ["unit_id", "parent_code", "day"]]
    both = below.merge(districts, left_on="parent_code", right_on="code", suffixes=("", "_above"))
    there = (both["valid_from"] <= both["day"]) & (both["valid_to"].isna() | (both["valid_to"] > both["day"]))
    found = both[there].drop_duplicates("unit_id").set_index("unit_id")["parent_code_above"]
    own = versions["parent_code"].where(versions["level"] != "province", versions["code"])
    return versions["unit_id"].map(found).astype("str").fillna(own)
