"""Thống nhất and đủ: with other sources, with the release before, and what was set aside.

Belongs here: rules on conflicts between sources, on quarantine, and on what the last release promised. Does not
belong here: how conflicts and quarantine come about (``sources``, ``register``), or drift (``liveness``).

``source_conflict`` and ``quarantine`` are tables a candidate may not have: then there is nothing to judge.
"""

import pandas as pd

from kh02_pipelines.register.rule import Candidate, Rule, Word, among, findings, nothing, one_finding, together

OPEN = "open"
BLOCKING_FIELDS = ("code", "type", "parent_code", "succession", "successor_code", "predecessor_code", "unit", "extent")
"""A difference here changes what a reader's join gives; one of spelling does not. Counts where the table does not
say itself what blocks."""


def conflicts_open(candidate: Candidate) -> pd.DataFrame:
    """Open conflicts between sources on a blocking field."""
    conflicts = _open_conflicts(candidate)
    return _conflict_findings(conflicts[_blocks(conflicts)])


def conflicts_unruled(candidate: Candidate) -> pd.DataFrame:
    """Open conflicts on fields that do not block."""
    conflicts = _open_conflicts(candidate)
    return _conflict_findings(conflicts[~_blocks(conflicts)])


def _open_conflicts(candidate: Candidate) -> pd.DataFrame:
    conflicts = candidate.tables.get("source_conflict")
    if conflicts is None or conflicts.empty or "ruling" not in conflicts.columns:
        return pd.DataFrame(columns=["subject", "field", "ruling"], dtype="str")
    return conflicts[conflicts["ruling"].fillna(OPEN).isin([OPEN, ""])]


def _blocks(conflicts: pd.DataFrame) -> pd.Series:
    if "blocking" in conflicts.columns:
        return conflicts["blocking"].astype(bool)
    return conflicts["field"].isin(BLOCKING_FIELDS)


def _conflict_findings(conflicts: pd.DataFrame) -> pd.DataFrame:
    problem = "the sources differ and no ruling says which holds"
    return together(findings("source_conflict", conflicts, ["subject", "field"], problem))


def rows_quarantined(candidate: Candidate) -> pd.DataFrame:
    """Rows that could not be accepted, by source: they are published as a table and missing from the catalogue."""
    rows = candidate.tables.get("quarantine")
    if rows is None or rows.empty:
        return nothing()
    reason = rows["reason"] if "reason" in rows.columns else "was not accepted"
    keys = [name for name in ("source", "line", "row") if name in rows.columns] or [str(rows.columns[0])]
    return together(findings("quarantine", rows, keys, reason))


def ids_withdrawn(candidate: Candidate) -> pd.DataFrame:
    """Unit ids of the last release that this one no longer has, of units that began by the day both speak for."""
    previous = candidate.context.previous
    if previous is None or "unit_version" not in previous.tables:
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
        "Không còn mâu thuẫn chưa phán quyết giữa các nguồn về mã, loại, cấp trên hay kế thừa",
        "No open conflict between sources on a code, type, parent or succession",
        "rule on the named conflict with its legal citation, or correct the source",
        conflicts_open,
    ),
    Rule(
        "conflicts_ruled",
        Word.CONSISTENT,
        "Không còn mâu thuẫn chưa phán quyết giữa các nguồn về những trường khác",
        "No open conflict between sources on any other field",
        "rule on the named conflict, or class it as spelling",
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
