"""The quality report and its results: deterministic, escaped, complete."""

import dataclasses
import datetime as dt
import re
from pathlib import Path

import pandas as pd
import pytest

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.catalogue.plan import build_candidate
from kh02_pipelines.checks.declared import PREFIX
from kh02_pipelines.checks.remedies import VIETNAMESE, vietnamese_remedy
from kh02_pipelines.checks.rule import Word, one_finding
from kh02_pipelines.intake.source_tables import SourceTables
from kh02_pipelines.release.audit import PUBLISHED_RULES, RULES, Outcome
from kh02_pipelines.release.report.model import Report, province_summary, report_of
from kh02_pipelines.release.report.render import render
from kh02_pipelines.release.report.results import quality_results
from kh02_pipelines.release.report.shelf import drop_reports, page_of, results_of
from kh02_pipelines.sources.reference_data import read_reference
from kh02_pipelines.tables.arrow import arrow_schema
from kh02_pipelines.tables.release import QUALITY_RESULT

AS_OF = dt.date(2026, 9, 20)
RELEASE = "2026-09-20+00000000"
MARKUP = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def candidate() -> Candidate:
    return build_candidate(read_reference(), AS_OF)


def found(failing: str | None = None, rows: int = 1) -> list[Outcome]:
    nothing = pd.DataFrame(columns=["table", "key", "problem"], dtype="str")
    many = pd.concat([one_finding("commune", f"{n:05d}", MARKUP) for n in range(rows)], ignore_index=True)
    return [Outcome(rule, many if rule.name == failing else nothing) for rule in RULES]


def report(candidate: Candidate, outcomes: list[Outcome]) -> Report:
    now = dt.datetime(2026, 9, 20, 2, 0)  # noqa: DTZ001
    return report_of(candidate, outcomes, release_id=RELEASE, content_hash="0" * 64, written_at=now)


def test_the_same_input_gives_the_same_page(candidate: Candidate) -> None:
    assert render(report(candidate, found())) == render(report(candidate, found()))


def test_the_page_asks_for_nothing(candidate: Candidate) -> None:
    page = render(report(candidate, found("unit_totals")))
    assert page.startswith("<!DOCTYPE html>")
    assert "<script" not in page
    assert not re.search(r'(?:src|href)=(?!"(?:data:|#))', page)
    assert "@import" not in page
    assert "url(" not in page


def test_values_are_escaped(candidate: Candidate) -> None:
    spoilt = candidate.tables["legal_document"].assign(title=MARKUP)
    candidate = dataclasses.replace(candidate, tables={**candidate.tables, "legal_document": spoilt})
    page = render(report(candidate, found("names_clean")))
    assert MARKUP not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_failed_check_shows_its_first_rows_its_remedy_and_its_score(candidate: Candidate) -> None:
    made = report(candidate, found("unit_totals", rows=25))
    page = render(made)
    rule = next(rule for rule in RULES if rule.name == "unit_totals")
    assert [outcome.rule.name for outcome in made.failed] == ["unit_totals"]
    complete = next(score for score in made.words if score.word is Word.COMPLETE)
    assert complete.score == 100 * (len(complete.outcomes) - 1) // len(complete.outcomes)
    assert "00019" in page
    assert "00020" not in page.partition('id="w-dung"')[0].partition("unit_totals")[2]
    assert page.count(rule.remedy) == 2  # among the failed, and in its place
    assert all(rule.vi in page and rule.en in page for rule in RULES if "'" not in rule.vi + rule.en)


def test_the_provinces_add_up(candidate: Candidate) -> None:
    rows = province_summary(candidate)
    assert len(rows) == 34
    assert sum(row["total"] for row in rows) == 3321
    assert sum(row["ward"] for row in rows) == 709
    assert sum(row["zone"] for row in rows) == 13
    assert sum(row["old"] for row in rows) == 10035
    assert sum(row["split"] for row in rows) == 441


def with_tables(candidate: Candidate, **tables: pd.DataFrame) -> Candidate:
    return dataclasses.replace(candidate, tables={**candidate.tables, **tables})


def test_conflicts_are_counted_by_source_and_the_open_ones_that_block_come_first(candidate: Candidate) -> None:
    values = {"source": "office", "value": "Xã A", "other_value": "Xã B", "legal_document": None}
    rows = pd.DataFrame(
        [
            ("00001", "spelling", False, "open"),
            ("00004", "name", False, "R001"),
            ("00007", "name", False, "open"),
            ("00010", "type", True, "open"),
        ],
        columns=["subject", "class", "blocking", "ruling"],
    ).assign(field="name", other_source="pkg", **values)
    made = report(with_tables(candidate, source_conflict=rows), found())
    assert [row["subject"] for row in made.conflicts] == ["00010", "00007", "00001", "00004"]
    assert {"what": "pkg · name", "rows": 2, "open": 1} in made.conflict_counts
    page = render(made)
    assert "pkg · spelling" in page
    assert page.count("Xã B") == 4


def test_every_source_file_shows_its_rows_and_every_source_what_was_changed(
    candidate: Candidate, source_tables: SourceTables
) -> None:
    files = source_tables.source_file.copy()
    files.loc[0, ["source", "file"]] = ["drop", "x.xlsx"]
    files.loc[0, ["rows_in", "accepted", "quarantined", "set_aside"]] = [40, 37, 2, 1]
    files.loc[1, "followed"] = False
    issue = {"source": "drop", "line": 1, "rule": "whitespace"}
    notices = [{**issue, "rule": f"ruling_not_needed R{number}"} for number in (1, 2)]
    made = report(with_tables(candidate, source_file=files, source_issue=pd.DataFrame([issue, *notices])), found())
    assert len(made.sources) == len(files)
    assert made.sources[-1]["file"] == files.loc[1, "file"]
    assert made.source_issues == [
        {"source": "drop", "rule": "ruling_not_needed", "rows": 2},
        {"source": "drop", "rule": "whitespace", "rows": 1},
    ]
    page = render(made)
    assert all(sha in page for sha in files["sha256"])
    assert "x.xlsx" in page


def test_a_report_is_kept_as_long_as_its_release(tmp_path: Path) -> None:
    old, kept = "2026-09-19+11111111", RELEASE
    for release in (old, kept):
        page_of(tmp_path, release).write_text("x")
        results_of(tmp_path, release).write_text("x")
    (tmp_path / "notes.html").write_text("mine")
    assert drop_reports(tmp_path, {kept}) == [old]
    left = {page_of(tmp_path, kept), results_of(tmp_path, kept), tmp_path / "notes.html"}
    assert set(tmp_path.iterdir()) == left
    assert drop_reports(tmp_path / "none", set()) == []


def test_every_check_has_a_remedy_in_both_languages() -> None:
    rules = (*RULES, *PUBLISHED_RULES)
    assert set(VIETNAMESE) == {rule.name for rule in rules if not rule.name.startswith(PREFIX)}
    assert all(vietnamese_remedy(rule.name) and rule.remedy for rule in rules)


def test_results_are_rows_of_the_declared_table() -> None:
    table = quality_results(found("unit_totals", rows=3), RELEASE)
    assert table.schema.equals(arrow_schema(QUALITY_RESULT), check_metadata=True)
    assert table.num_rows == len(RULES)
    rows = {row["check_name"]: row for row in table.to_pylist()}
    assert rows["unit_totals"]["passed"] is False
    assert rows["unit_totals"]["failing_rows"] == 3
    assert rows["unit_totals"]["word"] == "đủ"
    assert rows["source_age"]["severity"] == "WARN"
    assert rows["source_age"]["blocking"] is False
