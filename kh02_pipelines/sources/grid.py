"""A file as a grid of text cells, whatever its format: CSV, TSV, XLSX, XLS or a Markdown table.

Belongs here: opening by content, bounds, and saying what is wrong with a file as a whole. Does not belong here:
which sheet and columns count (``table``), legacy encodings of columns (``decoding``). Workbooks are bounded and
opened in ``workbook``.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from kh02_pipelines.errors import SourceError
from kh02_pipelines.names.encodings import ENCODINGS
from kh02_pipelines.sources.trace import NO_SHEET
from kh02_pipelines.sources.workbook import is_workbook, read_workbook

MAX_BYTES = 64 * 1024 * 1024
"""Largest file accepted, in bytes: the real ones are below 2 MB."""
MAX_ROWS = 500_000
MAX_COLUMNS = 200
MAX_CELL = 2_000
"""Most characters in a cell: what one row prints can stand in the trace of many; the real ones have 61."""


@dataclass(frozen=True)
class Grid:
    """One sheet: ``cells`` has text columns 0, 1, …, ``line``, and ``width``, the number of cells a row came with.

    ``merged`` says how many regions were filled; ``legacy``, that the bytes were no UTF-8 and stand in the cells
    as Latin-1 characters.
    """

    sheet: str
    cells: pd.DataFrame
    merged: int = 0
    visible: bool = True
    legacy: bool = False

    def text(self) -> pd.DataFrame:
        """The text columns alone."""
        return self.cells.drop(columns=["line", "width"])


def read_grids(data: bytes, path: Path, encoding: str = "auto") -> list[Grid]:
    """Every sheet of a file's bytes, ``path`` being its name; blank rows are left out, ``line`` keeps counting them.

    ``encoding``: ``auto`` or one of ``names.ENCODINGS`` (``unicode`` is UTF-8). Text in a legacy encoding is not
    decoded here: which columns are in it is told once they are known (``decoding``).

    Raises SourceError for bytes that are no text, a file cut short or a workbook that is refused.
    """
    if encoding not in ("auto", *ENCODINGS):
        raise SourceError(
            f"unknown encoding {encoding!r}", file=path, field="encoding", remedy=f"use auto, {', '.join(ENCODINGS)}"
        )
    if is_workbook(data):
        return [
            Grid(sheet.name, _text_rows(list(enumerate(sheet.rows, start=1)), path), sheet.merged, sheet.visible)
            for sheet in read_workbook(data, path)
        ]
    text, legacy = _decode(data, path, encoding)
    rows = _markdown_rows(text) if path.suffix.lower() in (".md", ".markdown") else _csv_rows(text, path)
    return [Grid(NO_SHEET, _text_rows(rows, path), legacy=legacy)]


def read_bounded(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file no larger than ``limit``. Raises SourceError."""
    try:
        if path.is_dir():
            raise SourceError("is a folder, not a file", file=path, remedy="give the path of a file in it")
        if not path.is_file():
            raise SourceError("does not exist or is no regular file", file=path, remedy="correct the path")
        size = path.stat().st_size
        if size > limit:
            raise SourceError(
                f"{size} bytes, more than the {limit} allowed", file=path, remedy="check that it is the right file"
            )
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(
            f"cannot be read: {error.strerror}", file=path, remedy="restore the file or mend its permissions"
        ) from error
    if not data.strip():
        raise SourceError("is empty (0 bytes of content)", file=path, remedy="deliver the file again")
    return data


def _decode(data: bytes, path: Path, encoding: str) -> tuple[str, bool]:
    """The text, and whether it is bytes of the 1990s read as Latin-1, still to be decoded."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16"), False
        except UnicodeDecodeError as error:
            raise SourceError(
                f"cut short or damaged: not UTF-16 at byte {error.start}",
                file=path,
                remedy="deliver the file again, whole",
            ) from error
    if b"\0" in data:
        raise SourceError("holds binary data, not text", file=path, remedy="deliver it as CSV in UTF-8 or as XLSX")
    try:
        return data.decode("utf-8-sig"), False
    except UnicodeDecodeError as error:
        if encoding == "unicode":
            raise SourceError(
                f"not UTF-8 at byte {error.start}", file=path, remedy="save as UTF-8, or configure its encoding"
            ) from error
    # latin-1 maps every byte to the character that names.encodings expects
    return data.decode("latin-1"), True


def _csv_rows(text: str, path: Path) -> list[tuple[int, list[str]]]:
    """Records with the line each starts on. A quote that is never closed means a file cut short."""
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for record in reader:
            rows.append((start, record))
            start = reader.line_num + 1
            if len(rows) > MAX_ROWS:
                raise SourceError(f"more than {MAX_ROWS} rows", file=path, remedy="check that it is the right file")
    except csv.Error as error:
        raise SourceError(
            f"cut short or badly quoted: {error}", file=path, row=start, remedy="deliver the file again, whole"
        ) from error
    return rows


def _markdown_rows(text: str) -> list[tuple[int, list[str]]]:
    """The rows of every pipe table; rules under headers are left out, ``<br>`` is a space."""
    rows: list[tuple[int, list[str]]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped.startswith("|") and set(stripped) - set("|-: "):
            inner = stripped.removeprefix("|").removesuffix("|")
            cells = inner.replace("<br>", " ").replace("<br/>", " ").split("|")
            rows.append((number, [cell.strip() for cell in cells]))
    return rows


def _text_rows(rows: Sequence[tuple[int, list[str]]], path: Path) -> pd.DataFrame:
    """Rows as a frame, blank ones left out, short ones filled with empty text."""
    filled = [(line, cells) for line, cells in rows if any(cell.strip() for cell in cells)]
    width = max((len(cells) for _, cells in filled), default=0)
    if width > MAX_COLUMNS or len(filled) > MAX_ROWS:
        raise SourceError(
            f"{len(filled)} rows by {width} columns is more than a register has",
            file=path,
            remedy="check that it is the right file",
        )
    long = next((line for line, cells in filled if max(map(len, cells)) > MAX_CELL), None)
    if long is not None:
        raise SourceError(f"has a cell of more than {MAX_CELL} characters", file=path, row=long, remedy="shorten it")
    frame = pd.DataFrame([cells + [""] * (width - len(cells)) for _, cells in filled], columns=list(range(width)))
    frame = frame.astype("str")
    frame["line"] = pd.Series([line for line, _ in filled], dtype="int64")
    frame["width"] = pd.Series([len(cells) for _, cells in filled], dtype="int64")
    return frame
