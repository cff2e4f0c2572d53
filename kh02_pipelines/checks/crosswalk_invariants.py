"""Structural rules of the crosswalks, blocking: each guards against a wrong answer that looks right.

Belongs here: rules that tie the crosswalk tables to the unit tables. Does not belong here: rules on units alone
(``checks.unit_invariants``).
"""

import pandas as pd

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks.rule import Rule, Word, among, findings, nothing, together
from kh02_pipelines.checks.time import opening_day, period, rearranged_since
from kh02_pipelines.history.periods import FRESH
from kh02_pipelines.tables.vocabulary import EVENT_KINDS

RELATION_OF_KIND = {
    "unchanged": ("transfer", "recode"),  # every commune left its district that day
    "renamed": ("rename", "retype", "recode"),
    "merged": ("merger",),
    "split": ("split", "merger"),
}
"""Relation → the kinds of event that can have founded the new unit. A recode keeps the name or changes it too."""


def units_without_link(candidate: Candidate) -> pd.DataFrame:
    """Old units that no crosswalk mentions, and new communes and provinces that nothing leads to."""
    tables = candidate.tables
    communes, districts, provinces = (tables[f"{level}_crosswalk"] for level in ("commune", "district", "province"))
    ended = tables["legacy_district"][tables["legacy_district"]["valid_to"].notna()]
    reached = pd.concat([communes["new_code"], districts["new_commune_code"]])
    pairs = [
        ("legacy_commune", tables["legacy_commune"], communes["old_code"], "has no successor"),
        ("legacy_district", ended, districts["old_district_code"], "has no successor"),
        ("legacy_province", tables["legacy_province"], provinces["old_code"], "has no successor"),
        ("commune", tables["commune"], reached, "has no predecessor"),
        ("province", tables["province"], provinces["new_code"], "has no predecessor"),
    ]
    return together(
        *(findings(name, units[~among(units["code"], linked)], "code", text) for name, units, linked, text in pairs)
    )


def extents_contradict(candidate: Candidate) -> pd.DataFrame:
    """Links where whole, successor count, relation and the actual number of successors disagree."""
    links = candidate.tables["commune_crosswalk"]
    successors = links.groupby("old_code")["new_code"].transform("nunique")
    predecessors = links.groupby("new_code")["old_code"].transform("nunique")
    problems = {
        "whole and one successor do not coincide": (links["extent"] == "whole") != (successors == 1),
        "successor_count is not the number of successors": links["successor_count"] != successors,
        "split and several successors do not coincide": (links["relation"] == "split") != (successors > 1),
        "merged does not fit the successor's predecessors": (links["relation"] == "merged")
        != ((successors == 1) & (predecessors > 1)),
        "same_code is wrong": links["same_code"] != (links["old_code"] == links["new_code"]),
    }
    keys = ["old_code", "new_code"]
    return together(*(findings("commune_crosswalk", links[rows], keys, text) for text, rows in problems.items()))


def new_codes_unexplained(candidate: Candidate) -> pd.DataFrame:
    """New codes that come from nowhere the period allows: neither a member's nor a zone's made of an island district.

    Units that later changes founded are judged by what the period allows after its first day.
    """
    tables = candidate.tables
    now = period(candidate)
    if FRESH in now.opening_codes:
        return nothing()
    later = FRESH in now.new_codes
    founded = {level: rearranged_since(candidate, level) for level in ("province", "commune")}
    links, districts = tables["commune_crosswalk"], tables["district_crosswalk"]
    members = links.loc[links["old_code"] == links["new_code"], "new_code"]
    direct = districts[districts["sole_successor"] & ~among(districts["new_commune_code"], links["new_code"])]
    communes = tables["commune"]
    zones = among(communes["code"], direct["new_commune_code"]) & (communes["type"] == "đặc khu")
    stray = communes[~among(communes["code"], members) & ~zones]
    stray = stray[~(later & among(stray["code"], founded["commune"]))]
    provinces = tables["province"]
    stray_provinces = provinces[~_code_of_member(tables["province_crosswalk"], provinces["code"])]
    stray_provinces = stray_provinces[~(later & among(stray_provinces["code"], founded["province"]))]
    return together(
        findings("commune", stray, "code", "code is neither a member's nor an island district's zone"),
        findings("province", stray_provinces, "code", "code is not a member's"),
    )


def _code_of_member(links: pd.DataFrame, codes: pd.Series) -> pd.Series:
    return among(codes, links.loc[links["old_code"] == links["new_code"], "new_code"])


def provinces_torn(candidate: Candidate) -> pd.DataFrame:
    """Old provinces with several successors, and communes or districts that do not follow their province.

    Of the day on which the period opened: what later changes divided or moved is left out.
    """
    tables = candidate.tables
    moved = {level: rearranged_since(candidate, level) for level in ("province", "commune")}
    provinces = tables["province_crosswalk"]
    torn = provinces[provinces["old_code"].duplicated(keep=False)]
    torn = torn[~among(torn["new_code"], moved["province"])]
    new_of = provinces.drop_duplicates("old_code").set_index("old_code")["new_code"]
    links = tables["commune_crosswalk"]
    astray = links[links["old_province_code"].map(new_of) != links["new_province_code"]]
    astray = astray[~among(astray["new_code"], moved["commune"])]
    located = tables["commune"].set_index("code")["province_code"]
    misnamed = links[links["new_code"].map(located) != links["new_province_code"]]
    districts = tables["district_crosswalk"]
    of_district = tables["legacy_district"].set_index("code")["province_code"]
    away = districts[districts["old_district_code"].map(of_district).map(new_of) != districts["new_province_code"]]
    away = away[~among(away["new_commune_code"], moved["commune"])]
    keys = ["old_code", "new_code"]
    return together(
        findings("province_crosswalk", torn, keys, "the old province has several successors"),
        findings("commune_crosswalk", astray, keys, "the commune does not follow its province"),
        findings("commune_crosswalk", misnamed, keys, "new_province_code is not the new commune's province"),
        findings(
            "district_crosswalk",
            away,
            ["old_district_code", "new_commune_code"],
            "the new commune lies outside the district's new province",
        ),
    )


def heirs_contradict(candidate: Candidate) -> pd.DataFrame:
    """Old communes with more than one population heir, or with shares that cannot be together."""
    links = candidate.tables["commune_crosswalk"]
    shares = pd.DataFrame(
        {word: (links["population"] == word).groupby(links["old_code"]).sum() for word in ("all", "part", "none")}
    )
    problems = {
        "more than one successor has all of the population": shares["all"] > 1,
        "one successor has all and another has a part": (shares["all"] > 0) & (shares["part"] > 0),
        "no successor has the population": (shares["all"] == 0) & (shares["part"] == 0),
        "one successor alone has a part": (shares["all"] == 0) & (shares["part"] == 1),
    }
    rows = shares.reset_index()
    return together(
        *(findings("commune_crosswalk", rows[wrong.array], "old_code", text) for text, wrong in problems.items())
    )


def district_flags_wrong(candidate: Candidate) -> pd.DataFrame:
    """District links whose set differs from the commune crosswalk's, or whose flags do not follow from it."""
    tables = candidate.tables
    districts = tables["district_crosswalk"]
    ended = tables["legacy_district"].loc[tables["legacy_district"]["valid_to"].notna(), "code"]
    through = tables["commune_crosswalk"][["old_district_code", "new_code"]].drop_duplicates()
    through = through[among(through["old_district_code"], ended)].rename(columns={"new_code": "new_commune_code"})
    keys = ["old_district_code", "new_commune_code"]
    missing = through.merge(districts[keys], on=keys, how="left", indicator=True)
    drawn = districts.groupby("new_commune_code")["old_district_code"].transform("nunique")
    heirs = districts.groupby("old_district_code")["new_commune_code"].transform("nunique")
    return together(
        findings("district_crosswalk", missing[missing["_merge"] == "left_only"], keys, "is missing"),
        findings(
            "district_crosswalk",
            districts[districts["commune_within_district"] != (drawn == 1)],
            keys,
            "commune_within_district is wrong",
        ),
        findings(
            "district_crosswalk",
            districts[districts["sole_successor"] != (heirs == 1)],
            keys,
            "sole_successor is wrong",
        ),
    )


def events_contradict(candidate: Candidate) -> pd.DataFrame:
    """Links whose relation is not what the event that founded the new unit is called.

    Judged for units founded on the first day of the period and still in force: later events say what happened to the
    new unit, and the relation what happened to the old one.
    """
    tables = candidate.tables
    day = opening_day(candidate)
    if day is None:
        return nothing()
    founded = tables["unit_version"][tables["unit_version"]["valid_from"] == day]
    founded = founded[founded["valid_to"].isna()].drop_duplicates("code")
    kinds = founded.merge(tables["change_event"], left_on="started_by", right_on="event_id")[["code", "kind"]]
    fitting = {(relation, kind) for relation, words in RELATION_OF_KIND.items() for kind in words}
    parts = []
    for name in ("commune_crosswalk", "province_crosswalk"):
        links = tables[name].merge(kinds, left_on="new_code", right_on="code")
        links = links[links["kind"].isin(EVENT_KINDS)]  # any other is for the declaration to find
        fits = pd.MultiIndex.from_frame(links[["relation", "kind"]]).isin(fitting)
        wrong = links[~fits]
        problem = "relation is " + wrong["relation"] + " and the event of the new unit is a " + wrong["kind"]
        parts.append(findings(name, wrong, ["old_code", "new_code"], problem))
    return together(*parts)


def rows_lost(candidate: Candidate) -> pd.DataFrame:
    """Steps whose rows in and rows out do not add up."""
    flow = candidate.row_flow
    balance = flow["rows_in"] + flow["added"] - flow["set_aside"] - flow["rows_out"]
    lost = flow[balance != 0]
    return together(findings("row_flow", lost, "step", balance[balance != 0].astype("str") + " rows unaccounted for"))


RULES = (
    Rule(
        "every_unit_linked",
        Word.COMPLETE,
        "Mọi đơn vị cũ đều có đơn vị kế thừa và mọi đơn vị mới đều có nguồn gốc",
        "Every old unit has a successor and every new unit a predecessor",
        "add the missing pair as a ruling with its citation",
        units_without_link,
    ),
    Rule(
        "whole_means_one_successor",
        Word.CORRECT,
        "Toàn bộ khi và chỉ khi có một đơn vị kế thừa; số lượng và quan hệ khớp",
        "Whole exactly where there is one successor; counts and relations agree",
        "correct the named pair; a commune with several successors must stay several",
        extents_contradict,
    ),
    Rule(
        "new_code_is_members",
        Word.CORRECT,
        "Mã mới là mã của một đơn vị thành viên, hoặc của đặc khu hình thành từ huyện đảo",
        "A new code is a member's code or that of a zone made of an island district",
        "check the pair against the resolution; the code list is 19/2025/QĐ-TTg",
        new_codes_unexplained,
    ),
    Rule(
        "provinces_stay_whole",
        Word.CORRECT,
        "Mỗi tỉnh cũ thuộc đúng một tỉnh mới; xã và huyện đi theo tỉnh",
        "Every old province lies in one new one, and its communes and districts follow it",
        "correct the pair that crosses the border of the new province",
        provinces_torn,
    ),
    Rule(
        "one_population_heir",
        Word.CORRECT,
        "Mỗi xã cũ có nhiều nhất một xã kế thừa toàn bộ dân số",
        "At most one successor has all of an old commune's population",
        "correct the shares of the named commune in the changes of its day",
        heirs_contradict,
    ),
    Rule(
        "district_sets_complete",
        Word.CONSISTENT,
        "Tập xã mới của từng huyện cũ khớp với bảng chuyển đổi cấp xã",
        "The set of new communes of every district agrees with the commune crosswalk",
        "run the whole job again: the crosswalks come from different runs",
        district_flags_wrong,
    ),
    Rule(
        "events_fit_relations",
        Word.CONSISTENT,
        "Loại sự kiện ngày đầu thời kỳ khớp với quan hệ trong bảng chuyển đổi: không đổi thì không phải đổi tên",
        "Events of the day the period opened agree with the relations in the crosswalks: unchanged is not renamed",
        "run the whole job again; if it stays, rule whether the two spellings of the named unit are one name",
        events_contradict,
    ),
    Rule(
        "rows_conserved",
        Word.COMPLETE,
        "Không mất dòng nào qua từng bước",
        "Rows in = rows out + rows set aside in every step",
        "look at the named step; nothing may be dropped without being listed",
        rows_lost,
    ),
)
