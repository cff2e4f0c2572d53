"""Laws of the years to come as configured files: previewed, checked by all rules, harmless to today, and refused."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from authored_laws import LAWS, Law, write_csv, write_laws

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.catalogue.plan import build_candidate, run_plan
from kh02_pipelines.errors import SourceError
from kh02_pipelines.history.legal import legal_document_table
from kh02_pipelines.history.states import DateOutOfRange, units_as_of
from kh02_pipelines.history.totals import expected_totals, last_changed
from kh02_pipelines.intake.gather import gather
from kh02_pipelines.intake.intake import Intake
from kh02_pipelines.release import preview as module
from kh02_pipelines.release.audit import RULES
from kh02_pipelines.release.content import content_hash
from kh02_pipelines.release.preview import lines_of, markdown, notes_of, previewed
from kh02_pipelines.sources.reference_data import REFERENCE_FOLDER
from kh02_pipelines.tables.arrow import to_arrow
from kh02_pipelines.tables.catalogue import CATALOGUE

TODAY = dt.date(2026, 11, 21)
WHOLE = pd.Timestamp("2100-01-01")
BY_NAME = {law.name: law for law in LAWS}


def taken_in(folder: Path, *laws: Law, today: dt.date = TODAY) -> Intake:
    now = dt.datetime.combine(today, dt.time(8, 30), dt.UTC)
    return gather(REFERENCE_FOLDER, write_laws(folder, *laws), folder / "home", now)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Intake, Candidate]]:
    """A law's intake today, and the candidate of its day; each is built once."""
    known: dict[str, tuple[Intake, Candidate]] = {}

    def get(name: str) -> tuple[Intake, Candidate]:
        if name not in known:
            intake = taken_in(tmp_path_factory.mktemp(name), BY_NAME[name])
            day = dt.date.fromisoformat(BY_NAME[name].day)
            known[name] = intake, build_candidate(intake.raw, day, intake.tables)
        return known[name]

    return get


def judged(
    monkeypatch: pytest.MonkeyPatch, intake: Intake, candidate: Candidate, rules=RULES
) -> list[module.PreviewedDay]:
    """The preview with the one future day built already."""
    monkeypatch.setattr(module, "build_candidate", lambda *_: candidate)
    monkeypatch.setattr(module, "outcomes", lambda judged: outcomes(judged, rules))
    return previewed(intake.raw, intake.tables, TODAY)


outcomes = module.outcomes


@pytest.mark.parametrize("name", list(BY_NAME))
def test_a_law_to_come_passes_all_rules_on_its_day_and_fails_with_a_wrong_total(
    name: str, built: Callable[[str], tuple[Intake, Candidate]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    law = BY_NAME[name]
    intake, candidate = built(name)
    (day,) = judged(monkeypatch, intake, candidate)
    assert (str(day.day), lines_of(day), day.passed) == (law.day, [], True)

    wrong = law.with_wrong_total()
    raw = taken_in(tmp_path, wrong).raw
    documents, as_of = legal_document_table(raw["legal_documents"]), pd.Timestamp(law.day)
    changed = last_changed(candidate.tables["unit_version"], candidate.tables["change_event"])
    miscounted = replace(candidate, totals=expected_totals(raw["totals"], documents, as_of, changed))
    rules = tuple(rule for rule in RULES if rule.name.endswith("_totals"))
    (day,) = judged(monkeypatch, replace(intake, raw=raw), miscounted, rules)
    (line,) = lines_of(day)
    level, kind, province, count = wrong.totals[-1]
    place = f" of province {province}" if province else ""
    assert line.startswith(f"{law.day} ")
    assert f"{level} {kind}{place}: the law gives {count} ({law.number}), counted {count - 1}" in line
    assert day.failing[0]["rows"] == 1


def test_two_provinces_merge_and_their_communes_follow(built: Callable[[str], tuple[Intake, Candidate]]) -> None:
    tables = built("two_provinces")[1].tables
    assert len(tables["province"]) == 33
    assert "12" not in set(tables["province"]["code"])
    assert (tables["commune"]["province_code"] == "11").sum() == 83
    events = tables["change_event"]
    moved = events[(events["effective_date"] == pd.Timestamp("2028-01-01")) & (events["kind"] == "transfer")]
    assert len(moved) == 38
    assert set(moved["legal_document"]) == {"5/2027/QH16"}


def test_a_repealed_change_never_happens(built: Callable[[str], tuple[Intake, Candidate]]) -> None:
    tables = built("repeal")[1].tables
    assert tables["change_event"]["effective_date"].max() < pd.Timestamp("2027-01-01")
    assert {"21609", "21616"} <= set(tables["commune"]["code"])


def test_a_code_given_again_is_two_units(built: Callable[[str], tuple[Intake, Candidate]]) -> None:
    versions = built("code_again")[1].tables["unit_version"].query("code == '29953'")
    assert list(versions["name"]) == ["Thị trấn Hồng Ngự", "Xã Gò Mới"]


def test_parts_go_to_two_provinces(built: Callable[[str], tuple[Intake, Candidate]]) -> None:
    links = built("split_to_two_provinces")[1].tables["commune_crosswalk"]
    assert set(links.loc[links["old_code"] == "11977", "new_province_code"]) == {"31", "33"}


def test_laws_to_come_leave_today_as_it_is(tmp_path: Path, candidate_today: Candidate) -> None:
    intake = taken_in(tmp_path, *LAWS)
    today = build_candidate(intake.raw, TODAY, intake.tables)
    hashes = {
        content_hash({name: to_arrow(candidate.tables[name], table) for name, table in CATALOGUE.items()})
        for candidate in (today, candidate_today)
    }
    assert len(hashes) == 1
    assert units_as_of(today.tables["unit_version"], pd.Timestamp(TODAY))["valid_to"].isna().all()
    assert "law_changes" not in set(today.tables["source_file"]["source"])


def test_a_law_is_a_source_once_its_day_has_come(tmp_path: Path) -> None:
    files = taken_in(tmp_path, *LAWS, today=dt.date(2027, 3, 1)).tables.source_file.set_index("source")
    assert files.loc["law_changes", "rows_in"] == 4
    assert files.loc["law_changes", "followed"]
    again = taken_in(tmp_path, BY_NAME["fresh_code"], BY_NAME["members_code"], today=dt.date(2027, 3, 1))
    kept = again.tables.source_file.set_index("source")
    assert files.loc["law_changes", "rows_in"] == kept.loc["law_changes", "rows_in"]


def test_a_change_without_a_total_says_so_and_does_not_fail(
    tmp_path: Path, built: Callable[[str], tuple[Intake, Candidate]], monkeypatch: pytest.MonkeyPatch
) -> None:
    law = replace(BY_NAME["fresh_code"], totals=[("commune", "xã", "04", 52), ("commune", "phường", "04", 3)])
    raw = taken_in(tmp_path, law).raw
    intake, candidate = built("fresh_code")
    changed = last_changed(candidate.tables["unit_version"], candidate.tables["change_event"])
    documents = legal_document_table(raw["legal_documents"])
    totals = expected_totals(raw["totals"], documents, pd.Timestamp(law.day), changed)
    rules = tuple(rule for rule in RULES if rule.name.endswith("_totals"))
    (day,) = judged(monkeypatch, replace(intake, raw=raw), replace(candidate, totals=totals), rules)
    assert day.passed
    assert notes_of(day) == ["2027-01-01 commune: no total yet since the change of 2027-01-01"]


def test_the_preview_shows_what_changes(
    built: Callable[[str], tuple[Intake, Candidate]], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = markdown(judged(monkeypatch, *built("split_into_two"), ()))
    assert "## 2027-05-01" in text
    assert (
        "| split | commune | 22057 | Xã Xuân Lộc | 22060 | Xã Xuân Cảnh | part | part | 503/NQ-UBTVQH16 | 1 |" in text
    )
    assert "| commune | xã | 2599 | 2598 |" in text
    assert markdown([]).startswith("*không có")


def test_a_day_that_is_not_to_come_has_no_preview(built: Callable[[str], tuple[Intake, Candidate]]) -> None:
    intake = built("repeal")[0]
    with pytest.raises(DateOutOfRange, match="not to come"):
        previewed(intake.raw, intake.tables, TODAY, on=TODAY)


def faulty(folder: Path, file: str, **changed: str) -> Path:
    """The fresh code's law with a value in the first row of one of its files changed."""
    config = write_laws(folder, BY_NAME["fresh_code"])
    rows = pd.read_csv(folder / file, dtype="str", keep_default_na=False)
    for column, value in changed.items():
        if column not in rows.columns:
            rows[column] = ""
        rows.loc[0, column] = value
    write_csv(folder / file, list(rows.columns), rows.to_dict("records"))
    return config


CHANGES, DOCUMENTS, TOTALS = "changes_to_come.csv", "legal_documents.csv", "totals.csv"


@pytest.mark.parametrize(
    ("file", "changed", "field", "says"),
    [
        (CHANGES, {"status": "draft"}, "status", "is a draft"),
        (CHANGES, {"status": "perhaps"}, "status", "status 'perhaps'"),
        (CHANGES, {"kind": "annexation"}, "kind", "annexation"),
        (CHANGES, {"kind": "split"}, "kind", "another kind"),
        (CHANGES, {"legal_document": "9/NQ"}, "legal_document", "cites '9/NQ'"),
        (CHANGES, {"effective_date": "1/1/2027"}, "effective_date", "not a date"),
        (DOCUMENTS, {"issued_on": ""}, "issued_on", "no day of issue"),
        (DOCUMENTS, {"effective_on": ""}, "effective_on", "no effective date"),
        (DOCUMENTS, {"effective_on": "2025-10-31"}, "effective_on", "more than a year before its issue"),
        (DOCUMENTS, {"governs": "communes"}, "governs", "governs 'communes'"),
        (TOTALS, {"valid_from": "2027-02-30"}, "valid_from", "not a date"),
        (TOTALS, {"source": "a newspaper"}, "source", "no known document"),
        (TOTALS, {"count": "many"}, "count", "not a count"),
    ],
)
def test_a_row_that_cannot_be_meant_is_refused_whatever_its_day(
    file: str, changed: dict[str, str], field: str, says: str, tmp_path: Path
) -> None:
    config = faulty(tmp_path, file, **changed)

    def read() -> None:
        intake = gather(REFERENCE_FOLDER, config, tmp_path / "home", dt.datetime(2026, 11, 21, tzinfo=dt.UTC))
        expected_totals(intake.raw["totals"], run_plan(intake.raw, TODAY, upto="links")["documents"], WHOLE)

    with pytest.raises(SourceError, match=says) as caught:
        read()
    row = 3 if says == "another kind" else 2
    assert (Path(str(caught.value.file)).name, caught.value.row, caught.value.field) == (file, row, field)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"predecessor_code": "01992"}, "predecessor_code", "01992 is not in force on 2027-01-01"),
        ({"name": "Xã Khác"}, None, "two descriptions"),
    ],
)
def test_a_change_that_its_day_refuses_names_its_row_and_lets_today_stand(
    changed: dict[str, str], field: str | None, says: str, tmp_path: Path
) -> None:
    config = faulty(tmp_path, CHANGES, **changed)
    intake = gather(REFERENCE_FOLDER, config, tmp_path / "home", dt.datetime(2026, 11, 21, tzinfo=dt.UTC))
    (day,) = previewed(intake.raw, intake.tables, TODAY)
    assert not day.passed
    assert says in str(day.error)
    assert f"file {CHANGES}, row" in str(day.error)
