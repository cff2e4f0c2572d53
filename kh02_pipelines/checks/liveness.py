"""Sống: how old the sources, the law and the release are, and how far the past has drifted.

Belongs here: rules that need the clock or the release before. Does not belong here: the limits themselves
(``rule.Limits``, set by the installation).

Drift is what the law does not explain. Both releases know the history, so the two are compared on the last day
that both speak for: units that began or ended since then are no drift, a past that was rewritten is.
"""

from collections.abc import Mapping

import pandas as pd

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks.rule import Rule, Word, among, findings, nothing, one_finding, together
from kh02_pipelines.checks.time import opening_day
from kh02_pipelines.history.states import units_as_of

LAW_FILE = "legal_documents.csv"
LEGACY_TABLES = ("legacy_province", "legacy_district", "legacy_commune")


def source_age(candidate: Candidate) -> dict[str, float]:
    """``days``: since the newest day any source that is followed speaks for, and ``limit``; empty when unknown.

    The list of legal documents does not count: how old the law is, is another question (``law_age``).
    """
    today, newest = candidate.context.today, _dated_sources(candidate)["speaks_for"].max()
    if today is None or pd.isna(newest):
        return {}
    return _days(pd.Timestamp(today) - newest, candidate.context.limits.source_age)


def _dated_sources(candidate: Candidate) -> pd.DataFrame:
    """The sources the catalogue is built of, as far as they speak for a day."""
    files = candidate.tables["source_file"]
    return files[files["followed"].astype(bool) & files["speaks_for"].notna() & (files["file"] != LAW_FILE)]


def law_age(candidate: Candidate) -> dict[str, float]:
    """``days``: from the newest document in force on the release date to that date, and ``limit``."""
    day = pd.Timestamp(candidate.as_of)
    effective = candidate.tables["legal_document"]["effective_on"]
    newest = effective[effective <= day].max()
    return {} if pd.isna(newest) else _days(day - newest, candidate.context.limits.law_age)


def as_of_age(candidate: Candidate) -> dict[str, float]:
    """``days``: from the date the release speaks for to today, and ``limit``."""
    today = candidate.context.today
    if today is None:
        return {}
    return _days(pd.Timestamp(today) - pd.Timestamp(candidate.as_of), candidate.context.limits.as_of_age)


def _days(age: pd.Timedelta, limit: int) -> dict[str, float]:
    return {"days": float(age.days), "limit": float(limit)}


def sources_old(candidate: Candidate) -> pd.DataFrame:
    """A finding, naming the newest source that is followed, when it speaks for a day too long ago."""
    figures = source_age(candidate)
    if not figures:
        return nothing()
    newest = _dated_sources(candidate).sort_values("speaks_for").iloc[-1]
    text = f"the newest source speaks for {newest['speaks_for']:%Y-%m-%d}, {{}} days ago"
    return _too_old(figures, "source_file", f"{newest['source']}/{newest['file']}", text)


def law_old(candidate: Candidate) -> pd.DataFrame:
    """A finding when no document has taken effect for too long: something may have been missed."""
    return _too_old(law_age(candidate), "legal_document", "newest", "the newest document took effect {} days before")


def release_old(candidate: Candidate) -> pd.DataFrame:
    """A finding when the release speaks for a date too long ago."""
    return _too_old(as_of_age(candidate), "release", f"{candidate.as_of}", "the release speaks for a day {} days ago")


def _too_old(figures: dict[str, float], table: str, key: str, text: str) -> pd.DataFrame:
    if not figures or figures["days"] <= figures["limit"]:
        return nothing()
    return one_finding(table, key, f"{text.format(int(figures['days']))}; the limit is {int(figures['limit'])}")


def law_unapplied(candidate: Candidate) -> pd.DataFrame:
    """Documents about units in force on the release date that no event rests on: a change not taken in.

    A document that repeals a change, or whose change is repealed, has none.
    """
    documents = candidate.tables["legal_document"]
    due = documents["effective_on"] <= pd.Timestamp(candidate.as_of)
    about_units = documents["governs"].str.contains("[a-z]:", regex=True)
    cited = among(documents["number"], candidate.tables["change_event"]["legal_document"])
    if opening_day(candidate) is None:  # its law is in force before it is
        return nothing()
    repeals = candidate.evidence.get("repeals")
    if repeals is not None:
        cited |= documents["number"].isin(list(repeals["legal_document"]))
    wrong = documents[due & about_units & ~cited]
    return together(findings("legal_document", wrong, "number", "is in force and no event rests on it"))


def row_drift(candidate: Candidate) -> dict[str, float]:
    """Per table of the old model and of the history both know: share of rows gained or lost; and ``limit``."""
    counts = _common_counts(candidate)
    drift = {table: abs(now - before) / max(before, 1) for table, (before, now) in counts.items() if now != before}
    return {"largest": max(drift.values(), default=0.0), "limit": candidate.context.limits.row_drift} if counts else {}


def rows_drifted(candidate: Candidate) -> pd.DataFrame:
    """Tables whose rows differ in number from the last release's by more than the limit."""
    limit = candidate.context.limits.row_drift
    return together(
        *(
            one_finding(table, "rows", f"{before} in the last release, {now} now, more than {limit:.1%} apart")
            for table, (before, now) in _common_counts(candidate).items()
            if abs(now - before) > limit * max(before, 1)
        )
    )


def _common_counts(candidate: Candidate) -> dict[str, tuple[int, int]]:
    previous = candidate.context.previous
    if previous is None:
        return {}
    counts = {
        table: (len(previous.tables[table]), len(candidate.tables[table]))
        for table in LEGACY_TABLES
        if table in previous.tables
    }
    if {"change_event", "succession"} <= set(previous.tables):
        common = min(pd.Timestamp(previous.as_of), pd.Timestamp(candidate.as_of))
        known = (previous.tables, candidate.tables)
        since = max((tables["change_event"]["effective_date"].min() for tables in known), default=common)
        sides = [_links_between(tables, since, common) for tables in known]
        counts["succession"] = (sides[0], sides[1])
    return counts


def _links_between(tables: Mapping[str, pd.DataFrame], since: pd.Timestamp, until: pd.Timestamp) -> int:
    """Links of the span that both releases know: one contract may reach back further than the other."""
    events = tables["change_event"]
    known = events.loc[events["effective_date"].between(since, until), "event_id"]
    return int(among(tables["succession"]["event_id"], known).sum())


def _common_states(candidate: Candidate) -> pd.DataFrame | None:
    """Units of both releases on the last day both speak for, by level and code, with ``_merge``; None if alone."""
    previous = candidate.context.previous
    if previous is None or "unit_version" not in previous.tables:
        return None
    common = min(pd.Timestamp(previous.as_of), pd.Timestamp(candidate.as_of))
    columns = ["level", "code", "name"]
    before = units_as_of(previous.tables["unit_version"], common)[columns]
    now = units_as_of(candidate.tables["unit_version"], common)[columns]
    return before.merge(now, on=["level", "code"], how="outer", suffixes=("_before", ""), indicator=True)


def name_drift(candidate: Candidate) -> dict[str, float]:
    """``share``: of units both releases know, how many names differ on the same day; and ``limit``."""
    renamed = _renamed(candidate)
    if renamed is None:
        return {}
    return {"share": renamed[1], "limit": candidate.context.limits.name_drift}


def _renamed(candidate: Candidate) -> tuple[pd.DataFrame, float] | None:
    states = _common_states(candidate)
    if states is None:
        return None
    both = states[states["_merge"] == "both"]
    changed = both[both["name"] != both["name_before"]]
    return changed, len(changed) / max(len(both), 1)


def names_drifted(candidate: Candidate) -> pd.DataFrame:
    """Units renamed without a law, when they are more than the limit."""
    renamed = _renamed(candidate)
    if renamed is None or renamed[1] <= candidate.context.limits.name_drift:
        return nothing()
    changed = renamed[0]
    problem = "was " + changed["name_before"] + " on the same day in the last release"
    return together(findings("unit_version", changed, ["level", "code"], problem))


def code_drift(candidate: Candidate) -> dict[str, float]:
    """``share``: codes that only one of both releases has on the same day; and ``limit``."""
    states = _common_states(candidate)
    if states is None:
        return {}
    return {"share": float((states["_merge"] != "both").mean()), "limit": candidate.context.limits.code_drift}


def codes_drifted(candidate: Candidate) -> pd.DataFrame:
    """Codes that came or went without a law, when they are more than the limit."""
    figures, states = code_drift(candidate), _common_states(candidate)
    if states is None or figures["share"] <= figures["limit"]:
        return nothing()
    one_sided = states[states["_merge"] != "both"]
    text = {"left_only": "was in force in the last release on the same day", "right_only": "was not there before"}
    problem = one_sided["_merge"].astype("str").map(text)
    return together(findings("unit_version", one_sided, ["level", "code"], problem))


RULES = (
    Rule(
        "source_age",
        Word.LIVE,
        "Nguồn dùng để dựng danh mục không quá cũ",
        "The sources that the catalogue is built of are not too old",
        "fetch newer sources; the limit is KH02_MAX_SOURCE_AGE days",
        sources_old,
        blocking=False,
        figures=source_age,
    ),
    Rule(
        "newest_law_age",
        Word.LIVE,
        "Văn bản mới nhất có hiệu lực chưa quá lâu: có thể đã bỏ sót văn bản mới",
        "The newest legal document did not take effect too long ago: a newer one may be missing",
        "look for newer resolutions and add them with their changes; the limit is KH02_MAX_LAW_AGE days",
        law_old,
        blocking=False,
        figures=law_age,
    ),
    Rule(
        "law_applied",
        Word.LIVE,
        "Mọi văn bản đang có hiệu lực đều đã có sự kiện tương ứng",
        "Every document in force has at least one event that rests on it",
        "add the changes of the named document",
        law_unapplied,
        blocking=False,
    ),
    Rule(
        "release_age",
        Word.LIVE,
        "Bản phát hành nói về một ngày không quá xa hôm nay",
        "The release speaks for a day not too long ago",
        "build without --as-of; the limit is KH02_MAX_AS_OF_AGE days",
        release_old,
        blocking=False,
        figures=as_of_age,
    ),
    Rule(
        "row_drift",
        Word.LIVE,
        "Số dòng của quá khứ không lệch quá giới hạn so với bản phát hành trước",
        "Rows about the past differ from the last release's by no more than the limit",
        "find what the source lost or doubled; if the change is right, raise KH02_MAX_ROW_DRIFT for one run",
        rows_drifted,
        figures=row_drift,
    ),
    Rule(
        "name_drift",
        Word.LIVE,
        "Tên của cùng một ngày không đổi quá giới hạn so với bản phát hành trước",
        "Names on the same day differ from the last release's by no more than the limit",
        "compare the named units with their source; if it is right, raise KH02_MAX_NAME_DRIFT for one run",
        names_drifted,
        figures=name_drift,
    ),
    Rule(
        "code_drift",
        Word.LIVE,
        "Mã của cùng một ngày không thêm bớt quá giới hạn so với bản phát hành trước",
        "Codes on the same day differ from the last release's by no more than the limit",
        "compare the named units with their source; if it is right, raise KH02_MAX_CODE_DRIFT for one run",
        codes_drifted,
        figures=code_drift,
    ),
)
