"""Thống nhất and đủ: with other sources, with the release before, and what was set aside.

Belongs here: rules on conflicts between sources, on quarantine, and on what the last release promised. Does not
belong here: how conflicts and quarantine come about (``sources``, ``register``), or drift (``liveness``).

``source_conflict`` and ``quarantine`` are tables a candidate may not have: then there is nothing to judge.
"""

from collections.abc import Callable

import pandas as pd

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks.rule import Rule, Word, among, findings, nothing, one_finding, together
from kh02_pipelines.intake.name_conflicts import likeness

OPEN = "open"
EXPLAINED = ("spelling", "total", "one_of_several", "not_listed", "not_identified")
"""Classes that say all there is to say: nobody needs to rule on such a difference."""


def conflicts_open(candidate: Candidate) -> pd.DataFrame:
    """Open conflicts between sources that block."""
    return _conflict_findings(candidate, lambda conflicts: conflicts["blocking"])


def conflicts_unruled(candidate: Candidate) -> pd.DataFrame:
    """Open conflicts that do not block and that their class does not explain."""
    return _conflict_findings(candidate, lambda conflicts: ~conflicts["blocking"] & ~conflicts["class"].isin(EXPLAINED))


def _conflict_findings(candidate: Candidate, chosen: Callable[[pd.DataFrame], pd.Series]) -> pd.DataFrame:
    """One finding per subject and field: what is followed, and what every other source says instead.

    Names come first, of them those that the last release did not have yet, the least alike before the others: only
    the first rows are shown where people look.
    """
    conflicts = candidate.tables.get("source_conflict")
    if conflicts is None or conflicts.empty:
        return nothing()
    conflicts = conflicts[conflicts["ruling"].fillna(OPEN).isin([OPEN, ""])].astype({"blocking": bool})
    conflicts = conflicts[chosen(conflicts)]
    if conflicts.empty:
        return nothing()
    about = ["subject", "field", "source", "value"]
    named = conflicts["field"] == "name"
    ranked = conflicts.assign(
        others=conflicts["other_source"] + ": " + conflicts["other_value"],
        named=named,
        known=_keys(conflicts).isin(_known(candidate)),
        alike=likeness(conflicts[named]).reindex(conflicts.index, fill_value=0.0),
    )
    rows = ranked.groupby(about, as_index=False).agg(
        others=("others", "; ".join), named=("named", "first"), known=("known", "all"), alike=("alike", "min")
    )
    rows = rows.sort_values(["named", "known", "alike", *about], ascending=[False, *[True] * 6])
    problem = rows["source"] + ": " + rows["value"] + " ≠ " + rows["others"]
    return findings("source_conflict", rows, ["subject", "field"], problem)


def _known(candidate: Candidate) -> set[str]:
    """The conflicts that the last release had."""
    previous = candidate.context.previous
    held = None if previous is None else previous.tables.get("source_conflict")
    return set() if held is None else set(_keys(held))


def _keys(conflicts: pd.DataFrame) -> pd.Series:
    key = conflicts["subject"].astype("str")
    for name in ("field", "value", "other_source", "other_value"):
        key = key + "|" + conflicts[name].astype("str")
    return key


def rows_quarantined(candidate: Candidate) -> pd.DataFrame:
    """Rows that could not be accepted, by source: they are published as a table and missing from the catalogue."""
    rows = candidate.tables.get("quarantine")
    if rows is None or rows.empty:
        return nothing()
    reason = rows["reason"] if "reason" in rows.columns else "was not accepted"
    keys = [name for name in ("source", "line", "row") if name in rows.columns] or [str(rows.columns[0])]
    return together(findings("quarantine", rows, keys, reason))


def ids_withdrawn(candidate: Candidate) -> pd.DataFrame:
    """Unit ids of the last release that this one no longer has, of units that began by the day both speak for.

    A new contract may give other ids; which ones it does is in its CHANGELOG.
    """
    previous = candidate.context.previous
    if previous is None or "unit_version" not in previous.tables or previous.is_of_older_contract:
        return nothing()
    before = previous.tables["unit_version"]
    known = before[before["valid_from"] <= pd.Timestamp(candidate.as_of)]
    gone = known[~among(known["unit_id"], candidate.tables["unit_version"]["unit_id"])]
    return together(findings("unit_version", gone, "unit_id", f"stood in {previous.release_id} and no longer does"))


def goes_backwards(candidate: Candidate) -> pd.DataFrame:
    """A release for an earlier date than the one readers have."""
    previous = candidate.context.previous
    if previous is None or candidate.as_of >= previous.as_of:
        return nothing()
    return one_finding("release", f"{candidate.as_of}", f"readers have {previous.as_of} already")


RULES = (
    Rule(
        "conflicts_settled",
        Word.CONSISTENT,
        "Không còn mâu thuẫn chưa phán quyết giữa các nguồn về mã, loại, cấp trên, kế thừa, hay tên đặt nhầm đơn vị",
        "No open conflict between sources on a code, type, parent or succession, or on a name of another unit",
        "rule on the named conflict with its legal citation, or correct the source",
        conflicts_open,
    ),
    Rule(
        "conflicts_ruled",
        Word.CONSISTENT,
        "Không còn mâu thuẫn chưa phán quyết giữa các nguồn về tên viết khác chữ, ngoài khác biệt quy ước chính tả",
        "No other open conflict between sources, but for spelling and gaps of other mappings",
        "rule on the named conflict, or mend the source that is followed",
        conflicts_unruled,
        blocking=False,
    ),
    Rule(
        "nothing_quarantined",
        Word.COMPLETE,
        "Không dòng nguồn nào phải cách ly",
        "No source row is in quarantine",
        "correct the named rows at their source; the reason stands in the quarantine table",
        rows_quarantined,
        blocking=False,
    ),
    Rule(
        "ids_kept",
        Word.CONSISTENT,
        "Mọi mã phiên bản đơn vị của bản phát hành trước vẫn còn",
        "Every unit id of the last release still stands",
        "tell the readers who keep the named ids, or restore them",
        ids_withdrawn,
        blocking=False,
    ),
    Rule(
        "goes_forward",
        Word.CONSISTENT,
        "Bản phát hành không lùi ngày so với bản người đọc đang có",
        "The release does not go back to an earlier date than readers have",
        "build without --as-of, or use rollback to return to an earlier release",
        goes_backwards,
        blocking=False,
    ),
)
