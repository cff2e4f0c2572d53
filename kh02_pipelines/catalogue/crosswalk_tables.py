"""The published crosswalks from the last three-tier day: presets of ``history.crosswalk``.

Belongs here: joining names and flags onto pairs. Does not belong here: following successions (``history``) or codes of
any day (``code_tables``).
"""

import pandas as pd

from kh02_pipelines.catalogue.unit_tables import legacy_day
from kh02_pipelines.frames import among
from kh02_pipelines.history.algebra import Pairs, link_of, walk
from kh02_pipelines.history.crosswalk import described, units_of_land
from kh02_pipelines.history.graph import NOWHERE, Graph, day_number
from kh02_pipelines.history.periods import Periods
from kh02_pipelines.tables.crosswalks import COMMUNE_CROSSWALK, DISTRICT_CROSSWALK, PROVINCE_CROSSWALK

UnitTables = dict[str, pd.DataFrame]


def crosswalk_tables(
    graph: Graph,
    succession: pd.DataFrame,
    units: UnitTables,
    same_names: pd.DataFrame,
    periods: Periods,
    as_of: pd.Timestamp,
) -> dict[str, pd.DataFrame]:
    """The three crosswalk tables by name. ``units``: the unit tables by name.

    A pair cites the last change of territory or code on its way, else the first change of all, else what stands for
    "unchanged".
    """
    since = day_number(legacy_day(periods, as_of))
    pairs = walk(graph, units_of_land(graph, since), day_number(as_of), since).pairs
    pairs = pairs.chosen(pairs.new != NOWHERE)
    links = described(graph, pairs, same_names)
    cited = links["legal_document"].notna()
    for field in ("clause", "legal_document"):
        links[field] = links[field].where(cited, links[f"first_{field}"])
    links["legal_document"] = links["legal_document"].fillna(periods.on(as_of).standing_document)
    links["ruling_id"] = _rulings(graph, pairs, succession).array
    level = links["level"]
    communes = _commune_crosswalk(links[(level == "commune") & (links["new_level"] == "commune")], units)
    return {
        "commune_crosswalk": communes,
        "province_crosswalk": _province_crosswalk(links[level == "province"]),
        "district_crosswalk": _district_crosswalk(communes, links[level == "district"], units),
    }


def _rulings(graph: Graph, pairs: Pairs, succession: pd.DataFrame) -> pd.Series:
    """The ruling on the link that a pair cites."""
    last, there = pairs.last, pairs.last >= 0
    row = graph.ruling[link_of(last * there)] if len(graph.ruling) else last
    found = pd.Series(
        succession["ruling_id"].array[row] if len(succession) else None, index=range(len(last)), dtype="str"
    )
    return found.where(there & (row >= 0))


def _commune_crosswalk(paths: pd.DataFrame, units: UnitTables) -> pd.DataFrame:
    old = units["legacy_commune"].set_index("code")
    new = units["commune"].set_index("code")
    links = paths.assign(
        old_district_code=paths["old_code"].map(old["district_code"]),
        old_province_code=paths["old_code"].map(old["province_code"]),
        new_province_code=paths["new_code"].map(new["province_code"]),
    )
    for side, level, table in (
        ("old", "district", "legacy_district"),
        ("old", "province", "legacy_province"),
        ("new", "province", "province"),
    ):
        names = units[table].set_index("code")["name"]
        links[f"{side}_{level}_name"] = links[f"{side}_{level}_code"].map(names)
    links["successor_count"] = links.groupby("old_code")["new_code"].transform("size").astype("int32")
    links["same_code"] = links["old_code"] == links["new_code"]
    return _shaped(links, COMMUNE_CROSSWALK.column_names, ["old_code", "new_code"])


def _province_crosswalk(paths: pd.DataFrame) -> pd.DataFrame:
    links = paths.assign(same_code=paths["old_code"] == paths["new_code"])
    return _shaped(links, PROVINCE_CROSSWALK.column_names, ["old_code", "new_code"])


def _district_crosswalk(commune_links: pd.DataFrame, direct: pd.DataFrame, units: UnitTables) -> pd.DataFrame:
    """The new communes on the territory of each district that has ended; empty while districts are in force.

    ``direct``: paths of districts without communes, each of which became a commune of its own.
    """
    ended = units["legacy_district"].loc[units["legacy_district"]["valid_to"].notna(), "code"]
    through = commune_links[["old_district_code", "new_code", "legal_document"]]
    own = direct.rename(columns={"old_code": "old_district_code"})[through.columns]
    links = pd.concat([through, own], ignore_index=True).rename(columns={"new_code": "new_commune_code"})
    links = links[among(links["old_district_code"], ended)]
    links = links.sort_values(["old_district_code", "new_commune_code", "legal_document"], kind="stable")
    links = links.drop_duplicates(["old_district_code", "new_commune_code"])
    links["commune_within_district"] = links.groupby("new_commune_code")["old_district_code"].transform("size") == 1
    links["sole_successor"] = links.groupby("old_district_code")["new_commune_code"].transform("size") == 1
    commune = units["commune"].set_index("code")
    links["new_province_code"] = links["new_commune_code"].map(commune["province_code"])
    links["new_commune_name"] = links["new_commune_code"].map(commune["name"])
    links["old_district_name"] = links["old_district_code"].map(units["legacy_district"].set_index("code")["name"])
    return _shaped(links, DISTRICT_CROSSWALK.column_names, ["old_district_code", "new_commune_code"])


def _shaped(links: pd.DataFrame, columns: list[str], by: list[str]) -> pd.DataFrame:
    return links[columns].sort_values(by, ignore_index=True)
