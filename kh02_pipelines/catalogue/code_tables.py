"""What codes of any day have become: ``code_crosswalk``, ``code_alias``, ``unresolved`` and its candidates.

Belongs here: the tables of ``tables.codes``. Does not belong here: how paths compose (``history.algebra``).
"""

import numpy as np
import pandas as pd

from kh02_pipelines.history.algebra import Pairs, walk
from kh02_pipelines.history.crosswalk import cited
from kh02_pipelines.history.graph import FAR, NOWHERE, Graph, day_number
from kh02_pipelines.history.legal import parse_dates
from kh02_pipelines.history.periods import Periods
from kh02_pipelines.history.relations import alike
from kh02_pipelines.tables.codes import CODE_ALIAS, CODE_CROSSWALK, UNRESOLVED_CANDIDATE, UNRESOLVED_UNIT
from kh02_pipelines.tables.vocabulary import UNRESOLVED

_DAY_BITS = 20


def code_crosswalk(graph: Graph, same_names: pd.DataFrame, periods: Periods, as_of: pd.Timestamp) -> pd.DataFrame:
    """The ``code_crosswalk`` table: communes and provinces by their own paths, districts by those of their communes.

    A span is a unit version, cut where the codes above it change and, of a district, where communes pass to or from
    another district: so that its successors are those of every day of the span.
    """
    today, since = day_number(as_of), day_number(periods.chain_day)
    level = graph.versions["level"].to_numpy()
    spans = _spans(graph, np.flatnonzero((graph.end > since) & (graph.start <= today)), since)
    place, start = spans["place"].to_numpy(), spans["start"].to_numpy()
    district = level[place] == "district"
    land = _land(graph, spans, np.flatnonzero(district))
    own = np.flatnonzero(~district)
    pairs = walk(
        graph,
        np.concatenate([place[own], land["unit"].to_numpy()]),
        today,
        np.concatenate([start[own], start[land["span"].to_numpy()]]),
        np.concatenate([own, land["span"].to_numpy()]),
    ).pairs
    rows = _in_words(graph, spans, pairs, same_names, today)
    rows = rows.sort_values(
        ["level", "old_code", "valid_from", "new_level", "new_code"], na_position="last", ignore_index=True
    )
    rows["successor_number"] = (rows.groupby(["level", "old_code", "valid_from"]).cumcount() + 1).astype("int32")
    return rows[CODE_CROSSWALK.column_names]


def _spans(graph: Graph, known: np.ndarray, since: int) -> pd.DataFrame:
    """``place``, ``start``, ``end`` (FAR while in force) of every span, by place and day, none before ``since``."""
    cuts = pd.concat([_changes_above(graph), _land_passed(graph)], ignore_index=True)
    cuts = cuts[np.isin(cuts["place"], known)]
    place, start = cuts["place"].to_numpy(), cuts["start"].to_numpy()
    inside = (start > np.maximum(graph.start[place], since)) & (start < graph.end[place])
    spans = pd.DataFrame(
        {
            "place": np.concatenate([known, place[inside]]),
            "start": np.concatenate([np.maximum(graph.start[known], since), start[inside]]),
        }
    )
    spans = spans.drop_duplicates().sort_values(["place", "start"], ignore_index=True)
    following = spans.groupby("place")["start"].shift(-1)
    spans["end"] = following.fillna(pd.Series(graph.end[spans["place"]].astype("float64"))).where(following.notna(), -1)
    spans["end"] = np.where(spans["end"] < 0, graph.end[spans["place"]], spans["end"].astype("int64"))
    return spans.astype("int64")


def _changes_above(graph: Graph) -> pd.DataFrame:
    """Days on which the district of a commune came to lie in another province."""
    versions = graph.versions
    district = np.flatnonzero((versions["level"] == "district").to_numpy())
    code, parent = versions["code"].to_numpy(dtype=object), versions["parent_code"].to_numpy(dtype=object)
    order = district[np.lexsort((graph.start[district], code[district].astype(str)))]
    moved = (code[order[1:]] == code[order[:-1]]) & (parent[order[1:]] != parent[order[:-1]])
    moved &= graph.end[order[:-1]] == graph.start[order[1:]]
    rows = []
    for later in order[1:][moved]:  # a handful
        day = graph.start[later]
        inside = (parent == code[later]) & (graph.start < day) & (graph.end > day)
        rows.append(pd.DataFrame({"place": np.flatnonzero(inside), "start": day}))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame({"place": [], "start": []}, dtype="int64")


def _land_passed(graph: Graph) -> pd.DataFrame:
    """Days on which land of communes passed from one district to another, with both districts of that day."""
    versions = graph.versions
    code, parent = versions["code"].to_numpy(dtype=object), versions["parent_code"].to_numpy(dtype=object)
    commune = (versions["level"] == "commune").to_numpy()
    old, new = graph.old, np.maximum(graph.heir, 0)
    into = np.where(commune[new], parent[new], code[new])
    passed = (graph.heir >= 0) & commune[old] & (parent[old] != into)
    rows = pd.DataFrame(
        {
            "code": np.concatenate([parent[old[passed]], into[passed]]),
            "start": np.concatenate([graph.day[passed]] * 2),
        }
    ).drop_duplicates()
    districts = pd.DataFrame({"code": code, "place": np.arange(len(code)), "from": graph.start, "to": graph.end})
    met = rows.merge(districts[(versions["level"] == "district").to_numpy()], on="code")
    return met.loc[(met["from"] < met["start"]) & (met["start"] < met["to"]), ["place", "start"]]


def _land(graph: Graph, spans: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """``span`` and ``unit``: the communes of a district on the first day of its span, or itself without any."""
    versions = graph.versions
    code, parent = versions["code"].to_numpy(dtype=object), versions["parent_code"].to_numpy(dtype=object)
    commune = (versions["level"] == "commune").to_numpy()
    start, place = spans["start"].to_numpy()[rows], spans["place"].to_numpy()[rows]
    found = []
    for day in np.unique(start):  # a hundred days
        mine = rows[start == day]
        districts = pd.DataFrame({"span": mine, "code": code[place[start == day]], "self": place[start == day]})
        here = np.flatnonzero(commune & (graph.start <= day) & (graph.end > day))
        communes = pd.DataFrame({"code": parent[here], "unit": here})
        found.append(districts.merge(communes, on="code", how="left"))
    if not found:
        return pd.DataFrame({"span": [], "unit": []}, dtype="int64")
    land = pd.concat(found, ignore_index=True)
    land["unit"] = land["unit"].fillna(land["self"])
    return land[["span", "unit"]].astype("int64")


def _in_words(graph: Graph, spans: pd.DataFrame, pairs: Pairs, same_names: pd.DataFrame, today: int) -> pd.DataFrame:
    """The columns of the table for pairs of spans and units of today."""
    versions, events = graph.versions, graph.events
    span = spans.iloc[pairs.old].reset_index(drop=True)
    place = span["place"].to_numpy()
    known = pairs.new != NOWHERE
    heir = np.maximum(pairs.new, 0)
    missing = pd.Series(~known)
    above = _above(graph, spans)
    rows = pd.DataFrame(
        {
            "level": versions["level"].array[place],
            "old_code": versions["code"].array[place],
            "valid_from": _dates(span["start"]),
            "valid_to": _dates(span["end"]),
            "old_name": versions["name"].array[place],
            "old_district_code": above["district_code"].array[pairs.old],
            "old_province_code": above["province_code"].array[pairs.old],
            "new_level": pd.Series(versions["level"].array[heir]).mask(missing),
            "new_code": pd.Series(versions["code"].array[heir]).mask(missing),
            "new_name": pd.Series(versions["name"].array[heir]).mask(missing),
            "extent": pd.Series(pairs.extent, dtype="str"),
            "population": pd.Series(pairs.population, dtype="str"),
            "confidence": pd.Series(pairs.confidence, dtype="str"),
            "may_have_lost_part": pairs.lost,
        }
    )
    event = np.where(pairs.last >= 0, pairs.last, pairs.begun)
    cites = event != FAR
    rows["legal_document"] = cited(graph, event, cites, "legal_document", "str")
    rows["clause"] = cited(graph, event, cites, "clause", "Int32")
    rows["relation"] = _relation(graph, rows, span, pairs, same_names, today)
    recoded = versions["ended_by"].map(events.set_index("event_id")["kind"]).eq("recode").to_numpy()[place]
    status = pd.Series("ended", index=rows.index).mask(recoded & (rows["extent"] == "whole"), "recoded")
    rows["status"] = status.mask(span["end"] == FAR, "in_force").mask(missing, UNRESOLVED)
    return rows


def _relation(
    graph: Graph, rows: pd.DataFrame, span: pd.DataFrame, pairs: Pairs, same_names: pd.DataFrame, today: int
) -> pd.Series:
    """The relation of each span to its successors; predecessors are those of its last day."""
    level = graph.versions["level"].factorize()[0][span["place"].to_numpy()]
    group = (np.maximum(pairs.new, 0) << 2) | level
    last = np.minimum(span["end"].to_numpy() - 1, today)
    begun = np.sort((group << _DAY_BITS) | span["start"].to_numpy())
    ended = np.sort((group << _DAY_BITS) | np.minimum(span["end"].to_numpy(), today + 1))
    at = (group << _DAY_BITS) | last
    together = np.searchsorted(begun, at, side="right") - np.searchsorted(ended, at, side="right")
    _, counted = np.unique(pairs.old, return_inverse=True)
    several = np.bincount(counted)[counted] > 1
    words = pd.Series("merged", index=rows.index, dtype="str")
    alone = together == 1
    words[alone] = alike(rows[alone], same_names).map({True: "unchanged", False: "renamed"})
    return words.mask(several, "split").mask(rows["new_code"].isna(), UNRESOLVED)


def _above(graph: Graph, spans: pd.DataFrame) -> pd.DataFrame:
    """``district_code`` and ``province_code`` of every span on its first day; missing where there is none."""
    versions = graph.versions
    parent = versions["parent_code"].to_numpy(dtype=object)
    place, start = spans["place"].to_numpy(), spans["start"].to_numpy()
    district = np.flatnonzero((versions["level"] == "district").to_numpy())
    codes = versions["code"].to_numpy(dtype=object)
    order = district[np.lexsort((graph.start[district], codes[district].astype(str)))]
    names, number = np.unique(codes[order].astype(str), return_inverse=True)
    keys = (number << _DAY_BITS) | graph.start[order]
    asked = pd.Index(names).get_indexer(pd.Index([str(code) for code in parent[place]]))
    found = np.searchsorted(keys, (np.maximum(asked, 0) << _DAY_BITS) | start, side="right") - 1
    at = order[np.maximum(found, 0)] if len(order) else np.zeros(len(place), dtype=np.int64)
    within = (asked >= 0) & (codes[at] == parent[place]) & (graph.end[at] > start)
    return pd.DataFrame(
        {
            "district_code": pd.Series(parent[place], dtype="str").where(within),
            "province_code": pd.Series(np.where(within, parent[at], parent[place]), dtype="str"),
        }
    )


def _dates(days: pd.Series) -> pd.Series:
    dates = pd.Series(np.minimum(days.to_numpy(), 1 << _DAY_BITS).astype("datetime64[D]").astype("datetime64[ms]"))
    return dates.mask((days == FAR).to_numpy())


def unresolved_tables(graph: Graph) -> dict[str, pd.DataFrame]:
    """``unresolved``: units that ended and lead nowhere, or only in part; ``unresolved_candidate``: its district then.

    Districts of a period without districts are no such units: their land is that of their communes.
    """
    versions = graph.versions
    level = versions["level"].to_numpy()
    code, parent = versions["code"].to_numpy(dtype=object), versions["parent_code"].to_numpy(dtype=object)
    old = graph.old
    commune = level == "commune"
    holes = np.flatnonzero((graph.heir == NOWHERE) & (level[old] == "commune"))
    place = old[holes]
    rest = np.isin(place, old[(graph.heir != NOWHERE)])
    above = _above(graph, pd.DataFrame({"place": place, "start": graph.end[place] - 1}))
    units = pd.DataFrame(
        {
            "unit_id": versions["unit_id"].array[place],
            "level": versions["level"].array[place],
            "old_code": versions["code"].array[place],
            "old_name": versions["name"].array[place],
            "old_district_code": above["district_code"],
            "old_province_code": above["province_code"],
            "ended_on": _dates(pd.Series(graph.end[place], dtype="int64")),
            "reason": pd.Series(np.where(rest, "rest_without_successor", "no_successor_known"), dtype="str"),
            "legal_document": graph.events["legal_document"].array[graph.event[holes]],
        }
    )
    parts = []
    for unit in place:  # a dozen or two
        day = graph.end[unit]
        here = commune & (graph.start <= day) & (graph.end > day)
        districts = {parent[unit]}
        if not (here & (parent == parent[unit])).any():
            moved = (graph.day == day) & (graph.heir >= 0) & (parent[old] == parent[unit])
            districts = set(parent[graph.heir[moved]])
        near = np.flatnonzero(here & np.isin(parent, list(districts)))
        parts.append(
            pd.DataFrame(
                {
                    "unit_id": versions["unit_id"].iloc[unit],
                    "candidate_id": versions["unit_id"].array[near],
                    "candidate_code": code[near],
                    "candidate_name": versions["name"].array[near],
                }
            )
        )
    empty = pd.DataFrame({name: [] for name in UNRESOLVED_CANDIDATE.column_names})
    candidates = (pd.concat(parts, ignore_index=True) if parts else empty).astype("str")
    return {
        "unresolved": units[UNRESOLVED_UNIT.column_names].sort_values("unit_id", ignore_index=True),
        "unresolved_candidate": candidates[UNRESOLVED_CANDIDATE.column_names],
    }


def code_aliases(raw: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """The ``code_alias`` table from its source, of registers up to ``as_of``. Raises SourceError for a wrong day."""
    table = raw.assign(as_of=parse_dates(raw, "as_of", "code_aliases.csv"), code=raw["code"].mask(raw["code"] == ""))
    table = table[table["as_of"] <= as_of]
    return table[CODE_ALIAS.column_names].sort_values(list(CODE_ALIAS.primary_key), ignore_index=True)
