"""The Great Expectations projection: one suite per table, and every kind of fault is found."""

from collections.abc import Callable

import pandas as pd
import pytest

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks.expectations import suite_for, validate
from kh02_pipelines.checks.name_form import UNIT_TABLES
from kh02_pipelines.tables.catalogue import CATALOGUE
from kh02_pipelines.tables.declaration import ColumnType, Table

pytestmark = pytest.mark.filterwarnings("ignore")


def expected_types(table: Table) -> list[tuple[str, str]]:
    """(expectation, column) as they follow from the declaration, and the named extras."""
    rules = [("expect_table_columns_to_match_ordered_list", "")]
    rules.append(
        ("expect_compound_columns_to_be_unique", "")
        if len(table.primary_key) > 1
        else ("expect_column_values_to_be_unique", table.primary_key[0])
    )
    for column in table.columns:
        for holds, name in (
            (not column.nullable, "expect_column_values_to_not_be_null"),
            (column.allowed, "expect_column_values_to_be_in_set"),
            (column.pattern, "expect_column_values_to_match_regex"),
            (column.minimum is not None, "expect_column_values_to_be_between"),
            (column.type is ColumnType.TEXT and not column.allowed, "expect_column_value_lengths_to_be_between"),
        ):
            rules += [(name, column.name)] if holds else []
    if table.name in UNIT_TABLES:
        rules += [
            ("expect_table_row_count_to_be_between", ""),
            ("expect_column_values_to_not_match_regex", "name"),
        ]
    if table.name == "unit_version":
        rules.append(("expect_column_pair_values_a_to_be_greater_than_b", ""))
    return sorted(rules)


@pytest.fixture(scope="module")
def _context() -> None:
    """A suite asks for a context as soon as it is made."""
    import great_expectations

    great_expectations.get_context(mode="ephemeral")


@pytest.mark.usefixtures("_context")
@pytest.mark.parametrize("table", CATALOGUE.values(), ids=lambda table: table.name)
def test_suites_follow_from_the_declarations(table: Table) -> None:
    suite = suite_for(table)
    found = [(one.expectation_type, getattr(one, "column", "") or "") for one in suite.expectations]
    assert sorted(found) == expected_types(table)


def put(column: str, value: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda frame: frame.assign(**{column: frame[column].where(frame.index != 0, value)})


@pytest.mark.parametrize(
    ("harm", "column", "expectation"),
    [
        (put("code", "1"), "code", "expect_column_values_to_match_regex"),
        (put("code", "011"), "code", "expect_column_values_to_match_regex"),
        (put("code", "04"), "code", "expect_column_values_to_be_unique"),
        (put("name", None), "name", "expect_column_values_to_not_be_null"),
        (put("name", ""), "name", "expect_column_value_lengths_to_be_between"),
        (put("name", "x" * 256), "name", "expect_column_value_lengths_to_be_between"),
        (put("type", "xã"), "type", "expect_column_values_to_be_in_set"),
        (put("name_ascii", "Hà Nội"), "name_ascii", "expect_column_values_to_match_regex"),
        (lambda frame: frame[frame.columns[::-1]], "", "expect_table_columns_to_match_ordered_list"),
    ],
)
def test_a_planted_fault_is_found(
    candidate_today: Candidate, harm: Callable[[pd.DataFrame], pd.DataFrame], column: str, expectation: str
) -> None:
    outcome = validate(harm(candidate_today.tables["province"].copy()), CATALOGUE["province"])
    assert not outcome.passed
    assert (column, expectation) in set(zip(outcome.failures["column"], outcome.failures["expectation"], strict=True))


def test_sound_tables_pass(candidate_today: Candidate) -> None:
    for name in ("province", "province_crosswalk"):
        table = CATALOGUE[name]
        outcome = validate(candidate_today.tables[name][table.column_names], table)
        assert outcome.passed, outcome.failures.to_string()
        assert outcome.failures.empty
        assert outcome.expectations == len(expected_types(table))


def test_a_pair_that_stands_twice_and_a_count_too_small(candidate_today: Candidate) -> None:
    table = CATALOGUE["commune_crosswalk"]
    frame = candidate_today.tables[table.name][table.column_names].head(3)
    doubled = validate(pd.concat([frame, frame], ignore_index=True), table)
    assert set(doubled.failures["expectation"]) == {"expect_compound_columns_to_be_unique"}
    small = validate(frame.assign(successor_count=0), table)
    assert set(small.failures["column"]) == {"successor_count"}
    assert small.failures["rows"].tolist() == [3]
