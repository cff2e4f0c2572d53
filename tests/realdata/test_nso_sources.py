"""The four real files of the statistics office as configured sources: the same catalogue as from the reference."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from kh02_pipelines.catalogue.plan import build_candidate
from kh02_pipelines.errors import SourceError, VintageError
from kh02_pipelines.history.periods import periods_of
from kh02_pipelines.intake.conversion_day import OLD, PAIRS, conversion_day, frames_of_day
from kh02_pipelines.intake.gather import gather
from kh02_pipelines.intake.vintage import detect_vintage, ghost_codes
from kh02_pipelines.release.audit import audit
from kh02_pipelines.sources.reference_data import REFERENCE_FILES, REFERENCE_FOLDER

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
NSO = DATA / "nso"
pytestmark = pytest.mark.skipif(not NSO.is_dir(), reason="the real files (../shared/data/nso) are not here")

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
DAY = dt.date(2026, 10, 1)
CONFIG = """version: 1
sources:
  - {{name: nso_register, kind: nso_register, role: old_register, path: {register}, date: 2025-06-30, priority: 10}}
  - {{name: nso_conversion, kind: nso_conversion, role: conversion, path: {conversion}, date: 2025-07-01,
      priority: 20{sheet}}}
  - {{name: nso_communes, kind: nso_code_list, role: new_register, path: {nso}/1027_CTK-CSCL.md, date: 2025-07-01,
      priority: 30}}
  - {{name: nso_provinces, kind: nso_code_list, role: new_register, path: {nso}/915_CTK-CSCL.csv, date: 2025-07-01,
      priority: 31}}
"""
NAMES = {"name", "short_name", "name_ascii"}


def intake(folder: Path, conversion: str, register: str = "registry_2025-06-30.csv", sheet: str = ""):
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "kh02.yaml"
    sheet = f', sheet: "{sheet}"' if sheet else ""
    text = CONFIG.format(register=NSO / register, conversion=NSO / conversion, nso=NSO, sheet=sheet)
    config.write_text(text, encoding="utf-8")
    return gather(REFERENCE_FOLDER, config, folder / "home", NOW)


@pytest.fixture(scope="module")
def reference():
    return build_candidate({name: file.read() for name, file in REFERENCE_FILES.items()}, DAY)


@pytest.fixture(scope="module")
def from_csv(tmp_path_factory):
    return intake(tmp_path_factory.mktemp("csv"), "conversion_2025-07-01.csv")


@pytest.fixture(scope="module")
def candidate(from_csv):
    return build_candidate(from_csv.raw, DAY, from_csv.tables)


def test_the_catalogue_is_the_reference_catalogue_but_for_spelling(candidate, reference) -> None:
    differing = {}
    for name, expected in reference.tables.items():
        if name in from_quality():
            continue
        found = candidate.tables[name]
        assert list(found.columns) == list(expected.columns)
        assert len(found) == len(expected), name
        for column in expected.columns:
            same = found[column].astype("object").where(found[column].notna(), None) == expected[column].astype(
                "object"
            ).where(expected[column].notna(), None)
            same |= found[column].isna() & expected[column].isna()
            if not same.all():
                differing[name, column] = int((~same).sum())
    assert {column for _, column in differing} <= NAMES | {
        *(f"{side}_{level}name" for side in ("old", "new") for level in ("", "district_", "province_", "commune_")),
        "candidate_name",
    }
    assert differing["legacy_commune", "name"] == 260


def from_quality() -> set[str]:
    return {"source_file", "quarantine", "source_issue", "source_conflict"}


def test_every_spelling_difference_is_listed(candidate, reference, from_csv) -> None:
    conflicts = from_csv.tables.source_conflict
    listed = conflicts[(conflicts["other_source"] == "reference") & (conflicts["field"] == "name")]
    for table, date, level in (
        ("legacy_commune", "2025-06-30", "commune"),
        ("legacy_district", "2025-06-30", "district"),
        ("legacy_province", "2025-06-30", "province"),
    ):
        mine = candidate.tables[table].set_index("code")["name"]
        theirs = reference.tables[table].set_index("code")["name"]
        differing = mine.index[mine != theirs]
        assert set(f"{date}/{level}/" + differing) <= set(listed["subject"]), table
    classes = listed["class"].value_counts()
    assert (classes["name"], classes["spelling"]) == (145, 139)
    assert not listed["blocking"].any()


def test_no_rule_is_broken(candidate) -> None:
    # names that the sources write in other letters, and the mudflat: shown, not blocking
    assert {name for name, rows in audit(candidate).items() if len(rows)} == {"conflicts_ruled", "nothing_quarantined"}


def test_only_names_in_other_letters_are_left_for_a_person_each_unit_once(candidate) -> None:
    rows = audit(candidate)["conflicts_ruled"]
    assert len(rows) == rows["key"].nunique() == 175  # in seven of them the register lost a capital alone
    assert "2025-06-30/commune/03727>name" in set(rows["key"])
    assert "nso_register: Xã Xà Phìn ≠ nso_conversion: Xã Sà Phìn; reference: Xã Sà Phìn" in set(rows["problem"])


def test_two_names_changed_over_in_the_register_stop_publication(tmp_path) -> None:
    text = (NSO / "registry_2025-06-30.csv").read_text("utf-8-sig")
    one, other = "00394,Xã Tân Hưng,", "00397,Xã Minh Phú,"
    assert text.count(one) == text.count(other) == 1
    swapped = text.replace(one, "00394,Xã Minh Phú,").replace(other, "00397,Xã Tân Hưng,")
    (tmp_path / "register.csv").write_text(swapped, "utf-8")
    taken = intake(tmp_path, "conversion_2025-07-01.csv", register=str(tmp_path / "register.csv"))
    rows = audit(build_candidate(taken.raw, DAY, taken.tables))["conflicts_settled"]
    assert set(rows["key"]) == {f"2025-06-30/commune/{code}>name" for code in ("00394", "00397")}
    assert rows["problem"].iloc[0] == "nso_register: Xã Minh Phú ≠ nso_conversion: Xã Tân Hưng; reference: Xã Tân Hưng"


def test_a_conversion_table_cut_short_is_refused_in_its_own_name(tmp_path) -> None:
    lines = (NSO / "conversion_2025-07-01.csv").read_text("utf-8-sig").splitlines(keepends=True)
    (tmp_path / "half.csv").write_text("".join(lines[:6000]), "utf-8")
    with pytest.raises(SourceError, match=r"nso_conversion is incomplete: .* of 10,035 old commune codes") as error:
        intake(tmp_path, str(tmp_path / "half.csv"))
    assert error.value.file == "half.csv"
    assert error.value.row is not None
    assert error.value.row > 5000


def test_no_row_is_lost_and_the_mudflat_is_quarantined(from_csv) -> None:
    files = from_csv.tables.source_file.set_index("source")
    counts = files.loc[files["role"] != "reference", ["rows_in", "accepted", "quarantined", "set_aside"]]
    assert counts.T.to_dict("list") == {
        "nso_communes": [3466, 3321, 0, 145],
        "nso_conversion": [10605, 10570, 1, 34],
        "nso_provinces": [34, 34, 0, 0],
        "nso_register": [10035, 10035, 0, 0],
    }
    frames = frames_of_day(from_csv.raw, conversion_day(periods_of(from_csv.raw["periods"])))
    islands = 5
    pairs, communes = frames[PAIRS], frames[OLD]["level"] == "commune"
    assert files.loc["nso_conversion", "accepted"] == len(pairs) + islands
    assert files.loc["nso_register", "accepted"] == communes.sum()
    (row,) = from_csv.tables.quarantine.to_dict("records")
    assert (row["source"], row["line"], row["field"]) == ("nso_conversion", 4749, "old_name")
    assert row["value"] == "Khu vực bãi bồi ven biển do huyện Kim Sơn quản lý"


def test_dirt_and_rulings_that_a_mended_source_no_longer_needs_are_in_the_trace(from_csv) -> None:
    issues = from_csv.tables.source_issue
    counts = issues[issues["source"] == "nso_conversion"].groupby("rule").size()
    assert counts["whitespace"] == 1594
    assert counts["unicode_form"] == 91
    assert counts["unit_type_accents"] == 3
    assert {rule for rule in issues["rule"] if rule.startswith("ruling_not_needed")} == {
        f"ruling_not_needed R{number:03d}" for number in (10, 11, 12, 13)
    }
    assert not issues["rule"].str.startswith("ruling_unmatched").any()


@pytest.mark.no_cover  # the largest file, twice
def test_the_workbook_says_the_same_in_both_sheets(from_csv, tmp_path) -> None:
    plain = intake(tmp_path / "plain", "conversion_2025-07-01.xlsx")
    merged = intake(tmp_path / "merged", "conversion_2025-07-01.xlsx", sheet="Tổng hợp_có merge")
    for other in (plain, merged):
        for name, frame in from_csv.raw.items():
            columns = [column for column in frame.columns if column not in ("file", "row")]
            pd.testing.assert_frame_equal(frame[columns], other.raw[name][columns], obj=name)
    counts = plain.tables.source_issue.groupby("rule").size()
    assert counts["leading_zeros"] == 342
    assert counts["number_to_text"] == 5525 + 23


def test_the_register_of_january_is_refused_with_its_ghosts(tmp_path) -> None:
    with pytest.raises(VintageError) as error:
        intake(tmp_path, "conversion_2025-07-01.csv", register="registry_2025-01-04.csv")
    text = str(error.value)
    assert "2025-01-04" in text
    assert "2025-06-30" in text
    assert "registry_2025-01-04.csv" in text
    for ghost in [
        "07693",
        "07732",
        "07744",
        "16387",
        "16411",
        "18448",
        "20176",
        "20674",
        "25102",
        "25174",
        "25177",
        "25186",
    ]:
        assert ghost in text


def test_ghosts_are_the_twelve() -> None:
    assert len(ghost_codes({name: file.read() for name, file in REFERENCE_FILES.items()})) == 12


@pytest.mark.parametrize(
    ("file", "date"),
    [
        ("history/Xa_2020-02-25.csv", "2020-02-25"),
        ("history/Xa_2021-02-03.csv", "2021-02-03"),
        ("history/Xa_2023-05-07.csv", "2023-05-07"),
        ("nso/registry_2025-01-04.csv", "2025-01-04"),
        ("nso/registry_2025-06-30.csv", "2025-06-30"),
    ],
)
def test_every_real_register_tells_its_date(file, date) -> None:
    frame = pd.read_csv(DATA / file, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    codes = frame["Mã PX" if "Mã PX" in frame else "Mã"]
    raw = {name: file.read() for name, file in REFERENCE_FILES.items()}
    day = conversion_day(periods_of(raw["periods"]))
    vintage = detect_vintage(codes[codes != ""], frames_of_day(raw, day), day)
    assert vintage.date == date
    assert vintage.evidence["unknown"].iloc[0] == 0
