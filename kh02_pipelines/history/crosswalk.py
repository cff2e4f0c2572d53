"""The crosswalk between any two days, in either direction.

Belongs here: pairs of units of two days with what is known of them. Does not belong here: how paths compose
(``algebra``) or the published tables that are presets of this (``catalogue``).
"""

from typing import Literal

import numpy as np
import pandas as pd

from kh02_pipelines.history.algebra import Pairs, Walk, link_of, walk
from kh02_pipelines.history.graph import NEVER, NOWHERE, Graph, day_number, graph_of
from kh02_pipelines.history.history import History
from kh02_pipelines.history.relations import relation
from kh02_pipelines.tables.vocabulary import UNRESOLVED

DOCUMENTS_JOINED = "; "

CROSSWALK_COLUMNS = [
    "level",
    "from_code",
    "to_code",
    "extent",
    "population",
    "relation",
    "confidence",
    "legal_document",
    "clause",
    "legal_documents",
]
"""One row per pair. ``level`` is that of the earlier unit. ``extent``, ``population`` and ``relation`` are always those
of the earlier unit in the later one. An unknown successor is a row with a missing later code. ``legal_document`` and
``clause`` are those of the last change on the way that changed territory or code; ``legal_documents`` lists all."""


def crosswalk(history: History, from_day: pd.Timestamp, to_day: pd.Timestamp, same_names: pd.DataFrame) -> pd.DataFrame:
    """Communes, and districts without communes, of ``from_day`` and where they are on ``to_day``: CROSSWALK_COLUMNS.

    ``from_day`` after ``to_day`` gives the same pairs turned round.
    """
    graph = graph_of(history.unit_version, history.change_event, history.succession)
    earlier, later = min(from_day, to_day), max(from_day, to_day)
    walked = walk_between(graph, earlier, later)
    rows = described(graph, walked.pairs, same_names)
    rows["legal_documents"] = documents_of(graph, walked)
    rows = rows[rows["level"] != "province"]
    ends = {"old_code": "from_code", "new_code": "to_code"}
    if from_day > to_day:
        ends = {"old_code": "to_code", "new_code": "from_code"}
    rows = rows.rename(columns=ends)[CROSSWALK_COLUMNS]
    return rows.sort_values(["level", "from_code", "to_code"], na_position="last", ignore_index=True)


def walk_between(graph: Graph, earlier: pd.Timestamp, later: pd.Timestamp) -> Walk:
    """From the provinces, communes, and districts without communes of one day to another day."""
    day = day_number(earlier)
    return walk(graph, units_of_land(graph, day), day_number(later), day, trails=True)


def units_of_land(graph: Graph, day: int) -> np.ndarray:
    """Places of the units in force on a day that no unit of the level below divides: not of districts with communes."""
    here = graph.in_force(day)
    level = graph.versions["level"].to_numpy()[here]
    parents = graph.versions["parent_code"].to_numpy()[here][level == "commune"]
    bare = ~np.isin(graph.versions["code"].to_numpy()[here].astype(str), parents.astype(str))
    return here[(level != "district") | bare]


def described(graph: Graph, pairs: Pairs, same_names: pd.DataFrame) -> pd.DataFrame:
    """Pairs in words: level, codes, names, extent, population, relation, confidence, law.

    ``law_kind`` columns: ``legal_document`` and ``clause`` of the last link that changed territory or code; where
    there is none, missing. ``first_document`` is that of the first link of all. The relation counts predecessors
    among these very pairs.
    """
    versions = graph.versions
    known = pairs.new != NOWHERE
    place = np.maximum(pairs.new, 0)
    missing = pd.Series(~known)
    rows = pd.DataFrame(
        {
            "level": versions["level"].array[pairs.old],
            "old_code": versions["code"].array[pairs.old],
            "old_name": versions["name"].array[pairs.old],
            "new_level": pd.Series(versions["level"].array[place]).mask(missing),
            "new_code": pd.Series(versions["code"].array[place]).mask(missing),
            "new_name": pd.Series(versions["name"].array[place]).mask(missing),
            "extent": pairs.extent,
            "population": pairs.population,
            "confidence": pairs.confidence,
        }
    ).astype({"extent": "str", "population": "str", "confidence": "str"})
    rows["relation"] = _relation(rows, same_names)
    for prefix, dated, there in (("", pairs.last, pairs.last >= 0), ("first_", pairs.begun, pairs.begun != NEVER)):
        rows[f"{prefix}legal_document"] = cited(graph, dated, there, "legal_document", "str")
        rows[f"{prefix}clause"] = cited(graph, dated, there, "clause", "Int32")
    return rows


def cited(graph: Graph, dated: np.ndarray, there: np.ndarray, field: str, dtype: Literal["str", "Int32"]) -> pd.Series:
    """A field of the events of dated links (see ``algebra.link_of``); missing where there is none."""
    if len(graph.event) == 0:
        return pd.Series(None, index=range(len(dated)), dtype=dtype)
    event = graph.event[link_of(np.where(there, dated, 0))]
    return pd.Series(graph.events[field].array[event], index=range(len(dated))).where(there).astype(dtype)


def _relation(rows: pd.DataFrame, same_names: pd.DataFrame) -> pd.Series:
    """The relation of each pair; ``unresolved`` where the successor is not known."""
    known = rows["new_code"].notna()
    words = pd.Series(UNRESOLVED, index=rows.index, dtype="str")
    found = relation(rows[known], same_names)
    torn = rows["old_code"].duplicated(keep=False)
    words[known] = found.mask(torn[known], "split")
    return words


def documents_of(graph: Graph, walked: Walk) -> pd.Series:
    """Every document on the paths of each pair, oldest first, joined with DOCUMENTS_JOINED; missing where none."""
    path, step = np.nonzero(walked.trail >= 0)
    if len(path) == 0:
        return pd.Series(None, index=range(len(walked.pairs)), dtype="str")
    link = walked.trail[path, step]
    documents = pd.DataFrame(
        {
            "pair": walked.path[path],
            "day": graph.day[link],
            "number": graph.events["legal_document"].array[graph.event[link]],
        }
    ).dropna(subset=["number"])
    documents = documents.sort_values(["pair", "day", "number"]).drop_duplicates(["pair", "number"])
    joined = documents.groupby("pair")["number"].agg(DOCUMENTS_JOINED.join)
    return joined.reindex(range(len(walked.pairs))).astype("str")
