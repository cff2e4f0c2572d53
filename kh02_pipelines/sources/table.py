"""The one table of a file that a reader wants: which sheet, where its header is, its records as Unicode text.

Belongs here: what every file format of ours needs between the grid and its own meaning. Does not belong here:
opening files (``grid``), matching headings (``headers``) or what the columns mean (the readers).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from kh02_pipelines.errors import SourceError
from kh02_pipelines.sources.decoding import decode_columns
from kh02_pipelines.sources.grid import Grid, read_grids
from kh02_pipelines.sources.headers import find_header, named_cells, no_header
from kh02_pipelines.sources.trace import NO_SHEET, Trace


@dataclass(frozen=True)
class Layout:
    """What a reader looks for: field → its headings, and the fields that the header must have.

    ``least_merged``: of several sheets with the table, the one with the fewest merged cells says it most plainly.
    Without it, several such sheets are an error.
    """

    columns: Mapping[str, tuple[str, ...]]
    required: frozenset[str]
    least_merged: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields, in the order of declaration."""
        return tuple(self.columns)


@dataclass(frozen=True)
class _Found:
    grid: Grid
    header: int
    columns: dict[str, int]


def read_table(
    data: bytes, path: Path, trace: Trace, layout: Layout, *, encoding: str = "auto", sheet: str | None = None
) -> tuple[pd.DataFrame, set[str]]:
    """The records as ``layout.fields`` (empty text where the sheet lacks one), ``sheet``, ``line``; the fields found.

    Counts the rows in. Traced: cells beyond the header and rows shorter than it, decoded columns, sheets that are
    hidden or stand aside. Hidden sheets are read only when named.

    Raises SourceError when the named sheet is not there, no sheet has the header or several have, it has no rows,
    or its text is in an unknown encoding.
    """
    chosen = _choose(read_grids(data, path, encoding), layout, encoding, sheet, path, trace)
    records = named_cells(chosen.grid, chosen.header, chosen.columns, layout.fields)
    if records.empty:
        raise SourceError(
            "has a header and no rows",
            file=path,
            row=int(chosen.grid.cells["line"].iloc[chosen.header]),
            remedy="deliver the file again, whole",
        )
    trace.rows_in += len(records)
    _trace_uneven(chosen, trace)
    return decode_columns(records, layout.fields, encoding, trace, legacy=chosen.grid.legacy), set(chosen.columns)


def _choose(grids: list[Grid], layout: Layout, encoding: str, sheet: str | None, path: Path, trace: Trace) -> _Found:
    if sheet is None:
        eligible = [grid for grid in grids if grid.visible]
        for grid in grids:
            if not grid.visible:
                trace.notice(f"sheet {grid.sheet}", "hidden", "", "sheet_not_read")
    else:
        eligible = [grid for grid in grids if grid.sheet.strip() == sheet.strip() and grid.sheet != NO_SHEET]
        if not eligible:
            names = ", ".join(repr(grid.sheet) for grid in grids if grid.sheet != NO_SHEET) or "none: it is no workbook"
            raise SourceError(
                f"has no sheet {sheet!r}; there are {names}", file=path, field="sheet", remedy="name one of its sheets"
            )
    headed = []
    for grid in eligible:
        header, columns = find_header(grid, layout.columns, layout.required, encoding)
        if header >= 0:
            headed.append(_Found(grid, header, columns))
    if not headed and any(grid.legacy for grid in eligible):
        raise SourceError(
            "is neither UTF-8 nor has the header in a known Vietnamese encoding",
            file=path,
            remedy="save the file as UTF-8, whole",
        )
    if not headed:
        raise no_header(path, eligible, layout.columns, layout.required)
    if len(headed) == 1:
        return headed[0]
    headed.sort(key=lambda found: found.grid.merged)
    if not layout.least_merged or headed[0].grid.merged == headed[1].grid.merged:
        names = ", ".join(repr(found.grid.sheet) for found in headed)
        raise SourceError(
            f"has the table on several sheets: {names}", file=path, field="sheet", remedy="name the one to read"
        )
    for found in headed[1:]:
        trace.notice(f"sheet {found.grid.sheet}", "the table, with more merged cells", "", "sheet_not_read")
    return headed[0]


def _trace_uneven(chosen: _Found, trace: Trace) -> None:
    """Cells to the right of the last heading are not read, and short rows are filled up: both are noted."""
    cells = chosen.grid.text()
    width = max(column for column, cell in enumerate(cells.iloc[chosen.header]) if str(cell).strip()) + 1
    below = chosen.grid.cells.iloc[chosen.header + 1 :].assign(sheet=chosen.grid.sheet)
    for column in range(width, len(cells.columns)):
        extra = below[column].where(below[column].str.strip() != "", "")
        trace.changed(below, f"column {column + 1}", extra, extra.str.slice(0, 0), "cell_beyond_header")
    printed = below["width"].astype("str") + " cells"
    trace.changed(below, "row", printed, printed.mask(below["width"] < width, f"{width} cells"), "short_row_filled")
