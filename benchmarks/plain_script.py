"""The yardstick: a plain pandas script that reads, joins and writes the same tables.

No Dagster, no checks, no audit, no staging, no versions beyond what the tables need; every shortcut a one-off
script would take. It writes what a release holds (Parquet, CSV, a SQLite and a DuckDB file) and the database the
way such scripts do (``to_parquet``, ``to_csv``, ``to_sql``).
"""

from pathlib import Path

import duckdb
import pandas as pd
from sqlalchemy import create_engine

from kh02_pipelines.names import to_ascii
from kh02_pipelines.sources.reference_data import REFERENCE_FOLDER


def build(folder: Path = REFERENCE_FOLDER) -> dict[str, pd.DataFrame]:
    def read(name: str) -> pd.DataFrame:
        return pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)

    first, old, new = (read(f"registers/{day}") for day in ("2004-08-31", "2025-06-30", "2025-07-01"))
    every = pd.concat([read(f"changes/{path.stem}") for path in sorted((folder / "changes").glob("*.csv"))])
    rulings, documents, aliases = read("rulings"), read("legal_documents"), read("code_aliases")
    changes = every[every.effective_date >= "2026"]
    reform = every[every.effective_date == "2025-07-01"]
    of_level = reform.predecessor_level.eq(reform.successor_level)
    pairs = reform[of_level & reform.predecessor_level.eq("commune")].reset_index(drop=True)
    provinces = reform[of_level & reform.predecessor_level.eq("province")]
    island_rows = reform[reform.successor_level.eq("commune") & reform.predecessor_level.eq("district")]
    pair_columns = ["predecessor_code", "successor_code"]
    heirs = pairs[pairs.extent.eq("part") & pairs.population.eq("all")]
    land = pairs[pairs.extent.eq("part") & pairs.population.eq("none")]
    clauses = pd.concat([pairs, island_rows])[["successor_code", "legal_document", "clause"]].drop_duplicates()
    pairs, provinces = pairs[pair_columns], provinces[pair_columns]

    for frame, target in ((old, "units_2025-06-30"), (new, "units_2025-07-01"), (first, "")):
        for ruling in rulings[(rulings.target == target) & (rulings.action == "set")].itertuples():
            frame.loc[frame.code == ruling.key, ruling.field] = ruling.ruled_value
        frame["type"] = frame["type"].str.lower()
        frame["short_name"] = [n[len(t) + 1 :] for n, t in zip(frame["name"], frame["type"], strict=True)]
        frame["name_ascii"] = to_ascii(frame["name"])
    key = pairs.predecessor_code + ">" + pairs.successor_code
    for ruling in rulings[rulings.target == "successions_2025-07-01"].itertuples():
        if ruling.action == "set":
            pairs.loc[key == ruling.key, ["predecessor_code", "ruling_id"]] = ruling.ruled_value, ruling.ruling_id
        else:
            pairs.loc[len(pairs)] = [*ruling.ruled_value.split(">"), ruling.ruling_id]
    provinces = provinces[(provinces.predecessor_code + ">" + provinces.successor_code) != "82>80"]

    level = {name: old[old.level == name] for name in ("province", "district", "commune")}
    district_province = level["district"].set_index("code").parent_code
    legacy_commune = level["commune"].assign(
        district_code=level["commune"].parent_code,
        province_code=level["commune"].parent_code.map(district_province),
        valid_to="2025-07-01",
    )
    later = changes[changes.kind == "retype"].set_index("successor_code")
    now = new.set_index("code")
    now.loc[later.index, ["name", "type"]] = later[["name", "type"]].apply(
        lambda c: c if c.name == "name" else c.str.lower()
    )
    now["valid_from"] = pd.Series("2025-07-01", index=now.index).mask(now.index.isin(later.index), later.effective_date)
    resolution = documents[documents.number.str.endswith("/NQ-UBTVQH15") & documents.governs.str.startswith("commune")]
    resolution = pd.Series(resolution.number.array, index=resolution.governs.str[8:])
    now["legal_document"] = now.parent_code.map(resolution).fillna("202/2025/QH15")
    now = now.reset_index()
    commune, province = now[now.level == "commune"], now[now.level == "province"]

    links = pairs.merge(legacy_commune.add_prefix("old_"), left_on="predecessor_code", right_on="old_code")
    links = links.merge(commune.add_prefix("new_"), left_on="successor_code", right_on="new_code")
    links = links.merge(clauses.drop(columns="legal_document"), on="successor_code", how="left")
    links["successor_count"] = links.groupby("old_code").new_code.transform("size")
    predecessors = links.groupby("new_code").old_code.transform("size")
    links["extent"] = links.successor_count.eq(1).map({True: "whole", False: "part"})
    key = links.old_code + ">" + links.new_code
    heir = key.isin(heirs.predecessor_code + ">" + heirs.successor_code)
    none = links.old_code.isin(heirs.predecessor_code) | key.isin(land.predecessor_code + ">" + land.successor_code)
    links["population"] = "part"
    links.loc[none, "population"] = "none"
    links.loc[heir | links.extent.eq("whole"), "population"] = "all"
    links["relation"] = "renamed"
    links.loc[links.old_name.str.lower() == links.new_name.str.lower(), "relation"] = "unchanged"
    links.loc[predecessors > 1, "relation"] = "merged"
    links.loc[links.successor_count > 1, "relation"] = "split"
    links["same_code"] = links.old_code == links.new_code
    links["old_district_name"] = links.old_district_code.map(level["district"].set_index("code").name)
    links["old_province_name"] = links.old_province_code.map(level["province"].set_index("code").name)
    links["new_province_name"] = links.new_parent_code.map(province.set_index("code").name)

    province_links = provinces.merge(
        level["province"].add_prefix("old_"), left_on="predecessor_code", right_on="old_code"
    )
    province_links = province_links.merge(province.add_prefix("new_"), left_on="successor_code", right_on="new_code")
    islands = island_rows
    islands = islands.rename(columns={"predecessor_code": "old_district_code", "successor_code": "new_code"})
    districts = pd.concat([links[["old_district_code", "new_code"]], islands[["old_district_code", "new_code"]]])
    districts = districts.drop_duplicates()
    districts["commune_within_district"] = districts.groupby("new_code").old_district_code.transform("size") == 1
    districts["sole_successor"] = districts.groupby("old_district_code").new_code.transform("size") == 1
    districts = districts.merge(commune, left_on="new_code", right_on="code")

    version, event, succession = history(first, new, every, links)
    codes = chains(version, succession, now)
    unit = ["code", "parent_code", "name", "short_name", "type", "name_ascii"]
    return {
        "province": province[[*unit, "valid_from", "legal_document"]],
        "commune": commune[[*unit, "valid_from", "legal_document"]],
        "legacy_province": level["province"][unit],
        "legacy_district": level["district"][unit],
        "legacy_commune": legacy_commune[[*unit, "district_code", "province_code", "valid_to"]],
        "commune_crosswalk": links[
            [
                "old_code",
                "new_code",
                "extent",
                "population",
                "relation",
                "successor_count",
                "same_code",
                "new_legal_document",
                "ruling_id",
                "old_name",
                "old_district_code",
                "old_district_name",
                "old_province_code",
                "old_province_name",
                "new_name",
                "new_parent_code",
                "new_province_name",
                "clause",
            ]
        ],
        "province_crosswalk": province_links[["old_code", "new_code", "old_name", "new_name", "new_legal_document"]],
        "district_crosswalk": districts[
            [
                "old_district_code",
                "new_code",
                "parent_code",
                "commune_within_district",
                "sole_successor",
                "name",
                "legal_document",
            ]
        ],
        "legal_document": documents,
        "unit_version": version,
        "change_event": event,
        "succession": succession,
        "code_crosswalk": codes,
        "code_alias": aliases,
    }


def history(
    first: pd.DataFrame, new: pd.DataFrame, every: pd.DataFrame, links: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Versions, events and links since 2004: what begins, what ends, and nothing checked."""
    ruled = links[["predecessor_code", "successor_code", "extent", "population", "ruling_id"]].assign(
        effective_date="2025-07-01", predecessor_level="commune", successor_level="commune", kind="merger"
    )
    known = every[(every.effective_date != "2025-07-01") | (every.predecessor_level != "commune")]
    rows = pd.concat([known, ruled], ignore_index=True)
    passes = (rows.kind == "transfer") & (rows.predecessor_level != "commune")
    passes &= rows.predecessor_code != rows.successor_code
    founds = (rows.successor_code != "") & ~passes & (rows.kind != "abolition")
    begun = rows[founds].drop_duplicates(["effective_date", "successor_code"])
    begun = begun.rename(columns={"successor_level": "level", "successor_code": "code", "effective_date": "valid_from"})
    unit = ["level", "code", "name", "type", "parent_code"]
    described = new.set_index("code")
    today = begun.valid_from == "2025-07-01"
    for field in ("name", "type", "parent_code"):
        begun.loc[today, field] = begun.loc[today, "code"].map(described[field])
    version = pd.concat([first[unit].assign(valid_from="2004-08-31"), begun[[*unit, "valid_from"]]], ignore_index=True)
    ends = rows[(rows.predecessor_code != "") & ~passes][["predecessor_code", "effective_date"]].drop_duplicates()
    ends = ends.rename(columns={"predecessor_code": "code", "effective_date": "valid_to"})
    last = version.merge(ends, on="code")
    last = last[last.valid_to > last.valid_from].groupby(["code", "valid_from"], as_index=False).valid_to.min()
    version = version.merge(last, on=["code", "valid_from"], how="left")
    version["unit_id"] = version.code + "@" + version.valid_from
    event = rows[["effective_date", "kind", "successor_level", "successor_code", "legal_document", "clause"]]
    event = event.drop_duplicates(["effective_date", "successor_code"])
    linked = rows[(rows.predecessor_code != "") & (rows.successor_code != "")]
    ended = version[["code", "valid_to", "unit_id"]].rename(columns={"unit_id": "predecessor_id"})
    started = version[["code", "valid_from", "unit_id"]].rename(columns={"unit_id": "successor_id"})
    linked = linked.merge(ended, left_on=["predecessor_code", "effective_date"], right_on=["code", "valid_to"])
    linked = linked.merge(started, left_on=["successor_code", "effective_date"], right_on=["code", "valid_from"])
    columns = [
        "predecessor_id",
        "successor_id",
        "effective_date",
        "extent",
        "population",
        "legal_document",
        "ruling_id",
    ]
    return version, event, linked[columns]


def chains(version: pd.DataFrame, succession: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Every version since 2009 and what it has become, by as many joins as the longest chain needs."""
    since = version[version.valid_to.isna() | (version.valid_to > "2009-04-01")]
    paths = since.assign(at=since.unit_id, whole=True)
    ended = set(version.unit_id[version.valid_to.notna()])
    links = succession[["predecessor_id", "successor_id", "extent"]]
    while paths["at"].isin(ended).any():
        paths = paths.merge(links, left_on="at", right_on="predecessor_id", how="left")
        moved = paths.successor_id.notna()
        paths["whole"] &= ~moved | (paths.extent == "whole")
        paths["at"] = paths.successor_id.where(moved, paths["at"].where(~paths["at"].isin(ended)))
        paths = paths.drop(columns=["predecessor_id", "successor_id", "extent"]).drop_duplicates(["unit_id", "at"])
    paths["new_code"] = paths["at"].str.split("@").str[0]
    paths["new_name"] = paths.new_code.map(now.set_index("code").name)
    return paths


def write(tables: dict[str, pd.DataFrame], home: Path, url: str) -> None:
    (home / "parquet").mkdir(parents=True)
    for name, frame in tables.items():
        frame.sort_values(list(frame.columns[:2])).to_parquet(home / "parquet" / f"{name}.parquet", index=False)
    (home / "csv").mkdir()
    with duckdb.connect(str(home / "catalogue.duckdb")) as connection:
        for name, frame in tables.items():
            frame.to_csv(home / "csv" / f"{name}.csv", index=False)
            connection.register("frame", frame)
            connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM frame')
            connection.unregister("frame")
    for target in (url, f"sqlite:///{home}/catalogue.sqlite"):
        engine = create_engine(target)
        with engine.begin() as connection:
            for name, frame in tables.items():
                frame.to_sql(name, connection, index=False, if_exists="replace")
        engine.dispose()
