"""Opening XLSX and XLS files from outsiders: refused by what they declare, before anything is unpacked.

Belongs here: bounds, XML refusals, reading cells with python-calamine, filling merged regions. Does not belong
here: what cells mean. Formulas are never computed: the stored value of a cell is read, as text.
"""

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import python_calamine
from defusedxml import ElementTree  # type: ignore[import-untyped]
from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]

from kh02_pipelines.errors import SourceError

MAX_UNPACKED = 200 * 1024 * 1024
"""Most bytes all parts of an XLSX may declare to unpack to; the largest real one unpacks to 9 MB."""
MAX_RATIO = 200
"""Most an XLSX part over 1 MB may declare to grow; real sheets grow 10 to 20 times."""
MAX_PARTS = 2_000
MAX_CELLS = 5_000_000
"""Most cells the used areas of all sheets may declare together."""

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DIMENSION = re.compile(rb'<dimension[^>]*ref="(?:[A-Z]+[0-9]+:)?([A-Z]{1,7})([0-9]{1,10})"')


@dataclass(frozen=True)
class WorkbookSheet:
    """A sheet's rows as text with their row numbers, and how many merged regions were filled."""

    name: str
    rows: list[tuple[int, list[str]]]
    merged: int


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are a ZIP (XLSX) or an OLE file (XLS), whatever the file is called."""
    return data.startswith((_ZIP, _OLE))


def read_workbook(data: bytes, path: Path) -> list[WorkbookSheet]:
    """Every visible worksheet. Raises SourceError for anything beyond the bounds, XML tricks or a cut file."""
    if data.startswith(_ZIP):
        _require_bounded(data, path)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = [sheet.name for sheet in book.sheets_metadata if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet]
        return [_read_sheet(book.get_sheet_by_name(name), name, path) for name in names]
    except SourceError:
        raise
    except Exception as error:  # the library has a family of errors and raises others too
        raise SourceError(
            f"not a readable workbook: {error}", file=path, remedy="deliver the file again, whole, as XLSX, XLS or CSV"
        ) from error


def _require_bounded(data: bytes, path: Path) -> None:
    """Judge an XLSX by its directory, then its XML by a bounded parse, without ever writing it out."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            grown = [part for part in parts if part.file_size > max(part.compress_size, 1) * MAX_RATIO]
            bomb = [part for part in grown if part.file_size > 1024 * 1024]
            if unpacked > MAX_UNPACKED or bomb or len(parts) > MAX_PARTS:
                raise SourceError(
                    f"would unpack to {unpacked} bytes in {len(parts)} parts: refused before unpacking",
                    file=path,
                    remedy="deliver a plain workbook without embedded files",
                )
            if any(part.flag_bits & 0x1 for part in parts):
                raise SourceError("is protected by a password", file=path, remedy="deliver it without a password")
            cells = 0
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as stream:
                        head = stream.read(64 * 1024)
                    _refuse_declarations(head, part.filename, path)
                    cells += _declared_cells(head)
            if cells > MAX_CELLS:
                raise SourceError(
                    f"declares {cells} cells, more than {MAX_CELLS}", file=path, remedy="remove the empty cells"
                )
            if "[Content_Types].xml" in archive.namelist():
                ElementTree.fromstring(archive.read("[Content_Types].xml"), forbid_dtd=True)
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise SourceError(
            f"a workbook cut short or damaged: {error}", file=path, remedy="deliver the file again, whole"
        ) from error
    except (DefusedXmlException, ElementTree.ParseError) as error:
        raise SourceError(
            f"the XML inside is refused: {error!r}",
            file=path,
            remedy="save the workbook anew with a spreadsheet program",
        ) from error


def _refuse_declarations(head: bytes, part: str, path: Path) -> None:
    """Document types and entities have no place in a workbook; a declaration stands before the first element."""
    plain = head.replace(b"\0", b"").lower()
    if b"<!doctype" in plain or b"<!entity" in plain:
        raise SourceError(
            f"{part} declares a document type or entities: refused",
            file=path,
            remedy="save the workbook anew with a spreadsheet program",
        )


def _declared_cells(head: bytes) -> int:
    match = _DIMENSION.search(head)
    if match is None:
        return 0
    columns = 0
    for letter in match[1]:
        columns = columns * 26 + letter - 64
    return columns * int(match[2])


def _read_sheet(sheet: python_calamine.CalamineSheet, name: str, path: Path) -> WorkbookSheet:
    if sheet.height * sheet.width > MAX_CELLS:
        raise SourceError(f"sheet {name!r} has too many cells", file=path, remedy="remove the empty cells")
    rows = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    regions = sheet.merged_cell_ranges or []
    for (top, left), (bottom, right) in regions:
        if top < len(rows) and left < len(rows[top]):
            for row in range(top, min(bottom + 1, len(rows))):
                for column in range(left, min(right + 1, len(rows[row]))):
                    if row != top:  # a region that spans columns is a title: only its first row is kept as printed
                        rows[row][column] = rows[row][column] or rows[top][left]
    return WorkbookSheet(name, list(enumerate(rows, start=1)), len(regions))


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, (datetime, date)):
        return cell.isoformat()
    return str(cell)
