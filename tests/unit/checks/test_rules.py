"""Every rule finds what it is for, and finds nothing in a sound catalogue.

A new rule without a planted fault fails ``test_every_structural_rule_has_a_planted_fault`` here, or
``pipeline/test_planted_faults``.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks import crosswalk_invariants, unit_invariants
from kh02_pipelines.checks.rule import FINDING_COLUMNS, Rule, Word, findings, together
from kh02_pipelines.errors import AuditError
from kh02_pipelines.release.audit import RULES, audit, require_sound

Change = Callable[[pd.DataFrame], pd.DataFrame]


def changed(candidate: Candidate, table: str, change: Change) -> Candidate:
    return replace(candidate, tables={**candidate.tables, table: change(candidate.tables[table].copy())})


def put(row: dict[str, str], /, **values: object) -> Change:
    """Set values in the one row that has a key."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        rows = pd.Series(True, index=frame.index)
        for name, value in row.items():
            rows &= frame[name] == value
        assert rows.sum() == 1, f"{row} is in {rows.sum()} rows"
        for name, value in values.items():
            frame.loc[rows, name] = value
        return frame

    return change


def without(**key: str) -> Change:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        rows = pd.Series(True, index=frame.index)
        for name, value in key.items():
            rows &= frame[name] == value
        assert rows.any()
        return frame[~rows].reset_index(drop=True)

    return change


def doubled(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame, frame.head(1)], ignore_index=True)


def in_a_circle(links: pd.DataFrame) -> pd.DataFrame:
    """The old and the new side exchanged between two communes that keep their code."""
    turned = links.copy()
    for old, new in (("00004", "00008"), ("00008", "00004")):
        turned.loc[(links["old_code"] == old) & links["same_code"], ["new_code", "same_code"]] = [new, False]
    return turned


def first_step_loses_a_row(candidate: Candidate) -> Candidate:
    flow = candidate.row_flow.copy()
    flow.loc[0, "rows_out"] -= 1
    return replace(candidate, row_flow=flow)


def stale_totals(candidate: Candidate) -> Candidate:
    """3,321 communes in all, but of the types of the day before."""
    return changed(candidate, "commune", put({"code": "07294"}, type="xã"))


def in_table(table: str, change: Change) -> Callable[[Candidate], Candidate]:
    return lambda candidate: changed(candidate, table, change)


def in_rulings(ruling: str, **values: object) -> Callable[[Candidate], Candidate]:
    """Another value in one of the staged rulings."""

    def plant(candidate: Candidate) -> Candidate:
        rulings = put({"ruling_id": ruling}, **values)(candidate.evidence["rulings"].copy())
        return replace(candidate, evidence={**candidate.evidence, "rulings": rulings})

    return plant


LINK = {"old_code": "00112", "new_code": "00103"}  # the heir of a split commune
OTHER_PART = {"old_code": "00112", "new_code": "00004"}
WHOLE = {"old_code": "00001", "new_code": "00097"}
SHARED = {"old_code": "00130", "new_code": "00145"}  # a land-only part beside several that share the people

# rule → (what is wrong, how to plant it, a key or word that the finding must name)
FAULTS: dict[str, list[tuple[str, Callable[[Candidate], Candidate], str]]] = {
    "unit_totals": [
        ("a ward of 2026 is still a commune", stale_totals, "phường"),
        ("an old commune is lost", in_table("legacy_commune", without(code="00001")), "phường"),
        ("a type nobody counts", in_table("commune", put({"code": "00004"}, type="thị trấn")), "thị trấn"),
    ],
    "declared_province": [("a province twice", in_table("province", doubled), "01")],
    "declared_commune_crosswalk": [("a link twice", in_table("commune_crosswalk", doubled), "00001>00097")],
    "declared_legal_document": [("a document twice", in_table("legal_document", doubled), "01/2004/NĐ-CP")],
    "province_totals": [
        (
            "a commune in the wrong province",
            in_table("commune", put({"code": "00004"}, province_code="04")),
            "01>phường",
        ),
    ],
    "change_totals": [
        (
            "an heir is forgotten",
            in_table(
                "succession",
                put(
                    {"predecessor_id": "00112@2004-08-31", "successor_id": "00103@2025-07-01"},
                    population="part",
                ),
            ),
            "population_heirs",
        ),
        (
            "a part of a divided commune is lost",
            in_table("succession", without(predecessor_id="00112@2004-08-31", successor_id="00004@2025-07-01")),
            "communes_into_2",
        ),
        (
            "people are given to a part that is land alone",
            in_table(
                "succession",
                put(
                    {"predecessor_id": "00130@2004-08-31", "successor_id": "00145@2025-07-01"},
                    population="part",
                ),
            ),
            "land_only_parts",
        ),
        (
            "an unchanged commune is called renamed",
            in_table("change_event", put({"event_id": "2025-07-01/commune/04603"}, kind="rename")),
            "unchanged_communes",
        ),
        (
            "nothing says how many there were",
            lambda candidate: replace(
                candidate, evidence={name: candidate.evidence[name] for name in ("rulings", "periods")}
            ),
            "evidence",
        ),
    ],
    "references_exist": [
        ("orphan parent", in_table("commune", put({"code": "00004"}, province_code="99")), "00004"),
        ("unknown law", in_table("commune_crosswalk", put(WHOLE, legal_document="1/2025/QH15")), "00001>00097"),
        ("unknown successor", in_table("commune", without(code="00103")), "00112>00103"),
        (
            "unknown event",
            in_table("unit_version", put({"unit_id": "00004@2025-07-01"}, started_by="2025-07-01/commune/00005")),
            "00004@2025-07-01",
        ),
        (
            "unknown version",
            in_table("unit_version", without(unit_id="00004@2025-07-01")),
            "2025-07-01/commune/00004>00004@2025-01-01>00004@2025-07-01",
        ),
    ],
    "versions_consistent": [
        (
            "overlap",
            in_table("unit_version", put({"unit_id": "07294@2025-07-01"}, valid_to=pd.Timestamp("2026-09-21"))),
            "07294@2025-07-01",
        ),
        (
            "an open version before a later one",
            in_table("unit_version", put({"unit_id": "07294@2025-07-01"}, valid_to=pd.NaT, ended_by=None)),
            "07294@2025-07-01",
        ),
        (
            "ends before it starts",
            in_table("unit_version", put({"unit_id": "00001@2004-08-31"}, valid_to=pd.Timestamp("2025-06-29"))),
            "00001@2004-08-31",
        ),
        (
            "starts on another day than its event",
            in_table(
                "change_event", put({"event_id": "2025-07-01/commune/00004"}, effective_date=pd.Timestamp("2025-07-02"))
            ),
            "00004@2025-07-01",
        ),
        (
            "an exact start that no event explains",
            in_table("unit_version", put({"unit_id": "00001@2004-08-31"}, valid_from_exact=True)),
            "00001@2004-08-31",
        ),
        (
            "an end that no event explains",
            in_table("unit_version", put({"unit_id": "00004@2025-07-01"}, valid_to=pd.Timestamp("2026-01-01"))),
            "00004@2025-07-01",
        ),
    ],
    "states_match_versions": [
        ("another name than the history's", in_table("commune", put({"code": "00004"}, name="Phường Khác")), "00004"),
        ("a commune not in force", in_table("unit_version", without(unit_id="00004@2025-07-01")), "00004"),
        ("a province that is not there", in_table("province", without(code="01")), "01"),
    ],
    "every_unit_linked": [
        ("an old commune without successor", in_table("commune_crosswalk", without(old_code="00001")), "00001"),
        ("a new commune without predecessor", in_table("commune_crosswalk", without(new_code="00004")), "00004"),
        ("a zone without predecessor", in_table("district_crosswalk", without(new_commune_code="26732")), "26732"),
        ("a district without successor", in_table("district_crosswalk", without(old_district_code="001")), "001"),
        ("an old province without successor", in_table("province_crosswalk", without(old_code="10")), "10"),
        ("a new province without predecessor", in_table("province_crosswalk", without(new_code="15")), "15"),
    ],
    "whole_means_one_successor": [
        ("whole with two successors", in_table("commune_crosswalk", put(LINK, extent="whole")), "00112>00103"),
        ("part with one successor", in_table("commune_crosswalk", put(WHOLE, extent="part")), "00001>00097"),
        ("a successor was picked", in_table("commune_crosswalk", without(**OTHER_PART)), "00112>00103"),
        ("wrong count", in_table("commune_crosswalk", put(LINK, successor_count=3)), "00112>00103"),
        ("split called a merger", in_table("commune_crosswalk", put(LINK, relation="merged")), "00112>00103"),
        ("merger called unchanged", in_table("commune_crosswalk", put(WHOLE, relation="unchanged")), "00001>00097"),
        ("same_code of two codes", in_table("commune_crosswalk", put(WHOLE, same_code=True)), "00001>00097"),
    ],
    "new_code_is_members": [
        ("two communes that pass whole into each other", in_table("commune_crosswalk", in_a_circle), "00004"),
        (
            "a new commune that keeps no member's code",
            in_table("commune_crosswalk", lambda links: links[~((links["old_code"] == "00004") & links["same_code"])]),
            "00004",
        ),
        ("a zone that is none", in_table("commune", put({"code": "26732"}, type="xã")), "26732"),
        (
            "a province code from nowhere",
            in_table("province_crosswalk", without(old_code="15", new_code="15")),
            "15",
        ),
    ],
    "provinces_stay_whole": [
        (
            "an old province in two new ones",
            in_table("province_crosswalk", lambda links: pd.concat([links, links.head(1).assign(new_code="04")])),
            "01>04",
        ),
        (
            "a commune that strays",
            in_table("commune_crosswalk", put(WHOLE, new_province_code="04")),
            "00001>00097",
        ),
        (
            "a commune whose province is another one's",
            in_table("commune", put({"code": "00097"}, province_code="04")),
            "00001>00097",
        ),
        (
            "a district that strays",
            in_table(
                "district_crosswalk",
                put({"old_district_code": "755", "new_commune_code": "26732"}, new_province_code="01"),
            ),
            "755>26732",
        ),
    ],
    "one_population_heir": [
        ("two heirs", in_table("commune_crosswalk", put(OTHER_PART, population="all")), "00112"),
        ("an heir and a part", in_table("commune_crosswalk", put(OTHER_PART, population="part")), "00112"),
        ("nobody has the people", in_table("commune_crosswalk", put(LINK, population="none")), "00112"),
        ("one has a part, the others none", in_table("commune_crosswalk", put(LINK, population="part")), "00112"),
    ],
    "rulings_applied": [
        (
            "a new unit has the type that a ruling corrects",
            in_table("unit_version", put({"unit_id": "10543@2025-07-01"}, type="xã")),
            "R010",
        ),
        (
            "an old unit has the type that a ruling corrects",
            in_table("unit_version", put({"unit_id": "13369@2025-06-30"}, type="xã")),
            "R005",
        ),
        (
            "a unit ruled to be unchanged is called renamed",
            in_table("commune_crosswalk", put({"old_code": "04603"}, relation="renamed")),
            "R014",
        ),
        (
            "a ruling quotes another spelling than the register's",
            in_rulings("R014", source_value="Xã Tà Si Lang"),
            "R014",
        ),
        ("a ruling on another pair", in_rulings("R014", key="99999>99999"), "R014"),
        ("a ruling with a target that is none", in_rulings("R014", target="relations_2025-07-02"), "R014"),
        ("a ruling on a unit that is not there", in_rulings("R010", key="99999"), "R010"),
    ],
    "district_sets_complete": [
        (
            "a candidate is missing",
            in_table("district_crosswalk", lambda links: links[links["sole_successor"]]),
            "001>",
        ),
        (
            "wrong flag for the commune",
            in_table(
                "district_crosswalk",
                put({"old_district_code": "755", "new_commune_code": "26732"}, commune_within_district=False),
            ),
            "755>26732",
        ),
        (
            "wrong flag for the district",
            in_table(
                "district_crosswalk",
                put({"old_district_code": "755", "new_commune_code": "26732"}, sole_successor=False),
            ),
            "755>26732",
        ),
    ],
    "events_fit_relations": [
        (
            "an unchanged commune is called renamed by its event",
            in_table("change_event", put({"event_id": "2025-07-01/commune/04603"}, kind="rename")),
            "04603>04603",
        ),
        (
            "a renamed commune is called a transfer by its event",
            in_table("change_event", put({"event_id": "2025-07-01/commune/24235"}, kind="transfer")),
            "24235>24235",
        ),
        (
            "a merged commune whose event is no merger",
            in_table("change_event", put({"event_id": "2025-07-01/commune/00097"}, kind="split")),
            "00001>00097",
        ),
        (
            "a renamed commune is called unchanged",
            in_table("commune_crosswalk", put({"old_code": "24235"}, relation="unchanged")),
            "24235>24235",
        ),
        (
            "a merged province is called unchanged",
            in_table("province_crosswalk", put({"old_code": "10"}, relation="unchanged")),
            "10>15",
        ),
    ],
    "rows_conserved": [("a step loses a row", first_step_loses_a_row, "clean the register of 2004-08-31")],
}


def test_a_sound_candidate_passes_every_rule(candidate_today: Candidate, candidate_reform: Candidate) -> None:
    for candidate in (candidate_today, candidate_reform):
        found = audit(candidate)
        assert list(found) == [rule.name for rule in RULES]
        assert {name: len(rows) for name, rows in found.items() if len(rows)} == {}
        require_sound(candidate)


def test_every_structural_rule_has_a_planted_fault() -> None:
    """Each kind of fault by itself; that a fault fails one check alone is ``pipeline/test_planted_faults``."""
    structural = (*unit_invariants.RULES, *crosswalk_invariants.RULES)
    assert {rule.name for rule in structural} <= set(FAULTS) <= {rule.name for rule in RULES}


@pytest.mark.parametrize(
    ("rule", "plant", "key"),
    [
        pytest.param(name, plant, key, id=f"{name}-{what}")
        for name, faults in FAULTS.items()
        for what, plant, key in faults
    ],
)
def test_rule_finds_its_fault(
    candidate_today: Candidate, rule: str, plant: Callable[[Candidate], Candidate], key: str
) -> None:
    chosen = next(one for one in RULES if one.name == rule)
    found = chosen.find(plant(candidate_today))
    assert list(found.columns) == FINDING_COLUMNS
    assert found["key"].str.startswith(key).any(), found.to_string()
    assert (found["problem"].str.len() > 0).all()


def test_rules_are_described_for_those_who_read_them() -> None:
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))
    for rule in RULES:
        assert rule.vi
        assert rule.en
        assert rule.remedy
        assert rule.word in Word
        assert rule.find.__doc__


def test_totals_of_another_date_are_noticed(candidate_reform: Candidate, candidate_today: Candidate) -> None:
    stale = replace(candidate_reform, totals=candidate_today.totals, as_of=dt.date(2026, 11, 21))
    found = audit(stale)["unit_totals"]
    current = found[
        found["table"] != "unit_version"
    ]  # the days of 2026 between count in the history, which ends before
    assert set(zip(current["table"], current["key"], strict=True)) == {
        ("commune", "phường"),
        ("commune", "xã"),
        ("province", "thành phố"),
        ("province", "tỉnh"),
    }
    assert "counted 687, the law gives 709" in set(found["problem"])


def test_audit_error_names_rule_row_remedy_and_the_other_broken_rules(candidate_today: Candidate) -> None:
    broken = changed(first_step_loses_a_row(candidate_today), "commune_crosswalk", without(**OTHER_PART))
    with pytest.raises(AuditError, match="whole_means_one_successor in") as caught:
        require_sound(broken)
    assert "00112>00103" in str(caught.value)
    assert "staging/commune_crosswalk.parquet" in str(caught.value)
    assert "rows_conserved" in str(caught.value).partition("also broken: ")[2]
    assert "remedy: " in str(caught.value)


def test_rules_that_do_not_block_do_not_stop_publication(candidate_today: Candidate) -> None:
    always = Rule("noise", Word.LIVE, "vi", "en", "none", lambda _: findings("t", pd.DataFrame({"k": ["1"]}), "k", "x"))
    require_sound(candidate_today, (replace(always, blocking=False),))
    with pytest.raises(AuditError, match="breaks noise in 1 rows: 1 x"):
        require_sound(candidate_today, (always,))


def test_findings_join_keys_and_come_in_a_stable_order() -> None:
    rows = pd.DataFrame({"a": ["2", "1"], "b": ["x", "y"]}, index=[7, 3])
    found = findings("t", rows, ["a", "b"], pd.Series(["p", "q"], index=[7, 3]))
    assert found.to_dict("list") == {"table": ["t", "t"], "key": ["2>x", "1>y"], "problem": ["p", "q"]}
    assert together(found, found.head(0))["key"].tolist() == ["1>y", "2>x"]
    assert list(together().columns) == FINDING_COLUMNS


def test_words_are_those_of_the_plan() -> None:
    assert {word.vietnamese for word in Word} == {"đúng", "đủ", "sạch", "sống", "thống nhất", "dùng chung"}
    assert all(word.value.isascii() for word in Word)
