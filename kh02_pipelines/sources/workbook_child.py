"""What the process that opens a workbook does: judge the parts of an XLSX, read the cells, print them as JSON.

Belongs here: everything that touches the bytes of a workbook, with python-calamine. Does not belong here: anything of
ours or of other packages, since this file is run alone by a bare interpreter (``workbook``). Formulas are never
computed: the stored value of a cell is read, as text.
"""

import datetime as dt
import io
import json
import resource
import sys
import zipfile
from typing import Any
from xml.parsers import expat

MAX_UNPACKED = 200 * 1024 * 1024
"""Most bytes that all parts of an XLSX may declare to unpack to; the largest real one unpacks to 9 MB."""
MAX_PARTS = 2_000
MAX_SHEETS = 200
MAX_SHEET_NAME = 50
"""Most characters in the name of a sheet, which stands in the trace; spreadsheet programs write 31."""
MAX_CELLS = 3_000_000
"""Most cells that the used areas of all sheets may span together, or their merged regions cover."""
MAX_TEXT = 32 * 1024 * 1024
"""Most characters in all cells together; the largest real workbook has 3 million."""

_READ_AT_ONCE = 1024 * 1024
_ENCODINGS = ("utf-8", "utf8", "us-ascii", "ascii")
"""What a part of an XLSX may say that it is in; the library reads all as UTF-8."""


def require_plain(data: bytes) -> None:
    """Raise ValueError or what zipfile does, unless the bytes are an undamaged XLSX of plain XML.

    The library notices neither a wrong check sum nor XML that is broken behind the last cell, and would give cells.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        names = {part.filename.lower() for part in parts}
        unpacked = sum(part.file_size for part in parts)
        if unpacked > MAX_UNPACKED or len(parts) > MAX_PARTS:
            raise ValueError(f"it would unpack to {unpacked} bytes in {len(parts)} parts: refused before unpacking")
        if "xl/workbook.xml" not in names or len(names) < len(parts):
            raise ValueError("it is a ZIP, but no XLSX workbook")
        if any(part.flag_bits & 0x1 for part in parts):
            raise ValueError("it is protected by a password")
        for part in parts:
            with archive.open(part) as stream:
                chunk = stream.read(_READ_AT_ONCE)
                plain = _part_parser(part.filename) if chunk.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") else None
                if plain is None and part.filename.lower().endswith((".xml", ".rels")):
                    raise ValueError(f"{part.filename} is no XML in UTF-8")
                while chunk:  # to its end, where the check sum is
                    following = stream.read(_READ_AT_ONCE)
                    if plain is not None:
                        plain.Parse(chunk, not following)
                    chunk = following


def _part_parser(name: str) -> expat.XMLParserType:
    def declaration(_version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise ValueError(f"{name} is in the encoding {encoding[:20]!r}, not UTF-8")

    def document_type(*_: object) -> None:
        raise ValueError(f"{name} declares a document type or entities")

    parser = expat.ParserCreate("utf-8")
    parser.XmlDeclHandler = declaration
    parser.StartDoctypeDeclHandler = document_type
    return parser


def sheets_of(data: bytes) -> list[dict[str, Any]]:
    """Every worksheet as the fields of ``WorkbookSheet``. Raises ValueError beyond the bounds, and library errors."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    described = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    if len(described) > MAX_SHEETS:
        raise ValueError(f"it has {len(described)} sheets; the limit is {MAX_SHEETS}")
    sheets, cells, text = [], 0, 0
    for described_sheet in described:
        name = described_sheet.name
        if len(name) > MAX_SHEET_NAME:
            raise ValueError(f"a sheet is named {name[:20]!r}…; the limit is {MAX_SHEET_NAME} characters")
        sheet = book.get_sheet_by_name(name)
        regions = sheet.merged_cell_ranges or []
        last_row, last_column = sheet.end or (-1, -1)
        cells += max((last_row + 1) * (last_column + 1), _covered(regions, last_row, last_column))
        if cells > MAX_CELLS:
            raise ValueError(f"sheet {name!r} has too many cells; the limit is {MAX_CELLS}")
        rows = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
        _fill(rows, regions)
        text += sum(len(cell) for row in rows for cell in row)
        if text > MAX_TEXT:
            raise ValueError(f"sheet {name!r} has too much text; the limit is {MAX_TEXT} characters")
        visible = described_sheet.visible == SheetVisibleEnum.Visible
        sheets.append({"name": name, "rows": rows, "merged": len(regions), "visible": visible})
    return sheets


_Regions = list[tuple[tuple[int, int], tuple[int, int]]]


def _covered(regions: _Regions, last_row: int, last_column: int) -> int:
    return sum(
        (min(bottom, last_row) - top + 1) * (min(right, last_column) - left + 1)
        for (top, left), (bottom, right) in regions
        if top <= last_row and left <= last_column
    )


def _fill(rows: list[list[str]], regions: _Regions) -> None:
    for (top, left), (bottom, right) in regions:
        if top < len(rows) and left < len(rows[top]):
            for row in range(top + 1, min(bottom + 1, len(rows))):
                # a region that spans columns is a title: only its first row is kept as printed
                for column in range(left, min(right + 1, len(rows[row]))):
                    rows[row][column] = rows[row][column] or rows[top][left]


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return str(cell)


def _limit(kind: int, most: int) -> None:
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


def _main(packages: str, memory: str, seconds: str) -> None:
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_AS, int(memory))
    _limit(resource.RLIMIT_CPU, int(seconds))  # also where whoever waits for this process has died
    sys.path.append(packages)
    data = sys.stdin.buffer.read()
    answer: dict[str, Any]
    try:
        if data.startswith(b"PK"):
            require_plain(data)
        answer = {"sheets": sheets_of(data)}
    except MemoryError:
        sys.exit(1)
    except BaseException as error:  # a panic of the library is no Exception
        said = str(error) if type(error) in (ValueError, zipfile.BadZipFile) else f"{type(error).__name__}: {error}"
        answer = {"refused": said[:200]}
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode())


if __name__ == "__main__":
    _main(*sys.argv[1:])
