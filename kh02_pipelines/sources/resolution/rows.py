"""The draft: rows of ``changes`` from the successions of a resolution, each with its doubts.

Belongs here: how much of a unit goes where, which code and kind follow, and what stays open. Does not belong here:
reading words (``statements``) and names (``places``), and bringing clauses together (``successions``).

Rules. A unit that one clause takes whole is ``whole``; one that several clauses share is ``part`` in each. People
follow the words: ``all``, ``none`` or ``part``; a remainder (``phần còn lại``) has all of them where the other parts
are land alone. One unit becomes one successor by ``rename``, ``retype``, ``transfer`` or (part of it) ``split``;
several by ``merger``; a district without communes becomes a commune by ``creation``.

A code is given where the text decides it: a unit that goes on, alone, keeps its own. Otherwise the code list decides
(``codes``), or the code stays empty with a doubt. The code of the member of the same name is no answer: on 1 July 2025
it was right for 1,383 of the 2,087 new communes that have one.
"""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from kh02_pipelines.names import spelling_key
from kh02_pipelines.sources.resolution.clauses import Resolution
from kh02_pipelines.sources.resolution.places import ListedCode, Province, Unit
from kh02_pipelines.sources.resolution.successions import Part, Successions, Successor, read_successions

DRAFT_COLUMNS = (
    "change_id",
    "effective_date",
    "kind",
    "predecessor_level",
    "predecessor_code",
    "successor_level",
    "successor_code",
    "name",
    "type",
    "parent_code",
    "extent",
    "population",
    "legal_document",
    "clause",
    "basis",
    "confidence",
    "ruling_id",
    "status",
    "doubt",
)
"""The columns of a draft: those of ``changes``, all text."""

_COUNTED = re.compile(r"có\s*(\d+)\s*đơn vị hành chính cấp xã")


@dataclass(frozen=True)
class Draft:
    """The drafted rows, in the order of the text, and what could not be read: clause and reason."""

    rows: list[dict[str, str]]
    unread: list[tuple[str, str]]


@dataclass(frozen=True)
class _Code:
    code: str
    doubts: tuple[str, ...] = ()


def draft_changes(
    resolution: Resolution,
    effective_on: dt.date,
    units: Iterable[Unit],
    provinces: Iterable[Province],
    codes: Iterable[ListedCode] = (),
    *,
    districts_remain: bool = False,
) -> Draft:
    """The rows that a resolution asks for, with DRAFT_COLUMNS; every one is a ``draft``.

    ``units``: those in force on the day before ``effective_on``; ``provinces``: those of the day itself; ``codes``: a
    list of the codes from that day on, which gives ``successor_code`` where name, type and province fit.
    ``districts_remain``: communes lie in districts on that day, not in provinces.

    What cannot be read, found or told apart is in ``unread`` with its clause, and never a row.
    """
    read = read_successions(resolution, list(units), list(provinces))
    shared: dict[Unit, list[Part]] = {}
    for successor in read.successors:
        successor.parts = _one_each(successor.parts)
        for part in successor.parts:
            shared.setdefault(part.unit, []).append(part)
    given = _Codes(codes, read)
    rows: list[dict[str, str]] = []
    for successor in read.successors:
        code = given.code(successor)
        parent, open_parent = _parent(successor, read.province, districts_remain)
        kind = _kind(successor, code.code, parent, shared)
        for part in successor.parts:
            extent, population, doubts = _share(part, shared[part.unit])
            everything = [*part.doubts, *successor.doubts, *doubts, *code.doubts, *open_parent]
            change = f"{effective_on:%Y-%m-%d}/{successor.level}/{code.code}" if code.code else ""
            rows.append(
                {
                    "change_id": change,
                    "effective_date": f"{effective_on:%Y-%m-%d}",
                    "kind": kind,
                    "predecessor_level": part.unit.level,
                    "predecessor_code": part.unit.code,
                    "successor_level": successor.level,
                    "successor_code": code.code,
                    "name": successor.name,
                    "type": successor.type,
                    "parent_code": parent,
                    "extent": extent,
                    "population": population,
                    "legal_document": resolution.number,
                    "clause": part.clause,
                    "basis": "law",
                    "confidence": "derived" if part.implied else "sourced",
                    "ruling_id": "",
                    "status": "draft",
                    "doubt": "; ".join(dict.fromkeys(everything)),
                }
            )
    _doubt_repeated_codes(rows)
    order = {clause.cited: place for place, clause in enumerate(resolution.clauses)}
    unread = [*read.unread, *_unaccounted(resolution, read)]
    return Draft(rows, sorted(unread, key=lambda one: order.get(one[0], -1)))


def _one_each(parts: list[Part]) -> list[Part]:
    """One part for each unit: a part and the rest of one unit in one successor are the whole of it."""
    found: dict[Unit, Part] = {}
    for part in parts:
        if part.unit not in found:
            found[part.unit] = part
        elif found[part.unit].mention != part.mention:
            found[part.unit].doubts.append(f"named twice for this successor, also in clause {part.clause}")
    return list(found.values())


def _share(part: Part, parts: list[Part]) -> tuple[str, str, list[str]]:
    """Extent, population and doubts of one part, beside all parts of its unit."""
    land, people = part.mention.land, part.mention.people
    others = [other for other in parts if other is not part]
    doubts = []
    if not others:
        if (land, people) == ("all", "all"):
            return "whole", "all", []
        if (land, people) == ("all", "none"):
            doubts.append("the clause names the land and not the people")
        else:
            doubts.append("a part, and no clause says where the rest of the unit goes")
    claims = [other.clause for other in parts if (other.mention.land, other.mention.people) == ("all", "all")]
    if others and claims:
        doubts.append(f"clause {', '.join(claims)} takes the whole unit, and {len(parts)} clauses name it")
    if "rest" in (land, people):
        cited, taking = set(part.mention.after), {other.clause for other in others}
        if not part.implied and cited != taking:
            doubts.append(
                f"the rest after clause {', '.join(sorted(cited)) or '(none named)'}, "
                f"and the other parts are in clause {', '.join(sorted(taking)) or '(none)'}"
            )
    if people == "rest":
        taken = {other.mention.people for other in others}
        people = "none" if "all" in taken else "part" if taken & {"part", "rest"} else "all"
    if people == "part" and any(other.mention.people == "all" for other in others):
        doubts.append("another clause takes all the people")
    return "part", people, doubts


def _kind(successor: Successor, code: str, parent: str, shared: dict[Unit, list[Part]]) -> str:
    """The kind that follows from the parts, as the history derives it."""
    if len(successor.parts) > 1:
        return "merger"
    part = successor.parts[0]
    unit = part.unit
    if len(shared[unit]) > 1 or part.mention.land != "all":
        return "split"
    if unit.level != successor.level:
        return "creation"
    if code and code != unit.code:
        return "recode"
    if unit.type != successor.type:
        return "retype"
    return "rename" if unit.name != successor.name else "transfer"


def _parent(successor: Successor, province: Province | None, districts_remain: bool) -> tuple[str, list[str]]:
    """The code of the unit above, and a doubt where it stays open."""
    if successor.level == "province":
        return "", []
    if successor.parent is not None:
        return successor.parent.code, []
    if province is not None and not (districts_remain and successor.level == "commune"):
        return province.code, []
    above = {part.unit.parent_code for part in successor.parts if part.unit.level == successor.level}
    if len(above) == 1:
        return above.pop(), []
    return "", ["parent_code is open: the members lie in several units, or the text names no province"]


class _Codes:
    """Successor codes: a unit's own, or that of the code list."""

    def __init__(self, codes: Iterable[ListedCode], read: Successions) -> None:
        listed = pd.DataFrame(
            [(one.code, one.name, one.province) for one in codes], columns=["code", "name", "province"], dtype="str"
        )
        if (province := read.province) is not None:
            named = spelling_key(listed["province"]) == spelling_key(pd.Series([province.name], dtype="str")).iloc[0]
            listed = listed[named | listed["province"].isin([province.code, ""])]
        self.given = len(listed) > 0
        self._key = read.places.key
        self._by_name: dict[str, list[str]] = {}
        for key, code in zip(spelling_key(listed["name"]), listed["code"], strict=True):
            self._by_name.setdefault(key, []).append(code)

    def code(self, successor: Successor) -> _Code:
        """The code, or an empty one with the doubt that says who could have it."""
        if successor.existing is not None:
            return _Code(successor.existing.code)
        if self.given:
            listed = self._by_name.get(self._key(successor.name), [])
            if len(listed) == 1:
                return _Code(listed[0])
            which = f"{', '.join(listed)} each" if listed else "none"
            return _Code("", (f"successor_code is open: of the code list, {which} fits {successor.name}",))
        first = successor.parts[0]
        alone = len(successor.parts) == 1 and first.mention.land == first.mention.people == "all"
        if alone and first.unit.level == successor.level:
            return _Code(first.unit.code)
        members = sorted({part.unit.code for part in successor.parts if part.unit.level == successor.level})
        which = ", ".join(members) or "none"
        return _Code("", (f"successor_code is open: the code list must give it (members: {which})",))


def _doubt_repeated_codes(rows: list[dict[str, str]]) -> None:
    names: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        names.setdefault((row["successor_level"], row["successor_code"]), set()).add(row["name"])
    for row in rows:
        taken = names[row["successor_level"], row["successor_code"]]
        if row["successor_code"] and len(taken) > 1:
            row["doubt"] = "; ".join(
                filter(None, (row["doubt"], f"the code is drafted for {', '.join(sorted(taken))}"))
            )


def _unaccounted(resolution: Resolution, read: Successions) -> list[tuple[str, str]]:
    """What the closing clause shows to be missing, by the number of communes that it gives.

    Another number than the draft has: the draft lacks some, or the resolution is not about the whole province. The same
    number: then every commune of the day before has to be named, and those that are not were lost in the reading.
    """
    drafted = sum(successor.level == "commune" for successor in read.successors)
    named = {part.unit for successor in read.successors for part in successor.parts}
    left = [unit for unit in read.places.units if unit.level == "commune" and unit not in named]
    found = []
    for clause in resolution.clauses:
        if count := _COUNTED.search(clause.text):
            if int(count[1]) != drafted:
                found.append((clause.cited, f"the text counts {count[1]} communes, the draft has {drafted}"))
            elif read.province is not None:
                found += [(clause.cited, f"no clause names {unit.name} ({unit.code})") for unit in left]
    return found
