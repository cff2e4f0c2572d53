"""Lookup: what a code or a name was, what it is now, and by which law. Every candidate, never a pick.

Belongs here: finding units and their links in published tables. Does not belong here: printing (``cli``).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import pandas as pd

from kh02_pipelines.history.algebra import walk
from kh02_pipelines.history.crosswalk import described
from kh02_pipelines.history.graph import Graph, day_number, graph_of
from kh02_pipelines.history.states import units_as_of
from kh02_pipelines.names import loose_key, spelling_key, split_unit_type
from kh02_pipelines.names.parts import Level
from kh02_pipelines.tables.vocabulary import LEVELS

Tables = Mapping[str, pd.DataFrame]

NEEDED_TABLES = (
    "province",
    "commune",
    "legacy_province",
    "legacy_district",
    "legacy_commune",
    "province_crosswalk",
    "district_crosswalk",
    "commune_crosswalk",
    "unit_version",
    "change_event",
    "succession",
)
LINK_COLUMNS = [
    "code",
    "name",
    "province_name",
    "extent",
    "population",
    "relation",
    "legal_document",
    "clause",
]
_OLD = ("legacy_province", "legacy_district", "legacy_commune")
_PAST = "unit_version"
_NEW = ("province", "commune")


@dataclass(frozen=True)
class Found:
    """One unit that matches, and its links: to what it has become when it is no longer, to predecessors when it is.

    ``links`` has LINK_COLUMNS about the unit on the other side; ``above`` names the units above this one. A unit that
    began after 30 June 2025 and has ended has the first day it was in force and the first day it was not.
    """

    table: str
    code: str
    name: str
    above: str
    links: pd.DataFrame
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None

    @property
    def is_old(self) -> bool:
        """Whether the unit is of the state of 30 June 2025."""
        return self.table.startswith("legacy_")

    @property
    def leads_on(self) -> bool:
        """Whether the links are to what the unit has become."""
        return self.is_old or self.valid_to is not None


def lookup(tables: Tables, query: str) -> list[Found]:
    """Every unit whose code is ``query`` or whose name matches it: old, in between, and in force.

    Names match with or without the unit type, however they are spelled; a name typed without accents matches
    every name that is the same without them. Old units come first; then those that began with the two-tier model
    or later and have ended, such as a commune that has become a ward.
    """
    wanted = query.strip()
    found: list[Found] = []
    for table in (*_OLD, *_NEW):
        units = tables[table]
        found += [
            Found(table, str(unit.code), str(unit.name), _above(unit, tables), _links(tables, table, str(unit.code)))
            for unit in _matching(units, wanted).itertuples()  # a few dozen at most share a name
        ]
        if table == _OLD[-1]:
            found += _past(tables, wanted)
    return found


def _past(tables: Tables, wanted: str) -> list[Found]:
    """Versions that began after the last three-tier day and have ended: in no unit table, and in many an address."""
    versions = tables["unit_version"]
    opening = tables["legacy_commune"]["valid_to"].min()
    ended = versions[(versions["valid_from"] >= opening) & versions["valid_to"].notna()]
    parts = [split_unit_type(ended.loc[ended["level"] == level, "name"], cast(Level, level)) for level in LEVELS]
    ended = ended.assign(short_name=pd.concat(parts)["short_name"].reindex(ended.index))
    chosen = _matching(ended, wanted)
    if chosen.empty:
        return []
    graph = graph_of(versions, tables["change_event"], tables["succession"])

    def past(unit: Any) -> Found:
        links = _became(unit.unit_id, tables, graph)
        above = _province_of(unit, versions)
        return Found(_PAST, unit.code, unit.name, above, links, unit.valid_from.date(), unit.valid_to.date())

    return [past(unit) for unit in chosen.itertuples()]  # one or two


def _province_of(unit: Any, versions: pd.DataFrame) -> str:
    """The province above a unit, as it was called when the unit began."""
    provinces = units_as_of(versions, unit.valid_from, "province")
    return " ".join(provinces.loc[provinces["code"] == unit.parent_code, "name"])


def _became(unit_id: str, tables: Tables, graph: Graph) -> pd.DataFrame:
    """What one ended version has become by now, in LINK_COLUMNS."""
    start = (graph.versions["unit_id"] == unit_id).to_numpy().nonzero()[0]
    last = graph.events["effective_date"].max()
    pairs = walk(graph, start, day_number(last), int(graph.start[start[0]])).pairs
    links = described(graph, pairs, pd.DataFrame(columns=["old_code", "new_code", "old_name", "new_name"], dtype="str"))
    for field in ("legal_document", "clause"):
        links[field] = links[field].fillna(links[f"first_{field}"])
    now = pd.concat([tables[name].assign(new_level=name) for name in _NEW])
    links = (
        links.drop(columns="relation")
        .rename(columns={"new_code": "code"})
        .merge(now[["new_level", "code", "name", "province_code"]], on=["new_level", "code"])
    )
    links["province_name"] = links["province_code"].map(tables["province"].set_index("code")["name"])
    return links.reindex(columns=LINK_COLUMNS)


def _matching(units: pd.DataFrame, wanted: str) -> pd.DataFrame:
    if wanted.isdecimal():
        return units[units["code"] == wanted]
    return _named(units, wanted, accents=not wanted.isascii())


def _named(units: pd.DataFrame, wanted: str, *, accents: bool) -> pd.DataFrame:
    key = spelling_key if accents else loose_key
    sought = key(pd.Series([wanted], dtype="str")).iloc[0]
    return units[(key(units["name"]) == sought) | (key(units["short_name"]) == sought)]


def _above(unit: object, tables: Tables) -> str:
    """District and province names above a unit."""
    old = hasattr(unit, "valid_to")
    names = []
    for level in ("district", "province"):
        code = getattr(unit, f"{level}_code", None)
        if code is not None:
            above = tables[f"legacy_{level}" if old else level].set_index("code")["name"]
            names.append(str(above[code]))
    return ", ".join(names)


def _links(tables: Tables, table: str, code: str) -> pd.DataFrame:
    level = table.removeprefix("legacy_")
    side, other = ("old", "new") if table.startswith("legacy_") else ("new", "old")
    links = tables[f"{level}_crosswalk"]
    if level == "district":
        links = links.rename(
            columns={
                "old_district_code": "old_code",
                "new_commune_code": "new_code",
                "new_commune_name": "new_name",
                "old_district_name": "old_name",
            }
        )
        links = links.assign(
            new_province_name=links["new_province_code"].map(tables["province"].set_index("code")["name"])
        )
    chosen = links[links[f"{side}_code"] == code].rename(columns=lambda name: name.removeprefix(f"{other}_"))
    shown = chosen.reindex(columns=LINK_COLUMNS)
    if level == "commune" and side == "new":
        shown = shown if len(shown) else _island_districts(tables, code)
    return shown.reset_index(drop=True)


def _island_districts(tables: Tables, code: str) -> pd.DataFrame:
    """The district a special zone was made of, when no commune leads to it."""
    districts = tables["district_crosswalk"]
    chosen = districts[districts["new_commune_code"] == code]
    return chosen.rename(columns={"old_district_code": "code", "old_district_name": "name"}).reindex(
        columns=LINK_COLUMNS
    )
