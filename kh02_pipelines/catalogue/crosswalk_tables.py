"""The three published crosswalks, from composed paths and the unit tables.

Belongs here: joining names and flags onto paths. Does not belong here: following successions (``compose``).
"""

import pandas as pd

from kh02_pipelines.frames import among
from kh02_pipelines.history.relations import relation
from kh02_pipelines.tables.crosswalks import COMMUNE_CROSSWALK, DISTRICT_CROSSWALK, PROVINCE_CROSSWALK

UnitTables = dict[str, pd.DataFrame]


def commune_crosswalk(paths: pd.DataFrame, units: UnitTables, same_names: pd.DataFrame) -> pd.DataFrame:
    """The ``commune_crosswalk`` table from the commune paths of ``compose``.

    ``units``: the unit tables by name. Columns as declared in ``tables.crosswalks``.
    """
    links = paths.merge(
        _named(units["legacy_commune"], "old", ["district_code", "province_code"]),
        on="old_code",
        validate="m:1",
    ).merge(_named(units["commune"], "new", ["province_code"]), on="new_code", validate="m:1")
    for side, level, table in (
        ("old", "district", "legacy_district"),
        ("old", "province", "legacy_province"),
        ("new", "province", "province"),
    ):
        names = units[table].set_index("code")["name"]
        links[f"{side}_{level}_name"] = links[f"{side}_{level}_code"].map(names)
    links["relation"] = relation(links, same_names)
    links["successor_count"] = links.groupby("old_code")["new_code"].transform("size").astype("int32")
    links["same_code"] = links["old_code"] == links["new_code"]
    return _shaped(links, COMMUNE_CROSSWALK.column_names, ["old_code", "new_code"])


def province_crosswalk(paths: pd.DataFrame, units: UnitTables, same_names: pd.DataFrame) -> pd.DataFrame:
    """The ``province_crosswalk`` table from the province paths of ``compose``."""
    links = paths.merge(_named(units["legacy_province"], "old", []), on="old_code", validate="m:1").merge(
        _named(units["province"], "new", []), on="new_code", validate="m:1"
    )
    links["relation"] = relation(links, same_names)
    links["same_code"] = links["old_code"] == links["new_code"]
    return _shaped(links, PROVINCE_CROSSWALK.column_names, ["old_code"])


def district_crosswalk(commune_links: pd.DataFrame, island_paths: pd.DataFrame, units: UnitTables) -> pd.DataFrame:
    """The ``district_crosswalk`` table: the new communes on the territory of each district that has ended.

    ``commune_links`` is the finished commune crosswalk; ``island_paths`` are the district paths of ``compose``:
    the five island districts without communes, each of which became a special zone. Empty while districts are
    in force.
    """
    ended = units["legacy_district"].loc[units["legacy_district"]["valid_to"].notna(), "code"]
    through_communes = commune_links[["old_district_code", "new_code", "legal_document"]]
    direct = island_paths.rename(columns={"old_code": "old_district_code"})[through_communes.columns]
    links = pd.concat([through_communes, direct], ignore_index=True)
    links = links.rename(columns={"new_code": "new_commune_code"})
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


def _named(units: pd.DataFrame, side: str, also: list[str]) -> pd.DataFrame:
    return units[["code", "name", *also]].rename(columns=lambda column: f"{side}_{column}")


def _shaped(links: pd.DataFrame, columns: list[str], by: list[str]) -> pd.DataFrame:
    return links[columns].sort_values(by, ignore_index=True)
