"""Tomorrow: every future day with an enacted change, built and held against all rules, and never published.

Belongs here: which future days there are, judging each, and saying what it changes. Does not belong here: showing that
in a terminal (``cli.preview``) or in Dagster (``assets.preview``).

Rules on the age of sources and laws look at today and are left to today's release: a preview has no ``today``.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from kh02_pipelines.catalogue.candidate import Candidate, Context, Limits, Previous
from kh02_pipelines.catalogue.plan import build_candidate, run_plan
from kh02_pipelines.checks.unit_invariants import total_differences, totals_lacking
from kh02_pipelines.errors import Kh02Error
from kh02_pipelines.history.periods import periods_of
from kh02_pipelines.history.states import DateOutOfRange, units_as_of
from kh02_pipelines.intake.source_tables import SourceTables
from kh02_pipelines.release.audit import Outcome, outcomes

_TOTALS = ("unit_totals", "province_totals")
MOST_SHOWN = 200
"""Rows of the table of changes in Markdown; a day has a few, a reform thousands."""


@dataclass(frozen=True)
class PreviewedDay:
    """One future day: the rules that fail (as dicts), scopes without a total, what changes; or why it has no catalogue.

    ``failing``: ``rule``, ``blocking``, ``rows``, ``level``, ``type``, ``province_code``, ``law``, ``ours``,
    ``source``, ``problem``, ``remedy``; the fields of a total are None for other rules. ``without_total``: ``level``,
    ``province_code``, ``changed_on``. ``changes``: ``kind``, ``level``, ``old_code``, ``old_name``, ``new_code``,
    ``new_name``, ``extent``, ``population``, ``legal_document``, ``clause``. ``units``: ``level``, ``type``,
    ``before``, ``after``.
    """

    day: dt.date
    failing: list[dict[str, Any]] = field(default_factory=list)
    without_total: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    units: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None

    @property
    def passed(self) -> bool:
        """Whether the day could be built and every rule holds."""
        return not self.failing and self.error is None


def future_days(raw: Mapping[str, pd.DataFrame], today: dt.date) -> list[dt.date]:
    """The days after ``today`` on which something changes: a change that no repeal takes away, a period, a total.

    Raises SourceError for changes, documents or periods that cannot be meant, whatever their day.
    """
    now = pd.Timestamp(today)
    links = run_plan(raw, today, upto="links")["links"]
    days = {day for day in links["effective_date"].unique() if day > now}
    days |= {period.valid_from for period in periods_of(raw["periods"]).each if period.valid_from > now}
    totals = pd.to_datetime(raw["totals"]["valid_from"])
    days |= set(totals[totals > now].unique())
    return sorted({pd.Timestamp(day).date() for day in days})


def previewed(
    raw: Mapping[str, pd.DataFrame],
    sources: SourceTables,
    today: dt.date,
    previous: Previous | None = None,
    limits: Limits | None = None,
    on: dt.date | None = None,
) -> list[PreviewedDay]:
    """Every future day, or the one day ``on``, judged by all rules as of that day.

    ``previous``: the release that readers have. Raises SourceError as ``future_days`` does, and DateOutOfRange for a
    day that is not to come.
    """
    if on is not None and on <= today:
        raise DateOutOfRange(
            f"{on:%Y-%m-%d} is not to come (today is {today:%Y-%m-%d} in Viet Nam)",
            field="on",
            remedy="name a day after today; kh02 build publishes today's",
        )
    days = future_days(raw, today)
    around = Context(limits=limits or Limits(), previous=previous)
    return [_judged(raw, sources, day, around) for day in ([on] if on is not None else days)]


def _judged(raw: Mapping[str, pd.DataFrame], sources: SourceTables, day: dt.date, around: Context) -> PreviewedDay:
    try:
        candidate = replace(build_candidate(raw, day, sources), context=around)
    except Kh02Error as error:
        return PreviewedDay(day, error=str(error))
    failing = [_failing(candidate, outcome) for outcome in outcomes(candidate) if not outcome.passed]
    lacking = totals_lacking(candidate)
    lacking["changed_on"] = lacking["changed_on"].dt.strftime("%Y-%m-%d")
    return PreviewedDay(day, failing, _records(lacking), _changes(candidate), _units(candidate))


def _failing(candidate: Candidate, outcome: Outcome) -> dict[str, Any]:
    first = outcome.findings.iloc[0]
    said: dict[str, Any] = dict.fromkeys(("level", "type", "province_code", "law", "ours", "source"))
    if outcome.rule.name in _TOTALS:
        wrong = total_differences(candidate)
        wrong = wrong[(wrong["province_code"] == "") == (outcome.rule.name == "unit_totals")]
        if len(wrong):
            total = wrong.iloc[0]
            said |= {name: str(total[name]) for name in ("level", "type", "province_code", "source")}
            said |= {"law": int(total["count"]), "ours": int(total["counted"])}
    return {
        "rule": outcome.rule.name,
        "blocking": outcome.rule.blocking,
        "rows": len(outcome.findings),
        **said,
        "problem": f"{first['table']} {first['key']}: {first['problem']}",
        "remedy": outcome.rule.remedy,
    }


def _changes(candidate: Candidate) -> list[dict[str, Any]]:
    """The links of the day in the order of their successors, and events that end a unit without any."""
    tables, day = candidate.tables, pd.Timestamp(candidate.as_of)
    events = tables["change_event"]
    events = events[events["effective_date"] == day]
    versions = tables["unit_version"].set_index("unit_id")[["level", "code", "name"]]
    rows = events.merge(tables["succession"], on="event_id", how="left", suffixes=("", "_link"))
    for side, unit in (("old", "predecessor_id"), ("new", "successor_id")):
        found = versions.reindex(rows[unit])
        rows[f"{side}_code"], rows[f"{side}_name"] = found["code"].array, found["name"].array
    named = rows["event_id"].str.split("/")
    rows["level"] = named.str[1]
    alone = rows["predecessor_id"].isna() & rows["successor_id"].isna()
    rows["old_code"] = rows["old_code"].mask(alone, named.str[2])
    rows = rows[~(alone & rows["old_code"].isin(rows.loc[~alone, "old_code"]))]
    columns = ["kind", "level", "old_code", "old_name", "new_code", "new_name", "extent", "population"]
    return _records(rows.sort_values(["event_id", "old_code"])[[*columns, "legal_document", "clause"]])


def _units(candidate: Candidate) -> list[dict[str, Any]]:
    """Units in force by level and type, on the day before and on the day."""
    day = pd.Timestamp(candidate.as_of)
    counted = {
        name: units_as_of(candidate.tables["unit_version"], when).groupby(["level", "type"]).size()
        for name, when in (("before", day - pd.Timedelta(days=1)), ("after", day))
    }
    return _records(pd.DataFrame(counted).fillna(0).astype("int64").reset_index())


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype("object").where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def line_of(day: dt.date, failing: Mapping[str, Any]) -> str:
    """A failing rule in one line: day, rule, level, type, the law's number and ours; or its first row."""
    more = f" ({failing['rows']} rows)" if failing["rows"] > 1 else ""
    if failing["law"] is None:
        return f"{day:%Y-%m-%d} {failing['rule']}: {failing['problem']}{more}; remedy: {failing['remedy']}"
    place = f" of province {failing['province_code']}" if failing["province_code"] else ""
    kind = failing["type"] or "all types"
    return (
        f"{day:%Y-%m-%d} {failing['rule']}: {failing['level']} {kind}{place}: the law gives {failing['law']} "
        f"({failing['source']}), counted {failing['ours']}{more}; remedy: {failing['remedy']}"
    )


def lines_of(found: PreviewedDay) -> list[str]:
    """What is wrong on a day: one line for each failing rule, or why it cannot be built."""
    if found.error is not None:
        return [f"{found.day:%Y-%m-%d}: {found.error}"]
    return [line_of(found.day, failing) for failing in found.failing]


def notes_of(found: PreviewedDay) -> list[str]:
    """What is no fault and should be known: units that changed and have no total since."""
    return [
        f"{found.day:%Y-%m-%d} {lack['level']}"
        + (f" of province {lack['province_code']}" if lack["province_code"] else "")
        + f": no total yet since the change of {lack['changed_on']}"
        for lack in found.without_total
    ]


def markdown(days: list[PreviewedDay]) -> str:
    """The preview as Markdown: for each day what fails, what has no total, the counts and the changes."""
    if not days:
        return "*không có thay đổi nào sắp tới · no change is to come*"
    return "\n\n".join(_section(found) for found in days)


def _section(found: PreviewedDay) -> str:
    parts = [f"## {found.day:%Y-%m-%d}"]
    parts.append("\n".join(f"- **{line}**" for line in lines_of(found)) or "Mọi kiểm tra đều đạt · all rules hold.")
    if found.without_total:
        parts.append("\n".join(f"- {line}" for line in notes_of(found)))
    if found.units:
        parts.append(_table(["level", "type", "before", "after"], found.units))
    if found.changes:
        parts.append(_table(list(found.changes[0]), found.changes[:MOST_SHOWN]))
        if len(found.changes) > MOST_SHOWN:
            parts.append(f"… {len(found.changes) - MOST_SHOWN} dòng nữa · more rows")
    return "\n\n".join(parts)


def _table(columns: list[str], rows: list[dict[str, Any]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += [
        "| " + " | ".join("" if row[name] is None else str(row[name]).replace("|", "\\|") for name in columns) + " |"
        for row in rows
    ]
    return "\n".join(lines)
