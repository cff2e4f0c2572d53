"""The publisher's own audit: every blocking rule, on the exact bytes about to be published.

Belongs here: the list of all rules and running them. Does not belong here: the rules, or how Dagster shows
them (``checks``). Publishing never trusts a check result from elsewhere: a check can be skipped, an asset
materialised alone, a result forged.
"""

import pandas as pd

from kh02_pipelines.crosswalk import invariants as crosswalk_invariants
from kh02_pipelines.errors import AuditError
from kh02_pipelines.register import invariants as register_invariants
from kh02_pipelines.register.rule import Candidate, Rule

RULES: tuple[Rule, ...] = (*register_invariants.RULES, *crosswalk_invariants.RULES)
"""Every structural rule, in the order in which they are shown."""


def audit(candidate: Candidate, rules: tuple[Rule, ...] = RULES) -> dict[str, pd.DataFrame]:
    """The findings of every rule by rule name; an empty frame where the rule holds."""
    return {rule.name: rule.find(candidate) for rule in rules}


def require_sound(candidate: Candidate, rules: tuple[Rule, ...] = RULES) -> None:
    """Raise AuditError naming the first broken blocking rule, its first row and how many there are."""
    found = audit(candidate, tuple(rule for rule in rules if rule.blocking))
    broken = [(rule, found[rule.name]) for rule in rules if rule.blocking and len(found[rule.name])]
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
