"""Whom a failing row is about and where it stands in its source: the name of the unit, the file and the line.

Belongs here: looking both up for the few rows that are shown. Does not belong here: judging, or the file with all
failing rows (``failing_rows``).
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

NAMES = (("code", "name"), ("old_code", "old_name"), ("new_code", "new_name"), ("number", "title"))
"""Columns in which a key may stand, and the name beside each."""

MOST_BYTES = 20_000_000
_CODE = re.compile(r"(?<![0-9-])(?:[0-9]{5}|[0-9]{3}|[0-9]{2})(?![0-9-])")


def located(rows: pd.DataFrame, tables: Mapping[str, pd.DataFrame], sources: Iterator[tuple[str, str]]) -> pd.DataFrame:
    """The findings with ``unit`` and ``source`` (``file:line``) in front of the problem; empty where not known.

    A unit is looked for by the first code in the key, in the row's own table first.
    """
    texts = list(sources)
    shown = rows.copy()
    shown.insert(2, "unit", [_name(table, key, tables) for table, key in zip(rows["table"], rows["key"], strict=True)])
    shown.insert(3, "source", [_line(key, texts) for key in rows["key"]])
    return shown


def source_texts(files: pd.DataFrame, reference: Path, home: Path) -> Iterator[tuple[str, str]]:
    """Name and text of every source file that the catalogue was built of, as it was read.

    ``files``: the table ``source_file``. What is no text, or very large, is left out.
    """
    for row in files[files["followed"].astype(bool)].itertuples():  # a handful of files
        kept = home / "raw" / str(row.sha256)
        found = [kept] if kept.is_file() else sorted(reference.rglob(Path(str(row.file)).name))
        if found and found[0].stat().st_size <= MOST_BYTES:
            try:
                yield Path(str(row.file)).name, found[0].read_text("utf-8-sig")
            except (OSError, UnicodeDecodeError):
                continue


def _name(table: str, key: str, tables: Mapping[str, pd.DataFrame]) -> str:
    code = _CODE.search(str(key))
    if code is None:
        return ""
    candidates = [table, "commune", "legacy_commune", "province", "legacy_district", "legacy_province"]
    for name in candidates:
        frame = tables.get(name)
        for of, called in NAMES:
            if frame is None or of not in frame.columns or called not in frame.columns:
                continue
            match = frame.loc[frame[of].astype("str") == code.group(), called]
            if len(match):
                return str(match.iloc[0])
    return ""


def _line(key: str, texts: list[tuple[str, str]]) -> str:
    code = _CODE.search(str(key))
    if code is None:
        return ""
    cell = re.compile(rf"^(?:.*[,;\t|])?\"?{code.group()}\"?(?:[,;\t|].*)?$", re.MULTILINE)
    for file, text in texts:
        found = cell.search(text)
        if found is not None:
            return f"{file}:{text.count(chr(10), 0, found.start()) + 1}"
    return ""
