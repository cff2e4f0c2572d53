"""Workbooks that attack whoever opens them, and random damage: for the tests of reading workbooks."""

import io
import random
import re
import zipfile
from collections.abc import Callable, Mapping

from small_registers import HEADER, ROWS

SHEET, STRINGS, BOOK = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"
RELATIONS, TYPES = "xl/_rels/workbook.xml.rels", "[Content_Types].xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def parts() -> dict[str, bytes]:
    """The parts of a small, sound workbook with shared strings, as a spreadsheet program writes them."""
    texts = [text for row in (HEADER, *ROWS) for text in row.split(",")]
    order = list(dict.fromkeys(texts))
    strings = "".join(f"<si><t>{text}</t></si>" for text in order)
    rows = ""
    for number, row in enumerate((HEADER, *ROWS), start=1):
        cells = "".join(
            f'<c r="{chr(65 + column)}{number}" t="s"><v>{order.index(text)}</v></c>'
            for column, text in enumerate(row.split(","))
        )
        rows += f'<row r="{number}">{cells}</row>'
    return {
        TYPES: f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        "</Types>".encode(),
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{OFFICE}/officeDocument" Target="{BOOK}"/></Relationships>'.encode(),
        BOOK: f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="PX" sheetId="1" r:id="r1"/></sheets>'
        "</workbook>".encode(),
        RELATIONS: f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type="{OFFICE}/worksheet" '
        f'Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{OFFICE}/sharedStrings" '
        'Target="sharedStrings.xml"/></Relationships>'.encode(),
        STRINGS: f'<sst xmlns="{MAIN}" count="{len(texts)}" uniqueCount="{len(order)}">{strings}</sst>'.encode(),
        SHEET: f'<worksheet xmlns="{MAIN}"><dimension ref="A1:H4"/><sheetData>{rows}</sheetData></worksheet>'.encode(),
    }


def packed(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def changed(part: str, old: bytes, new: bytes, times: int = -1) -> bytes:
    """The small workbook with a text in one part replaced."""
    files = parts()
    assert old in files[part]
    return packed({**files, part: files[part].replace(old, new, times)})


def with_rows(rows: bytes) -> bytes:
    return changed(SHEET, b"</sheetData>", rows + b"</sheetData>")


def headed(part: str, head: bytes, encoding: str = "utf-8") -> bytes:
    files = parts()
    return packed({**files, part: head + files[part].decode().encode(encoding)})


def without(part: str) -> bytes:
    return packed({name: data for name, data in parts().items() if name != part})


def one_long_string(cells: int, length: int) -> bytes:
    files = parts()
    strings = files[STRINGS].replace(b"</sst>", b"<si><t>" + b"x" * length + b"</t></si></sst>")
    index = files[STRINGS].count(b"<si>")
    rows = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>{index}</v></c></row>' for row in range(5, 5 + cells))
    return packed(
        {**files, STRINGS: strings, SHEET: files[SHEET].replace(b"</sheetData>", f"{rows}</sheetData>".encode())}
    )


def many_sheets(number: int) -> bytes:
    """The part of a workbook that names one sheet so often."""
    sheets = "".join(f'<sheet name="s{at}" sheetId="{at}" r:id="r1"/>' for at in range(2, number + 1))
    return parts()[BOOK].replace(b"</sheets>", f"{sheets}</sheets>".encode())


def merged(*regions: str, text: int = 1) -> bytes:
    """A sheet of 4,000 rows by 100 columns with merged regions, and a long text at A5."""
    cells = f'<row r="5"><c r="A5" t="inlineStr"><is><t>{"x" * text}</t></is></c></row>'
    far = '<row r="4000"><c r="CV4000"><v>1</v></c></row></sheetData>'
    areas = "".join(f'<mergeCell ref="{region}"/>' for region in regions)
    return changed(SHEET, b"</sheetData>", f"{cells}{far}<mergeCells>{areas}</mergeCells>".encode())


def zeros(megabytes: int) -> bytes:
    """A part that unpacks to so much, and is small itself."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in parts().items():
            archive.writestr(name, data)
        with archive.open("xl/media/image1.png", "w", force_zip64=True) as part:
            for _ in range(megabytes):
                part.write(b"\0" * 1024 * 1024)
    return stream.getvalue()


def lying_size() -> bytes:
    """The directory declares the sheet to be small; it unpacks to much more."""
    files = parts()
    data = packed({**files, SHEET: files[SHEET] + b" " * 8_000_000})
    size = (len(files[SHEET]) + 8_000_000).to_bytes(4, "little")
    assert data.count(size) == 2
    return data.replace(size, (1000).to_bytes(4, "little"))


def encrypted() -> bytes:
    data = bytearray(packed(parts()))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for match in re.finditer(re.escape(signature), bytes(data)):
            data[match.start() + at] |= 1
    return bytes(data)


def twice() -> bytes:
    files = parts()
    stream = io.BytesIO(packed(files))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(SHEET.upper(), files[SHEET])
    return stream.getvalue()


def with_hole() -> bytes:
    """Zeros in the middle, as a transfer leaves them that was taken up again at the wrong place."""
    data = packed(parts())
    return data[: len(data) // 2] + b"\0" * 200 + data[len(data) // 2 + 200 :]


def wrong_sum() -> bytes:
    """A stored part in which one letter has changed: the XML is sound, the check sum is not."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, data in parts().items():
            archive.writestr(name, data)
    data = stream.getvalue()
    assert data.count("Phúc".encode()) == 1
    return data.replace("Phúc".encode(), "Phùc".encode())


_ENTITY = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
_FILE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
_FAR = "too many cells"
_LIMITS = "takes more than"

ATTACKS: dict[str, tuple[Callable[[], bytes], str]] = {
    "strings_declared": (lambda: changed(STRINGS, b'uniqueCount="', b'uniqueCount="4000000000" x="'), _LIMITS),
    "strings_count_declared": (lambda: changed(STRINGS, b' uniqueCount="', b' uniqueCount="9999999999999" x="'), "."),
    "one_string_in_many_cells": (lambda: one_long_string(3_000, 1_000_000), _LIMITS),
    "one_string_in_some_cells": (lambda: one_long_string(100, 1_000_000), "too much text"),
    "many_sheets": (lambda: packed({**parts(), BOOK: many_sheets(2_000)}), "has 2000 sheets"),
    "long_sheet_name": (lambda: changed(BOOK, b'"PX"', b'"' + b"P" * 51 + b'"'), "named 'PPPPPPPPPPPPPPPPPPPP'…"),
    "far_cell": (lambda: with_rows(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'), "."),
    "far_cell_of_implied_row": (lambda: with_rows(b'<row><c r="XFD700000"><v>1</v></c></row>'), "."),
    "far_cell_with_prefix": (
        lambda: with_rows(b'<x:row xmlns:x="u" r="&#49;048576"><x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row>'), "."),
    "far_row": (lambda: with_rows(b'<row r="1000000"><c r="H1000000"><v>1</v></c></row>'), _FAR),
    "row_is_no_number": (lambda: with_rows(b'<row r="1e9"><c><v>1</v></c></row>'), "."),
    "row_beyond_numbers": (lambda: with_rows(b'<row r="99999999999999999999"><c><v>1</v></c></row>'), "."),
    "row_zero": (lambda: with_rows(b'<row r="0"><c r="A0"><v>1</v></c></row>'), "."),
    "cell_is_no_reference": (lambda: with_rows(b'<row r="9"><c r="A1B2"><v>1</v></c></row>'), "."),
    "cell_beyond_columns": (lambda: with_rows(b'<row r="9"><c r="ZZZZZZZZZ9"><v>1</v></c></row>'), "."),
    "string_without_text": (lambda: with_rows(b'<row r="9"><c r="A9" t="s"><v>99999</v></c></row>'), "."),
    "merged_over_merged": (lambda: merged(*["A1:CV4000"] * 50), _FAR),
    "merged_text": (lambda: merged("A5:A4000", text=20_000), "too much text"),
    "zip_bomb": (lambda: zeros(256), "would unpack to 26843[0-9]+ bytes.*refused before"),
    "many_parts": (lambda: packed(parts() | {f"x{at}.bin": b"" for at in range(2_000)}), "in 2006 parts"),
    "size_is_a_lie": (lying_size, "."),
    "part_twice": (twice, "no XLSX workbook"),
    "password": (encrypted, "password"),
    "hole": (with_hole, "."),
    "wrong_check_sum": (wrong_sum, "Bad CRC-32"),
    "cut_in_half": (lambda: packed(parts())[:900], "."),
    "unknown_encoding": (lambda: headed(STRINGS, b'<?xml version="1.0" encoding="klingon"?>'), "encoding 'klingon'"),
    "latin_1": (lambda: headed(SHEET, b'<?xml version="1.0" encoding="iso-8859-1"?>'), "encoding 'iso-8859-1'"),
    "utf_16": (lambda: headed(SHEET, b"", "utf-16"), "no XML in UTF-8"),
    "no_utf_8": (lambda: changed(STRINGS, "Phúc".encode(), b"Ph\xfac"), "not well-formed"),
    "entities": (lambda: headed(STRINGS, _ENTITY), "document type"),
    "entities_in_sheet": (lambda: headed(SHEET, _ENTITY), "document type"),
    "entities_in_types": (lambda: headed(TYPES, _ENTITY), "document type"),
    "foreign_file": (lambda: headed(BOOK, _FILE), "document type"),
    "row_left_open": (lambda: changed(SHEET, b"</row></sheetData>", b"</sheetData>"), "mismatched tag"),
    "end_is_missing": (lambda: changed(SHEET, b"</worksheet>", b""), "no element found"),
    "sheet_is_missing": (lambda: without(SHEET), "."),
    "strings_are_missing": (lambda: without(STRINGS), "."),
    "relations_are_missing": (lambda: without(RELATIONS), "."),
    "no_workbook": (lambda: without(BOOK), "no XLSX workbook"),
    "open_document": (
        lambda: packed({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<t/>"}),
        "no XLSX workbook",
    ),
}  # fmt: skip
"""Name → the bytes, and words of the one line that refuses them."""


def damaged(seed: int) -> tuple[bytes, bool]:
    """The small workbook with one random damage of its bytes, or of one part before it is packed: whether it was."""
    draw = random.Random(seed)  # noqa: S311 (the same damage every time)
    if draw.random() < 0.5:
        return _damage(packed(parts()), draw), False
    files = parts()
    name = draw.choice(sorted(files))
    return packed({**files, name: _damage(files[name], draw)}), True


def _damage(data: bytes, draw: random.Random) -> bytes:
    start = draw.randrange(len(data))
    end = min(len(data), start + draw.choice((1, 2, 8, 64, 400)))
    piece = data[start:end]
    kind = draw.choice(("flip", "hole", "lost", "twice", "cut", "noise"))
    other = {
        "flip": bytes([piece[0] ^ 1 << draw.randrange(8)]) + piece[1:],
        "hole": b"\0" * len(piece),
        "lost": b"",
        "twice": piece * 2,
        "cut": b"",
        "noise": draw.randbytes(len(piece)),
    }[kind]
    return data[:start] + other + (b"" if kind == "cut" else data[end:])
