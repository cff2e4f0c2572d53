"""Apply a function of one text to a whole column, once per distinct value.

Belongs here: the one way the other modules walk a pandas Series (missing stays missing, the index and the
name of the Series are kept, results are pandas' ``str``). Does not belong here: anything about Vietnamese.

pandas is imported where a Series comes in: whoever has single texts (``kh02 lookup``) does without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    from pandas.api.extensions import ExtensionArray


def distinct(s: pd.Series) -> tuple[npt.NDArray[np.intp], list[str]]:
    """Return for each value its place in the list of distinct texts (-1 where missing), and that list."""
    import numpy as np
    import pandas as pd

    codes, uniques = pd.factorize(s)
    values = list(uniques)
    for value in values:
        if not isinstance(value, str):
            raise TypeError(f"names must be text, found {type(value).__name__}: {value!r}")
    return codes.astype(np.intp), values


def map_text(s: pd.Series, function: Callable[[str], str]) -> pd.Series:
    """Apply ``function`` to every text of ``s``."""
    import pandas as pd

    codes, values = distinct(s)
    return pd.Series(_spread([function(value) for value in values], codes), index=s.index, name=s.name)


def map_flag(s: pd.Series, function: Callable[[str], bool]) -> pd.Series:
    """Apply a yes/no ``function`` to every text of ``s``; the answer is missing where the text is."""
    import pandas as pd

    codes, values = distinct(s)
    answers: list[bool | None] = [function(value) for value in values]
    answers.append(None)  # the place -1 points to
    return pd.Series([answers[code] for code in codes.tolist()], index=s.index, dtype="boolean", name=s.name)


def map_fields(s: pd.Series, function: Callable[[str], tuple[str | None, ...]], columns: Sequence[str]) -> pd.DataFrame:
    """Apply a ``function`` that takes one text apart; its parts become the columns of a frame."""
    import pandas as pd

    codes, values = distinct(s)
    rows = [function(value) for value in values]
    return pd.DataFrame(
        {column: _spread([row[place] for row in rows], codes) for place, column in enumerate(columns)},
        index=s.index,
        columns=list(columns),
    )


def _spread(results: Sequence[str | None], codes: npt.NDArray[np.intp]) -> ExtensionArray:
    import pandas as pd

    table = pd.array([*results, None], dtype="str")  # the last one is the place -1 points to
    return table.take(codes)
