"""From rules to Dagster asset checks: specs, results, failing rows; one group of checks per word.

Belongs here: how a rule is shown, and the second opinion of Great Expectations on a table's declaration. Does not
belong here: any rule (``checks``).
"""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from kh02_pipelines.assets.catalogue import CANDIDATE
from kh02_pipelines.assets.explained import explained
from kh02_pipelines.assets.groups import POOL, beside, described
from kh02_pipelines.assets.metadata import preview
from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks.declared import PREFIX
from kh02_pipelines.checks.expectations import validate
from kh02_pipelines.checks.remedies import vietnamese_remedy
from kh02_pipelines.checks.rule import Rule, Word
from kh02_pipelines.release.audit import PUBLISHED_RULES, RULES, Outcome, outcomes
from kh02_pipelines.release.failing_rows import write_failing_rows
from kh02_pipelines.release.failing_units import located, source_texts
from kh02_pipelines.release.holdings import holdings
from kh02_pipelines.release.proven import proven_of
from kh02_pipelines.release.staging import CANDIDATE_FILE, StagedRelease, open_staged, read_staged
from kh02_pipelines.release.surroundings import surrounded
from kh02_pipelines.resources.stores import Stores
from kh02_pipelines.tables.catalogue import CATALOGUE

MOST_SHOWN = 20
RELEASE = "parquet_release"


def check_name(rule: Rule) -> str:
    """The rule's name as a check has it: its word first, so that the UI lists the checks of a word together."""
    return f"{rule.word.name.lower()}_{rule.name}"


def rule_spec(rule: Rule, asset: str, *also_reads: str) -> dg.AssetCheckSpec:
    """How a rule is declared on its asset: both languages, its word, severity, whether it blocks, the remedy."""
    return dg.AssetCheckSpec(
        check_name(rule),
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


def suite_opinion(candidate: Candidate, rule: Rule) -> tuple[bool, dict[str, Any]]:
    """What Great Expectations says of the table a ``declared_`` rule is about; nothing of any other rule.

    The publisher's audit holds the same declarations in plain pandas; a check passes when both agree.
    """
    if not rule.name.startswith(PREFIX):
        return True, {}
    name = rule.name.removeprefix(PREFIX)
    outcome = validate(candidate.tables[name], CATALOGUE[name])
    return outcome.passed, {
        "expectations": outcome.expectations,
        "failed_expectations": preview(outcome.failures, MOST_SHOWN),
    }


def word_checks(word: Word) -> dg.AssetChecksDefinition:
    """The checks of one word on the candidate release. Checks cannot carry tags; their step does: ``kh02/word``."""
    rules = tuple(rule for rule in RULES if rule.word is word)

    @dg.multi_asset_check(
        pool=POOL,
        name=f"checks_{word.value}",
        specs=[rule_spec(rule, CANDIDATE) for rule in rules],
        description=described(f"Nhóm kiểm tra: {word.vietnamese}.", f"Checks of the word {word.vietnamese}."),
        op_tags={"kh02/word": word.value},
        can_subset=True,
    )
    @explained
    def checks(
        context: dg.AssetCheckExecutionContext, stores: dg.ResourceParam[Stores], candidate_release: str
    ) -> Iterator[dg.AssetCheckResult]:
        chosen = {key.name for key in context.selected_asset_check_keys}
        staged, read = _read(stores.staging / candidate_release)
        candidate = surrounded(read, staged, stores.parquet, today=stores.clock().date(), limits=stores.limits)
        asked = tuple(rule for rule in rules if check_name(rule) in chosen)
        for outcome in outcomes(candidate, asked, proven_of(staged, candidate.context)):
            agreed, shown = suite_opinion(candidate, outcome.rule)
            rows = first_rows(outcome, candidate, stores)
            yield check_result(outcome, CANDIDATE, rows, stores.failing_rows, staged.content_hash, agreed, shown)

    return checks


def check_result(
    outcome: Outcome,
    asset: str,
    first: pd.DataFrame,
    folder: Path,
    content_hash: str,
    agreed: bool = True,
    shown: dict[str, Any] | None = None,
) -> dg.AssetCheckResult:
    """One outcome as Dagster shows it; all failing rows go to a file, the ``first`` of them into the UI."""
    rule, rows = outcome.rule, outcome.findings
    file = write_failing_rows(folder, content_hash, rule.name, rows)
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=check_name(rule),
        passed=outcome.passed and agreed,
        severity=dg.AssetCheckSeverity(rule.severity),
        metadata={
            "kh02/word": rule.word.value,
            "failing_rows": len(rows),
            "rows": preview(first, MOST_SHOWN),
            "remedy": beside(vietnamese_remedy(rule.name), rule.remedy),
            **({"all_rows": dg.MetadataValue.path(file)} if file else {}),
            **outcome.figures,
            **(shown or {}),
        },
    )


def first_rows(outcome: Outcome, candidate: Candidate, stores: Stores) -> pd.DataFrame:
    """The first failing rows, each with the name of its unit and the line of its source."""
    if outcome.passed:
        return outcome.findings
    files = candidate.tables["source_file"]
    return located(
        outcome.findings.head(MOST_SHOWN), candidate.tables, source_texts(files, stores.reference, stores.home)
    )


def _read(folder: Path) -> tuple[StagedRelease, Candidate]:
    """The staged candidate, read once for all words as long as its files stay as they are."""
    files = [folder / CANDIDATE_FILE, *sorted(folder.glob("*.parquet"))]
    marks = tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files if file.is_file())
    return _read_once(folder, marks)


@functools.lru_cache(maxsize=1)
def _read_once(folder: Path, _marks: tuple[tuple[str, int, int], ...]) -> tuple[StagedRelease, Candidate]:
    staged = open_staged(folder)
    return staged, read_staged(staged)[1]


@dg.multi_asset_check(
    pool=POOL,
    name="checks_published",
    specs=[rule_spec(rule, RELEASE, CANDIDATE) for rule in PUBLISHED_RULES],
    ins={"candidate_release": dg.AssetIn(CANDIDATE)},
    op_tags={"kh02/word": Word.CONSISTENT.value},
)
@explained
def published_checks(stores: dg.ResourceParam[Stores], candidate_release: str) -> Iterator[dg.AssetCheckResult]:
    """What both stores show readers, once both have been published to."""
    staged = open_staged(stores.staging / candidate_release)
    held = holdings(stores.parquet, stores.database)
    candidate = surrounded(read_staged(staged)[1], staged, stores.parquet, holdings=held)
    for outcome in outcomes(candidate, PUBLISHED_RULES):
        first = outcome.findings.head(MOST_SHOWN)
        yield check_result(outcome, RELEASE, first, stores.failing_rows, staged.content_hash)


CHECKS = [*(word_checks(word) for word in Word), published_checks]
