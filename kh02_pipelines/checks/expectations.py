"""The Great Expectations projection of the table declarations: one suite per table, with named extras.

Belongs here: single-table rules as expectations, and running a suite. Does not belong here: rules that span
tables, or the same declarations in plain pandas for the publisher's audit (``checks.declared``). Great
Expectations is imported when a suite is made: its import costs seconds.
"""

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kh02_pipelines.checks.name_form import UNIT_TABLES
from kh02_pipelines.tables.declaration import Column, ColumnType, Table

MOST_SHOWN = 20


@dataclass(frozen=True)
class SuiteOutcome:
    """How a table fared: whether all held, how many there were, and the ones that failed."""

    passed: bool
    expectations: int
    failures: pd.DataFrame


def suite_for(table: Table) -> Any:
    """The expectation suite of a table. Raises RuntimeError when an expectation was dropped as invalid."""
    gx = _great_expectations()
    suite = gx.ExpectationSuite(name=table.name)
    expectations = [
        gx.expectations.ExpectTableColumnsToMatchOrderedList(column_list=table.column_names),
        gx.expectations.ExpectCompoundColumnsToBeUnique(column_list=list(table.primary_key))
        if len(table.primary_key) > 1
        else gx.expectations.ExpectColumnValuesToBeUnique(column=table.primary_key[0]),
    ]
    for column in table.columns:
        expectations += _column_expectations(gx, column)
    expectations += _named_extras(gx, table)
    for expectation in expectations:
        suite.add_expectation(expectation)
    if len(suite.expectations) != len(expectations):
        raise RuntimeError(
            f"suite {table.name}: {len(expectations)} expectations declared, {len(suite.expectations)} taken"
        )
    return suite


def validate(frame: pd.DataFrame, table: Table) -> SuiteOutcome:
    """Hold a frame against its table's suite. Raises RuntimeError when an expectation did not run."""
    batch = (
        _context()
        .data_sources.add_or_update_pandas("candidate")
        .add_dataframe_asset(table.name)
        .add_batch_definition_whole_dataframe("whole")
        .get_batch(batch_parameters={"dataframe": frame})
    )
    suite = suite_for(table)
    result = batch.validate(suite, result_format="BASIC")  # the default lists far more, at twice the time
    if len(result.results) != len(suite.expectations):
        raise RuntimeError(f"suite {table.name}: {len(result.results)} of {len(suite.expectations)} ran")
    failures = [
        {
            "column": _columns_of(outcome.expectation_config.kwargs),
            "expectation": outcome.expectation_config.type,
            "rows": int(outcome.result.get("unexpected_count") or 0),
            "examples": ", ".join(map(str, (outcome.result.get("partial_unexpected_list") or [])[:MOST_SHOWN])),
        }
        for outcome in result.results
        if not outcome.success
    ]
    return SuiteOutcome(bool(result.success), len(suite.expectations), pd.DataFrame(failures))


def _columns_of(arguments: Mapping[str, Any]) -> str:
    named = [arguments.get(name) for name in ("column", "column_A", "column_B")]
    return ", ".join(str(name) for name in named if name)


def _named_extras(gx: Any, table: Table) -> list[Any]:
    """What the declaration cannot say of one table. Each has a stricter rule behind it that the audit runs."""
    extras = []
    if table.name in UNIT_TABLES:
        extras += [
            gx.expectations.ExpectTableRowCountToBeBetween(min_value=1),
            gx.expectations.ExpectColumnValuesToNotMatchRegex(column="name", regex=r"^\s|\s$|\s\s"),
        ]
    if table.name == "unit_version":
        extras.append(
            gx.expectations.ExpectColumnPairValuesAToBeGreaterThanB(
                column_A="valid_to", column_B="valid_from", ignore_row_if="either_value_is_missing"
            )
        )
    return extras


def _column_expectations(gx: Any, column: Column) -> list[Any]:
    rules = []
    if not column.nullable:
        rules.append(gx.expectations.ExpectColumnValuesToNotBeNull(column=column.name))
    if column.allowed:
        rules.append(gx.expectations.ExpectColumnValuesToBeInSet(column=column.name, value_set=list(column.allowed)))
    if column.pattern:
        rules.append(
            gx.expectations.ExpectColumnValuesToMatchRegex(column=column.name, regex=f"^(?:{column.pattern})$")
        )
    if column.minimum is not None:
        rules.append(gx.expectations.ExpectColumnValuesToBeBetween(column=column.name, min_value=column.minimum))
    if column.type is ColumnType.TEXT and not column.allowed:
        rules.append(
            gx.expectations.ExpectColumnValueLengthsToBeBetween(
                column=column.name, min_value=1, max_value=column.max_length
            )
        )
    return rules


@functools.cache
def _context() -> Any:
    """One ephemeral context for the process: making one costs a tenth of a second."""
    context = _great_expectations().get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    return context


def _great_expectations() -> Any:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # no network from a check
    import great_expectations as gx

    return gx
