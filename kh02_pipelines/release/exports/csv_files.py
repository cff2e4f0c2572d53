"""CSV files that a spreadsheet opens without running anything.

Belongs here: the CSV dialect and the escaping, both ways. Does not belong here: the description of the files
(``datapackage``).

Dialect: UTF-8 without a byte order mark, comma, LF line ends, header row; text is quoted, a missing value is
nothing between two commas. Dates are ``YYYY-MM-DD``, booleans ``true`` and ``false``.

Escaping: a text cell that begins with one of FORMULA_STARTS gets one ``'`` in front; so does a cell that begins
with ``'`` itself. To undo it, drop one leading ``'`` from every text cell that has one.
"""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

FOLDER = "csv"
ESCAPE = "'"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet may take for the start of a formula, full-width forms included."""

_NEEDS_ESCAPE = "^[" + "".join({"-": r"\-"}.get(start, start) for start in (ESCAPE, *FORMULA_STARTS)) + "]"


def write_csv_files(folder: Path, tables: Mapping[str, pa.Table]) -> list[str]:
    """Write ``csv/<table>.csv`` for every table; returns the paths relative to ``folder``."""
    (folder / FOLDER).mkdir()
    names = [csv_path(name) for name in tables]
    for path, table in zip(names, tables.values(), strict=True):
        pyarrow.csv.write_csv(escaped(table), folder / path)
    return names


def csv_path(table: str) -> str:
    """Where the CSV file of a table lies, relative to the release folder."""
    return f"{FOLDER}/{table}.csv"


def escaped(table: pa.Table) -> pa.Table:
    """The table with formula-like text cells escaped; numbers, dates and booleans cannot be formulas."""
    return _text_columns(table, _escape_column)


def unescaped(table: pa.Table) -> pa.Table:
    """The inverse of ``escaped``: one leading ``'`` is dropped from every text cell that has one."""
    return _text_columns(table, lambda column: pc.replace_substring_regex(column, f"^{ESCAPE}", ""))


def _text_columns(table: pa.Table, change) -> pa.Table:  # type: ignore[no-untyped-def]
    for position, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            table = table.set_column(position, field, change(table.column(position)))
    return table


def _escape_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    risky = pc.match_substring_regex(column, _NEEDS_ESCAPE)
    if not pc.any(risky).as_py():
        return column
    return pc.if_else(risky, pc.binary_join_element_wise(ESCAPE, column, ""), column)
