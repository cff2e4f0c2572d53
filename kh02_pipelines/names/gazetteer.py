"""The gazetteer: one index over the names of units, the units above them and their spans.

Belongs here: which units a written name can mean, alone or with the names above it, on a day or on any. Does not belong
here: what became of a unit (``history``), which of several is meant (nobody's guess: all of them are answers), codes as
people write them, or where the units come from: any columns of code, name, code above and span will do.

A name is compared by its keys (``keys``), with its unit word or without: the word may be abbreviated (``parts``), and
when it is there it counts. Accents count where there are some. What meets only without accents or by its initials is
an answer too, marked as not ``exact``. Works on lists, without pandas.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple

from kh02_pipelines.names.keys import loose_keys, spelling_keys, squeezed
from kh02_pipelines.names.parts import UNIT_TYPES, Level, expand_name, split_name

COLUMNS: Final = ("level", "code", "name", "parent_code", "valid_from", "valid_to")
_PATH: Final = re.compile(r"[,;\n]+")
_INITIALS: Final = re.compile(r"[A-ZĐ]{2,5}")


class Meant(NamedTuple):
    """Places of the units that a name can mean; ``exact`` when they are spelled so, up to spelling conventions."""

    places: tuple[int, ...]
    exact: bool


class _Reading(NamedTuple):
    """One way to read a name: of one level and type, or of any."""

    level: Level | None
    type: str | None
    own_name: str


class Gazetteer:
    """An index over units; a unit goes by its place in the columns it was made from."""

    def __init__(self, units: Mapping[str, Sequence[Any]]) -> None:
        """``units`` has COLUMNS, all of one length: ``parent_code`` is None (or missing) where there is none.

        Days are of any one type that can be compared; ``valid_to`` is exclusive and None while in force.
        """
        self.level, self.code, self.name, self.parent_code, self.valid_from, self.valid_to = (
            list(units[column]) for column in COLUMNS
        )
        self._loose, self._spelling = loose_keys(), spelling_keys()
        self._known: dict[tuple[str, Any], Meant] = {}

    # ---- codes and paths ----

    def of_code(self, code: str, day: Any = None) -> list[int]:
        """The units with a code, in the order of their days; those in force on ``day``, where one is given."""
        return [place for place in self._by_code.get(code, ()) if day is None or self.in_force(place, day)]

    def in_force(self, place: int, day: Any) -> bool:
        """Whether a unit is in force on a day."""
        return self.valid_from[place] <= day and (self.valid_to[place] is None or day < self.valid_to[place])

    def above(self, place: int, day: Any = None) -> list[int]:
        """The units above one, nearest first: on ``day``, or every one that was above it at some time."""
        found: list[int] = []
        nearest = [place]
        while nearest:
            codes = dict.fromkeys(self.parent_code[unit] for unit in nearest)
            nearest = [
                unit
                for code in codes
                for unit in self._by_code.get(code, ())
                if (self.in_force(unit, day) if day is not None else self._overlap(unit, place))
            ]
            found += nearest
        return found

    def path(self, place: int) -> str:
        """The names of the units above one, as they were on its last day, nearest first."""
        end = self.valid_to[place]
        mine = [
            unit
            for unit in self.above(place)
            if (self.valid_to[unit] is None if end is None else self._reaches(unit, end))
        ]
        return ", ".join(self.name[unit] for unit in mine)

    # ---- names ----

    def find(self, text: str, day: Any = None) -> Meant:
        """The units that ``text`` can mean: a name, or a name and names above it with commas between them."""
        return self.within([part for part in map(str.strip, _PATH.split(text)) if part], day)

    def within(self, path: Sequence[str], day: Any = None) -> Meant:
        """The units called ``path[0]`` within units called by the rest, nearest first; levels may be left out.

        On ``day``, or where each of them was above it at some time.
        """
        if not path:
            return Meant((), True)
        own, *others = (self._named(part, day) for part in path)
        places = [place for place in own.places if not others or self._lies_within(self.above(place, day), others)]
        return Meant(tuple(places), own.exact and all(other.exact for other in others))

    def near(self, text: str, limit: int = 10) -> list[int]:
        """Units whose names come near ``text``, the nearest first: of another type or place, or a few letters off.

        For a hint to people: never an answer.
        """
        first = next((part for part in map(str.strip, _PATH.split(text)) if part), "")
        readings = [*self._readings(first), *self._readings(self._loose(first))]
        wanted = set(squeezed([reading.own_name for reading in readings])) - {""}
        distances: dict[int, int] = {}
        for key, names in self._by_squeezed.items():
            distance = min((_distance(key, mine) for mine in wanted), default=_FAR)
            if distance < _FAR:
                for place in (place for name in names for place in self._by_name[name]):
                    distances[place] = min(distance, distances.get(place, _FAR))
        return sorted(distances, key=lambda place: (distances[place], self._rank(place)))[:limit]

    # ---- how ----

    @cached_property
    def _by_code(self) -> dict[str, list[int]]:
        index: dict[str, list[int]] = defaultdict(list)
        for place, code in enumerate(self.code):
            index[code].append(place)
        for places in index.values():
            if len(places) > 1:
                places.sort(key=self.valid_from.__getitem__)
        return dict(index)

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        """Places by full name."""
        index: dict[str, list[int]] = defaultdict(list)
        for place, name in enumerate(self.name):
            index[name].append(place)
        return dict(index)

    @cached_property
    def _by_squeezed(self) -> dict[str, list[str]]:
        """Full names by their squeezed form, with and without what may be a unit word in front."""
        index: dict[str, list[str]] = defaultdict(list)
        names = list(self._by_name) or [""]
        forms = squeezed(names)
        for name, form, own in zip(names, forms, _SQUEEZED_TYPE.sub("", "\n".join(forms)).split("\n"), strict=True):
            index[form].append(name)
            if own != form:
                index[own].append(name)
        return dict(index)

    @cached_property
    def _by_initials(self) -> dict[str, list[int]]:
        """Provinces by the initials of their own name: HCM, BRVT."""
        index: dict[str, list[int]] = defaultdict(list)
        for place, level in enumerate(self.level):
            if level == "province":
                words = self._loose(self._parts(place)[1]).split()
                index["".join(word[0] for word in words)].append(place)
        return dict(index)

    def _parts(self, place: int) -> tuple[str | None, str]:
        """Type and own name of a unit."""
        return split_name(self.name[place], self.level[place])

    def _called(self, own_name: str) -> list[int]:
        """Places whose own name has the loose key of ``own_name``."""
        key = self._loose(own_name)
        names = self._by_squeezed.get(squeezed([own_name])[0], ())
        places = [place for name in names for place in self._by_name[name]]
        return [place for place in places if self._loose(self._parts(place)[1]) == key]

    def _named(self, text: str, day: Any) -> Meant:
        """The units of a name on a day, in the order of level, code and day."""
        known = self._known.get((text, day))
        if known is None:
            known = self._known[text, day] = self._read(text, day)
        return known

    def _read(self, text: str, day: Any) -> Meant:
        readings = self._readings(text)
        loose = self._chosen([(reading, self._called(reading.own_name)) for reading in readings], day)
        if not loose and (initials := self._initials(readings)):
            return Meant(self._chosen(initials, day), False)
        if text.isascii():
            return Meant(loose, True)
        keys = {self._spelling(reading.own_name) for reading in readings}
        exact = tuple(p for p in loose if self._spelling(self._parts(p)[1]) in keys)
        return Meant(exact or loose, bool(exact) or not loose)

    def _initials(self, readings: Iterable[_Reading]) -> list[tuple[_Reading, Sequence[int]]]:
        return [
            (reading, self._by_initials.get(self._loose(reading.own_name), ()))
            for reading in readings
            if _INITIALS.fullmatch(reading.own_name.upper())
        ]

    def _chosen(self, found: Iterable[tuple[_Reading, Sequence[int]]], day: Any) -> tuple[int, ...]:
        places = {
            place
            for reading, met in found
            for place in met
            if reading.level in (None, self.level[place])
            and reading.type in (None, self._parts(place)[0])
            and (day is None or self.in_force(place, day))
        }
        return tuple(sorted(places, key=self._rank))

    def _readings(self, text: str) -> list[_Reading]:
        """A name as it stands, and with each unit word that it may begin with."""
        return [_Reading(None, None, text), *_typed(text)]

    def _lies_within(self, above: Sequence[int], others: Sequence[Meant]) -> bool:
        """Whether units above, nearest first, have one of each of ``others``, in that order."""
        rest = iter(above)
        return all(any(place in other.places for place in rest) for other in others)

    def _overlap(self, one: int, other: int) -> bool:
        ends = self.valid_to
        return (ends[other] is None or self.valid_from[one] < ends[other]) and (
            ends[one] is None or self.valid_from[other] < ends[one]
        )

    def _reaches(self, place: int, end: Any) -> bool:
        """Whether a unit was in force on the day before ``end``."""
        return self.valid_from[place] < end and (self.valid_to[place] is None or end <= self.valid_to[place])

    def _rank(self, place: int) -> tuple[int, str, Any]:
        return tuple(UNIT_TYPES).index(self.level[place]), self.code[place], self.valid_from[place]


def _typed(text: str) -> Iterator[_Reading]:
    """Readings with a unit word, abbreviated or not; without accents where the whole text has none."""
    loose = " ".join(text.lower().split()) if text.isascii() else None
    for level in UNIT_TYPES:
        for form in dict.fromkeys((text, text.upper())):  # tphcm; elsewhere what is glued on is a capital
            kind, own_name = split_name(expand_name(form, level), level)
            if kind is not None:
                yield _Reading(level, kind, own_name)
                break
        if loose is not None:
            for plain, kind in _PLAIN_TYPES[level].items():
                if loose.startswith(plain):
                    yield _Reading(level, kind, loose.removeprefix(plain))


def _plain_types(level: Level) -> dict[str, str]:
    key = loose_keys()
    return {key(kind) + " ": kind for kind in UNIT_TYPES[level]}


_TYPE_FORMS: Final = squeezed([kind for kinds in UNIT_TYPES.values() for kind in kinds])
_SQUEEZED_TYPE: Final = re.compile(f"^(?:{'|'.join(_TYPE_FORMS)})", re.MULTILINE)
_PLAIN_TYPES: Final = {level: _plain_types(level) for level in UNIT_TYPES}
_FAR: Final = 3


def _distance(one: str, other: str) -> int:
    """How many letters to put in, leave out or exchange between two texts; _FAR when too many for one name."""
    if one == other:
        return 0
    most = 1 if len(other) < 5 else 2
    if abs(len(one) - len(other)) > most or not other[-1].isalpha():
        return _FAR  # numbers one digit apart are other numbers
    if one[0] != other[0] and one[-2:] != other[-2:]:
        return _FAR  # a slip at both ends is another name
    before = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, wanted in enumerate(other, 1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (letter != wanted)))
        if min(now) > most:
            return _FAR
        before = now
    return before[-1] if before[-1] <= most else _FAR
