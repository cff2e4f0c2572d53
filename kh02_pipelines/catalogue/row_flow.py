"""Row flow: what went into every step, what came out, and what was added or set aside on the way.

Belongs here: counting. Does not belong here: judging the counts (the rule ``rows_conserved``).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from kh02_pipelines.history.changes import PAIR_TARGETS, founds, repealed

ROW_FLOW_COLUMNS = ["step", "rows_in", "added", "set_aside", "rows_out"]
"""``rows_in + added = rows_out + set_aside`` in every step; counts are rows, or units where the step says so."""

Row = tuple[str, int, int, int, int]


def row_flow(frames: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], as_of: pd.Timestamp) -> pd.DataFrame:
    """The row flow of one catalogue, from the frames of the plan. Returns ROW_FLOW_COLUMNS, one row per step."""
    steps = [*_into_links(frames), *_into_history(frames, tables, as_of), *_into_tables(tables)]
    return pd.DataFrame(steps, columns=ROW_FLOW_COLUMNS)


def _into_links(frames: Mapping[str, Any]) -> Iterator[Row]:
    rulings, printed = frames["source_rulings"], frames["source_changes"]
    cleaned = frames["registers"].groupby("date").size()
    for date, number in frames["source_registers"].groupby("date").size().items():
        yield f"clean the register of {date}", int(number), 0, 0, int(cleaned.get(date, 0))
    about = rulings["target"].str.rsplit("_", n=1).str[0].isin(PAIR_TARGETS)
    added = int((about & (rulings["action"] == "add")).sum())
    dropped = int((about & (rulings["action"] == "drop")).sum())
    dropped += len(repealed(printed))
    yield "rule on the changes", len(printed), added, dropped, len(frames["links"])


def _into_history(frames: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], as_of: pd.Timestamp) -> Iterator[Row]:
    links = frames["links"]
    due = links[links["effective_date"] <= as_of]
    whole = due["predecessor_code"].notna() & due["successor_code"].notna()
    versions, linked = tables["unit_version"], tables["succession"]
    ruled = _by_rulings(versions, links)
    idle = _idle(due, versions)
    yield (
        "successions from links (units that continue set aside)",
        int(whole.sum()),
        int(ruled.sum()),
        idle,
        len(linked),
    )
    opening = frames["registers"]["date"].min()
    units = int((frames["registers"]["date"] == opening).sum())
    yield f"opening versions from the register of {opening}", units, 0, 0, int(versions["started_by"].isna().sum())


def _by_rulings(versions: pd.DataFrame, links: pd.DataFrame) -> pd.Series:
    """Versions that no link founds: a ruling on a register does."""
    founding = links[founds(links)]
    known = founding["successor_code"] + "@" + founding["effective_date"].dt.strftime("%Y-%m-%d")
    return versions["started_by"].notna() & ~versions["unit_id"].isin(known)


def _idle(links: pd.DataFrame, versions: pd.DataFrame) -> int:
    """Links of units to themselves that leave them exactly as they were: they began no version that day."""
    own = links[(links["predecessor_code"] == links["successor_code"]).fillna(False) & founds(links)]
    ids = own["successor_code"] + "@" + own["effective_date"].dt.strftime("%Y-%m-%d")
    return int((~ids.isin(versions["unit_id"])).sum())


def _into_tables(tables: Mapping[str, pd.DataFrame]) -> Iterator[Row]:
    versions, communes = tables["unit_version"], tables["commune_crosswalk"]
    codes, unresolved = tables["code_crosswalk"], tables["unresolved"]
    for level, linked in (("commune", communes["old_code"]), ("province", tables["province_crosswalk"]["old_code"])):
        units = len(tables[f"legacy_{level}"])
        yield f"old {level}s in the {level} crosswalk", units, 0, 0, linked.nunique()
    ended = tables["legacy_district"]["valid_to"].notna()
    covered = tables["district_crosswalk"]["old_district_code"].nunique()
    yield "ended districts in the district crosswalk", int(ended.sum()), 0, 0, covered
    now = versions["valid_to"].isna()
    districts = int((now & (versions["level"] == "district")).sum())
    units = len(tables["province"]) + len(tables["commune"])
    yield "units in force from versions", int(now.sum()), 0, districts, units
    since = codes["valid_from"].min()
    wanted = versions[(versions["valid_to"].isna() | (versions["valid_to"] > since))]
    spans = codes[~codes.duplicated(["level", "old_code", "valid_from"])]
    starts = set(wanted["code"] + "@" + wanted["valid_from"].clip(lower=since).dt.strftime("%Y-%m-%d"))
    cut = spans["old_code"] + "@" + spans["valid_from"].dt.strftime("%Y-%m-%d")
    within = int((~cut.isin(starts)).sum())
    yield "unit versions in the code crosswalk (further cuts added)", len(wanted), within, 0, len(spans)
    lost = versions["valid_to"].notna() & (versions["level"] == "commune")
    lost &= ~versions["unit_id"].isin(tables["succession"]["predecessor_id"])
    rest = int((unresolved["reason"] != "no_successor_known").sum())
    yield "ended communes without successor in unresolved", int(lost.sum()), rest, 0, len(unresolved)
