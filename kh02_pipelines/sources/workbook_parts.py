"""The parts of an XLSX from outsiders: judged before a library opens it, read in small pieces, never written out.

Belongs here: what the ZIP directory declares, and what the XML of each part says in truth (document types, cells
far apart). Does not belong here: reading cells (``workbook``). The library lays out the whole rectangle between
the cells of a sheet, so a few bytes that name a far cell can take all memory and end the process.
"""

import io
import re
import zipfile
import zlib
from pathlib import Path
from typing import IO, NoReturn
from xml.parsers import expat

from kh02_pipelines.errors import SourceError

MAX_UNPACKED = 200 * 1024 * 1024
"""Most bytes all parts of an XLSX may declare to unpack to; the largest real one unpacks to 9 MB."""
MAX_RATIO = 200
"""Most an XLSX part over 1 MB may declare to grow; real sheets grow 10 to 20 times."""
MAX_PARTS = 2_000
MAX_CELLS = 5_000_000
"""Most cells the used areas of all sheets may span together."""

_READ_AT_ONCE = 256 * 1024
_ELSEWHERE = {"xl/workbook.bin", "content.xml", "mimetype"}
"""Parts of other kinds of workbook (XLSB, ODS), which nothing here bounds."""
_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_NUMBER = re.compile(r"[0-9]{1,10}")
_DIMENSION = re.compile(r"(?:[A-Z]+[0-9]+:)?([A-Z]{1,7})([0-9]{1,10})")


def require_bounded(data: bytes, path: Path) -> None:
    """Raise SourceError unless the bytes are an XLSX whose parts are plain XML and whose sheets are of usual size."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            _judge_directory(parts, path)
            cells = 0
            for part in parts:
                with archive.open(part) as stream:
                    cells += _Part(part.filename, path, MAX_CELLS - cells).spanned(stream)
            names = {part.filename.lower() for part in parts}
            if "xl/workbook.xml" not in names or names & _ELSEWHERE:
                raise SourceError("is a ZIP, but no XLSX workbook", file=path, remedy="deliver it as XLSX, XLS or CSV")
    except (zipfile.BadZipFile, EOFError, OSError, zlib.error, NotImplementedError) as error:
        raise SourceError(
            f"a workbook cut short or damaged: {error}", file=path, remedy="deliver the file again, whole"
        ) from error


def _judge_directory(parts: list[zipfile.ZipInfo], path: Path) -> None:
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


class _Part:
    """One part read as XML: counts the area that its cells span, up to ``most``."""

    def __init__(self, name: str, path: Path, most: int) -> None:
        self.name, self.path, self.most = name, path, most
        self.row = self.column = self.last_row = self.last_column = self.declared = 0
        self.in_sheet = False

    def spanned(self, stream: IO[bytes]) -> int:
        """The cells that the part spans or declares; 0 for a part that is no sheet."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._element
        parser.StartDoctypeDeclHandler = self._document_type
        chunk = stream.read(_READ_AT_ONCE)
        if not self.name.lower().endswith((".xml", ".rels")) and not _begins_like_xml(chunk):
            return 0  # a picture or printer settings; the workbook may not name it as a sheet (see ``_relation``)
        try:
            while chunk:
                parser.Parse(chunk, False)
                chunk = stream.read(_READ_AT_ONCE)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            self._refuse(f"is no sound XML ({error})")
        return max(self.declared, self.last_row * self.last_column)

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        kind = name.rpartition(":")[2]
        if kind == "c" and self.in_sheet:
            self._cell(attributes.get("r"))
        elif kind == "row" and self.in_sheet:
            self._row(attributes.get("r"))
        elif kind == "sheetData":
            self.in_sheet = True
        elif kind == "dimension":
            self._dimension(attributes.get("ref", ""))
        elif kind == "Relationship":
            self._relation(attributes)

    def _row(self, number: str | None) -> None:
        if number is not None and _NUMBER.fullmatch(number) is None:
            self._refuse(f"has a row {number[:20]!r}")
        self._at(self.row + 1 if number is None else int(number), 0)

    def _cell(self, reference: str | None) -> None:
        if reference is None:
            self._at(self.row, self.column + 1)
            return
        match = _REFERENCE.fullmatch(reference)
        if match is None:
            self._refuse(f"has a cell at {reference[:20]!r}")
        self._at(int(match[2]), _column_number(match[1].upper()))

    def _at(self, row: int, column: int) -> None:
        self.row, self.column = row, column
        self.last_row, self.last_column = max(self.last_row, row), max(self.last_column, column)
        self._require_usual(self.last_row * self.last_column, "has cells that span")

    def _dimension(self, stated: str) -> None:
        match = _DIMENSION.fullmatch(stated)
        if match is not None:
            self.declared = int(match[2]) * _column_number(match[1])
            self._require_usual(self.declared, "declares")

    def _require_usual(self, cells: int, what: str) -> None:
        if cells > self.most:
            raise SourceError(
                f"{self.name} {what} {cells} cells; the workbook may have {MAX_CELLS}",
                file=self.path,
                remedy="remove the empty and the far cells",
            )

    def _relation(self, attributes: dict[str, str]) -> None:
        """What the workbook refers to is XML and has been read as such: a sheet cannot hide under another name."""
        inside = attributes.get("TargetMode") != "External"
        if self.name.lower() == "xl/_rels/workbook.xml.rels" and inside:
            target = attributes.get("Target", "")
            if not target.lower().endswith(".xml"):
                self._refuse(f"names the part {target[:80]!r}, which is no XML (macros?)")

    def _document_type(self, *_: object) -> None:
        self._refuse("declares a document type or entities: refused")

    def _refuse(self, what: str) -> NoReturn:
        raise SourceError(
            f"{self.name} {what}", file=self.path, remedy="save the workbook anew with a spreadsheet program, as XLSX"
        )


def _begins_like_xml(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1] == b"<"


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
