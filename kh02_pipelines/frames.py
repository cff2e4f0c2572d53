"""Small table operations that several modules share and pandas does slowly.

Belongs here: generic, measured helpers on frames. Does not belong here: anything that knows what a unit is.
"""

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


def among(values: pd.Series, allowed: pd.Series) -> pd.Series:
    """``values.isin(allowed)`` for text columns; a missing value is never among anything.

    pandas turns every allowed value into a Python object and back; for ten thousand codes that costs more
    than the joins around it.
    """
    texts, known = (pa.array(side.astype("str"), pa.large_string(), from_pandas=True) for side in (values, allowed))
    found = pc.is_in(texts, value_set=known.drop_null(), skip_nulls=True)
    return pd.Series(found.to_numpy(zero_copy_only=False), index=values.index, dtype=bool)


def files_of(frame: pd.DataFrame, default: str) -> pd.Series:
    """The file each row stands in: its column ``file`` where a configured source gives one, else ``default``."""
    if "file" not in frame.columns:
        return pd.Series(default, index=frame.index, dtype="str")
    return frame["file"].astype("str").fillna(default)
