"""Sống, thống nhất: changes of days that a release has spoken for already.

Belongs here: rules that hold the change events against those of the release before. Does not belong here: unit ids
(``checks.settlement``) or how many rows differ (``checks.liveness``).
"""

import pandas as pd

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks.rule import Rule, Word, among, findings, nothing, together

_UNIT = ["level", "code", "legal_document"]


def changes_late(candidate: Candidate) -> pd.DataFrame:
    """Events of days that the last release spoke for and that it did not have, under this day or another."""
    before, now = _events(candidate)
    if before is None:
        return nothing()
    previous = candidate.context.previous
    late = now[~among(now["event_id"], before["event_id"])]
    gone = before[~among(before["event_id"], now["event_id"])]
    late = late[~pd.MultiIndex.from_frame(late[_UNIT]).isin(pd.MultiIndex.from_frame(gone[_UNIT]))]
    problem = f"{previous.release_id} was published without it" if previous is not None else ""
    return together(findings("change_event", late, "event_id", problem))


def changes_redated(candidate: Candidate) -> pd.DataFrame:
    """Events of the last release that the same document now gives another day, without a ruling that says so."""
    before, now = _events(candidate, whole=True)
    if before is None:
        return nothing()
    gone = before[~among(before["event_id"], now["event_id"])]
    moved = gone.merge(now[~among(now["event_id"], before["event_id"])], on=_UNIT, suffixes=("", "_now"))
    rulings = candidate.evidence.get("rulings")
    if rulings is not None:
        ruled = rulings[rulings["field"] == "effective_date"]
        moved = moved[~moved["event_id"].isin(ruled["source_value"] + "/" + ruled["key"])]
    return together(findings("change_event", moved, "event_id", "is now " + moved["event_id_now"]))


def _events(candidate: Candidate, whole: bool = False) -> tuple[pd.DataFrame | None, pd.DataFrame]:
    """The events of the last release and of this one, up to the day of the last; all of this one's if ``whole``."""
    previous = candidate.context.previous
    now = candidate.tables["change_event"]
    if previous is None or "change_event" not in previous.tables or previous.is_of_older_contract:
        return None, now
    before = previous.tables["change_event"]
    now = now if whole else now[now["effective_date"] <= pd.Timestamp(previous.as_of)]
    return tuple(_named(events) for events in (before, now))  # type: ignore[return-value]


def _named(events: pd.DataFrame) -> pd.DataFrame:
    named = events["event_id"].str.split("/")
    return events.assign(level=named.str[1], code=named.str[2])[["event_id", *_UNIT]]


RULES = (
    Rule(
        "late_changes",
        Word.LIVE,
        "Không có thay đổi bổ sung muộn cho những ngày đã công bố",
        "No change was added late, for a day that has been published",
        "tell the readers: the named changes took effect before the last release; nothing to do if they are right",
        changes_late,
        blocking=False,
    ),
    Rule(
        "changes_keep_their_day",
        Word.CONSISTENT,
        "Thay đổi đã công bố giữ nguyên ngày có hiệu lực, trừ khi có đính chính",
        "A published change keeps its effective date, unless a ruling says otherwise",
        "restore the date, or add a ruling changes_<day> that sets effective_date, with its document",
        changes_redated,
    ),
)
