"""Lookup: what a code or a name was, what it is now, and by which law. Every candidate, never a pick.

Belongs here: finding units and their links in published tables. Does not belong here: printing (``cli``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from kh02_pipelines.names import loose_key, spelling_key

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
_NEW = ("province", "commune")


@dataclass(frozen=True)
class Found:
    """One unit that matches, and its links: to successors when it is an old unit, to predecessors when new.

    ``links`` has LINK_COLUMNS about the unit on the other side; ``above`` names the units above this one.
    """

    table: str
    code: str
    name: str
    above: str
    links: pd.DataFrame

    @property
    def is_old(self) -> bool:
        """Whether the unit is of the state of 30 June 2025."""
        return self.table.startswith("legacy_")


def lookup(tables: Tables, query: str) -> list[Found]:
    """Every unit, old and new, whose code is ``query`` or whose name matches it.

    Names match with or without the unit type, however they are spelled; a name typed without accents matches
    every name that is the same without them. Old units come first.
    """
    wanted = query.strip()
    found: list[Found] = []
    for table in (*_OLD, *_NEW):
        units = tables[table]
        found += [
            Found(table, str(unit.code), str(unit.name), _above(unit, tables), _links(tables, table, str(unit.code)))
            for unit in _matching(units, wanted).itertuples()  # a few dozen at most share a name
        ]
    return found


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
