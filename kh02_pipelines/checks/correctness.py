"""Đúng: units whose codes, types, parents and law are right for what they are.

Belongs here: rules on units, their versions and events. Does not belong here: rules on links
(``checks.legal_basis``, ``checks.crosswalk_invariants``). A value that its declaration refuses is left to
``declared``: one fault, one finding.
"""

import pandas as pd

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks.name_form import UNIT_TABLES, legacy_encoding
from kh02_pipelines.checks.rule import Rule, Word, among, findings, together
from kh02_pipelines.history.links import REFORM_DATE

DIGITS = {"province": 2, "district": 3, "commune": 5}


def codes_misfit(candidate: Candidate) -> pd.DataFrame:
    """Versions whose code has not the digits of its level."""
    versions = candidate.tables["unit_version"]
    wrong = versions["code"].str.len() != versions["level"].map(DIGITS)
    return together(findings("unit_version", versions[wrong], "unit_id", "code has not the digits of its level"))


def types_misfit(candidate: Candidate) -> pd.DataFrame:
    """Units whose type is not the leading words of their name, or that no longer exists on the release date."""
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
    communes = candidate.tables["commune"]
    if pd.Timestamp(candidate.as_of) >= REFORM_DATE:
        gone = communes[communes["type"] == "thị trấn"]
        parts.append(findings("commune", gone, "code", "thị trấn ended on 2025-07-01"))
    return together(*parts)


def parents_misfit(candidate: Candidate) -> pd.DataFrame:
    """Versions whose parent has the wrong level or was not in force when the unit began."""
    versions = candidate.tables["unit_version"]
    before = versions["valid_from"] < REFORM_DATE
    level = versions["level"].map({"district": "province", "commune": "province"})
    level = level.mask((versions["level"] == "commune") & before, "district")
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
    events = tables["change_event"]
    named = events["event_id"].str.split("/", n=3, expand=True).reindex(columns=[0, 1, 2]).astype("str")
    subject = pd.DataFrame({"level": named[1], "code": named[2]}, index=events.index)
    started = tables["unit_version"].dropna(subset=["started_by"]).drop_duplicates("started_by")
    ended = tables["unit_version"].dropna(subset=["ended_by"]).drop_duplicates("ended_by")
    parent = events["event_id"].map(started.set_index("started_by")["parent_code"]).astype("str")
    heirs = tables["succession"].drop_duplicates("predecessor_id").set_index("predecessor_id")["successor_id"]
    parents = tables["unit_version"].set_index("unit_id")["parent_code"]
    heir_province = pd.Series(ended["unit_id"].map(heirs).map(parents).array, index=ended["ended_by"].array)
    province = subject["code"].where(subject["level"] == "province", parent)
    province = province.fillna(
        events["event_id"].map(heir_province).astype("str")
    )  # a split ends a unit and starts none
    governs = events["legal_document"].map(tables["legal_document"].set_index("number")["governs"]).astype("str")
    fits = (governs == subject["level"] + ":*") | (governs == subject["level"] + ":" + province)
    wrong = events[~fits & governs.notna()]
    return together(findings("change_event", wrong, "event_id", wrong["legal_document"] + " does not govern this unit"))


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
