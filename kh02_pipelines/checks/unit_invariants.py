"""Structural rules of units and their history, blocking: readers would be hurt if one broke.

Belongs here: rules on the ``units`` and ``history`` tables, and on references between all tables. Does not
belong here: rules on crosswalks (``checks.crosswalk_invariants``) or on single tables (``declared``).
"""

import pandas as pd

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks.rule import Rule, Word, among, findings, nothing, one_finding, together
from kh02_pipelines.history.links import REFORM_DATE
from kh02_pipelines.history.states import units_as_of
from kh02_pipelines.tables.catalogue import CATALOGUE
from kh02_pipelines.tables.declaration import ForeignKey, Table

_STATES = {
    ("legacy", "province"): "legacy_province",
    ("legacy", "district"): "legacy_district",
    ("legacy", "commune"): "legacy_commune",
    ("current", "province"): "province",
    ("current", "commune"): "commune",
}


def totals_differ(candidate: Candidate) -> pd.DataFrame:
    """Totals by level and type on both dates, against the law. A count of 3,321 alone passes on stale data."""
    counted = pd.concat(
        [
            candidate.tables[table]
            .groupby("type", as_index=False)
            .size()
            .assign(state=state, level=level)
            .rename(columns={"size": "counted"})
            for (state, level), table in _STATES.items()
        ]
    )
    keys = ["state", "level", "type"]
    expected = candidate.totals
    states = pd.MultiIndex.from_frame(expected[["state", "level"]])
    expected = expected[states.isin(list(_STATES))]
    both = expected.merge(counted, on=keys, how="outer").fillna({"count": 0, "counted": 0})
    wrong = both[both["count"] != both["counted"]]
    problem = (
        "counted "
        + wrong["counted"].astype("int64").astype("str")
        + ", the law gives "
        + wrong["count"].astype("int64").astype("str")
    )
    tables = pd.Series([_STATES[pair] for pair in zip(wrong["state"], wrong["level"], strict=True)], dtype="str")
    return together(findings("", wrong, "type", problem).assign(table=tables))


def province_totals_differ(candidate: Candidate) -> pd.DataFrame:
    """Communes by new province and type, against each province's resolution."""
    expected = candidate.evidence.get("province_totals")
    if expected is None:
        return one_finding("province_totals", "evidence", "was not staged, so provinces cannot be counted")
    if expected.empty:  # before the reform nothing is given by province
        return nothing()
    counted = candidate.tables["commune"].groupby(["province_code", "type"], as_index=False).size()
    both = expected.merge(counted, on=["province_code", "type"], how="outer").fillna({"count": 0, "size": 0})
    wrong = both[both["count"] != both["size"]]
    problem = (
        "counted "
        + wrong["size"].astype("int64").astype("str")
        + ", the law gives "
        + wrong["count"].astype("int64").astype("str")
    )
    return together(findings("commune", wrong, ["province_code", "type"], problem))


def reform_totals_differ(candidate: Candidate) -> pd.DataFrame:
    """Links and shares of the reform, against what its law and the official table add up to.

    A row that a source has lost breaks no other rule as long as the rest fits together: a commune with three
    successors is as sound with two. Counted in the history, which later changes leave as it is.
    """
    expected = candidate.evidence.get("reform_totals")
    if expected is None:
        return one_finding("reform_totals", "evidence", "was not staged, so the reform cannot be counted")
    if expected.empty:  # before the reform nothing has been carried over
        return nothing()
    both = expected.merge(_reform_counts(candidate), on="fact", how="outer").fillna({"count": 0, "counted": 0})
    wrong = both[both["count"] != both["counted"]]
    problem = "counted " + wrong["counted"].astype("int64").astype("str")
    problem += ", reform_totals.csv gives " + wrong["count"].astype("int64").astype("str")
    return together(findings("succession", wrong, "fact", problem))


def _reform_counts(candidate: Candidate) -> pd.DataFrame:
    """``fact``, ``counted``: the commune links of the day of the reform in the words of ``reform_totals.csv``."""
    events, versions = candidate.tables["change_event"], candidate.tables["unit_version"]
    events = events[events["effective_date"] == REFORM_DATE]
    communes = versions.loc[versions["level"] == "commune", "unit_id"]
    links = candidate.tables["succession"].merge(events, on="event_id")
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
    start_unfit = (versions["valid_from_exact"] != versions["started_by"].notna()) | (
        versions["started_by"].notna() & (started != versions["valid_from"])
    )
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
    """Unit tables that are not the state of the unit versions on the release date."""
    parts = []
    now = units_as_of(candidate.tables["unit_version"], pd.Timestamp(candidate.as_of))
    for level in ("province", "commune"):
        columns = ["code", "name", "type", "valid_from"]
        both = candidate.tables[level][columns].merge(
            now.loc[now["level"] == level, columns], how="outer", indicator=True
        )
        parts.append(
            findings(
                level,
                both[both["_merge"] != "both"],
                "code",
                "differs from its unit version on the release date",
            )
        )
    return together(*parts)


RULES = (
    Rule(
        "unit_totals",
        Word.COMPLETE,
        "Số đơn vị theo cấp, loại và ngày đúng như văn bản pháp luật",
        "Units by level, type and date are as many as the law gives",
        "compare the named type with totals.csv and changes.csv; a change is missing, doubled or misdated",
        totals_differ,
    ),
    Rule(
        "province_totals",
        Word.COMPLETE,
        "Số xã, phường, đặc khu của từng tỉnh đúng như nghị quyết của tỉnh đó",
        "Communes by province and type are as many as the province's resolution gives",
        "look for the commune under a wrong province or type; the totals are in province_totals.csv",
        province_totals_differ,
    ),
    Rule(
        "reform_totals",
        Word.COMPLETE,
        "Số cặp, số xã bị chia, số xã giữ nguyên và các trường hợp dân số của ngày 01/07/2025 đúng như nguồn",
        "Pairs, divided and unchanged communes, heirs and land-only parts of 2025-07-01 are as many as there were",
        "look for a row lost or added in the successions, population_heirs.csv or land_only.csv",
        reform_totals_differ,
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
        "Danh mục hiện hành khớp với lịch sử phiên bản tại ngày phát hành",
        "The current catalogue is the state of the unit versions on the release date",
        "run the whole job again: the tables come from different runs",
        states_differ,
    ),
)
