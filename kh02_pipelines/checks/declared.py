"""Every table against its declaration, one rule per table: columns, keys, patterns, vocabularies, required values.

Belongs here: what a declaration alone says, in plain pandas, so that the publisher's audit holds staged bytes
against it without Great Expectations. Does not belong here: the Great Expectations suites made from the same
declarations (``checks.expectations``); a test holds the two against each other.
"""

from collections.abc import Callable, Iterator

import pandas as pd

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks.rule import Rule, Word, findings, one_finding, together
from kh02_pipelines.tables.catalogue import CATALOGUE
from kh02_pipelines.tables.declaration import Column, ColumnType, Table

PREFIX = "declared_"


def declaration_broken(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Rows of ``frame`` that break the declaration of ``table``: FINDING_COLUMNS, one row per column and problem."""
    if sorted(map(str, frame.columns)) != sorted(table.column_names):  # staging puts them in order
        return one_finding(table.name, "columns", f"are {', '.join(map(str, frame.columns))}")
    keys = list(table.primary_key)
    parts = [findings(table.name, frame[frame.duplicated(keys)], keys, "stands twice")]
    for column in table.columns:
        for problem, wrong in _faults(frame[column.name], column):
            if wrong.any():
                parts.append(findings(table.name, frame[wrong], keys, f"{column.name}: {problem}"))
    return together(*parts)


def _faults(values: pd.Series, column: Column) -> Iterator[tuple[str, pd.Series]]:
    """Each condition the column must meet, with the rows that do not."""
    if not column.nullable:
        yield "is empty", values.isna()
    if column.minimum is not None:
        yield f"is below {column.minimum}", (values < column.minimum).fillna(False).astype(bool)
    if column.allowed:
        yield "is not in the vocabulary", values.notna() & ~values.isin(list(column.allowed))
    if column.pattern:
        wrong = values.drop_duplicates().dropna().astype("str")
        wrong = wrong[~wrong.str.fullmatch(column.pattern)]
        yield "does not fit the pattern", values.isin(wrong)
    if column.type is ColumnType.TEXT and not column.allowed:
        lengths = values.astype("str").str.len()
        yield (
            f"is not 1 to {column.max_length} characters long",
            ~lengths.between(1, column.max_length) & values.notna(),
        )


def _rule(table: Table) -> Rule:
    def find(candidate: Candidate) -> pd.DataFrame:
        """Rows of the table that break its declaration."""
        return declaration_broken(candidate.tables[table.name], table)

    held: Callable[[Candidate], pd.DataFrame] = find
    return Rule(
        PREFIX + table.name,
        Word.CLEAN,
        f"Bảng {table.name} đúng khai báo: cột, khóa không trùng, mẫu mã, từ vựng, giá trị bắt buộc",
        f"Table {table.name} is as declared: columns, unique key, code patterns, vocabularies, required values",
        f"correct the named rows at their source; what the columns of {table.name} allow is in the data dictionary",
        held,
    )


RULES = tuple(_rule(table) for table in CATALOGUE.values())
