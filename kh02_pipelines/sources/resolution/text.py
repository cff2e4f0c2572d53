"""The text of a resolution from a file: Markdown, plain text or HTML, in any encoding that we know.

Belongs here: bytes to lines of clean text, and putting back the spaces that copies of resolutions lose between
words. Does not belong here: what the lines say (``clauses``, ``statements``).
"""

import html
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd

from kh02_pipelines.errors import SourceError
from kh02_pipelines.names.alphabet import LETTERS
from kh02_pipelines.names.encodings import decode_legacy, detect_encoding
from kh02_pipelines.names.text import clean_value
from kh02_pipelines.sources.grid import read_bounded

MAX_BYTES = 2 * 1024 * 1024
"""Largest text accepted, in bytes: the longest resolution of 2025 has 58 kB."""

_SAVE_AS_TEXT = "save it as plain text in UTF-8 (.txt, .md or .html)"
_BINARY = ((b"%PDF", "a PDF file"), (b"PK\x03\x04", "a Word or ZIP file"), (b"\xd0\xcf\x11\xe0", "an old Word file"))
_HTML = re.compile(r"<\s*(?:!doctype\s+html|html|body|p|div|br|table)\b", re.IGNORECASE)
_MARKS = re.compile(r"[*\\]+|^\s*(?:[#>]+|\|)\s*|\|\s*$")

UPPER = "".join(sorted(letter for letter in LETTERS if letter.isupper()))
_NO_LOWER = rf"(?![^\W\d_{UPPER}])"
_TYPES = "xã|phường|thị trấn|đặc khu|huyện|quận|thị xã|thành phố|tỉnh"
_LINKS = "của|và|thành|là|các|với|vào|từ|thuộc|tại|gọi"
_STARTS = "một phần|toàn bộ|phần còn lại|sau khi|khoản"
#: ``củaxã``, ``gọilà``: a linking word that runs into the next word. No Vietnamese syllable begins or ends so.
_GLUED_AFTER = re.compile(rf"(?<![^\W\d_])({_LINKS})(?=(?:{_TYPES}|{_LINKS}|{_STARTS}|lại){_NO_LOWER})")
#: ``Lânthành``, ``Ngọvà``, ``2thành``: a linking word behind a word, a number or a bracket.
_GLUED_BEFORE = re.compile(rf"(?<=[\w)])(?=(?:của|thành|và|vào|các|xã|phường|thị trấn|đặc khu|{_STARTS}){_NO_LOWER})")
#: ``xãTân``: a lower-case word that runs into a name or a number.
_GLUED_NAME = re.compile(rf"(?<![^\W\d_])({_TYPES}|{_LINKS}|khoản|gồm|ngày)(?=[{UPPER}0-9])")


def read_text(path: Path) -> list[str]:
    """The lines of a file without marks of Markdown or HTML, white space collapsed, Unicode composed.

    Raises SourceError for a file that is missing, too large, no text, or in an unknown encoding.
    """
    text = _decoded(read_bounded(path, MAX_BYTES), path)
    if _HTML.search(text[:20_000]):
        text = _html_text(text)
    return [clean_value(_MARKS.sub("", html.unescape(line))) for line in text.splitlines()]


def respaced(text: str) -> str:
    """The text with a space wherever a linking word or a unit type has run into its neighbour."""
    for _ in range(4):  # four words can run together: "thànhxãmớicó"
        text = _GLUED_NAME.sub(r"\1 ", _GLUED_BEFORE.sub(" ", _GLUED_AFTER.sub(r"\1 ", text)))
    return " ".join(text.replace("(", " (").split())


def _decoded(data: bytes, path: Path) -> str:
    kind = next((what for start, what in _BINARY if data.startswith(start)), None)
    if kind is None and b"\0" in data and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        kind = "binary data"
    if kind is not None:
        raise SourceError(f"holds {kind}, not text", file=path, remedy=_SAVE_AS_TEXT)
    utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        return data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        if utf16:
            raise SourceError(
                f"cut short or damaged: not UTF-16 at byte {error.start}", file=path, remedy=_SAVE_AS_TEXT
            ) from error
    # latin-1 maps every byte to the character that names.encodings expects
    lines = pd.Series(data.decode("latin-1").splitlines(), dtype="str")
    found = detect_encoding(lines).encoding
    if found == "unicode":
        raise SourceError("neither UTF-8 nor a known Vietnamese encoding", file=path, remedy=_SAVE_AS_TEXT)
    return "\n".join(decode_legacy(lines, found))


class _Text(HTMLParser):
    """Collects the text of a page; block elements end a line."""

    _SILENT = frozenset({"script", "style", "head", "title"})
    _INLINE = frozenset({"a", "b", "em", "font", "i", "span", "strong", "sub", "sup", "u"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in self._SILENT
        if tag not in self._INLINE:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in self._SILENT))
        if tag not in self._INLINE:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(
                " ".join(data.split()) if "\n" in data and not data.strip() else re.sub(r"\s+", " ", data)
            )


def _html_text(text: str) -> str:
    parser = _Text()
    parser.feed(text)
    parser.close()
    return "".join(parser.pieces)
