"""Which unit a name in a resolution means: names within the provinces that the resolution is about.

Belongs here: finding units by type, name and the unit above. Does not belong here: what becomes of them (``rows``).
Nothing is picked silently: whatever is not the one unit of that type and name comes back with a doubt.
"""

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import pandas as pd

from kh02_pipelines.names import loose_key, spelling_key
from kh02_pipelines.sources.resolution.statements import Mention

LEVELS = {
    "tỉnh": ("province",),
    "thành phố": ("province", "district"),
    "huyện": ("district",),
    "quận": ("district",),
    "thị xã": ("district",),
    "xã": ("commune",),
    "phường": ("commune",),
    "thị trấn": ("commune",),
    "đặc khu": ("commune",),
}
_ALIKE, _LEAD = 0.7, 0.1
"""Least similarity (difflib, without accents) of a name that is taken, with a doubt, for a misspelled one, and how
far the next name has to be behind."""

_ROMAN = {
    ten + one: 10 * tens + ones
    for tens, ten in enumerate(("", "X"))
    for ones, one in enumerate(("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"))
    if ten + one
}


@dataclass(frozen=True)
class Unit:
    """A unit in force on the day before the changes. ``name`` is the full name, ``type`` lower case; ``district``
    and ``province`` are the full names above it, empty where there are none."""

    level: str
    code: str
    name: str
    type: str
    parent_code: str
    district: str
    province: str
    province_code: str

    @property
    def where(self) -> str:
        """The unit above, for a message."""
        return self.district or self.province


@dataclass(frozen=True)
class Province:
    """A province on the day of the changes; ``before``: the codes of the provinces that it is made of."""

    code: str
    name: str
    before: frozenset[str]


@dataclass(frozen=True)
class ListedCode:
    """One line of a code list: a unit as it is from the day of the changes on."""

    code: str
    name: str
    province: str


@dataclass(frozen=True)
class Found:
    """The units that a mention may mean, best known first, and what is doubtful about them."""

    units: tuple[Unit, ...]
    doubts: tuple[str, ...] = ()


class Places:
    """An index over the units of some provinces (``scope``: codes; empty: all), and of the names asked for."""

    def __init__(self, units: Iterable[Unit], scope: frozenset[str], texts: Iterable[str]) -> None:
        every = list(units)
        self.units = [unit for unit in every if not scope or unit.province_code in scope or unit.level == "province"]
        own = set(self.units)
        self._elsewhere = [unit for unit in every if unit not in own]
        self._key: dict[str, str] = {}
        self._loose: dict[str, str] = {}
        self._learn([*texts, *(text for unit in self.units for text in _texts_of_unit(unit))])
        self._by_name = self._index(lambda unit: self._key[unit.name])
        self._by_bare = self._index(lambda unit: self._key[_bare(unit)])
        self._by_loose = self._index(lambda unit: self._loose[unit.name])

    def _learn(self, texts: Iterable[str]) -> None:
        every = pd.Series(sorted({text for text in texts if text not in self._key}), dtype="str")
        self._key |= dict(zip(every, spelling_key(every), strict=True))
        self._loose |= dict(zip(every, loose_key(every), strict=True))

    def _index(self, key: Callable[[Unit], str]) -> dict[tuple[str, str], list[Unit]]:
        found: dict[tuple[str, str], list[Unit]] = {}
        for unit in self.units:
            found.setdefault((unit.level, key(unit)), []).append(unit)
        return found

    def key(self, text: str) -> str:
        """The key of a text that was asked for, or of a name in the index."""
        return self._key[text]

    def joined(self, mentions: list[Mention]) -> list[Mention]:
        """Mentions with those put together that are one name with a comma or ``và`` in it."""
        result: list[Mention] = []
        for mention in mentions:
            last = result[-1] if result else None
            if last is not None and mention.joint and last.phrase == mention.phrase and not last.within:
                together = replace(mention, name=last.name + joint_text(mention) + mention.name, type=last.type)
                if self._named(together) and not self._named(last):
                    result[-1] = replace(together, joint=last.joint)
                    continue
            result.append(mention)
        return result

    def find(self, mention: Mention) -> Found:
        """The units that a mention may mean: of its type and name, else with a doubt of a like name."""
        doubts: tuple[str, ...] = ()
        units = self._named(mention)
        if not units:
            units, doubts = self._nearly_named(mention)
        if mention.within and units:
            inside = [unit for unit in units if self._lies_in(unit, mention.within)]
            if not inside:
                doubts = (*doubts, f"the register has no {mention.type} {mention.name} in {mention.within}")
            units = inside or units
        return Found(tuple(units), doubts)

    def nearest(self, mention: Mention, among: Iterable[Unit]) -> Unit | None:
        """The unit of that type whose name is nearest to a misspelled one, if it is near and no other is as near."""
        wanted = self._loose[full_name(mention)].replace(" ", "")
        alike = sorted(
            (
                (
                    difflib.SequenceMatcher(None, wanted, self._loose[unit.name].replace(" ", "")).ratio(),
                    unit.code,
                    unit,
                )
                for unit in among
                if unit.type == mention.type and (not mention.within or self._lies_in(unit, mention.within))
            ),
            key=lambda rated: rated[:2],
            reverse=True,
        )
        if not alike or alike[0][0] < _ALIKE or (len(alike) > 1 and alike[0][0] - alike[1][0] < _LEAD):
            return None
        return alike[0][2]

    def below(self, district: Unit) -> list[Unit]:
        """The communes of a district, in code order."""
        return [unit for unit in self.units if unit.level == "commune" and unit.parent_code == district.code]

    def _named(self, mention: Mention) -> list[Unit]:
        return self._of(self._by_name, self._key.get(full_name(mention), ""), mention)

    def _nearly_named(self, mention: Mention) -> tuple[list[Unit], tuple[str, ...]]:
        """Under another type, without accents, with a Roman number: always with a doubt; or in another province."""
        full = full_name(mention)
        said = f"the text says {full}, the register"
        for text in (mention.name, full):  # Huế had a phường called Phường Đúc
            if units := self._of(self._by_bare, self._key[text], mention):
                return units, (f"{said} {_names(units)}",)
        if units := self._of(self._by_loose, self._loose[full], mention):
            return units, (f"{said} {_names(units)}",)
        if (number := _ROMAN.get(mention.name)) and (
            units := self._of(self._by_name, f"{mention.type} {number}", mention)
        ):
            return units, (f"{said} {_names(units)}",)
        return (self._elsewhere_named(mention), ()) if mention.within else ([], ())

    def _elsewhere_named(self, mention: Mention) -> list[Unit]:
        """Units of other provinces, where the text itself names the place."""
        self._learn(text for unit in self._elsewhere for text in (unit.name, unit.district, unit.province))
        key, levels = self._key[full_name(mention)], LEVELS[mention.type]
        named = [unit for unit in self._elsewhere if unit.level in levels and self._key[unit.name] == key]
        return [unit for unit in named if self._lies_in(unit, mention.within)]

    def _of(self, index: dict[tuple[str, str], list[Unit]], key: str, mention: Mention) -> list[Unit]:
        return [unit for level in LEVELS[mention.type] for unit in index.get((level, key), [])]

    def _lies_in(self, unit: Unit, place: str) -> bool:
        self._learn((unit.district, unit.province))
        parts = [part.strip() for part in place.split(",")]
        return all(self._key.get(part) in (self._key[unit.district], self._key[unit.province]) for part in parts)


def province_in(text: str, provinces: Iterable[Province], units: Iterable[Unit]) -> Province | None:
    """The province that a heading names, as it is called on the day of the changes or the day before; None where it
    names none or several."""
    every = list(provinces)
    called = [(one.name, one) for one in every]
    called += [
        (unit.name, one) for unit in units if unit.level == "province" for one in every if unit.code in one.before
    ]
    keys = spelling_key(pd.Series([text, *(name for name, _ in called)], dtype="str"))
    named = {one for (_, one), key in zip(called, keys.iloc[1:], strict=True) if f" {key} " in f" {keys.iloc[0]} "}
    return named.pop() if len(named) == 1 else None


def full_name(mention: Mention) -> str:
    """Type and name as registers print them."""
    return f"{mention.type[:1].upper()}{mention.type[1:]} {mention.name}"


def joint_text(mention: Mention) -> str:
    """The separator before a mention as it stands in a text."""
    return ", " if mention.joint in (",", ";", ":") else f" {mention.joint} "


def texts_of(mentions: list[Mention]) -> Iterable[str]:
    """Every text of mentions that ``Places`` has to know, names put together with their neighbours included."""
    for place, mention in enumerate(mentions):
        yield from (
            mention.name,
            full_name(mention),
            *(part.strip() for part in mention.within.split(",") if part.strip()),
        )
        if place and mention.joint:
            before = mentions[place - 1]
            yield full_name(replace(before, name=before.name + joint_text(mention) + mention.name))
            yield before.name + joint_text(mention) + mention.name


def _bare(unit: Unit) -> str:
    return unit.name[len(unit.type) + 1 :] if unit.name.lower().startswith(unit.type + " ") else unit.name


def _texts_of_unit(unit: Unit) -> tuple[str, ...]:
    return unit.name, _bare(unit), unit.district, unit.province


def _names(units: list[Unit]) -> str:
    return ", ".join(sorted({unit.name for unit in units}))
