"""Where a catalogue comes from: each source with the hash of its bytes and the newest day it speaks for.

Belongs here: the list that is staged with a candidate and shown in the quality report. Does not belong here:
reading sources (``csv_files`` and the readers beside it) or judging their age (``register.liveness``).
"""

import re
from collections.abc import Mapping

import pandas as pd

SOURCE_COLUMNS = ["source", "sha256", "speaks_for"]
"""``speaks_for`` is ISO text, empty where the source carries no date."""

_DATE_IN_NAME = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE = r"\d{4}-\d{2}-\d{2}"


def provenance(frames: Mapping[str, pd.DataFrame], hashes: Mapping[str, str]) -> pd.DataFrame:
    """SOURCE_COLUMNS for raw frames by source name.

    A source speaks for the newest date in any of its cells; one without dates speaks for the date in its name.
    """
    rows = [(name, hashes.get(name, ""), _speaks_for(name, frame)) for name, frame in sorted(frames.items())]
    return pd.DataFrame(rows, columns=SOURCE_COLUMNS, dtype="str")


def _speaks_for(name: str, frame: pd.DataFrame) -> str:
    dated = [column for column in frame.columns if column.endswith(("_on", "_date", "valid_from"))]
    found = [value for column in dated for value in frame[column].unique() if re.fullmatch(_DATE, str(value))]
    named = _DATE_IN_NAME.search(name)
    return max(map(str, found), default=named.group() if named else "")
