"""Strict reading of small CSV files: declared header, every value text, row numbers kept.

Belongs here: what any CSV source of ours needs. Does not belong here: which files there are.
"""

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
        frame = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8", index_col=False)
    except UnicodeDecodeError as error:
        raise SourceError(f"not UTF-8 at byte {error.start}", file=path, remedy="save the file as UTF-8") from error
    except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise SourceError(
            f"not a readable CSV: {error}", file=path, remedy=f"give the columns {', '.join(columns)}"
        ) from error
    if tuple(frame.columns) != columns:
        raise SourceError(
            f"the header is {', '.join(map(str, frame.columns))}",
            file=path,
            row=1,
            remedy=f"write it as {', '.join(columns)}",
        )
    if frame.empty:
        raise SourceError("has a header and no rows", file=path, remedy="restore the file from the package")
    frame["row"] = range(2, len(frame) + 2)
    short = frame[list(columns)].isna().any(axis="columns")
    if short.any():
        raise SourceError(
            "has fewer values than the header",
            file=path,
            row=int(frame.loc[short, "row"].iloc[0]),
            remedy="complete the row",
        )
    return frame
