"""Strict reading of small CSV files: declared header, every value text, row numbers kept.

Belongs here: what any CSV source of ours needs. Does not belong here: which files there are.
"""

import csv
from pathlib import Path

import pandas as pd

from kh02_pipelines.errors import SourceError

MAX_BYTES = 64 * 1024 * 1024
"""Largest CSV accepted, in bytes: the real registers are below 2 MB."""


def read_csv_strict(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read a UTF-8 CSV whose header is exactly ``columns``.

    Returns one row per record: ``columns`` as text (empty stays the empty string) and ``row``, the line in
    the file (header = 1; records with line breaks inside quotes are not expected in these files).

    Raises SourceError when the file is missing, too large, not UTF-8, has another header, an uneven row or
    no rows.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise SourceError("not a regular file", file=path, remedy="give the path of a CSV file")
    except OSError as error:
        raise SourceError(
            f"cannot be read: {error.strerror}", file=path, remedy="restore the file or mend its permissions"
        ) from error
    if size > MAX_BYTES:
        raise SourceError(
            f"{size} bytes, more than the {MAX_BYTES} allowed",
            file=path,
            remedy="check that it is the right file",
        )
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            records = [(reader.line_num, record) for record in reader if record]
    except UnicodeDecodeError as error:
        raise SourceError(f"not UTF-8 at byte {error.start}", file=path, remedy="save the file as UTF-8") from error
    except csv.Error as error:
        raise SourceError(
            f"not a readable CSV: {error}", file=path, row=reader.line_num, remedy="mend the quotes on that row"
        ) from error
    if not records:
        raise SourceError("not a readable CSV: empty", file=path, remedy=f"give the columns {', '.join(columns)}")
    (_, header), *rows = records
    if tuple(header) != columns:
        raise SourceError(
            f"the header is {', '.join(header)}", file=path, row=1, remedy=f"write it as {', '.join(columns)}"
        )
    if not rows:
        raise SourceError("has a header and no rows", file=path, remedy="restore the file from the package")
    uneven = next(((line, len(record)) for line, record in rows if len(record) != len(columns)), None)
    if uneven is not None:
        line, found = uneven
        raise SourceError(
            f"has {'fewer' if found < len(columns) else 'more'} values than the header: {found} of {len(columns)}",
            file=path,
            row=line,
            remedy="complete the row, or quote the value that holds a comma",
        )
    frame = pd.DataFrame([record for _, record in rows], columns=list(columns), dtype="str")
    frame["row"] = [line for line, _ in rows]
    return frame
