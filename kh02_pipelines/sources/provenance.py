"""Which day a reference file speaks for.

Belongs here: telling that day from what the file holds. Does not belong here: reading sources (``csv_files`` and the
readers beside it), the list of them (``intake.source_tables``) or judging their age (``checks.liveness``).
"""

import re

import pandas as pd

_DATE = r"\d{4}-\d{2}-\d{2}"
_DATE_IN_NAME = re.compile(_DATE)


def speaks_for(name: str, frame: pd.DataFrame) -> str | None:
    """The newest day in any cell of a date column, as ISO text; without one, the day in the name; else None."""
    dated = [column for column in frame.columns if column.endswith(("_on", "_date", "valid_from"))]
    found = [value for column in dated for value in frame[column].unique() if re.fullmatch(_DATE, str(value))]
    named = _DATE_IN_NAME.search(name)
    return max(map(str, found), default=named.group() if named else None)
