"""Refusing the rows of a source that cannot be meant.

Belongs here: naming the first wrong row, its file and field. Does not belong here: what makes a row wrong.
"""

import pandas as pd

from kh02_pipelines.errors import SourceError
from kh02_pipelines.frames import files_of


def refuse_first(
    rows: pd.DataFrame,
    wrong: pd.Series,
    problem: str,
    *,
    field: str | None,
    remedy: str,
    file: str = "",
) -> None:
    """Raise SourceError about the first of ``rows`` that is ``wrong``, if any is.

    ``rows`` have the column ``row``, and ``file`` where they do not all stand in the one named. ``problem`` says what
    is the matter, with the row's values in braces: ``"{code} stands twice"``.
    """
    if not wrong.any():
        return
    first = rows[wrong].iloc[0]
    raise SourceError(
        problem.format_map(first.to_dict()),
        file=str(files_of(rows, file)[wrong].iloc[0]),
        row=int(first["row"]),
        field=field,
        remedy=remedy,
    )
