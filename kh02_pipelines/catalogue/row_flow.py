"""Row flow: what went into every step, what came out, and what was added or set aside on the way.

Belongs here: counting. Does not belong here: judging the counts (the rule ``rows_conserved``).
"""

from collections.abc import Mapping

import pandas as pd

ROW_FLOW_COLUMNS = ["step", "rows_in", "added", "set_aside", "rows_out"]
"""``rows_in + added = rows_out + set_aside`` in every step; counts are rows, or units where the step says so."""


def row_flow(
    raw: Mapping[str, pd.DataFrame],
    cleaned: Mapping[str, pd.DataFrame],
    links: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    """The row flow of one catalogue.

    ``raw``: reference frames by file name; ``cleaned``: the cleaned registers by file name; ``links``: all
    links; ``tables``: the published tables. Returns ROW_FLOW_COLUMNS, one row per step.
    """
    rulings = raw["rulings"]
    in_force = links[links["effective_date"] <= as_of]
    heirs = in_force["successor_code"].notna()
    versions = tables["unit_version"]
    opening = versions["started_by"].isna()
    communes = tables["commune_crosswalk"]
    continued = int((heirs & _identities(in_force)).sum())
    units = "units_2025-06-30"
    steps: list[tuple[str, int, int, int, int]] = [
        *((f"clean {name}", len(raw[name]), 0, 0, len(frame)) for name, frame in cleaned.items()),
        *(
            (
                f"rule {name}",
                len(raw[name]),
                int(((rulings["target"] == name) & (rulings["action"] == "add")).sum()),
                int(((rulings["target"] == name) & (rulings["action"] == "drop")).sum()),
                int(
                    ((links["predecessor_level"] == level) & (links["successor_level"] == level) & _reform(links)).sum()
                ),
            )
            for name, level in (
                ("successions_2025-07-01", "commune"),
                ("province_successions_2025-07-01", "province"),
            )
        ),
        (
            "successions from links (units that continue set aside)",
            int(heirs.sum()),
            0,
            continued,
            len(tables["succession"]),
        ),
        ("opening versions from units of 2025-06-30", len(cleaned[units]), 0, 0, int(opening.sum())),
        (
            "old communes in the commune crosswalk",
            len(tables["legacy_commune"]),
            0,
            0,
            communes["old_code"].nunique(),
        ),
        (
            "old provinces in the province crosswalk",
            len(tables["legacy_province"]),
            0,
            0,
            tables["province_crosswalk"]["old_code"].nunique(),
        ),
        (
            "ended districts in the district crosswalk",
            int(tables["legacy_district"]["valid_to"].notna().sum()),
            0,
            0,
            tables["district_crosswalk"]["old_district_code"].nunique(),
        ),
        (
            "units in force from versions",
            int(versions["valid_to"].isna().sum()),
            0,
            int((versions["valid_to"].isna() & (versions["level"] == "district")).sum()),
            len(tables["province"]) + len(tables["commune"]),
        ),
    ]
    return pd.DataFrame(steps, columns=ROW_FLOW_COLUMNS)


def _reform(links: pd.DataFrame) -> pd.Series:
    return links["effective_date"] == links["effective_date"].min()


def _identities(links: pd.DataFrame) -> pd.Series:
    """Province links of 1 July 2025 that leave the province as it is."""
    predecessors = links.groupby(["successor_level", "successor_code", "effective_date"])["predecessor_code"].transform(
        "size"
    )
    return (
        (links["predecessor_level"] == "province")
        & _reform(links)
        & (predecessors == 1)
        & (links["predecessor_code"] == links["successor_code"])
    )
