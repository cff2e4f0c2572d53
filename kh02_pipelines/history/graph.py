"""The version graph: what every unit version becomes, as numbers to walk on.

Belongs here: the published history tables as arrays, and walking them from any versions to a day. Does not belong here:
what a walk means in words (``algebra``) or its published shape (``crosswalk``, ``catalogue``).
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from kh02_pipelines.history.changes import UNKNOWN

NOWHERE = -1
"""The end of a path whose next unit is not known."""

FAR = np.iinfo(np.int64).max
NEVER = FAR
"""Later than every link."""

CONFIDENCE_RANK = {"sourced": 0, "derived": 1, "unknown": 2}


@dataclass(frozen=True)
class Graph:
    """Versions in the order of ``unit_version`` and the links that end them, sorted by predecessor.

    ``start``, ``end``: days since 1970, ``end`` exclusive and FAR while in force. ``first``: where the links of a
    version begin; one more than there are versions. Of each link: ``heir`` (a version, or NOWHERE), ``people`` (whether
    any went that way), ``people_unknown``, ``unknown`` (extent), ``part``, ``rank`` of its confidence, ``cites``
    (it changed territory or code, or its clause confirms the unit), ``day``, and ``event``: the place of its event.
    ``leave``: when a walk leaves a version: its end, or for a district without communes the day it got some.
    ``lost``: the last day on which a version may have lost a part to a unit of unknown origin; -1 where none.
    """

    versions: pd.DataFrame
    events: pd.DataFrame
    start: np.ndarray
    end: np.ndarray
    first: np.ndarray
    heir: np.ndarray
    people: np.ndarray
    people_unknown: np.ndarray
    unknown: np.ndarray
    rank: np.ndarray
    cites: np.ndarray
    day: np.ndarray
    event: np.ndarray
    ruling: np.ndarray
    leave: np.ndarray
    lost: np.ndarray = field(repr=False)

    @property
    def old(self) -> np.ndarray:
        """The version that each link leads out of."""
        return np.repeat(np.arange(len(self.start)), np.diff(self.first))

    def in_force(self, day: int) -> np.ndarray:
        """Places of the versions in force on a day."""
        return np.flatnonzero((self.start <= day) & (self.end > day))


def day_number(day: pd.Timestamp) -> int:
    """Days since 1970."""
    return int(np.datetime64(day, "D").astype(np.int64))


def graph_of(unit_version: pd.DataFrame, change_event: pd.DataFrame, succession: pd.DataFrame) -> Graph:
    """The graph of one history.

    A version that ended and leads nowhere, or only in part to one unit, gets a link to NOWHERE: nobody knows where it,
    or the rest of it, went.
    """
    versions = unit_version.reset_index(drop=True)
    events = change_event.reset_index(drop=True)
    place = pd.Index(versions["unit_id"])
    event_place = pd.Index(events["event_id"])
    start = versions["valid_from"].to_numpy(dtype="datetime64[D]").astype(np.int64)
    ended = versions["valid_to"].notna().to_numpy()
    end = np.full(len(versions), FAR)
    end[ended] = versions["valid_to"].to_numpy(dtype="datetime64[D]").astype(np.int64)[ended]
    old = place.get_indexer(succession["predecessor_id"])
    event = event_place.get_indexer(succession["event_id"])
    day = events["effective_date"].to_numpy(dtype="datetime64[D]").astype(np.int64)[event]
    mine = np.flatnonzero((end[old] == day) if len(old) else np.zeros(0, dtype=bool))
    links = succession.iloc[mine]
    old, event, day = old[mine], event[mine], day[mine]
    heir = place.get_indexer(links["successor_id"])
    codes = versions["code"].to_numpy()
    whole = (links["extent"] == "whole").to_numpy()
    predecessors = np.bincount(heir, minlength=len(versions))
    cites = ~((codes[old] == codes[heir]) & whole & (predecessors[heir] == 1))
    confirmed = (events["kind"] == "transfer").to_numpy() & events["clause"].notna().to_numpy()
    cites |= confirmed[event]
    out = np.bincount(old, minlength=len(versions))
    half = np.bincount(old, weights=(links["extent"] == "part").to_numpy(), minlength=len(versions))
    holes = np.flatnonzero(ended & ((out == 0) | ((out == 1) & (half == 1))))
    own_event = event_place.get_indexer(versions["ended_by"].iloc[holes])

    def with_holes(values: np.ndarray, hole: object) -> np.ndarray:
        return np.concatenate([values, np.full(len(holes), hole, dtype=values.dtype)])

    old_all = np.concatenate([old, holes])
    columns = {
        "heir": with_holes(heir, NOWHERE),
        "people": with_holes((links["population"] != "none").to_numpy(), True),
        "people_unknown": with_holes((links["population"] == UNKNOWN).to_numpy(), True),
        "unknown": with_holes((links["extent"] == UNKNOWN).to_numpy(), True),
        "rank": with_holes(
            links["confidence"].map(CONFIDENCE_RANK).to_numpy(dtype=np.int8), CONFIDENCE_RANK["unknown"]
        ),
        "cites": with_holes(cites, True),
        "day": np.concatenate([day, end[holes]]),
        "event": np.concatenate([event, own_event]),
        "ruling": np.concatenate([mine, np.full(len(holes), -1)]),
    }
    settled = _settled(versions, start, end)
    began = event_place.get_indexer(versions["started_by"].iloc[settled["commune"]])
    keep = ~np.isin(old_all, settled["district"])  # a walk is gone from there by the time it ends
    columns = {
        name: np.concatenate([values[keep], np.full(len(settled), _SETTLED.get(name, -1), dtype=values.dtype)])
        for name, values in columns.items()
    }
    if len(settled):
        columns["heir"][-len(settled) :] = settled["commune"]
        columns["day"][-len(settled) :] = settled["day"]
        columns["event"][-len(settled) :] = began
    old_all = np.concatenate([old_all[keep], settled["district"]])
    leave = end.copy()
    leave[settled["district"]] = settled["day"]
    texts = events["event_id"].to_numpy()[columns["event"]]
    order = np.lexsort((columns["heir"], texts, columns["day"], old_all))
    first = np.concatenate([[0], np.cumsum(np.bincount(old_all, minlength=len(versions)))])
    return Graph(
        versions=versions,
        events=events,
        start=start,
        end=end,
        first=first,
        leave=leave,
        lost=_may_have_lost(versions, start, end, succession, events),
        **{name: values[order] for name, values in columns.items()},
    )


_SETTLED = {"people": True, "people_unknown": True, "unknown": False, "rank": CONFIDENCE_RANK["derived"], "cites": True}
"""What is known of the link from a district without communes to those it gets: all of it is theirs."""


def _settled(versions: pd.DataFrame, start: np.ndarray, end: np.ndarray) -> pd.DataFrame:
    """``district``, ``commune``, ``day``: the first communes of districts that had none when they began."""
    frame = pd.DataFrame({"code": versions["code"], "place": np.arange(len(versions)), "start": start, "end": end})
    level = versions["level"]
    districts = frame[level == "district"]
    communes = frame.assign(code=versions["parent_code"])[level == "commune"]
    both = districts.merge(communes, on="code", suffixes=("", "_below"))
    peopled = both[(both["start_below"] <= both["start"]) & (both["end_below"] > both["start"])]["place"]
    later = both[~both["place"].isin(peopled) & (both["start_below"] > both["start"])]
    later = later[later["start_below"] < later["end"]]
    first = later[later["start_below"] == later.groupby("place")["start_below"].transform("min")]
    named = {"place": "district", "place_below": "commune", "start_below": "day"}
    return first.rename(columns=named)[list(named.values())].reset_index(drop=True)


def _may_have_lost(
    versions: pd.DataFrame, start: np.ndarray, end: np.ndarray, succession: pd.DataFrame, events: pd.DataFrame
) -> np.ndarray:
    """For every version the last day on which it may have given land to a new unit whose origin is not known.

    Such a unit marks the communes of its district on the day before; where the district is new as well, those of the
    districts that the new one was made of.
    """
    lost = np.full(len(versions), -1, dtype=np.int64)
    commune = (versions["level"] == "commune").to_numpy()
    born = commune & versions["started_by"].notna().to_numpy()
    born &= ~versions["unit_id"].isin(succession["successor_id"]).to_numpy()
    if not born.any():
        return lost
    codes, parents = versions["code"].to_numpy(dtype=object), versions["parent_code"].to_numpy(dtype=object)
    place = pd.Index(versions["unit_id"])
    ids = succession[["predecessor_id", "successor_id"]]
    link = pd.DataFrame(
        {"old": place.get_indexer(ids["predecessor_id"]), "new": place.get_indexer(ids["successor_id"])}
    )
    dates = events.set_index("event_id")["effective_date"]
    link["day"] = succession["event_id"].map(dates).to_numpy(dtype="datetime64[D]").astype(np.int64)
    district = versions["level"].to_numpy() == "district"
    for unit in np.flatnonzero(born):  # a hundred and fifty, nearly all before 2009
        day, above = start[unit], parents[unit]
        there = district & (codes == above) & (start < day) & (end >= day)
        districts = {above}
        if not there.any():
            here = link[link["day"] == day]
            formed = here[(codes[here["new"]] == above)]
            moved = here[(parents[here["new"]] == above) & commune[here["new"]] & commune[here["old"]]]
            districts = {*codes[formed["old"]], *parents[moved["old"]]}
        marked = commune & (start < day) & (end >= day) & np.isin(parents, list(districts))
        lost[marked] = np.maximum(lost[marked], day)
    return lost
