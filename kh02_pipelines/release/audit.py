"""The publisher's own audit: every blocking rule, on the exact bytes about to be published.

Belongs here: the list of all rules and running them. Does not belong here: the rules, or how Dagster shows
them (``assets.asset_checks``). Publishing never trusts a check result from elsewhere: a check can be skipped, an asset
materialised alone, a result forged.
"""

from dataclasses import dataclass, field

import pandas as pd

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks import (
    contract,
    correctness,
    crosswalk_invariants,
    declared,
    legal_basis,
    liveness,
    name_rules,
    published_changes,
    settlement,
    source_rules,
    unit_invariants,
)
from kh02_pipelines.checks.rule import Rule, Word, nothing
from kh02_pipelines.errors import AuditError
from kh02_pipelines.release import holdings
from kh02_pipelines.release.proven import NOTHING_PROVEN, Proven

_BY_WORD = list(Word)

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            *correctness.RULES,
            *unit_invariants.RULES,
            *crosswalk_invariants.RULES,
            *legal_basis.RULES,
            *name_rules.RULES,
            *declared.RULES,
            *liveness.RULES,
            *published_changes.RULES,
            *settlement.RULES,
            *source_rules.RULES,
            *contract.RULES,
        ),
        key=lambda rule: _BY_WORD.index(rule.word),
    )
)
"""Every rule on a candidate, by word, in the order in which they are shown."""

PUBLISHED_RULES: tuple[Rule, ...] = holdings.RULES
"""Rules on what has been published: seen too late to block, and shown on the release."""


@dataclass(frozen=True)
class Outcome:
    """How one rule ended on one candidate: the rows that break it, and the numbers it judged."""

    rule: Rule
    findings: pd.DataFrame
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether the rule holds."""
        return self.findings.empty


def outcomes(candidate: Candidate, rules: tuple[Rule, ...] = RULES, proven: Proven = NOTHING_PROVEN) -> list[Outcome]:
    """Every rule on a candidate, in the order of ``rules``; those that hold are added to ``proven``."""
    found = [
        Outcome(rule, rule.find(candidate), dict(rule.figures(candidate)) if rule.figures else {}) for rule in rules
    ]
    proven.add(outcome.rule for outcome in found if outcome.passed)
    return found


def settled(candidate: Candidate, rules: tuple[Rule, ...], proven: Proven) -> list[Outcome]:
    """``outcomes``, but rules that ``proven`` knows to hold are not run again; those have no figures."""
    found = {
        outcome.rule: outcome for outcome in outcomes(candidate, tuple(r for r in rules if r not in proven), proven)
    }
    return [found.get(rule) or Outcome(rule, nothing()) for rule in rules]


def audit(candidate: Candidate, rules: tuple[Rule, ...] = RULES) -> dict[str, pd.DataFrame]:
    """The findings of every rule by rule name; an empty frame where the rule holds."""
    return {rule.name: rule.find(candidate) for rule in rules}


def require_sound(candidate: Candidate, rules: tuple[Rule, ...] = RULES, proven: Proven = NOTHING_PROVEN) -> None:
    """Raise AuditError naming the first broken blocking rule, its first row and how many there are.

    Rules that ``proven`` knows to hold are not run again.
    """
    found = settled(candidate, tuple(rule for rule in rules if rule.blocking), proven)
    broken = [(outcome.rule, outcome.findings) for outcome in found if not outcome.passed]
    if not broken:
        return
    rule, rows = broken[0]
    first = rows.iloc[0]
    others = ", ".join(other.name for other, _ in broken[1:])
    raise AuditError(
        f"the staged release breaks {rule.name} in {len(rows)} rows: {first['key']} {first['problem']}"
        + (f"; also broken: {others}" if others else ""),
        file=f"staging/{first['table']}.parquet",
        field=str(first["key"]),
        remedy=rule.remedy,
    )
