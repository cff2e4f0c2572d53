"""Other public mappings against the catalogue's successions.

Belongs here: finding out which units a package means by a name, and classing where it differs. Does not belong
here: trusting it: these conflicts never block and are never followed.
"""

import re
from collections.abc import Callable

import pandas as pd

from kh02_pipelines.history.rulings import pair_keys
from kh02_pipelines.intake.conflicts import ABSENT, all_conflicts, no_conflicts
from kh02_pipelines.intake.conversion_day import PAIRS, ConversionDay
from kh02_pipelines.names import spelling_key, to_ascii
from kh02_pipelines.tables.quality import OPEN

_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")
_PROVINCE_TYPE = re.compile(r"^(tinh|thanhpho)")


def cross_check_conflicts(
    name: str,
    records: pd.DataFrame,
    old: pd.DataFrame,
    new: pd.DataFrame,
    pairs: pd.DataFrame,
    rulings: pd.DataFrame,
    day: ConversionDay,
) -> pd.DataFrame:
    """Conflicts between the ruled ``pairs`` and a package's ``records`` (CROSS_CHECK_COLUMNS).

    ``old``, ``new``: the ruled registers. Classes: ``not_identified`` (the package names no unit, or one of several
    that look alike without accents), ``not_listed`` (it leaves an old commune out), ``one_of_several`` (it gives
    some successors of a split commune and leaves this one out), ``succession`` (another successor). A
    difference that a ruling explains (a misprint that the package keeps) carries that ruling.
    """
    links = records.assign(
        predecessor_code=_identified(records, _old_keys(old), ["old_province", "old_district", "old_commune"]),
        successor_code=_identified(records, _new_keys(new), ["new_province", "new_commune"]),
    )
    unknown = links["predecessor_code"].isna() | links["successor_code"].isna()
    theirs = links[~unknown].drop_duplicates(["predecessor_code", "successor_code"])
    mine = pairs.assign(key=pair_keys(pairs))
    their_keys = pair_keys(theirs)
    extra = theirs[~their_keys.isin(mine["key"])]
    lacking = mine[~mine["key"].isin(their_keys)]
    listed = lacking["predecessor_code"].isin(theirs["predecessor_code"])
    also_right = lacking["predecessor_code"].isin(theirs.loc[their_keys.isin(mine["key"]), "predecessor_code"])
    kind = listed.map({True: "succession", False: "not_listed"}).astype("str").mask(also_right, "one_of_several")
    lost = lacking["predecessor_code"].isin(links.loc[unknown, "predecessor_code"].dropna()) & ~listed
    kind = kind.mask(lost, "not_identified")
    return all_conflicts(
        [
            _rows(
                name,
                f"{day.first}/succession",
                pair_keys(extra),
                (ABSENT, "listed"),
                "succession",
                _ruling_of_misprint(rulings, day),
            ),
            _rows(
                name,
                f"{day.first}/succession",
                lacking["key"],
                ("listed", ABSENT),
                kind,
                _ruling_of_pair(rulings, pairs, day),
            ),
            _unidentified(name, links[unknown], day),
        ]
    )


def squeezed(names: pd.Series) -> pd.Series:
    """Names as lower-case ASCII letters and digits alone, without zeros before a number."""
    folded = to_ascii(names.str.replace("Ð", "Đ")).str.lower().str.replace(_ZEROS, "", regex=True)
    return folded.str.replace("[^a-z0-9]", "", regex=True)


def accented(names: pd.Series) -> pd.Series:
    """Spelling keys without spaces and punctuation: accents count."""
    return spelling_key(names).str.replace(r"[\W_]", "", regex=True)


def _old_keys(old: pd.DataFrame) -> pd.DataFrame:
    units = {level: old[old["level"] == level].set_index("code") for level in ("province", "district", "commune")}
    communes, districts = units["commune"], units["district"]
    names = pd.DataFrame(
        {
            "province": communes["parent_code"].map(districts["parent_code"]).map(units["province"]["name"]),
            "district": communes["parent_code"].map(districts["name"]),
            "commune": communes["name"],
        }
    )
    return names


def _new_keys(new: pd.DataFrame) -> pd.DataFrame:
    provinces = new[new["level"] == "province"].set_index("code")
    communes = new[new["level"] == "commune"].set_index("code")
    return pd.DataFrame({"province": communes["parent_code"].map(provinces["name"]), "commune": communes["name"]})


def _identified(records: pd.DataFrame, units: pd.DataFrame, fields: list[str]) -> pd.Series:
    """The code of the one unit that a name can mean: with accents first, then without; missing if none or several."""
    asked = records[fields]
    found = pd.Series(None, index=records.index, dtype="str")
    for key in (accented, squeezed):
        keys = _joined(units, key)
        single = keys[~keys.duplicated(keep=False)]
        found = found.fillna(_joined(asked, key).map(pd.Series(single.index, index=single.array, dtype="str")))
    return found


def _joined(names: pd.DataFrame, key: Callable[[pd.Series], pd.Series]) -> pd.Series:
    columns = list(names.columns)
    joined = squeezed(names[columns[0]]).str.replace(_PROVINCE_TYPE, "", regex=True)
    for column in columns[1:]:
        joined = joined + "|" + key(names[column])
    return joined


def _ruling_of_misprint(rulings: pd.DataFrame, day: ConversionDay) -> pd.DataFrame:
    mine = rulings[(rulings["target"] == day.targets[PAIRS]) & rulings["action"].isin(["set", "drop"])]
    return mine.set_index("key")[["ruling_id", "legal_document", "clause"]]


def _ruling_of_pair(rulings: pd.DataFrame, pairs: pd.DataFrame, day: ConversionDay) -> pd.DataFrame:
    ruled = pairs[pairs.get("ruling_id", pd.Series("", index=pairs.index)).fillna("") != ""]
    found = pd.DataFrame({"key": pair_keys(ruled), "ruling_id": ruled["ruling_id"]}) if len(ruled) else None
    if found is None:
        return _ruling_of_misprint(rulings, day).iloc[:0]
    return found.merge(rulings[["ruling_id", "legal_document", "clause"]], on="ruling_id").set_index("key")


def _rows(
    name: str, subject: str, keys: pd.Series, values: tuple[str, str], kind: pd.Series | str, ruled: pd.DataFrame
) -> pd.DataFrame:
    if keys.empty:
        return no_conflicts()
    return pd.DataFrame(
        {
            "subject": f"{subject}/" + keys,
            "field": "pair",
            "other_source": name,
            "source": "catalogue",
            "value": values[0],
            "other_value": values[1],
            "class": kind,
            "blocking": False,
            "ruling": keys.map(ruled["ruling_id"]).astype("str").fillna(OPEN),
            "legal_document": keys.map(ruled["legal_document"]).astype("str"),
            "clause": keys.map(ruled["clause"]).astype("str"),
        }
    )


def _unidentified(name: str, links: pd.DataFrame, day: ConversionDay) -> pd.DataFrame:
    if links.empty:
        return no_conflicts()
    old = links["old_province"] + ", " + links["old_district"] + ", " + links["old_commune"]
    new = links["new_province"] + ", " + links["new_commune"]
    keys = links["line"].astype("str")
    nothing_ruled = pd.DataFrame(columns=["ruling_id", "legal_document", "clause"], dtype="str")
    rows = _rows(name, f"{day.first}/link", keys, (ABSENT, ""), "not_identified", nothing_ruled)
    rows["other_value"] = old + " > " + new
    return rows
