"""Which tables carry names, and whether a column of names is Unicode at all.

Belongs here: what several rules on names ask first. Does not belong here: the rules (``name_rules``,
``correctness``). A column in a legacy encoding is one fault, found once: the other rules pass it over.
"""

import pandas as pd

from kh02_pipelines.names.encodings import Detection, detect_encoding

UNIT_TABLES = ("province", "commune", "legacy_province", "legacy_district", "legacy_commune")

_BEYOND_BYTES = "[\u0100-\u1eff]"


def legacy_encoding(names: pd.Series) -> Detection | None:
    """The legacy encoding a whole column is in, with its evidence; None where it is Unicode."""
    if names.str.contains(_BEYOND_BYTES, regex=True).any():  # a legacy column has none of these letters
        return None
    found = detect_encoding(names)
    return None if found.encoding == "unicode" else found
