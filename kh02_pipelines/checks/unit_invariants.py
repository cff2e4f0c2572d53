"""Structural rules of units and their history, blocking: readers would be hurt if one broke.

Belongs here: rules on the ``units`` and ``history`` tables, and on references between all tables. Does not
belong here: rules on crosswalks (``checks.crosswalk_invariants``) or on single tables (``declared``).
"""

import pandas as pd

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks.name_form import legacy_encoding
from kh02_pipelines.checks.rule import Rule, Word, among, findings, nothing, one_finding, together
from kh02_pipelines.checks.time import last_three_tier_day
from kh02_pipelines.history.states import units_as_of
from kh02_pipelines.history.totals import counted_units, last_changed, without_total
from kh02_pipelines.tables.catalogue import CATALOGUE
from kh02_pipelines.tables.declaration import ForeignKey, Table

_LEGACY = {"province": "legacy_province", "district": "legacy_district", "commune": "legacy_commune"}
_CURRENT = {"province": "province", "commune": "commune"}


def totals_differ(candidate: Candidate) -> pd.DataFrame:
    """Totals of the law by level and type on every day it gives some. A count of 3,321 alone passes on stale data.

    Those of the release date and of the last three-tier day are counted in the unit tables, others in the history.
    """
    expected = candidate.totals
    expected = expected[expected["lawful"].astype(bool) & (expected["province_code"] == "")]
    last, as_of = last_three_tier_day(candidate), pd.Timestamp(candidate.as_of)
    parts = []
    for day, totals in expected.groupby("day"):  # a handful of days
        when = pd.Timestamp(str(day))
        tables = _CURRENT if when == as_of else _LEGACY if when == last else {}
        state = units_as_of(candidate.tables["unit_version"], when)
        for level, wanted in totals.groupby("level"):
            table = tables.get(str(level), "unit_version")
            units = candidate.tables[table] if table != "unit_version" else state[state["level"] == level]
            both = _counted_by_type(wanted, units)
            if table == "unit_version":
                both["type"] = f"{day}>{level}>" + both["type"]
            parts.append(_miscounted(table, both[both["count"] != both["counted"]], "type", "the law gives"))
    return together(*parts)


def _miscounted(table: str, wrong: pd.DataFrame, keys: str | list[str], says: str) -> pd.DataFrame:
    problem = "counted " + wrong["counted"].astype("int64").astype("str")
    problem += f", {says} " + wrong["count"].astype("int64").astype("str")
    return findings(table, wrong, keys, problem)


def province_totals_differ(candidate: Candidate) -> pd.DataFrame:
    """Communes by province and type, against the law of each province; one without a total yet is passed over."""
    expected = candidate.totals
    expected = expected[expected["lawful"].astype(bool) & (expected["province_code"] != "")]
    expected = expected[expected["day"] == f"{candidate.as_of:%Y-%m-%d}"]
    if expected.empty:
        return nothing()
    communes = candidate.tables["commune"]
    keys = ["province_code", "type"]
    parts = []
    for province, wanted in expected.groupby("province_code"):  # 34
        both = _counted_by_type(wanted, communes[communes["province_code"] == province]).assign(province_code=province)
        parts.append(_miscounted("commune", both[both["count"] != both["counted"]], keys, "the law gives"))
    return together(*parts)


def _counted_by_type(wanted: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """``type``, ``count`` by the law and ``counted``; a total without type is of all, types that are given are all."""
    counted = units.groupby("type", as_index=False).size().rename(columns={"size": "counted"})
    every = wanted.loc[wanted["type"] == "", ["type", "count"]].assign(counted=len(units))
    typed = wanted.loc[wanted["type"] != "", ["type", "count"]]
    if len(typed):
        typed = typed.merge(counted, on="type", how="outer").fillna({"count": 0, "counted": 0})
    return pd.concat([every, typed], ignore_index=True)


def total_differences(candidate: Candidate) -> pd.DataFrame:
    """The totals of the law on the release date that the units do not meet: TOTAL_COLUMNS and ``counted``."""
    totals = candidate.totals
    due = totals[totals["lawful"].astype(bool) & (totals["day"] == f"{candidate.as_of:%Y-%m-%d}")]
    found = due.assign(counted=counted_units(candidate.tables["unit_version"], due))
    return found[found["counted"] != found["count"]]


def totals_lacking(candidate: Candidate) -> pd.DataFrame:
    """What has had a total of the law and has none since it changed: ``level``, ``province_code``, ``changed_on``."""
    versions, day = candidate.tables["unit_version"], pd.Timestamp(candidate.as_of)
    changed = last_changed(versions, candidate.tables["change_event"])
    lacking = without_total(candidate.totals, changed, day)
    now = units_as_of(versions, day)
    there = {*(now["level"] + "/"), *(now["level"] + "/" + now["parent_code"].fillna(""))}
    return lacking[(lacking["level"] + "/" + lacking["province_code"]).isin(there)].reset_index(drop=True)


def _lacking(candidate: Candidate) -> dict[str, float]:
    return {"without_total_yet": float(len(totals_lacking(candidate)))}


def change_totals_differ(candidate: Candidate) -> pd.DataFrame:
    """Links and shares of a day of change, against what its law and the official table add up to.

    A row that a source has lost breaks no other rule as long as the rest fits together: a commune with three
    successors is as sound with two. Counted in the history, which later changes leave as it is.
    """
    expected = candidate.evidence.get("change_totals")
    if expected is None:
        return one_finding("change_totals", "evidence", "was not staged, so links cannot be counted")
    parts = []
    for day, facts in expected.groupby("effective_date") if len(expected) else ():
        counted = _link_counts(candidate, pd.Timestamp(str(day)))
        both = facts[["fact", "count"]].merge(counted, on="fact", how="outer").fillna({"count": 0, "counted": 0})
        wrong = both[both["count"] != both["counted"]]
        parts.append(_miscounted("succession", wrong, "fact", "change_totals.csv gives"))
    return together(*parts)


def _link_counts(candidate: Candidate, day: pd.Timestamp) -> pd.DataFrame:
    """``fact``, ``counted``: the commune links of a day in the words of ``change_totals.csv``."""
    events, versions = candidate.tables["change_event"], candidate.tables["unit_version"]
    events = events[events["effective_date"] == day]
    communes = versions.loc[versions["level"] == "commune", "unit_id"]
    links = candidate.tables["succession"].merge(events[["event_id", "kind"]], on="event_id")
    links = links[among(links["predecessor_id"], communes)]
    successors = links.groupby("predecessor_id").size()
    heirs = links[(links["population"] == "all") & (links["extent"] == "part")]
    landed = links[(links["population"] == "none") & ~among(links["predecessor_id"], heirs["predecessor_id"])]
    sizes = successors.value_counts()
    counted = {
        "commune_pairs": len(links),
        "population_heirs": len(heirs),
        "land_only_parts": len(landed),
        "unchanged_communes": int(links["kind"].isin(["transfer", "recode"]).sum()),
        **dict(zip("communes_into_" + sizes.index.astype("str"), sizes, strict=True)),
    }
    return pd.DataFrame({"fact": list(counted), "counted": list(counted.values())})


def references_broken(candidate: Candidate) -> pd.DataFrame:
    """Foreign keys that point nowhere: orphan parents, unknown units, uncited law."""
    return together(
        *(_orphans(candidate, table, frame, key) for table, frame in _declared(candidate) for key in table.foreign_keys)
    )


def _declared(candidate: Candidate) -> list[tuple[Table, pd.DataFrame]]:
    return [(CATALOGUE[name], frame) for name, frame in candidate.tables.items() if name in CATALOGUE]


def _orphans(candidate: Candidate, table: Table, frame: pd.DataFrame, key: ForeignKey) -> pd.DataFrame:
    target = candidate.tables[key.target]
    if len(key.columns) == 1:
        known = among(frame[key.columns[0]], target[key.target_columns[0]])
    else:
        wanted = frame[list(key.columns)].set_axis(list(key.target_columns), axis="columns")
        there = target[list(key.target_columns)].drop_duplicates()
        merged = wanted.merge(there, how="left", indicator=True)["_merge"]
        known = pd.Series((merged == "both").to_numpy(), index=frame.index)
    if known.all():
        return nothing()
    broken = frame[~known].dropna(subset=list(key.columns))
    return findings(table.name, broken, list(table.primary_key), f"{' + '.join(key.columns)} is not in {key.target}")


def versions_inconsistent(candidate: Candidate) -> pd.DataFrame:
    """Versions of one code that overlap or end before they start, or whose events do not fit their dates."""
    versions = candidate.tables["unit_version"].sort_values(["level", "code", "valid_from"])
    events = candidate.tables["change_event"].set_index("event_id")["effective_date"]
    following = versions.groupby(["level", "code"])["valid_from"].shift(-1)
    overlap = following.notna() & ~(versions["valid_to"] <= following)
    backwards = versions["valid_to"] <= versions["valid_from"]
    started = pd.Series(events.reindex(versions["started_by"]).array, index=versions.index)
    ended = pd.Series(events.reindex(versions["ended_by"]).array, index=versions.index)
    start_unfit = (versions["valid_from_exact"] & versions["started_by"].isna()) | (
        versions["started_by"].notna() & (started != versions["valid_from"])
    )
    start_unfit |= versions["valid_from_exact"] != (versions["from_basis"] == "law")
    start_unfit |= versions["started_by"].isna() != (versions["from_basis"] == "floor")
    end_unfit = (versions["valid_to"].notna() != versions["ended_by"].notna()) | (
        versions["ended_by"].notna() & (ended != versions["valid_to"])
    )
    problems = {
        "overlaps the next version of its code": overlap,
        "ends before it starts": backwards,
        "its start and its starting event differ": start_unfit,
        "its end and its ending event differ": end_unfit,
    }
    return together(*(findings("unit_version", versions[rows], "unit_id", text) for text, rows in problems.items()))


def states_differ(candidate: Candidate) -> pd.DataFrame:
    """Unit tables that are not the state of the unit versions on their day."""
    parts = []
    columns = ["code", "name", "type"]
    for day, tables, also in (
        (pd.Timestamp(candidate.as_of), _CURRENT, ["valid_from"]),
        (last_three_tier_day(candidate), _LEGACY, []),
    ):
        state = units_as_of(candidate.tables["unit_version"], day)
        for level, table in tables.items():
            if legacy_encoding(candidate.tables[table]["name"]):
                continue
            compared = [*columns, *also]
            both = candidate.tables[table][compared].merge(
                state.loc[state["level"] == level, compared], how="outer", indicator=True
            )
            wrong = both[both["_merge"] != "both"]
            parts.append(findings(table, wrong, "code", f"differs from its unit version on {day:%Y-%m-%d}"))
    return together(*parts)


RULES = (
    Rule(
        "unit_totals",
        Word.COMPLETE,
        "Số đơn vị theo cấp, loại và ngày đúng như văn bản pháp luật",
        "Units by level, type and date are as many as the law gives",
        "compare the named type with totals.csv and the changes of its day; a change is missing, doubled or misdated",
        totals_differ,
        figures=_lacking,
    ),
    Rule(
        "province_totals",
        Word.COMPLETE,
        "Số xã, phường, đặc khu của từng tỉnh đúng như nghị quyết của tỉnh đó",
        "Communes by province and type are as many as the province's resolution gives",
        "look for the commune under a wrong province or type; the totals are in totals.csv",
        province_totals_differ,
    ),
    Rule(
        "change_totals",
        Word.COMPLETE,
        "Số cặp, số xã bị chia, số xã giữ nguyên và các trường hợp dân số của từng ngày thay đổi đúng như nguồn",
        "Pairs, divided and unchanged communes, heirs and land-only parts of a day of change are as many as there were",
        "look for a row lost or added, or another share, in the changes of that day",
        change_totals_differ,
    ),
    Rule(
        "references_exist",
        Word.SHARED,
        "Mọi khóa ngoại đều có đích: không có đơn vị mồ côi, không có căn cứ không tồn tại",
        "Every reference has its target: no orphan parent, no unknown law",
        "add the missing unit or legal document, or correct the code that points to it",
        references_broken,
    ),
    Rule(
        "versions_consistent",
        Word.CONSISTENT,
        "Các phiên bản của một mã không chồng nhau và khớp với sự kiện",
        "Versions of one code do not overlap and agree with their events",
        "correct the effective dates of the named unit's changes",
        versions_inconsistent,
    ),
    Rule(
        "states_match_versions",
        Word.CONSISTENT,
        "Các danh mục khớp với lịch sử phiên bản tại ngày của chúng",
        "The unit tables are the state of the unit versions on their day",
        "run the whole job again: the tables come from different runs",
        states_differ,
    ),
)
