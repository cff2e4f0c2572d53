"""The algebra of paths: how extent, population and confidence of links compose.

Belongs here: walking from versions to a day, putting paths of one pair together, composing two crosswalks, and the
words for the result. Does not belong here: the graph (``graph``) or published columns (``crosswalk``).

The rules, each with its reason in docs/decisions/0010:

* A path is known when each of its links is: **unknown stays unknown**. A pair is known when all its paths are.
* A unit whose paths all lead to one unit is **whole** in it; otherwise it is in **part** in each. Where a part of a
  unit leads nowhere, that nowhere is a target like any other, so parts that meet again are whole only if all parts
  of that event are known and lead there.
* People go only along links that carry people: a path with one link of ``none`` has none. A unit has ``all`` of its
  people where no other target has any of them, ``unknown`` where a path that carries people does not say how many,
  else ``part``. What is whole has all people.
* The confidence of a pair is that of its weakest link on any path.

All four are unions over paths of unions (or intersections) over links, so it makes no difference in what steps a span
of time is walked, and ``compose`` of two crosswalks is the crosswalk of both spans.
"""

from dataclasses import dataclass

import numpy as np

from kh02_pipelines.history.graph import CONFIDENCE_RANK, NEVER, NOWHERE, Graph

_OF_RANK = np.array(sorted(CONFIDENCE_RANK, key=lambda word: CONFIDENCE_RANK[word]), dtype=object)


@dataclass(frozen=True)
class Pairs:
    """Where units of one day are on another: one row per pair, sorted by both ends.

    ``old``, ``new``: places of versions (``new`` may be NOWHERE). ``people``, ``people_unknown``, ``unknown`` and
    ``rank``: see ``Graph``. ``last``, ``begun``: the last link that cites, the first of all (-1, NEVER where none).
    ``lost``: whether a unit on the way may have lost a part.
    """

    old: np.ndarray
    new: np.ndarray
    people: np.ndarray
    people_unknown: np.ndarray
    unknown: np.ndarray
    rank: np.ndarray
    last: np.ndarray
    begun: np.ndarray
    lost: np.ndarray

    def __len__(self) -> int:
        return len(self.old)

    @property
    def extent(self) -> np.ndarray:
        """whole, part or unknown."""
        alone = _count_of(self.old) == 1
        return np.where(self.unknown, "unknown", np.where(alone, "whole", "part"))

    @property
    def population(self) -> np.ndarray:
        """all, part, none or unknown."""
        alone = _count_of(self.old, self.people) == 1
        known = np.where(alone, "all", "part")
        words = np.where(self.people, np.where(self.people_unknown, "unknown", known), "none")
        return np.where(self.extent == "whole", "all", words)

    @property
    def confidence(self) -> np.ndarray:
        """sourced, derived or unknown."""
        return _OF_RANK[self.rank]

    def chosen(self, rows: np.ndarray) -> "Pairs":
        """Some of the rows."""
        return Pairs(*(values[rows] for values in self._columns()))

    def _columns(self) -> tuple[np.ndarray, ...]:
        return tuple(getattr(self, name) for name in self.__dataclass_fields__)


@dataclass(frozen=True)
class Walk:
    """The pairs of a walk, and every link of it: ``trail`` has a row per path, links or -1; ``path`` is its pair."""

    pairs: Pairs
    trail: np.ndarray
    path: np.ndarray


def walk(
    graph: Graph,
    starts: np.ndarray,
    to_day: int,
    from_day: int | np.ndarray,
    keys: np.ndarray | None = None,
    *,
    trails: bool = False,
) -> Walk:
    """Where the versions ``starts`` are on ``to_day``, from ``from_day`` on: one day, or one for each.

    ``keys``: what the pairs call each start, where that is not its place: several starts of one key are one thing.

    Versions that are themselves still in force then lead to themselves.
    """
    old, at = starts if keys is None else keys, starts
    since = np.broadcast_to(np.asarray(from_day, dtype=np.int64), (len(starts),))
    number = len(starts)
    people = np.ones(number, dtype=bool)
    people_unknown, unknown = np.zeros(number, dtype=bool), np.zeros(number, dtype=bool)
    rank = np.zeros(number, dtype=np.int8)
    last, begun = np.full(number, -1, dtype=np.int64), np.full(number, NEVER, dtype=np.int64)
    lost = _lost(graph, at, since, to_day)
    trail = np.empty((number, 0), dtype=np.int64)
    while True:
        moving = (at >= 0) & (graph.leave[np.maximum(at, 0)] <= to_day)
        if not moving.any():
            break
        width = np.where(moving, graph.first[np.maximum(at, 0) + 1] - graph.first[np.maximum(at, 0)], 1)
        row = np.repeat(np.arange(len(at)), width)
        step = np.arange(len(row)) - np.repeat(np.cumsum(width) - width, width)
        moved = moving[row]
        link = np.where(moved, graph.first[np.maximum(at[row], 0)] + step, 0)
        at = np.where(moved, graph.heir[link], at[row])
        old, since = old[row], since[row]
        people = people[row] & (~moved | graph.people[link])
        people_unknown = people_unknown[row] | (moved & graph.people_unknown[link])
        unknown = unknown[row] | (moved & graph.unknown[link])
        rank = np.maximum(rank[row], np.where(moved, graph.rank[link], 0)).astype(np.int8)
        last = np.maximum(last[row], np.where(moved & graph.cites[link], _dated(graph, link), -1))
        begun = np.minimum(begun[row], np.where(moved, _dated(graph, link), NEVER))
        lost = lost[row] | (moved & _lost(graph, at, since, to_day))
        if trails:
            trail = np.column_stack([trail[row], np.where(moved, link, -1)])
    paths = Pairs(old, at, people, people & people_unknown, unknown, rank, last, begun, lost)
    pairs, path = _one_row_per_pair(paths)
    return Walk(pairs, trail, path)


def _dated(graph: Graph, link: np.ndarray) -> np.ndarray:
    """Links as numbers in the order of their days."""
    return (graph.day[link] << 24) | link


def link_of(dated: np.ndarray) -> np.ndarray:
    """The links behind such numbers; only where there is one."""
    return dated & ((1 << 24) - 1)


def _lost(graph: Graph, at: np.ndarray, since: np.ndarray, to_day: int) -> np.ndarray:
    day = graph.lost[np.maximum(at, 0)]
    return (at >= 0) & (day > since) & (day <= to_day)


def compose(earlier: Pairs, later: Pairs) -> Pairs:
    """The pairs of both spans: ``earlier`` leads to the units that ``later`` begins with."""
    order = np.argsort(later.old, kind="stable")
    sorted_old = later.old[order]
    left = np.searchsorted(sorted_old, earlier.new, side="left")
    right = np.searchsorted(sorted_old, earlier.new, side="right")
    ends = earlier.new == NOWHERE
    width = np.where(ends, 1, right - left)
    row = np.repeat(np.arange(len(earlier)), width)
    step = np.arange(len(row)) - np.repeat(np.cumsum(width) - width, width)
    moved = ~ends[row]
    link = np.where(moved, order[np.minimum(left[row] + step, len(order) - 1)], 0)
    people = earlier.people[row] & (~moved | later.people[link])
    silent = (earlier.people_unknown[row] & (~moved | later.people[link])) | (
        moved & earlier.people[row] & later.people_unknown[link]
    )
    paths = Pairs(
        old=earlier.old[row],
        new=np.where(moved, later.new[link], NOWHERE),
        people=people,
        people_unknown=silent,
        unknown=earlier.unknown[row] | (moved & later.unknown[link]),
        rank=np.maximum(earlier.rank[row], np.where(moved, later.rank[link], 0)).astype(np.int8),
        last=np.maximum(earlier.last[row], np.where(moved, later.last[link], -1)),
        begun=np.minimum(earlier.begun[row], np.where(moved, later.begun[link], NEVER)),
        lost=earlier.lost[row] | (moved & later.lost[link]),
    )
    return _one_row_per_pair(paths)[0]


def _one_row_per_pair(paths: Pairs) -> tuple[Pairs, np.ndarray]:
    """Paths of one pair as one row, and the row of every path."""
    order = np.lexsort((paths.new, paths.old))
    old, new = paths.old[order], paths.new[order]
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = (old[1:] != old[:-1]) | (new[1:] != new[:-1])
    at = np.flatnonzero(begins)
    row = np.empty(len(order), dtype=np.int64)
    row[order] = np.cumsum(begins) - 1
    if len(at) == 0:
        return paths, row

    def met(values: np.ndarray, how: np.ufunc) -> np.ndarray:
        return how.reduceat(values[order], at)

    pairs = Pairs(
        old=old[at],
        new=new[at],
        people=met(paths.people, np.logical_or),
        people_unknown=met(paths.people_unknown, np.logical_or),
        unknown=met(paths.unknown, np.logical_or),
        rank=met(paths.rank, np.maximum),
        last=met(paths.last, np.maximum),
        begun=met(paths.begun, np.minimum),
        lost=met(paths.lost, np.logical_or),
    )
    return pairs, row


def _count_of(keys: np.ndarray, counted: np.ndarray | None = None) -> np.ndarray:
    """How many rows of its key are counted, for every row."""
    _, number = np.unique(keys, return_inverse=True)
    weights = None if counted is None else counted.astype(np.int64)
    return np.bincount(number, weights=weights)[number].astype(np.int64) if len(keys) else number
