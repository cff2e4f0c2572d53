"""Reading XLSX and XLS files from outsiders, once their parts have been judged.

Belongs here: reading cells with python-calamine, filling merged regions. Does not belong here: judging the parts
of an XLSX (``workbook_parts``), the process for an XLS (``workbook_child``) or what cells mean. Formulas are never
computed: the stored value of a cell is read, as text.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import python_calamine

from kh02_pipelines.errors import SourceError
from kh02_pipelines.sources.workbook_child import read_apart
from kh02_pipelines.sources.workbook_parts import MAX_CELLS, require_bounded

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True)
class WorkbookSheet:
    """A sheet's rows as text with their row numbers, how many merged regions were filled, and whether it is shown."""

    name: str
    rows: Sequence[tuple[int, list[str]]]
    merged: int
    visible: bool


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are a ZIP (XLSX) or an OLE file (XLS), whatever the file is called."""
    return data.startswith((_ZIP, _OLE))


def read_workbook(data: bytes, path: Path) -> list[WorkbookSheet]:
    """Every worksheet, hidden ones too. Raises SourceError for anything beyond the bounds, XML tricks or a cut file."""
    if data.startswith(_OLE):
        return [WorkbookSheet(**fields) for fields in read_apart(data, path)]
    require_bounded(data, path)
    try:
        return sheets_of(data)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # the library has a family of errors, and its panics are no Exception
        raise SourceError(
            f"not a readable workbook: {error}", file=path, remedy="deliver the file again, whole, as XLSX, XLS or CSV"
        ) from error


def sheets_of(data: bytes) -> list[WorkbookSheet]:
    """Every worksheet of bytes that may be opened. Raises ValueError for too many cells, and what the library does."""
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet]
    shown = python_calamine.SheetVisibleEnum.Visible
    return [_read_sheet(book.get_sheet_by_name(sheet.name), sheet.name, sheet.visible == shown) for sheet in sheets]


def _read_sheet(sheet: python_calamine.CalamineSheet, name: str, visible: bool) -> WorkbookSheet:
    regions = sheet.merged_cell_ranges or []
    height, width = sheet.total_height, sheet.total_width
    covered = sum(
        (min(bottom + 1, height) - top) * (min(right + 1, width) - left)
        for (top, left), (bottom, right) in regions
        if top < height and left < width
    )
    if max(height * width, covered) > MAX_CELLS:
        raise ValueError(f"sheet {name!r} has too many cells")
    rows = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    for (top, left), (bottom, right) in regions:
        if top < len(rows) and left < len(rows[top]):
            for row in range(top, min(bottom + 1, len(rows))):
                for column in range(left, min(right + 1, len(rows[row]))):
                    if row != top:  # a region that spans columns is a title: only its first row is kept as printed
                        rows[row][column] = rows[row][column] or rows[top][left]
    return WorkbookSheet(name, list(enumerate(rows, start=1)), len(regions), visible)


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, (datetime, date)):
        return cell.isoformat()
    return str(cell)
