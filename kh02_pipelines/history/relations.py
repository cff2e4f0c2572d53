"""The relation of an old unit to its successors: unchanged, renamed, merged or split.

Belongs here: the one definition of those four words. Does not belong here: anything else about links.
"""

import pandas as pd

from kh02_pipelines.names import spelling_key


def relation(links: pd.DataFrame, same_names: pd.DataFrame) -> pd.Series:
    """The relation of each link's old unit.

    ``links``: ``old_code``, ``new_code``, ``old_name``, ``new_name`` (full names). ``same_names``: pairs ruled
    to be one name in two spellings (``old_code``, ``new_code``, ``old_name``, ``new_name``).

    * ``split``: the old unit has several successors;
    * ``merged``: its only successor has other predecessors too;
    * ``unchanged``: neither, and the full name is the same but for spelling;
    * ``renamed``: neither, and name or type differ.

    A code says nothing here: a merged commune usually keeps the code of one member.
    """
    successors = links.groupby("old_code")["new_code"].transform("size")
    predecessors = links.groupby("new_code")["old_code"].transform("size")
    alone = (successors == 1) & (predecessors == 1)
    same = alike(links[alone], same_names)
    result = pd.Series("merged", index=links.index, dtype="str")
    result[alone] = same.map({True: "unchanged", False: "renamed"})
    result[successors > 1] = "split"
    return result


def alike(links: pd.DataFrame, same_names: pd.DataFrame) -> pd.Series:
    """Whether the names of both ends are one name, by the conventions of spelling or by a ruling."""
    pairs = links[["old_code", "new_code", "old_name", "new_name"]]
    same = pairs["old_name"] == pairs["new_name"]
    others = pairs[~same]
    ruled = others.merge(same_names, how="left", indicator=True)["_merge"].eq("both").to_numpy()
    same[~same] = (spelling_key(others["old_name"]) == spelling_key(others["new_name"])).to_numpy() | ruled
    return same
