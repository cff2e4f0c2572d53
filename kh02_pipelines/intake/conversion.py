"""From the rows of a conversion table to the raw shapes of the reference: pairs, new units, island districts.

Belongs here: what the official conversion table says about both registers. Does not belong here: reading it
(``sources.nso_conversion``) or holding it against other sources (``conflicts``).
"""

from dataclasses import dataclass

import pandas as pd

from kh02_pipelines.history.ruling_form import CONVERSION, RELATIONS
from kh02_pipelines.history.rulings import apply_succession_rulings, pair_keys
from kh02_pipelines.intake.conversion_day import PAIRS, ConversionDay
from kh02_pipelines.intake.source_rulings import apply_to_records
from kh02_pipelines.names import spelling_key, split_unit_type
from kh02_pipelines.sources.load import SourceRead
from kh02_pipelines.sources.notes import is_kept
from kh02_pipelines.sources.trace import Trace
from kh02_pipelines.sources.units_frame import RAW_UNIT_COLUMNS, one_row_per_code
from kh02_pipelines.sources.values import leading_type

_SHARE_COLUMNS = ["predecessor_code", "successor_code", "legal_document", "clause", "file", "row"]


@dataclass(frozen=True)
class Conversion:
    """What a conversion table says, with the rulings on it applied.

    ``pairs``: ``predecessor_code``, ``successor_code``, ``file``, ``row`` as printed, and ``old_name``, ``note``,
    ``extent``, ``population``, ``old_district_code``, ``old_province_code``. ``province_pairs``: the same two
    codes, ``file`` and ``row``. ``new_units``, ``islands``, ``old_above`` (the districts and provinces that old
    communes are printed with): RAW_UNIT_COLUMNS. ``rulings``: those of its own that were applied.
    """

    pairs: pd.DataFrame
    province_pairs: pd.DataFrame
    new_units: pd.DataFrame
    islands: pd.DataFrame
    old_above: pd.DataFrame
    island_links: pd.DataFrame
    rulings: pd.DataFrame


def conversion_frames(
    read: SourceRead, own_rulings: pd.DataFrame, new_provinces: pd.DataFrame, day: ConversionDay
) -> Conversion:
    """The frames of one conversion table. ``new_provinces``: ``code`` and ``name``, to look up names without a code."""
    trace = read.trace
    records = read.records.copy()
    for side in ("new_province", "old_province"):
        codes = _codes_by_name(records, side, new_provinces if side == "new_province" else records, trace)
        records[f"{side}_code"] = codes
    printed_provinces = records[["old_province_code", "new_province_code", "line"]]
    sources = records["old_code"].where(records["old_code"] != "", records["old_district_code"])
    keys = sources + ">" + records["new_code"]
    records, applied = apply_to_records(records, keys, own_rulings, day.targets[CONVERSION], trace)

    province_pairs = (
        printed_provinces.drop_duplicates(["old_province_code", "new_province_code"])
        .set_axis(["predecessor_code", "successor_code", "row"], axis="columns")
        .sort_values(["predecessor_code", "successor_code"], ignore_index=True)
        .assign(file=trace.origin.file)
    )
    communes = records[records["old_code"] != ""]
    pairs = communes.rename(columns={"old_code": "predecessor_code", "new_code": "successor_code", "line": "row"})
    pairs = pairs.sort_values(["predecessor_code", "successor_code"], kind="stable", ignore_index=True)
    pairs["file"] = trace.origin.file
    districts = records[records["old_code"] == ""]
    islands = pd.DataFrame(
        {
            "code": districts["old_district_code"],
            "level": "district",
            "name": districts["old_district_name"],
            "type": leading_type(districts["old_district_name"], "district"),
            "parent_code": districts["old_province_code"],
            "row": districts["line"],
        }
    )
    links = districts[["old_district_code", "new_code", "line"]]
    return Conversion(
        pairs=pairs.drop(columns=["sheet", "new_name", "new_province_name", "old_province_name"]),
        province_pairs=province_pairs,
        new_units=_new_units(records, trace),
        islands=islands.reset_index(drop=True),
        old_above=_old_above(records, trace),
        island_links=links.set_axis(["predecessor_code", "successor_code", "row"], axis="columns"),
        rulings=applied,
    )


def shares(
    pairs: pd.DataFrame, rulings: pd.DataFrame, clauses: pd.DataFrame, day: ConversionDay
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Heirs and land-only parts of split communes, as the notes say, in the shape of the reference files.

    Pairs that a ruling adds have no note: they say nothing here. The clause cited is that of the successor.
    """
    ruled = apply_succession_rulings(pairs, rulings, day.targets[PAIRS])
    ruled["extent"] = ruled["extent"].astype("str")
    split = ruled.groupby("predecessor_code")["successor_code"].transform("size") > 1
    known = clauses.set_index("successor_code")
    cited = ruled.assign(
        legal_document=ruled["successor_code"].map(known["legal_document"]).fillna(""),
        clause=ruled["successor_code"].map(known["clause"]).fillna(""),
    )
    heirs = cited[split & (cited["population"] == "all")]
    has_heir = cited["predecessor_code"].isin(heirs["predecessor_code"])
    land = cited[split & (cited["population"] == "none") & ~has_heir]
    return heirs[_SHARE_COLUMNS].reset_index(drop=True), land[_SHARE_COLUMNS].reset_index(drop=True)


def kept_names(
    pairs: pd.DataFrame,
    old: pd.DataFrame,
    new: pd.DataFrame,
    clauses: pd.DataFrame,
    rulings: pd.DataFrame,
    day: ConversionDay,
) -> pd.DataFrame:
    """Rulings that a kept commune spelled in two ways is one name, cited from the list of kept communes.

    The note says that the commune is not rearranged and the resolution of its province lists it so; where the
    two registers differ in more than conventions, nobody renamed it. Rows in the shape of the rulings, with the
    id ``K<code>``; communes that have such a ruling for these very names are left out.
    """
    kept = pairs.loc[is_kept(pairs["note"]), ["predecessor_code", "successor_code", "file", "row"]]
    communes = [units[units["level"] == "commune"].set_index("code")["name"] for units in (old, new)]
    kept = kept.assign(
        before=kept["predecessor_code"].map(communes[0]), after=kept["successor_code"].map(communes[1])
    ).dropna()
    kept = kept[spelling_key(kept["before"]) != spelling_key(kept["after"])]
    ruled = rulings[rulings["action"] == "same_name"]
    known = ruled["key"] + "|" + ruled["source_value"] + "|" + ruled["ruled_value"]
    key = pair_keys(kept)
    kept = kept.assign(key=key)[~(key + "|" + kept["before"] + "|" + kept["after"]).isin(known)]
    cited = clauses.set_index("successor_code")
    return pd.DataFrame(
        {
            "ruling_id": "K" + kept["successor_code"],
            "target": day.targets[RELATIONS],
            "action": "same_name",
            "key": kept["key"],
            "field": "name",
            "source_value": kept["before"],
            "ruled_value": kept["after"],
            "legal_document": kept["successor_code"].map(cited["legal_document"]).fillna(""),
            "clause": "Điều 1 khoản " + kept["successor_code"].map(cited["clause"]).fillna(""),
            "reason": "The table keeps the commune and its resolution lists it as not rearranged.",
            "file": kept["file"],
            "row": kept["row"],
        }
    )


def contradicted_extents(pairs: pd.DataFrame, rulings: pd.DataFrame, day: ConversionDay) -> pd.DataFrame:
    """Ruled pairs whose note speaks of the whole where there are several successors, or of a part where one.

    Columns ``key``, ``printed`` (what the note says) and ``counted`` (what the number of successors says).
    """
    ruled = apply_succession_rulings(pairs, rulings, day.targets[PAIRS])
    one = ruled.groupby("predecessor_code")["successor_code"].transform("size") == 1
    counted = one.map({True: "whole", False: "part"})
    wrong = ruled["extent"].notna() & (ruled["extent"] != counted)
    return pd.DataFrame({"key": pair_keys(ruled), "printed": ruled["extent"], "counted": counted})[wrong]


def _new_units(records: pd.DataFrame, trace: Trace) -> pd.DataFrame:
    quiet = Trace(trace.origin)  # provinces stand on every row: a name without a type is no misprint of it
    typed = split_unit_type(records["new_province_name"], "province")["type"].notna()
    provinces = one_row_per_code(records[typed], "new_province_code", "new_province_name", "province", "", quiet)
    communes = one_row_per_code(records, "new_code", "new_name", "commune", "new_province_code", trace)
    units = pd.concat([provinces.sort_values("code"), communes.sort_values("code")], ignore_index=True)
    return units[RAW_UNIT_COLUMNS].astype({name: "str" for name in RAW_UNIT_COLUMNS if name != "row"})


def _old_above(records: pd.DataFrame, trace: Trace) -> pd.DataFrame:
    """Old districts and provinces; a name that is printed without its type says nothing of the type."""
    quiet = Trace(trace.origin)  # they stand on every row and are only compared
    tiers = [
        one_row_per_code(records, "old_district_code", "old_district_name", "district", "old_province_code", quiet),
        one_row_per_code(records, "old_province_code", "old_province_name", "province", "", quiet),
    ]
    return pd.concat(tiers, ignore_index=True)[RAW_UNIT_COLUMNS]


def _codes_by_name(records: pd.DataFrame, side: str, known: pd.DataFrame, trace: Trace) -> pd.Series:
    """Codes of a province column; where a cell prints a name alone, the code that goes with it elsewhere."""
    code, name = f"{side}_code", f"{side}_name"
    names, codes = (known["name"], known["code"]) if "name" in known.columns else (records[name], records[code])
    keys = spelling_key(split_unit_type(names, "province")["short_name"])
    table = pd.DataFrame({"key": keys, "code": codes}).query("code != ''").drop_duplicates()
    single = table.drop_duplicates("key", keep=False).set_index("key")["code"]
    found = spelling_key(split_unit_type(records[name], "province")["short_name"]).map(single)
    filled = records[code].mask((records[code] == "") & found.notna(), found)
    trace.changed(records[["sheet", "line"]], code, records[code], filled, "province_code_from_name")
    return filled
