"""Đúng and thống nhất: every link has its law, agrees with the rulings, and names units as their tables do.

Belongs here: rules that hold crosswalk rows against the law, the rulings and the unit tables. Does not belong
here: the shape of the links (``invariants``) or the law of events (``checks.correctness``).
"""

import pandas as pd

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks.rule import Rule, Word, among, findings, nothing, one_finding, together
from kh02_pipelines.checks.time import last_three_tier_day, opening_day, period, rearranged_since
from kh02_pipelines.history.legal import governs
from kh02_pipelines.history.ruling_form import PROVINCE_SUCCESSIONS, REGISTER, RELATIONS, RULINGS_CAN_SAY, SUCCESSIONS
from kh02_pipelines.history.rulings import PAIR_SEPARATOR
from kh02_pipelines.history.states import units_as_of

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
    """Links whose document governs the new unit in no province that it has lain in since the period opened."""
    day = opening_day(candidate)
    if day is None:  # every unit stands on what the period found
        return nothing()
    tables = candidate.tables
    documents, versions = tables["legal_document"], tables["unit_version"]
    since = versions[(versions["level"] == "commune") & (versions["valid_from"] >= day)]
    lain = since[["code", "parent_code"]].drop_duplicates().rename(columns={"parent_code": "province"})
    parts, standing = [], period(candidate).standing_document
    for name, level, code, province in (
        ("commune_crosswalk", "commune", "new_code", "new_province_code"),
        ("district_crosswalk", "commune", "new_commune_code", "new_province_code"),
        ("province_crosswalk", "province", "new_code", "new_code"),
    ):
        links = tables[name].reset_index(drop=True)
        levels = pd.Series(level, index=links.index)
        fits = governs(documents, links["legal_document"], levels, links[province])
        if "relation" in links.columns:  # what stands for "unchanged" says so of every unit
            fits |= (links["relation"] == "unchanged") & (links["legal_document"] == standing)
        doubtful = links[~fits].reset_index()
        if level == "commune" and len(doubtful):
            earlier = doubtful.merge(lain, left_on=code, right_on="code")
            earlier = earlier[
                governs(
                    documents,
                    earlier["legal_document"],
                    levels.reindex(earlier.index).fillna(level),
                    earlier["province"],
                )
            ]
            doubtful = doubtful[~doubtful["index"].isin(earlier["index"])]
        problem = doubtful["legal_document"] + " does not govern the new unit"
        parts.append(findings(name, doubtful, _KEYS[name], problem))
    return together(*parts)


def rulings_disregarded(candidate: Candidate) -> pd.DataFrame:
    """Rulings that the tables do not carry out or that nothing can carry out, and ruling ids that no ruling has."""
    rulings = candidate.evidence.get("rulings")
    if rulings is None:
        return one_finding("rulings", "evidence", "was not staged, so rulings cannot be compared")
    tables, as_of = candidate.tables, pd.Timestamp(candidate.as_of)
    target = rulings["target"].str.rsplit("_", n=1)
    about, days = target.str[0], pd.to_datetime(target.str[-1], errors="coerce")
    known = {meaning.about for meaning in RULINGS_CAN_SAY}
    changed = set(tables["change_event"]["effective_date"].unique())
    last, opened = last_three_tier_day(candidate), opening_day(candidate)
    stray = ~about.isin(known) | days.isna()
    stray |= (days <= as_of) & about.isin([SUCCESSIONS, PROVINCE_SUCCESSIONS, RELATIONS]) & ~days.isin(list(changed))
    legacy = pd.concat([tables[f"legacy_{level}"] for level in ("province", "district", "commune")])
    parts = [
        findings("rulings", rulings[stray], "ruling_id", "has a target that no ruling can have"),
        *(_unknown_ids(tables[name], name, rulings) for name in ("commune_crosswalk", "succession")),
    ]
    for day in sorted(days[days <= as_of].unique()):
        mine = rulings[days == day]
        of = about[days == day]
        state = units_as_of(tables["unit_version"], day)
        on_units = mine[of == REGISTER]
        parts.append(_unit_rulings("unit_version", state, on_units))
        if day == last:
            parts.append(_unit_rulings("legacy_commune", legacy, on_units[on_units["field"] != "parent_code"]))
        if day != opened:
            continue
        later = rearranged_since(candidate, "commune")
        same_names = mine[of == RELATIONS]
        parts += [
            _pair_rulings(tables["commune_crosswalk"], mine[of == SUCCESSIONS], later),
            _struck_pairs(tables["province_crosswalk"], mine[of == PROVINCE_SUCCESSIONS]),
            _misquoted_names(units_as_of(tables["unit_version"], last), state, same_names),
            *(_called_renamed(tables[name], name, same_names) for name in ("commune_crosswalk", "province_crosswalk")),
        ]
    return together(*parts)


def _unknown_ids(links: pd.DataFrame, table: str, rulings: pd.DataFrame) -> pd.DataFrame:
    named = links[links["ruling_id"].notna() & (links["ruling_id"] != "")]
    keys = _KEYS.get(table, ["predecessor_id", "successor_id"])
    ids = named["ruling_id"].str.split(" ").explode()  # a unit may have one ruling for each field
    stray = named.loc[ids[~ids.isin(rulings["ruling_id"])].index.unique()]
    return findings(table, stray, keys, "names a ruling that does not exist")


def _pair_rulings(links: pd.DataFrame, rulings: pd.DataFrame, later: pd.Series) -> pd.DataFrame:
    """Pairs that a ruling sets or adds stand with its id; pairs it replaces do not stand.

    ``later``: new codes that other changes have rearranged since; their pairs are no longer those of the ruling.
    """
    rulings = rulings[~rulings["key"].str.rpartition(PAIR_SEPARATOR)[2].isin(list(later))]
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


def _unit_rulings(table: str, units: pd.DataFrame, rulings: pd.DataFrame) -> pd.DataFrame:
    """Names, types and parents that rulings set stand in ``units``, the state that they speak of."""
    told = units[among(units["code"], rulings["key"])].melt("code", rulings["field"].unique(), "field", "value")
    both = rulings.merge(told, left_on=["key", "field"], right_on=["code", "field"], how="left")
    wrong = both[both["value"].astype("str").str.lower() != both["ruled_value"].str.lower()]
    return findings(table, wrong, "ruling_id", "is not carried out on its unit")


def _misquoted_names(old: pd.DataFrame, new: pd.DataFrame, rulings: pd.DataFrame) -> pd.DataFrame:
    """Two spellings ruled to be one name are those that the two registers have."""
    codes = rulings["key"].str.split(PAIR_SEPARATOR, n=1, expand=True).reindex(columns=[0, 1]).astype("str")
    before, after = (
        codes[side].map(units.drop_duplicates("code").set_index("code")["name"]).astype("str")
        for side, units in ((0, old), (1, new))
    )
    wrong = rulings[(before != rulings["source_value"]) | (after != rulings["ruled_value"])]
    return findings("unit_version", wrong, "ruling_id", "its two spellings are not those of the registers")


def _called_renamed(links: pd.DataFrame, table: str, rulings: pd.DataFrame) -> pd.DataFrame:
    """No link between two spellings ruled to be one name is a renaming."""
    renamed = links[links["relation"] == "renamed"]
    here = renamed["old_code"] + PAIR_SEPARATOR + renamed["new_code"] + "|" + renamed["new_name"]
    wrong = rulings[among(rulings["key"] + "|" + rulings["ruled_value"], here)]
    return findings(table, wrong, "ruling_id", "the unit that it finds unchanged is called renamed")


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
