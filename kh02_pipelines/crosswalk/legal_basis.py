"""Đúng and thống nhất: every link has its law, agrees with the rulings, and names units as their tables do.

Belongs here: rules that hold crosswalk rows against the law, the rulings and the unit tables. Does not belong
here: the shape of the links (``invariants``) or the law of events (``register.correctness``).
"""

import pandas as pd

from kh02_pipelines.register.links import PROVINCE_SUCCESSIONS, REFORM_DATE, SUCCESSIONS
from kh02_pipelines.register.rule import Candidate, Rule, Word, among, findings, nothing, one_finding, together
from kh02_pipelines.register.rulings import PAIR_SEPARATOR

_NAMES = {
    "commune_crosswalk": (
        ("old_name", "old_code", "legacy_commune"),
        ("old_district_name", "old_district_code", "legacy_district"),
        ("old_province_name", "old_province_code", "legacy_province"),
        ("new_name", "new_code", "commune"),
        ("new_province_name", "new_province_code", "province"),
    ),
    "province_crosswalk": (("old_name", "old_code", "legacy_province"), ("new_name", "new_code", "province")),
    "district_crosswalk": (
        ("old_district_name", "old_district_code", "legacy_district"),
        ("new_commune_name", "new_commune_code", "commune"),
    ),
}
_KEYS = {
    "commune_crosswalk": ["old_code", "new_code"],
    "province_crosswalk": ["old_code"],
    "district_crosswalk": ["old_district_code", "new_commune_code"],
}


def link_law_unfit(candidate: Candidate) -> pd.DataFrame:
    """Links whose document does not govern the new unit: its province at its level."""
    if pd.Timestamp(candidate.as_of) < REFORM_DATE:  # every unit stands on the code list then in force
        return nothing()
    tables = candidate.tables
    governs = tables["legal_document"].set_index("number")["governs"]
    parts = []
    for name, level, province in (
        ("commune_crosswalk", "commune", "new_province_code"),
        ("district_crosswalk", "commune", "new_province_code"),
        ("province_crosswalk", "province", "new_code"),
    ):
        links = tables[name]
        governed = links["legal_document"].map(governs)
        wrong = links[governed.notna() & (governed != f"{level}:*") & (governed != f"{level}:" + links[province])]
        problem = wrong["legal_document"] + " does not govern the new unit"
        parts.append(findings(name, wrong, _KEYS[name], problem))
    return together(*parts)


def rulings_disregarded(candidate: Candidate) -> pd.DataFrame:
    """Rulings on pairs or units that the tables do not carry out, and ruling ids that no ruling has."""
    rulings = candidate.evidence.get("rulings")
    if rulings is None:
        return one_finding("rulings", "evidence", "was not staged, so rulings cannot be compared")
    tables = candidate.tables
    parts = [_unknown_ids(tables[name], name, rulings) for name in ("commune_crosswalk", "succession")]
    parts.append(_unit_rulings(candidate, rulings))
    if pd.Timestamp(candidate.as_of) >= REFORM_DATE:
        parts += [
            _pair_rulings(tables["commune_crosswalk"], rulings[rulings["target"] == SUCCESSIONS]),
            _struck_pairs(tables["province_crosswalk"], rulings[rulings["target"] == PROVINCE_SUCCESSIONS]),
        ]
    return together(*parts)


def _unknown_ids(links: pd.DataFrame, table: str, rulings: pd.DataFrame) -> pd.DataFrame:
    named = links[links["ruling_id"].notna() & (links["ruling_id"] != "")]
    keys = _KEYS.get(table, ["predecessor_id", "successor_id"])
    stray = named[~among(named["ruling_id"], rulings["ruling_id"])]
    return findings(table, stray, keys, "names a ruling that does not exist")


def _pair_rulings(links: pd.DataFrame, rulings: pd.DataFrame) -> pd.DataFrame:
    """Pairs that a ruling sets or adds stand with its id; pairs it replaces do not stand."""
    printed = rulings["key"].str.split(PAIR_SEPARATOR, n=1, expand=True).reindex(columns=[0, 1]).astype("str")
    side = rulings["field"]
    ruled = (
        printed[0].mask(side == "predecessor_code", rulings["ruled_value"])
        + PAIR_SEPARATOR
        + printed[1].mask(side == "successor_code", rulings["ruled_value"])
    ).mask(rulings["action"] == "add", rulings["ruled_value"])
    here = links["old_code"] + PAIR_SEPARATOR + links["new_code"]
    marked = here[links["ruling_id"].notna()] + "/" + links["ruling_id"].dropna()
    missing = rulings[~among(ruled + "/" + rulings["ruling_id"], marked) & (rulings["action"] != "drop")]
    replaced = rulings[rulings["action"].isin(["set", "drop"])]
    still = replaced[among(replaced["key"], here)]
    return together(
        findings("commune_crosswalk", missing, "ruling_id", "is not carried out, or its row does not name it"),
        findings("commune_crosswalk", still, "ruling_id", "the pair it corrects still stands"),
    )


def _struck_pairs(links: pd.DataFrame, rulings: pd.DataFrame) -> pd.DataFrame:
    here = links["old_code"] + PAIR_SEPARATOR + links["new_code"]
    still = rulings[among(rulings["key"], here) & (rulings["action"] == "drop")]
    return findings("province_crosswalk", still, "ruling_id", "the pair it strikes still stands")


def _unit_rulings(candidate: Candidate, rulings: pd.DataFrame) -> pd.DataFrame:
    """Names and types that a ruling sets on the old register stand in the old unit tables."""
    ours = rulings[(rulings["target"] == "units_2025-06-30") & (rulings["action"] == "set")]
    ours = ours[ours["field"].isin(["name", "type"])]
    units = pd.concat([candidate.tables[f"legacy_{level}"] for level in ("province", "district", "commune")])
    told = units[among(units["code"], ours["key"])].melt("code", ["name", "type"], "field", "value")
    both = ours.merge(told, left_on=["key", "field"], right_on=["code", "field"], how="left")
    wrong = both[both["value"].str.lower() != both["ruled_value"].str.lower()]
    return findings("legacy_commune", wrong, "ruling_id", "is not carried out on its unit")


def names_differ(candidate: Candidate) -> pd.DataFrame:
    """Names in the crosswalks that are not those of their unit tables."""
    parts = []
    for name, columns in _NAMES.items():
        links = candidate.tables[name]
        for column, code, units in columns:
            known = candidate.tables[units].drop_duplicates("code").set_index("code")["name"]
            official = links[code].map(known)
            wrong = links[(links[column] != official) & official.notna() & (links[column] != "") & (official != "")]
            parts.append(findings(name, wrong, _KEYS[name], f"{column} is not the name in {units}"))
    return together(*parts)


RULES = (
    Rule(
        "law_governs_links",
        Word.CORRECT,
        "Mọi liên kết cũ → mới dựa trên văn bản điều chỉnh đúng tỉnh mới",
        "Every old to new link rests on a document that governs the new province",
        "cite the resolution of the new province, or correct what the document governs",
        link_law_unfit,
    ),
    Rule(
        "rulings_applied",
        Word.CORRECT,
        "Danh mục khớp với mọi đính chính, và dòng được đính chính có ghi mã đính chính",
        "The catalogue agrees with every ruling, and the rows they correct name them",
        "run the whole job again; if it stays, the named ruling and its source have come apart",
        rulings_disregarded,
    ),
    Rule(
        "names_agree",
        Word.CONSISTENT,
        "Tên trong bảng chuyển đổi trùng với tên trong danh mục",
        "Names in the crosswalks are the names in the unit tables",
        "run the whole job again: the tables come from different runs",
        names_differ,
    ),
)
