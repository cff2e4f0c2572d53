"""From records that print a commune with its district and province to one row per unit.

Belongs here: what every register layout has in common: cleaning, quarantine, one row per code. Does not belong
here: headings and files (``nso_register``, ``nso_code_list``, ``database``).
"""

import pandas as pd

from kh02_pipelines.names import spelling_key
from kh02_pipelines.sources.trace import Trace
from kh02_pipelines.sources.values import clean_codes, clean_column, is_code, leading_type, mend_unit_type

RAW_UNIT_COLUMNS = ["code", "level", "name", "type", "parent_code", "row"]
"""The shape of a raw register, the same as that of the embedded reference."""

RECORD_FIELDS = (
    "code",
    "name",
    "type",
    "district_code",
    "district_name",
    "province_code",
    "province_name",
)

MOST_NAMED = 3
"""How many names of one code the reason of a quarantined row gives."""


def clean_records(records: pd.DataFrame, trace: Trace) -> pd.DataFrame:
    """Records (RECORD_FIELDS, ``sheet``, ``line``) with every value in clean form, traced."""
    place = records[["sheet", "line"]]
    cleaned = records.copy()
    for field, level in (("code", "commune"), ("district_code", "district"), ("province_code", "province")):
        cleaned[field] = clean_codes(records[field], level, field, place, trace)
    for field in ("name", "type", "district_name", "province_name"):
        cleaned[field] = clean_column(records[field], field, place, trace)
    for field, level in (("name", "commune"), ("district_name", "district"), ("province_name", "province")):
        cleaned[field] = mend_unit_type(cleaned[field], level, field, place, trace)
    return cleaned


def units_from_records(records: pd.DataFrame, trace: Trace) -> pd.DataFrame:
    """One row per province, district and commune, as RAW_UNIT_COLUMNS in the order of the file.

    ``records`` are cleaned. A record without a commune stands for its district (the island districts), once, where
    no row prints a commune of it. Set aside: any other row without a commune, a malformed code, an empty name, a
    district in two provinces, a commune without a parent, a repeated row, and every row of a code that stands for
    two names.
    """
    records = _set_aside_without_commune(records, trace)
    records = _set_aside_malformed(records, trace)
    records = _set_aside_torn_districts(records, trace)
    records = _set_aside_repeated(records, trace)
    tiers = [
        one_row_per_code(records, "province_code", "province_name", "province", "", trace),
        one_row_per_code(records, "district_code", "district_name", "district", "province_code", trace),
    ]
    communes = records[records["code"] != ""]
    trace.districts_alone |= set(records.loc[records["code"] == "", "line"])
    tiers.append(
        pd.DataFrame(
            {
                "code": communes["code"],
                "level": "commune",
                "name": communes["name"],
                "type": communes["type"].mask(communes["type"] == "", leading_type(communes["name"], "commune")),
                "parent_code": communes["district_code"].mask(
                    communes["district_code"] == "", communes["province_code"]
                ),
                "row": communes["line"],
            }
        )
    )
    units = pd.concat(tiers, ignore_index=True)
    return units[RAW_UNIT_COLUMNS].astype({name: "str" for name in RAW_UNIT_COLUMNS if name != "row"})


def one_row_per_code(
    records: pd.DataFrame, code: str, name: str, level: str, parent: str, trace: Trace
) -> pd.DataFrame:
    """The units of one tier, each with the name that most of its rows print (the first of equals).

    Rows that print another name are traced as ``spelling_within_source``.
    """
    filled = records[records[code] != ""]
    times = filled.groupby([code, name], sort=False).agg(times=("line", "size"), first=("line", "min")).reset_index()
    chosen = times.sort_values(["times", "first"], ascending=[False, True], kind="stable").drop_duplicates(code)
    official = filled[code].map(chosen.set_index(code)[name])
    trace.changed(filled[["sheet", "line"]], name, filled[name], official, "spelling_within_source")
    first = filled.drop_duplicates(code)
    names = first[code].map(chosen.set_index(code)[name])
    return pd.DataFrame(
        {
            "code": first[code],
            "level": level,
            "name": names,
            "type": leading_type(names, level),
            "parent_code": first[parent] if parent else "",
            "row": first["line"],
        }
    )


def refuse(records: pd.DataFrame, wrong: pd.Series, field: str, reason: str | pd.Series, trace: Trace) -> pd.DataFrame:
    """The records that are not ``wrong``; the others go to quarantine for ``field``."""
    bad = records[wrong]
    trace.quarantine(bad, field, bad[field], reason if isinstance(reason, str) else reason[wrong])
    return records[~wrong]


def _set_aside_without_commune(records: pd.DataFrame, trace: Trace) -> pd.DataFrame:
    """Rows without a commune that say nothing of their own: their commune was lost, or the row is one too many."""
    bare = (records["code"] == "") & (records["name"] == "")
    district = records["district_code"]
    records = refuse(records, bare & (district == ""), "code", "the row names neither commune nor district", trace)
    lost = bare & district.isin(district[~bare]) & (district != "")
    reason = "no commune code and no name, in a district of which other rows print communes"
    records = refuse(records, lost.reindex(records.index), "code", reason, trace)
    alone = bare.reindex(records.index)
    repeated = alone & records["district_code"].where(alone).duplicated()
    return refuse(records, repeated, "code", "the row repeats an earlier one of its district", trace)


def _set_aside_malformed(records: pd.DataFrame, trace: Trace) -> pd.DataFrame:
    islands = (records["code"] == "") & (records["name"] == "")
    records = refuse(records, ~islands & ~is_code(records["code"], "commune"), "code", "not a commune code", trace)
    records = refuse(records, ~is_code(records["province_code"], "province"), "province_code", "unknown parent: "
                     "not a province code", trace)  # fmt: skip
    tiered = bool(records["district_code"].ne("").any())
    without = ~is_code(records["district_code"], "district") & tiered
    records = refuse(records, without, "district_code", "unknown parent: not a district code", trace)
    nameless = (records["code"] != "") & (records["name"] == "")
    records = refuse(records, nameless, "name", "the unit has no name", trace)
    if tiered:
        records = refuse(records, records["district_name"] == "", "district_name", "unknown parent: no name", trace)
    return refuse(records, records["province_name"] == "", "province_name", "unknown parent: no name", trace)


def _set_aside_torn_districts(records: pd.DataFrame, trace: Trace) -> pd.DataFrame:
    """Rows that put a district into another province than most of its rows do."""
    filled = records[records["district_code"] != ""]
    times = filled.groupby(["district_code", "province_code"]).size().reset_index(name="times")
    most = times.sort_values("times", ascending=False, kind="stable").drop_duplicates("district_code")
    expected = records["district_code"].map(most.set_index("district_code")["province_code"])
    torn = expected.notna() & (expected != records["province_code"])
    return refuse(records, torn, "province_code", "unknown parent: the district lies in another province", trace)


def _set_aside_repeated(records: pd.DataFrame, trace: Trace) -> pd.DataFrame:
    """Repeats of a row, and all rows of a commune code that stands for several names or parents."""
    communes = records["code"] != ""
    key = spelling_key(records["name"]) + "|" + records["district_code"] + "|" + records["province_code"]
    meanings = key.groupby(records["code"]).transform("nunique")
    several = communes & (meanings > 1)
    joined = records[several].groupby("code")["name"].agg(_first_names)
    names = records["code"].map(joined.astype("str")).astype("str").fillna("")
    records = refuse(records, several, "code", "the code stands for several units: " + names, trace)
    communes = records["code"] != ""
    repeated = communes & records["code"].duplicated()
    return refuse(records, repeated, "code", "the row repeats an earlier one", trace)


def _first_names(names: pd.Series) -> str:
    """The first of several names and how many more there are: it stands in the reason of each of their rows."""
    different = list(dict.fromkeys(names))
    more = f" and {len(different) - MOST_NAMED} more" if len(different) > MOST_NAMED else ""
    return " / ".join(different[:MOST_NAMED]) + more
