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
    known = pa.array(allowed, type=pa.large_string(), from_pandas=True).drop_null()
    found = pc.is_in(pa.array(values, type=pa.large_string(), from_pandas=True), value_set=known)
    return pd.Series(found.to_numpy(zero_copy_only=False), index=values.index)
