"""Checks on the candidate release: the structural rules, and every table against its declaration. All block."""

from collections.abc import Iterator

import dagster as dg

from kh02_pipelines.assets.catalogue import CANDIDATE
from kh02_pipelines.assets.groups import described
from kh02_pipelines.assets.metadata import preview
from kh02_pipelines.checks.expectations import validate
from kh02_pipelines.register.rule import Rule
from kh02_pipelines.release.audit import RULES, audit
from kh02_pipelines.release.staging import open_staged, read_staged
from kh02_pipelines.resources.stores import Stores
from kh02_pipelines.tables.catalogue import CATALOGUE

MOST_SHOWN = 20


def _rule_spec(rule: Rule) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        rule.name,
        asset=CANDIDATE,
        blocking=rule.blocking,
        description=described(rule.vi + ".", rule.en + "."),
        metadata={"word": rule.word.vietnamese, "remedy": rule.remedy},
    )


@dg.multi_asset_check(name="structural_rules", specs=[_rule_spec(rule) for rule in RULES])
def structural_rules(stores: dg.ResourceParam[Stores], candidate_release: str) -> Iterator[dg.AssetCheckResult]:
    """Every structural rule, on the staged bytes."""
    _, candidate = read_staged(open_staged(stores.staging / candidate_release))
    found = audit(candidate)
    for rule in RULES:
        rows = found[rule.name]
        yield dg.AssetCheckResult(
            asset_key=CANDIDATE,
            check_name=rule.name,
            passed=rows.empty,
            severity=dg.AssetCheckSeverity.ERROR if rule.blocking else dg.AssetCheckSeverity.WARN,
            metadata={"failing_rows": len(rows), "rows": preview(rows, MOST_SHOWN), "remedy": rule.remedy},
        )


@dg.multi_asset_check(
    name="table_declarations",
    specs=[
        dg.AssetCheckSpec(
            f"declared_{table.name}",
            asset=CANDIDATE,
            blocking=True,
            description=described(
                f"Bảng {table.name} đúng khai báo: cột, khóa, mẫu mã, từ vựng, giá trị bắt buộc.",
                f"Table {table.name} is as declared: columns, key, code patterns, vocabularies, required values.",
            ),
            metadata={"word": "sạch", "table": table.name},
        )
        for table in CATALOGUE.values()
    ],
)
def table_declarations(stores: dg.ResourceParam[Stores], candidate_release: str) -> Iterator[dg.AssetCheckResult]:
    """Every table against its declaration, with Great Expectations."""
    _, candidate = read_staged(open_staged(stores.staging / candidate_release))
    for name, table in CATALOGUE.items():
        outcome = validate(candidate.tables[name], table)
        yield dg.AssetCheckResult(
            asset_key=CANDIDATE,
            check_name=f"declared_{name}",
            passed=outcome.passed,
            metadata={
                "expectations": outcome.expectations,
                "failures": preview(outcome.failures, MOST_SHOWN),
            },
        )


CHECKS = [structural_rules, table_declarations]
