"""Composing successions: from the versions of 30 June 2025 to those in force on a date.

Belongs here: following links through any number of changes. Does not belong here: the shape of the published
crosswalks (``commune``, ``province``, ``district``).
"""

import pandas as pd

from kh02_pipelines.history.links import OPENING_DATE
from kh02_pipelines.history.states import units_as_of

_DATE_LENGTH = len("@2025-07-01")

LINK_ATTRIBUTES = ["legal_document", "clause", "ruling_id"]


def dated_steps(succession: pd.DataFrame, change_event: pd.DataFrame) -> pd.DataFrame:
    """Successions with their event's date and law, and whether they change code or territory (``territorial``)."""
    steps = succession.merge(change_event, on="event_id", validate="many_to_one")
    predecessors = steps.groupby("successor_id")["predecessor_id"].transform("size")
    same_code = steps["predecessor_id"].str[:-_DATE_LENGTH] == steps["successor_id"].str[:-_DATE_LENGTH]
    steps["territorial"] = ~(same_code & (steps["extent"] == "whole") & (predecessors == 1))
    return steps


def compose(unit_version: pd.DataFrame, steps: pd.DataFrame, standing_document: str) -> pd.DataFrame:
    """Every path from a unit of 30 June 2025 to the units it has become.

    ``unit_version`` and ``steps`` (see ``dated_steps``) are of one history, which ends on the date asked for.
    Returns ``old_level``, ``old_code``, ``new_level``, ``new_code``, ``extent``, ``population``,
    ``legal_document``, ``clause``, ``ruling_id``, one row per pair, sorted. A path is whole when each step is;
    its population is ``all`` or ``none`` when that follows, else ``part``. Law, clause and ruling are those of
    the last step that changed code or territory; a later change of name or type keeps the citation of the link.
    A unit that never changed links to itself under ``standing_document``. Units without successor (districts)
    have no row.
    """
    return paths_from(units_as_of(unit_version, OPENING_DATE), unit_version, steps, standing_document)


def paths_from(
    starts: pd.DataFrame, unit_version: pd.DataFrame, steps: pd.DataFrame, standing_document: str
) -> pd.DataFrame:
    """The same from any unit versions (``level``, ``code``, ``unit_id``), whenever they were in force."""
    paths = pd.DataFrame(
        {
            "old_level": starts["level"],
            "old_code": starts["code"],
            "unit_id": starts["unit_id"],
            "extent": "whole",
            "population": "all",
            "legal_document": pd.Series(None, index=starts.index, dtype="str"),
            "clause": pd.Series(None, index=starts.index, dtype="Int32"),
            "ruling_id": pd.Series(None, index=starts.index, dtype="str"),
        }
    )
    for _, day_steps in steps.groupby("effective_date", sort=True):  # one turn per effective date
        paths = _one_step(paths, day_steps)
    current = unit_version.loc[unit_version["valid_to"].isna(), ["unit_id", "code", "level"]]
    paths = paths.merge(current, on="unit_id", how="inner", validate="many_to_one")
    paths["legal_document"] = paths["legal_document"].fillna(standing_document)
    paths = paths.rename(columns={"code": "new_code", "level": "new_level"}).drop(columns="unit_id")
    return _one_row_per_pair(paths)


def _one_step(paths: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """Paths extended by the successions of one day."""
    columns = ["predecessor_id", "successor_id", "extent", "population", "territorial", *LINK_ATTRIBUTES]
    joined = paths.merge(
        steps[columns], left_on="unit_id", right_on="predecessor_id", how="left", suffixes=("", "_step")
    )
    moved = joined["successor_id"].notna()
    joined["unit_id"] = joined["successor_id"].where(moved, joined["unit_id"])
    joined["extent"] = joined["extent"].mask(moved & (joined["extent_step"] == "part"), "part")
    none = (joined["population"] == "none") | (joined["population_step"] == "none")
    part = (joined["population"] == "part") | (joined["population_step"] == "part")
    stepped = pd.Series("all", index=joined.index, dtype="str").mask(part, "part").mask(none, "none")
    joined["population"] = joined["population"].mask(moved, stepped)
    # the first step gives the path its law even when only the name or the parent changes
    cites = moved & (joined["territorial"].eq(True) | joined["legal_document"].isna())
    for field in LINK_ATTRIBUTES:
        joined[field] = joined[field].mask(cites, joined[f"{field}_step"])
    return joined[paths.columns]


def _one_row_per_pair(paths: pd.DataFrame) -> pd.DataFrame:
    """Parts that meet again in one unit become one row: whole when the old unit has no other successor."""
    keys = ["old_level", "old_code", "new_level", "new_code"]
    paths = paths.sort_values([*keys, "legal_document"], kind="stable")
    again = paths.duplicated(keys, keep=False)
    if not again.any():
        return paths[[*keys, "extent", "population", *LINK_ATTRIBUTES]].reset_index(drop=True)
    met = paths[again].groupby(keys, as_index=False)
    joined = met.agg(
        population=("population", lambda values: _joined_population(set(values))),
        legal_document=("legal_document", "last"),
        clause=("clause", "last"),
        ruling_id=("ruling_id", "last"),
    )
    result = pd.concat([paths[~again], joined], ignore_index=True).sort_values(keys, ignore_index=True)
    alone = result.groupby(["old_level", "old_code"])["new_code"].transform("size") == 1
    result["extent"] = result["extent"].fillna("part").mask(alone, "whole")
    result["population"] = result["population"].mask(alone, "all")
    return result[[*keys, "extent", "population", *LINK_ATTRIBUTES]]


def _joined_population(values: set[str]) -> str:
    if "all" in values:
        return "all"
    return "none" if values == {"none"} else "part"
