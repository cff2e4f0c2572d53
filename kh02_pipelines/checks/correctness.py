"""Đúng: units whose codes, types, parents and law are right for what they are.

Belongs here: rules on units, their versions and events. Does not belong here: rules on links
(``checks.legal_basis``, ``checks.crosswalk_invariants``). A value that its declaration refuses is left to
``declared``: one fault, one finding.
"""

import pandas as pd

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks.name_form import UNIT_TABLES, legacy_encoding
from kh02_pipelines.checks.rule import Rule, Word, among, findings, together
from kh02_pipelines.checks.time import period, periods, provinces_of_versions
from kh02_pipelines.history.legal import governs

DIGITS = {"province": 2, "district": 3, "commune": 5}


def codes_misfit(candidate: Candidate) -> pd.DataFrame:
    """Versions whose code has not the digits of its level."""
    versions = candidate.tables["unit_version"]
    wrong = versions["code"].str.len() != versions["level"].map(DIGITS)
    return together(findings("unit_version", versions[wrong], "unit_id", "code has not the digits of its level"))


def types_misfit(candidate: Candidate) -> pd.DataFrame:
    """Units whose type is not the leading words of their name, or is none of the period of the release date."""
    parts = []
    for name in UNIT_TABLES:
        units = candidate.tables[name]
        if legacy_encoding(units["name"]):
            continue
        named = units[units["name"].str.len() > 0]
        lead = [
            text.lower().startswith(f"{kind} ") for text, kind in zip(named["name"], named["type"], strict=True)
        ]  # a pass over the few thousand names is faster than a join of two columns of patterns
        parts.append(
            findings(name, named[~pd.Series(lead, index=named.index, dtype=bool)], "code", "name and type disagree")
        )
    now = period(candidate)
    for level in ("province", "commune"):
        units = candidate.tables[level]
        gone = units[~units["type"].isin(now.types[level])]
        problem = "there is no " + gone["type"] + f" of this level since {now.valid_from:%Y-%m-%d}"
        parts.append(findings(level, gone, "code", problem))
    return together(*parts)


def parents_misfit(candidate: Candidate) -> pd.DataFrame:
    """Versions whose parent has the wrong level or was not in force when the unit began."""
    versions = candidate.tables["unit_version"]
    level = pd.Series(None, index=versions.index, dtype="str")
    for each in periods(candidate).each:
        begun = versions["valid_from"] >= each.valid_from
        above = {name: each.level_above(name) for name in each.levels}
        level = level.mask(begun, versions["level"].map(above))
    below = versions[versions["level"] != "province"].assign(parent_level=level)
    parents = versions[["level", "code", "valid_from", "valid_to"]].add_prefix("parent_")
    found = below[["unit_id", "parent_level", "parent_code", "valid_from"]].merge(
        parents, on=["parent_level", "parent_code"], how="left"
    )
    there = (found["parent_valid_from"] <= found["valid_from"]) & (
        found["parent_valid_to"].isna() | (found["parent_valid_to"] > found["valid_from"])
    )
    orphans = below[~among(below["unit_id"], found.loc[there, "unit_id"])]
    high = versions[(versions["level"] == "province") & versions["parent_code"].notna()]
    return together(
        findings("unit_version", orphans, "unit_id", "its parent is not a unit of the level above in force that day"),
        findings("unit_version", high, "unit_id", "a province has no parent"),
    )


def event_law_unfit(candidate: Candidate) -> pd.DataFrame:
    """Events whose document does not govern the unit they found or end."""
    tables = candidate.tables
    events, versions = tables["change_event"], tables["unit_version"]
    named = events["event_id"].str.split("/", n=3, expand=True).reindex(columns=[0, 1, 2]).astype("str")
    first, last = versions["valid_from"], versions["valid_to"] - pd.Timedelta(days=1)
    began, ended = (
        pd.Series(provinces_of_versions(versions, days).array, index=versions["unit_id"].array)
        for days in (first, last)
    )
    links = tables["succession"].drop_duplicates("event_id").set_index("event_id")
    fits, above = pd.Series(False, index=events.index), pd.Series("province", index=events.index)
    for unit_ids, provinces in (
        (
            versions.dropna(subset=["started_by"]).drop_duplicates("started_by").set_index("started_by")["unit_id"],
            began,
        ),
        (versions.dropna(subset=["ended_by"]).drop_duplicates("ended_by").set_index("ended_by")["unit_id"], ended),
        (links["successor_id"], began),  # of districts that hand over communes
    ):
        province = events["event_id"].map(unit_ids).map(provinces).astype("str")
        fits |= governs(tables["legal_document"], events["legal_document"], named[1], province) & province.notna()
        moved = events["kind"].eq("transfer") & province.notna()  # with the province that they lie in
        fits |= moved & governs(tables["legal_document"], events["legal_document"], above, province)
    fits |= _governs_heirs(candidate, began) & ~fits
    wrong = events[~fits & events["legal_document"].isin(tables["legal_document"]["number"])]
    return together(findings("change_event", wrong, "event_id", wrong["legal_document"] + " does not govern this unit"))


def _governs_heirs(candidate: Candidate, provinces: pd.Series) -> pd.Series:
    """Events that end a unit by the law of the province that one of its successors lies in."""
    events, versions = candidate.tables["change_event"], candidate.tables["unit_version"]
    ended_by = versions.set_index("unit_id")["ended_by"]
    links = candidate.tables["succession"][["predecessor_id", "successor_id"]]
    links = links.assign(event_id=links["predecessor_id"].map(ended_by)).merge(
        events[["event_id", "legal_document"]], on="event_id"
    )
    level = links["event_id"].str.split("/").str[1]
    lawful = governs(
        candidate.tables["legal_document"], links["legal_document"], level, links["successor_id"].map(provinces)
    )
    return events["event_id"].isin(links.loc[lawful & links["legal_document"].notna(), "event_id"])


def law_too_late(candidate: Candidate) -> pd.DataFrame:
    """Events that take effect before their document was issued or took effect itself."""
    events = candidate.tables["change_event"]
    documents = candidate.tables["legal_document"].set_index("number")
    late = pd.Series(False, index=events.index)
    for field in ("issued_on", "effective_on"):
        late |= events["effective_date"] < events["legal_document"].map(documents[field])
    return together(
        findings("change_event", events[late], "event_id", "takes effect before " + events["legal_document"] + " did")
    )


RULES = (
    Rule(
        "codes_fit_level",
        Word.CORRECT,
        "Mã có đúng số chữ số của cấp: tỉnh 2, huyện 3, xã 5",
        "Codes have the digits of their level: province 2, district 3, commune 5",
        "restore the leading zeros, or correct the level of the named unit",
        codes_misfit,
    ),
    Rule(
        "types_fit_names",
        Word.CORRECT,
        "Loại đơn vị khớp với tên và còn tồn tại tại ngày phát hành",
        "The unit type is what the name begins with, and exists on the release date",
        "compare name and type with the resolution and add a ruling for the wrong one",
        types_misfit,
    ),
    Rule(
        "parents_fit_level",
        Word.CORRECT,
        "Đơn vị cấp trên thuộc đúng cấp và có hiệu lực khi đơn vị bắt đầu",
        "The parent is a unit of the level above, in force on the day the unit began",
        "correct the parent code of the named unit",
        parents_misfit,
    ),
    Rule(
        "law_governs_events",
        Word.CORRECT,
        "Mọi sự kiện dựa trên văn bản điều chỉnh đúng cấp và đúng tỉnh",
        "Every event rests on a document that governs its level and province",
        "cite the resolution of the unit's new province, or correct what the document governs",
        event_law_unfit,
    ),
    Rule(
        "law_in_force",
        Word.CORRECT,
        "Không sự kiện nào có hiệu lực trước văn bản làm căn cứ",
        "No event takes effect before the document it rests on",
        "correct the effective date of the event or of the document",
        law_too_late,
    ),
)
