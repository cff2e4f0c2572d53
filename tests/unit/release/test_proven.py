"""No rule runs twice on the same bytes in the same surroundings, and none is spared on any others."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from kh02_pipelines.catalogue.candidate import Candidate, Context, Limits, Previous
from kh02_pipelines.checks.rule import Rule, Word, nothing, one_finding
from kh02_pipelines.errors import AuditError
from kh02_pipelines.release.audit import RULES, outcomes, require_sound
from kh02_pipelines.release.content import content_hash
from kh02_pipelines.release.proven import proven_of
from kh02_pipelines.release.staging import StagedRelease, stage
from kh02_pipelines.tables.arrow import to_arrow
from kh02_pipelines.tables.catalogue import CATALOGUE

DAY = dt.date(2026, 11, 21)
CONTEXT = Context(today=DAY)


def staged_at(folder: Path, count: int = 1) -> StagedRelease:
    frames = {
        name: pd.DataFrame({column: pd.Series(dtype="object") for column in table.column_names})
        for name, table in CATALOGUE.items()
    }
    totals = pd.DataFrame([{"level": "commune", "type": "xã", "count": count}])
    return stage(Candidate(frames, DAY, totals, pd.DataFrame()), folder)


class Counted:
    """A rule that notes how often it ran."""

    def __init__(self, holds: bool = True) -> None:
        self.runs = 0
        self.holds = holds
        self.rule = Rule("counted", Word.CORRECT, "đếm", "counted", "none", self.find)

    def find(self, _: Candidate) -> pd.DataFrame:
        self.runs += 1
        return nothing() if self.holds else one_finding("commune", "1", "is wrong")


def candidate(context: Context = CONTEXT) -> Candidate:
    return Candidate({}, DAY, pd.DataFrame(), pd.DataFrame(), context=context)


def test_a_rule_that_held_is_not_run_again(tmp_path: Path) -> None:
    staged, counted = staged_at(tmp_path), Counted()
    outcomes(candidate(), (counted.rule,), proven_of(staged, CONTEXT))
    require_sound(candidate(), (counted.rule,), proven_of(staged, CONTEXT))
    assert counted.runs == 1


def test_a_rule_that_did_not_hold_is_run_again_and_refuses(tmp_path: Path) -> None:
    staged, counted = staged_at(tmp_path), Counted(holds=False)
    outcomes(candidate(), (counted.rule,), proven_of(staged, CONTEXT))
    with pytest.raises(AuditError, match="counted"):
        require_sound(candidate(), (counted.rule,), proven_of(staged, CONTEXT))
    assert counted.runs == 2


def test_a_rule_of_the_same_name_is_not_the_same_rule(tmp_path: Path) -> None:
    staged = staged_at(tmp_path)
    outcomes(candidate(), (Counted().rule,), proven_of(staged, CONTEXT))
    with pytest.raises(AuditError):
        require_sound(candidate(), (Counted(holds=False).rule,), proven_of(staged, CONTEXT))


PREVIOUS = Previous("2026-09-20+22222222", dt.date(2026, 9, 20), {}, {})
OTHER_CONTEXTS = {
    "day": Context(today=dt.date(2026, 11, 22)),
    "limits": Context(today=DAY, limits=Limits(name_drift=0.5)),
    "previous": Context(today=DAY, previous=PREVIOUS),
    "files": Context(today=DAY, files={"commune": Path("elsewhere.parquet")}),
    "holdings": Context(today=DAY, holdings=pd.DataFrame()),
}


@pytest.mark.parametrize("other", OTHER_CONTEXTS)
def test_other_surroundings_are_judged_anew(tmp_path: Path, other: str) -> None:
    staged, counted = staged_at(tmp_path), Counted()
    for context in (CONTEXT, OTHER_CONTEXTS[other], OTHER_CONTEXTS[other]):
        require_sound(candidate(context), (counted.rule,), proven_of(staged, context))
    # what stores hold cannot be told apart by a key, so there nothing is spared at all
    assert counted.runs == (3 if other == "holdings" else 2)


HARMS: dict[str, Callable[[StagedRelease], StagedRelease]] = {
    "bytes": lambda staged: replace(staged, sha256={**staged.sha256, "commune": "0" * 64}),
    "content": lambda staged: replace(staged, content_hash="0" * 64),
    "evidence": lambda staged: replace(staged, evidence={"rulings": pd.DataFrame([{"ruling_id": "R1"}])}),
    "totals": lambda staged: replace(staged, totals=staged.totals.assign(count=2)),
}


@pytest.mark.parametrize("harm", HARMS)
def test_other_bytes_or_evidence_are_judged_anew(tmp_path: Path, harm: str) -> None:
    staged, counted = staged_at(tmp_path), Counted()
    outcomes(candidate(), (counted.rule,), proven_of(staged, CONTEXT))
    require_sound(candidate(), (counted.rule,), proven_of(HARMS[harm](staged), CONTEXT))
    assert counted.runs == 2


def test_no_rule_changes_what_it_judges(candidate_today: Candidate) -> None:
    """Otherwise a rule could hold for something else than the bytes on disk."""

    def hashed() -> str:
        return content_hash({name: to_arrow(candidate_today.tables[name], table) for name, table in CATALOGUE.items()})

    before = hashed()
    outcomes(candidate_today, RULES)
    assert hashed() == before
