"""Rules that need more than the tables: conflicts, quarantine, evidence, ages."""

import datetime as dt

import pandas as pd
import pytest

from kh02_pipelines.catalogue.candidate import Candidate, Context, Limits
from kh02_pipelines.checks import liveness, settlement
from kh02_pipelines.checks.rule import among
from kh02_pipelines.checks.unit_invariants import change_totals_differ
from kh02_pipelines.errors import SourceError
from kh02_pipelines.history.legal import legal_document_table
from kh02_pipelines.history.totals import expected_totals
from kh02_pipelines.sources.provenance import speaks_for
from kh02_pipelines.sources.reference_data import REFERENCE_FILES

DAY = dt.date(2026, 9, 20)


def candidate(context: Context | None = None, evidence: dict | None = None, **tables: pd.DataFrame) -> Candidate:
    return Candidate(tables, DAY, pd.DataFrame(), pd.DataFrame(), evidence or {}, context or Context())


def test_a_catalogue_without_tables_about_sources_has_nothing_to_settle() -> None:
    for rule in settlement.RULES:
        assert rule.find(candidate()).empty


def test_what_the_conflict_says_of_itself_decides_what_blocks() -> None:
    rows = pd.DataFrame(
        [
            ("a", "type", "type", "x", "open", True),
            ("b", "name", "name", "x", "open", False),
            ("b", "name", "name", "y", "open", False),
            ("c", "name", "name", "x", "R001", True),
            ("d", "name", "spelling", "x", "open", False),
            ("e", "pair", "not_listed", "x", "open", False),
        ],
        columns=["subject", "field", "class", "other_source", "ruling", "blocking"],
    ).assign(source="office", value="Xã A", other_value="Xã B")
    judged = candidate(source_conflict=rows)
    assert settlement.conflicts_open(judged)["key"].to_list() == ["a>type"]
    (unruled,) = settlement.conflicts_unruled(judged).to_dict("records")
    assert (unruled["key"], unruled["problem"]) == ("b>name", "office: Xã A ≠ x: Xã B; y: Xã B")


def test_missing_evidence_is_a_finding_and_no_pass() -> None:
    assert change_totals_differ(candidate())["problem"].str.contains("was not staged").all()


@pytest.mark.parametrize(("days", "broken"), [(180, False), (181, True)])
def test_source_age_has_an_inclusive_limit(days: int, broken: bool) -> None:
    dates = ["2025-06-30", f"{DAY}", f"{DAY + dt.timedelta(days=9)}", f"{DAY + dt.timedelta(days=9)}", None]
    sources = pd.DataFrame(
        {
            "source": ["office", "drop", "only_compared", "reference", "undated"],
            "file": ["a.csv", "b.xlsx", "c.csv", "legal_documents.csv", "d.csv"],
            "speaks_for": pd.to_datetime(pd.Series(dates)),
            "followed": [True, True, False, True, True],
        }
    )
    context = Context(today=DAY + dt.timedelta(days=days), limits=Limits(source_age=180))
    judged = candidate(context, source_file=sources)
    assert liveness.source_age(judged) == {"days": float(days), "limit": 180.0}
    assert liveness.sources_old(judged)["key"].to_list() == (["drop/b.xlsx"] if broken else [])
    assert liveness.source_age(candidate(context, source_file=sources.iloc[2:])) == {}


def test_without_a_clock_or_a_release_before_nothing_is_measured() -> None:
    assert liveness.as_of_age(candidate()) == liveness.row_drift(candidate()) == liveness.code_drift(candidate()) == {}


def test_province_totals_are_those_of_the_newest_block() -> None:
    raw, documents = (REFERENCE_FILES[name].read() for name in ("totals", "legal_documents"))
    documents = legal_document_table(documents)

    def by_province(day: str) -> pd.DataFrame:
        totals = expected_totals(raw, documents, pd.Timestamp(day))
        return totals[(totals["day"] == day) & (totals["province_code"] != "") & totals["lawful"]]

    before, after = by_province("2025-07-01"), by_province("2026-09-20")
    assert before["count"].sum() == after["count"].sum() == 3321
    assert by_province("2025-06-30").empty
    of = lambda totals, code: dict(totals[totals["province_code"] == code][["type", "count"]].to_numpy())  # noqa: E731
    assert of(before, "24") == {"phường": 33, "xã": 66}
    assert of(after, "24") == {"phường": 45, "xã": 54}
    assert of(after, "75") == {"phường": 33, "xã": 62}
    with pytest.raises(SourceError, match="is not a count"):
        expected_totals(raw.assign(count="many"), documents, pd.Timestamp("2025-07-01"))


def test_a_reference_file_speaks_for_its_newest_date_or_the_one_in_its_name() -> None:
    dated = pd.DataFrame({"effective_date": ["2025-07-01", "2026-09-20", ""]}, dtype="str")
    assert speaks_for("changes", dated) == "2026-09-20"
    assert speaks_for("registers/2025-06-30.csv", pd.DataFrame({"code": ["01"]}, dtype="str")) == "2025-06-30"
    assert speaks_for("rulings", pd.DataFrame({"key": ["2027-01-01"]}, dtype="str")) is None


def test_among_is_isin_on_text_and_never_finds_what_is_missing() -> None:
    values = pd.Series(["a", None, "c"], dtype="str", index=[3, 4, 5])
    assert among(values, pd.Series(["c", None], dtype="str")).to_dict() == {3: False, 4: False, 5: True}
    assert among(values.head(0), values).empty
