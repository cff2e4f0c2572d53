"""From rules to Dagster asset checks: specs, results, failing rows; one group of checks per word.

Belongs here: how a rule is shown. Does not belong here: any rule, or which word has which rules (the six
modules beside this one).
"""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from kh02_pipelines.assets.catalogue import CANDIDATE
from kh02_pipelines.assets.groups import beside, described
from kh02_pipelines.assets.metadata import preview
from kh02_pipelines.register.remedies import vietnamese_remedy
from kh02_pipelines.register.rule import Candidate, Rule, Word
from kh02_pipelines.release.audit import RULES, Outcome, outcomes
from kh02_pipelines.release.failing_rows import write_failing_rows
from kh02_pipelines.release.proven import proven_of
from kh02_pipelines.release.staging import CANDIDATE_FILE, StagedRelease, open_staged, read_staged
from kh02_pipelines.release.surroundings import surrounded
from kh02_pipelines.resources.stores import Stores

MOST_SHOWN = 20

Extra = Callable[[Candidate, Rule], tuple[bool, dict[str, Any]]]
"""A second opinion on a rule: whether it holds, and what to show of it."""


def rules_of(word: Word) -> tuple[Rule, ...]:
    """The rules of one word, in the order in which they are shown."""
    return tuple(rule for rule in RULES if rule.word is word)


def rule_spec(rule: Rule, asset: str, *also_reads: str) -> dg.AssetCheckSpec:
    """How a rule is declared on its asset: both languages, its word, severity, whether it blocks, the remedy."""
    return dg.AssetCheckSpec(
        rule.name,
        asset=asset,
        additional_deps=also_reads,
        blocking=rule.blocking,
        description=described(f"{rule.word.vietnamese.capitalize()}: {rule.vi}.", f"{rule.en}."),
        metadata={
            "kh02/word": rule.word.value,
            "word": rule.word.vietnamese,
            "severity": rule.severity,
            "remedy": beside(vietnamese_remedy(rule.name), rule.remedy),
        },
    )


def word_checks(word: Word, extra: Extra | None = None) -> dg.AssetChecksDefinition:
    """The checks of one word on the candidate release. Checks cannot carry tags; their step does: ``kh02/word``."""
    rules = rules_of(word)

    @dg.multi_asset_check(
        name=f"checks_{word.value}",
        specs=[rule_spec(rule, CANDIDATE) for rule in rules],
        description=described(f"Nhóm kiểm tra: {word.vietnamese}.", f"Checks of the word {word.vietnamese}."),
        op_tags={"kh02/word": word.value},
    )
    def checks(stores: dg.ResourceParam[Stores], candidate_release: str) -> Iterator[dg.AssetCheckResult]:
        staged, read = _read(stores.staging / candidate_release)
        candidate = surrounded(read, staged, stores.parquet, today=stores.clock().date(), limits=stores.limits)
        for outcome in outcomes(candidate, rules, proven_of(staged, candidate.context)):
            agreed, shown = extra(candidate, outcome.rule) if extra else (True, {})
            yield check_result(outcome, CANDIDATE, stores.failing_rows, staged.content_hash, agreed, shown)

    return checks


def check_result(
    outcome: Outcome,
    asset: str,
    folder: Path,
    content_hash: str,
    agreed: bool = True,
    shown: dict[str, Any] | None = None,
) -> dg.AssetCheckResult:
    """One outcome as Dagster shows it; all failing rows go to a file, the first of them into the UI."""
    rule, rows = outcome.rule, outcome.findings
    file = write_failing_rows(folder, content_hash, rule.name, rows)
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=rule.name,
        passed=outcome.passed and agreed,
        severity=dg.AssetCheckSeverity(rule.severity),
        metadata={
            "kh02/word": rule.word.value,
            "failing_rows": len(rows),
            "rows": _first(rows),
            "remedy": beside(vietnamese_remedy(rule.name), rule.remedy),
            **({"all_rows": dg.MetadataValue.path(file)} if file else {}),
            **outcome.figures,
            **(shown or {}),
        },
    )


def _first(rows: pd.DataFrame) -> Any:
    return preview(rows, MOST_SHOWN)


def _read(folder: Path) -> tuple[StagedRelease, Candidate]:
    """The staged candidate, read once for all words as long as its files stay as they are."""
    files = [folder / CANDIDATE_FILE, *sorted(folder.glob("*.parquet"))]
    marks = tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files if file.is_file())
    return _read_once(folder, marks)


@functools.lru_cache(maxsize=1)
def _read_once(folder: Path, _marks: tuple[tuple[str, int, int], ...]) -> tuple[StagedRelease, Candidate]:
    staged = open_staged(folder)
    return staged, read_staged(staged)[1]
