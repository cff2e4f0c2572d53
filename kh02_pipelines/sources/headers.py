"""Finding the columns of a sheet by what its header says, not by position.

Belongs here: matching header cells. Does not belong here: the columns of any format.
"""

import re
from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from kh02_pipelines.errors import SourceError
from kh02_pipelines.names import loose_key
from kh02_pipelines.names.encodings import ENCODINGS, decode_legacy
from kh02_pipelines.sources.grid import Grid

HEADER_WITHIN = 15
"""The header is looked for in this many rows from the top."""

_NOT_LETTERS = re.compile(r"[^a-z0-9]+")


def header_key(text: str) -> str:
    """How headers are compared: no accents, case, spaces or punctuation (``Tỉnh / Thành Phố`` → ``tinhthanhpho``)."""
    folded = str(loose_key(pd.Series([text], dtype="str")).iloc[0])
    return _NOT_LETTERS.sub("", folded)


def find_header(
    grid: Grid, columns: Mapping[str, tuple[str, ...]], required: Collection[str], encoding: str = "auto"
) -> tuple[int, dict[str, int]]:
    """The position of the header row in ``grid.cells`` and, by field, the column it stands in.

    ``columns``: field → the headings it may have. ``encoding``: the one the headings may be in, or ``auto`` for
    any. Returns ``(-1, {})`` when no row of the first HEADER_WITHIN names every required field; a heading that
    stands twice counts as the first.
    """
    keys = {header_key(heading): field for field, headings in columns.items() for heading in headings}
    cells = grid.text().head(HEADER_WITHIN)
    for reading in ENCODINGS if encoding == "auto" else dict.fromkeys(("unicode", encoding)):
        text = cells.apply(decode_legacy, encoding=reading)
        for position, row in enumerate(text.itertuples(index=False, name=None)):
            found: dict[str, int] = {}
            for column, cell in enumerate(row):
                field = keys.get(header_key(cell)) if cell.strip() else None
                if field is not None:
                    found.setdefault(field, column)
            if set(required) <= set(found):
                return position, found
    return -1, {}


def no_header(
    path: Path, grids: list[Grid], columns: Mapping[str, tuple[str, ...]], required: Collection[str]
) -> SourceError:
    """The error for a file without the header that its kind must have; shows what the first row says instead."""
    wanted = ", ".join(columns[field][0] for field in columns if field in required)
    first = grids[0].text().head(1) if grids else pd.DataFrame()
    shown = ", ".join(str(cell) for cell in first.to_numpy().ravel()[:8] if str(cell).strip()) or "nothing"
    return SourceError(
        f"no row names the columns {wanted}; the file begins with {shown}",
        file=path,
        row=1,
        remedy="deliver the file with its header, or configure the right kind",
    )


def named_cells(grid: Grid, header: int, found: Mapping[str, int], fields: tuple[str, ...]) -> pd.DataFrame:
    """The records below the header as ``fields`` (empty text where the sheet has no such column), sheet, line."""
    below = grid.cells.iloc[header + 1 :].reset_index(drop=True)
    records = pd.DataFrame(
        {field: below[found[field]] if field in found else pd.Series("", index=below.index) for field in fields}
    ).astype("str")
    return records.assign(sheet=grid.sheet, line=below["line"])
