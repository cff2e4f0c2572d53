"""Configured sources beside the embedded reference: vintage, rulings, conflicts, and the rules on them."""

import datetime as dt

import pandas as pd
import pytest
from office_files import register

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.catalogue.plan import build_candidate
from kh02_pipelines.checks import settlement, source_rules
from kh02_pipelines.errors import RulingError, SourceError, VintageError
from kh02_pipelines.history.periods import periods_of
from kh02_pipelines.intake.conflicts import pair_conflicts, unit_conflicts
from kh02_pipelines.intake.conversion_day import NEW, OLD, PAIRS, conversion_day, frames_of_day
from kh02_pipelines.intake.gather import gather
from kh02_pipelines.intake.name_conflicts import block_wrong_names
from kh02_pipelines.intake.source_rulings import fit_pair_rulings, fit_unit_rulings
from kh02_pipelines.intake.source_tables import followed_hashes
from kh02_pipelines.intake.vintage import detect_vintage, ghost_codes, known_codes, require_vintage
from kh02_pipelines.sources.notes import note_meanings
from kh02_pipelines.sources.reference_data import REFERENCE_FILES, REFERENCE_FOLDER
from kh02_pipelines.sources.trace import Origin, Trace

RULES_ON_SOURCES = (*source_rules.RULES, *(rule for rule in settlement.RULES if rule.blocking))
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
DAY = dt.date(2025, 7, 1)
REFERENCE = {name: file.read() for name, file in REFERENCE_FILES.items()}
REFORM = conversion_day(periods_of(REFERENCE["periods"]))
FRAMES = {**REFERENCE, **frames_of_day(REFERENCE, REFORM)}
CONFIG = """version: 1
sources:
  - {name: office, kind: nso_register, role: old_register, path: register.csv, date: 2025-06-30}
"""


def take(tmp_path, export: pd.DataFrame):
    export.to_csv(tmp_path / "register.csv", index=False)
    (tmp_path / "kh02.yaml").write_text(CONFIG, encoding="utf-8")
    return gather(REFERENCE_FOLDER, tmp_path / "kh02.yaml", tmp_path / "home", NOW)


def old_register(intake) -> pd.DataFrame:
    registers = intake.raw["registers"]
    return registers[registers["date"] == "2025-06-30"]


def broken_rules(candidate: Candidate) -> dict[str, int]:
    found = {rule.name: len(rule.find(candidate)) for rule in RULES_ON_SOURCES}
    return {name: rows for name, rows in found.items() if rows}


def test_without_a_configuration_the_frames_are_the_reference_and_only_rulings_are_conflicts(tmp_path) -> None:
    intake = gather(REFERENCE_FOLDER, None, tmp_path, NOW)
    assert all(intake.raw[name].equals(REFERENCE[name]) for name in REFERENCE)
    assert intake.followed == {}
    assert len(intake.tables.source_conflict) == len(REFERENCE["rulings"])
    assert not (intake.tables.source_conflict["ruling"] == "open").any()
    assert set(intake.tables.source_file["source"]) == {"reference"}
    assert not (tmp_path / "raw").exists()


def test_the_reference_as_an_export_differs_in_nothing(tmp_path) -> None:
    intake = take(tmp_path, register())
    conflicts = intake.tables.source_conflict
    assert conflicts[conflicts["ruling"] == "open"].empty
    columns = ["code", "level", "name", "type", "parent_code"]
    sort = ["level", "code"]
    mine = old_register(intake)[columns].sort_values(sort, ignore_index=True)
    pd.testing.assert_frame_equal(mine, FRAMES[OLD][columns].sort_values(sort, ignore_index=True))


def test_what_the_catalogue_is_built_of_is_marked(tmp_path) -> None:
    files = take(tmp_path, register()).tables.source_file.set_index("file")
    assert files.loc["register.csv", "followed"]
    assert not files.loc["registers/2025-06-30.csv", "followed"]
    assert files.loc[["registers/2025-07-01.csv", "changes/2025.csv", "changes/2026.csv"], "followed"].all()
    assert f"{files.loc['changes/2026.csv', 'speaks_for']:%Y-%m-%d}" == "2026-09-20"
    made_of = followed_hashes(files.reset_index())
    assert made_of["office/register.csv"] == files.loc["register.csv", "sha256"]
    assert "reference/registers/2025-06-30.csv" not in made_of


def test_another_type_or_parent_is_an_open_conflict_that_blocks(tmp_path) -> None:
    export = register()
    at = export.index[export["Mã"] == "00001"][0]
    export.loc[at, ["Tên", "Cấp"]] = ["Xã Phúc Xá", "Xã"]
    moved = export.index[export["Mã"] == "00004"][0]
    export.loc[moved, ["Mã QH", "Quận Huyện"]] = ["002", "Quận Hoàn Kiếm"]
    intake = take(tmp_path, export)
    conflicts = intake.tables.source_conflict
    rows = conflicts[conflicts["ruling"] == "open"]
    assert set(zip(rows["subject"], rows["field"], rows["blocking"], strict=True)) == {
        ("2025-06-30/commune/00001", "type", True),
        ("2025-06-30/commune/00001", "name", False),
        ("2025-06-30/commune/00004", "parent_code", True),
    }
    candidate = build_candidate(intake.raw, DAY, intake.tables)
    assert broken_rules(candidate) == {"conflicts_settled": 2}


def test_spelling_is_classed_and_does_not_block(tmp_path) -> None:
    export = register()
    export["Tên"] = export["Tên"].str.replace("Hòa", "Hoà").str.replace("Phúc Xá", "Phúc Xã")
    intake = take(tmp_path, export)
    rows = intake.tables.source_conflict.query("other_source == 'reference' and ruling == 'open'")
    assert set(rows["class"]) == {"spelling", "name"}
    assert (rows["class"] == "name").sum() == 1
    assert not rows["blocking"].any()
    assert broken_rules(build_candidate(intake.raw, DAY, intake.tables)) == {}


def swapped(export: pd.DataFrame) -> pd.DataFrame:
    """Two neighbours with each other's name: 00001 and 00004."""
    names = export.set_index("Mã")["Tên"].loc[["00001", "00004"]]
    return export.assign(Tên=export["Tên"].mask(export["Mã"] == "00001", names["00004"]).mask(
        export["Mã"] == "00004", names["00001"]))  # fmt: skip


def test_names_changed_over_between_neighbours_block(tmp_path) -> None:
    intake = take(tmp_path, swapped(register()))
    rows = intake.tables.source_conflict.query("ruling == 'open'")
    assert set(rows["class"]) == {"name"}
    assert rows["blocking"].all()
    assert broken_rules(build_candidate(intake.raw, DAY, intake.tables)) == {"conflicts_settled": 2}


def test_a_ruling_settles_a_name_that_the_followed_source_has_right_or_wrong(tmp_path, reference_copy) -> None:
    ruling = {
        "target": "units_2025-06-30",
        "action": "set",
        "field": "name",
        "legal_document": "1656/NQ-UBTVQH15",
        "clause": "Điều 1 khoản 1",
        "reason": "For this test.",
    }
    wrong = {"key": "00001", "source_value": "Phường Trúc Bạch", "ruled_value": "Phường Phúc Xá"}
    right = {"key": "00004", "source_value": "Phường Trúc Bạch", "ruled_value": "Phường Phúc Xá"}
    reference_copy.append("nso_rulings", {**ruling, **wrong, "ruling_id": "N901"})
    reference_copy.append("nso_rulings", {**ruling, **right, "ruling_id": "N902"})
    swapped(register()).to_csv(tmp_path / "register.csv", index=False)
    (tmp_path / "kh02.yaml").write_text(CONFIG, encoding="utf-8")
    intake = gather(reference_copy.folder, tmp_path / "kh02.yaml", tmp_path / "home", NOW)
    rows = intake.tables.source_conflict.query("field == 'name'").set_index("subject")
    assert rows.loc["2025-06-30/commune/00001", ["ruling", "source"]].to_list() == ["N901", "ruling"]
    assert rows.loc["2025-06-30/commune/00004", ["ruling", "clause"]].to_list() == ["N902", "Điều 1 khoản 1"]
    names = old_register(intake).set_index("code")["name"]
    assert names["00004"] == "Phường Phúc Xá"  # followed, and confirmed
    assert not (intake.tables.source_conflict["ruling"] == "open").any()


@pytest.mark.parametrize(
    ("value", "others", "blocks"),
    [
        ("Xã Minh Phú", ["Xã Tân Hưng", "Xã Tân Hưng"], True),
        ("Xã Minh Phú", ["Xã Tân Hưng"], False),
        ("Xã Minh Phú", ["Xã Tân Hưng", "Xã Phú Cường"], False),
        ("Xã Xà Phìn", ["Xã Sà Phìn", "Xã Sà Phìn"], False),
        ("Xã Văn Sơn", ["Xã Vân Sơn", "Xã Vân Sơn"], False),
        ("Thị trấn NT Lệ Ninh", ["Thị trấn Nông trường Lệ Ninh"] * 2, False),
        ("Thị trấn Thanh An", ["Thị trấn Thạnh An"] * 2, False),
        ("Xã Dak Nhoong", ["Xã Đăk Nhoong"] * 2, True),
        ("Xã Dak Nhoong", ["Xã Đăk Nhoong"], False),
        ("Xã Ya ly", ["Xã Ya Ly"] * 2, True),
    ],
)
def test_a_name_blocks_when_two_other_sources_agree_on_an_unlike_or_better_one(value, others, blocks) -> None:
    rows = pd.DataFrame(
        {
            "subject": "2025-06-30/commune/00394",
            "other_source": [f"s{number}" for number in range(len(others))],
            "value": value,
            "other_value": others,
            "class": "name",
            "ruling": "open",
            "blocking": False,
        }
    )
    units = FRAMES[OLD].query("code == '00394'").assign(subject="2025-06-30/commune/00394")
    found = block_wrong_names(rows, units)
    assert set(found["blocking"]) == {blocks}
    alone = block_wrong_names(rows.head(1).assign(other_source="reference"), units)["blocking"].item()
    assert alone == (value == "Xã Minh Phú")  # unlike the reference's: it needs no second source
    assert not block_wrong_names(rows.assign(ruling="R1"), units)["blocking"].any()


def test_an_extra_commune_is_an_open_conflict(tmp_path) -> None:
    export = register()
    extra = export[export["Mã"] == "00001"].assign(Mã="99999", Tên="Phường Mới")
    intake = take(tmp_path, pd.concat([export, extra]))
    rows = intake.tables.source_conflict.query("ruling == 'open'")
    assert set(zip(rows["subject"], rows["field"], rows["value"], rows["other_value"], strict=True)) == {
        ("2025-06-30/commune/99999", "unit", "Phường Mới", "-")
    }


@pytest.mark.parametrize(
    ("spoil", "message", "row"),
    [
        (lambda t: t.head(5000), "5,035 of 10,035 commune codes missing, .*the last row accepted is 5001", 5001),
        (lambda t: t[t["Mã"] != "00004"], "1 of 10,035 commune codes missing, first 00004;", 10035),
        (
            lambda t: t.assign(Mã=t["Mã"].replace("00004", "0A004")),
            "1 of 10,035 .*1 not accepted, the first is row 3 .code '0A004': not a commune code",
            3,
        ),
    ],
)
def test_an_incomplete_register_is_refused_naming_its_own_file(tmp_path, spoil, message, row) -> None:
    with pytest.raises(SourceError, match=f"source office is incomplete: {message}") as error:
        take(tmp_path, spoil(register()))
    assert (error.value.file, error.value.row) == ("register.csv", row)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("Cấp", "Xã", "name and type disagree: 'xã' of unit 00004"),
        ("Tên", "Kỳ lạ Phường Trúc Bạch", "name and type disagree: 'phường' of unit 00004"),
        ("Tên", "", None),
    ],
)
def test_a_row_that_contradicts_itself_is_named_in_the_file_it_stands_in(tmp_path, field, value, message) -> None:
    export = register()
    at = export.index[export["Mã"] == "00004"][0]
    export.loc[at, field] = value
    with pytest.raises(SourceError, match=message or "the unit has no name") as error:
        build_candidate(take(tmp_path, export).raw, DAY)
    assert (error.value.file, error.value.row) == ("register.csv", at + 2)


def test_a_ruled_unit_that_prints_a_third_value_names_the_source_as_well(tmp_path) -> None:
    export = register()
    export.loc[export["Mã"] == "27046", "Cấp"] = "Thị trấn"
    with pytest.raises(RulingError, match=r"R008 .*source office, file register.csv"):
        take(tmp_path, export)


def test_a_register_without_the_island_districts_takes_them_from_the_reference(tmp_path) -> None:
    export = register()
    intake = take(tmp_path, export[export["Mã"] != ""])
    assert set(intake.tables.source_issue["rule"]) == {
        f"district_from_reference {code}" for code in ("318", "471", "498", "536", "755")
    }
    assert not (intake.tables.source_conflict["ruling"] == "open").any()
    assert broken_rules(build_candidate(intake.raw, DAY, intake.tables)) == {}


def test_a_mended_source_does_not_let_its_ruling_pass_silently(tmp_path) -> None:
    export = register()
    export.loc[export["Mã"] == "15061", "Cấp"] = "Thị trấn"
    intake = take(tmp_path, export)
    assert "ruling_not_needed R007" in set(intake.tables.source_issue["rule"])
    assert "R007" not in set(intake.raw["rulings"]["ruling_id"])
    assert broken_rules(build_candidate(intake.raw, DAY, intake.tables)) == {}


def test_pair_rulings_fit_only_what_is_printed() -> None:
    trace = Trace(Origin("t", "0" * 64, "f"))
    pairs, rulings = FRAMES[PAIRS], REFERENCE["rulings"]
    assert fit_pair_rulings(pairs, rulings, "successions_2025-07-01", trace).equals(rulings)
    mended = pd.concat(
        [
            pairs[pairs["predecessor_code"] + pairs["successor_code"] != "0161501648"],
            pd.DataFrame({"predecessor_code": ["01651", "23053"], "successor_code": ["01648", "23041"], "row": [1, 2]}),
        ]
    )
    fitted = fit_pair_rulings(mended, rulings, "successions_2025-07-01", trace)
    assert set(rulings["ruling_id"]) - set(fitted["ruling_id"]) == {"R001", "R004"}
    assert set(trace.issues()["rule"]) == {"ruling_not_needed R001", "ruling_not_needed R004"}
    assert fit_unit_rulings(FRAMES[NEW], rulings, "units_2025-07-01", trace).equals(rulings)


def test_the_vintage_of_known_states_and_of_a_part() -> None:
    known = known_codes(FRAMES, REFORM)
    assert {date: len(codes) for date, codes in known.items()} == {
        "2020-02-25": 10767,
        "2021-02-03": 10603,
        "2023-05-07": 10598,
        "2025-01-04": 10051,
        "2025-06-30": 10035,
        "2025-07-01": 3321,
    }
    for date, codes in known.items():
        assert detect_vintage(pd.Series(sorted(codes)), FRAMES, REFORM).date == date
    half = pd.Series(sorted(known["2025-06-30"])[:5000])
    assert detect_vintage(half, FRAMES, REFORM).date == "2025-06-30"


@pytest.mark.parametrize("date", ["2020-02-25", "2021-02-03", "2023-05-07", "2025-01-04", "2025-07-01"])
def test_a_register_of_another_date_is_refused_naming_both(date) -> None:
    units = pd.DataFrame({"code": sorted(known_codes(FRAMES, REFORM)[date]), "level": "commune"})
    with pytest.raises(VintageError) as error:
        require_vintage(units, dt.date(2025, 6, 30), "x.csv", FRAMES, REFORM)
    assert date in str(error.value)
    assert "2025-06-30" in str(error.value)


def test_twelve_ghosts_in_an_otherwise_right_file_are_named() -> None:
    codes = sorted(known_codes(FRAMES, REFORM)["2025-06-30"] | ghost_codes(FRAMES))
    assert len(codes) == 10047
    with pytest.raises(VintageError, match=r"12 ghosts of communes merged years before .*07693.*25186"):
        require_vintage(
            pd.DataFrame({"code": codes, "level": "commune"}), dt.date(2025, 6, 30), "x.csv", FRAMES, REFORM
        )


def test_notes_have_declared_meanings_and_others_have_none() -> None:
    notes = pd.Series(
        [
            "Nhập toàn bộ",
            "NHẬP MỘT PHẦN",
            "Nhâp một phần diện tích",
            "Nhập một phần diện tích, toàn bộ dân số",
            "Sắp xếp toàn bộ xã Thổ Châu thành đặc khu Thổ Châu",
            "Nhập gì đó",
            "Sắp xếp toàn bộ xã A thành đặc khu B",
            "",
        ]
    )
    meanings = note_meanings(notes)
    assert meanings["extent"].tolist()[:5] == ["whole", "part", "part", "part", "whole"]
    assert meanings["population"].tolist()[:5] == ["all", "part", "none", "all", "all"]
    assert meanings.iloc[5:].isna().all(axis=None)


def test_comparisons_see_presence_and_each_field() -> None:
    mine = pd.DataFrame(
        {"level": "commune", "code": ["1", "2"], "name": ["Xã A", "Xã Hòa"], "type": "Xã", "parent_code": "9"}
    )
    theirs = mine.assign(name=["Xã A", "Xã Hoà"], type=["xã", "Phường"]).iloc[[1]]
    found = unit_conflicts(mine, theirs, "d", "a", "b")
    assert sorted(zip(found["subject"], found["field"], found["class"], strict=True)) == [
        ("d/commune/1", "unit", "unit"),
        ("d/commune/2", "name", "spelling"),
        ("d/commune/2", "type", "type"),
    ]
    assert unit_conflicts(mine, mine, "d", "a", "b").empty
    pairs = pd.DataFrame({"predecessor_code": ["1", "2"], "successor_code": ["1", "1"], "population": ["all", "part"]})
    other = pairs.assign(population="all").iloc[[1]]
    found = pair_conflicts(pairs, other, "d/succession", "a", "b")
    assert sorted(zip(found["subject"], found["class"], strict=True)) == [
        ("d/succession/1>1", "succession"),
        ("d/succession/2>1", "population"),
    ]


@pytest.mark.parametrize(
    ("rule", "table", "plant"),
    [
        ("source_rows_conserved", "source_file", lambda t: t.assign(accepted=t["accepted"] - 1)),
        ("conflicts_well_formed", "source_conflict", lambda t: t.assign(other_value=t["value"])),
    ],
)
def test_every_rule_finds_its_planted_fault(tmp_path, rule, table, plant) -> None:
    intake = gather(REFERENCE_FOLDER, None, tmp_path, NOW)
    candidate = build_candidate(intake.raw, DAY, intake.tables)
    assert broken_rules(candidate) == {}
    frame = plant(candidate.tables[table])
    planted = Candidate({**candidate.tables, table: frame}, DAY, candidate.totals, candidate.row_flow)
    assert set(broken_rules(planted)) == {rule}
