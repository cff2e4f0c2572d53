"""Lookup: what a code or a name meant in each span, what became of it by which law, and what it is today.

Belongs here: finding unit versions in the published tables and telling their story; every candidate, never a pick. Does
not belong here: printing (``cli``), reading releases (``client``), matching names (``names.gazetteer``). Needs pyarrow
and nothing heavier: officials ask one question at a time and wait for the answer.

What a unit is today is read from ``code_crosswalk``. For units that ended before that table begins, and for the
candidates of an unresolved one, links are composed here by the rules of ``history.algebra``, a few at a time.
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple

import pyarrow as pa

from kh02_pipelines.history.answers import Answer, Span, Step, Today
from kh02_pipelines.names.gazetteer import COLUMNS, Gazetteer
from kh02_pipelines.names.parts import split_code
from kh02_pipelines.tables.vocabulary import CONFIDENCES

WIDTHS: Final = {2: "province", 3: "district", 5: "commune"}
SUGGESTIONS: Final = 10
_NUMBER: Final = re.compile(r"(?P<digits>[0-9]{1,5})(?P<decimals>[.,]0+)?")
_CROSSWALK: Final = ("level", "old_code", "valid_from", "valid_to", "new_code", "extent", "population", "confidence")
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()

#: Days between the day that a register shows and the day of the law, from the cases where both are known: up to two
#: months where the register changed in 2017 and 2018 (registers 2004-2025 held against the documents' own days).
_REGISTER_DAYS: Final = ((dt.date(2017, 1, 1), dt.date(2019, 1, 1), -1, 62),)
_REGISTER_DAYS_ELSE: Final = (-1, 10)


class _Link(NamedTuple):
    """One way to a unit, or to nowhere: what ``history.algebra`` keeps of a path."""

    unknown: bool
    people: bool
    silent: bool
    rank: int

    def then(self, other: "_Link") -> "_Link":
        """This way and then another."""
        people = self.people and other.people
        return _Link(
            self.unknown or other.unknown,
            people,
            people and (self.silent or other.silent),
            max(self.rank, other.rank),
        )

    def beside(self, other: "_Link | None") -> "_Link":
        """This way and another to the same unit."""
        if other is None:
            return self
        return _Link(
            self.unknown or other.unknown,
            self.people or other.people,
            self.silent or other.silent,
            max(self.rank, other.rank),
        )


_SELF: Final = _Link(False, True, False, 0)
_NOT_KNOWN: Final = _Link(True, True, True, CONFIDENCES.index("unknown"))
_Ways = dict[str | None, _Link]


class Lookup:
    """Questions to the tables of one release."""

    def __init__(self, columns: Callable[[str, Sequence[str]], pa.Table], known_to: dt.date) -> None:
        """``columns`` gives columns of a published table; ``known_to`` is the last day that the release speaks for."""
        self._columns, self._known_to = columns, _day(known_to)

    def ask(self, query: str, on: dt.date | None = None) -> Answer:
        """What a code or a name means: in every span, or on the day ``on``.

        A code may have lost its leading zeros or got a ``.0``; a name is read by ``names.gazetteer``, and a code in
        brackets after it counts alone. On a day, units in force answer; if none is, those that ended before it or began
        after it do. The day is between the first and the last that the release speaks for: see ``days``.
        """
        day = None if on is None else _day(on)
        name, code = split_code(query)
        number = _NUMBER.fullmatch((code or name).strip(" '\"`\u2019"))
        return self._of_number(query, number, day) if number else self._of_name(query, name, day)

    @cached_property
    def days(self) -> tuple[dt.date, dt.date]:
        """The first and the last day that can be asked about."""
        return _date(min(self._units["valid_from"])), _date(self._known_to)

    # ---- which units are meant ----

    def _of_number(self, query: str, number: re.Match[str], day: int | None) -> Answer:
        digits = number["digits"]
        padded = [digits.zfill(width) for width in WIDTHS if width >= len(digits)]
        if number["decimals"] is None and len(digits) in WIDTHS:
            padded = [digits]  # as it stands; a table that lost zeros is another question
        spans = [span for code in padded for span in self._of_code(code, day)]
        if spans:
            return Answer(query, tuple(spans))
        others = [digits.zfill(width) for width in WIDTHS if width > len(digits)]
        return Answer(query, (), self._hints(place for code in others for place in self._gazetteer.of_code(code)[-1:]))

    def _of_code(self, code: str, day: int | None) -> list[Span]:
        places = self._on(self._gazetteer.of_code(code), day)
        spans = [self._span(place, day) for place in places]
        units = self._gazetteer
        printed: dict[int, dict[tuple[str, str], None]] = defaultdict(dict)
        for alias in self._aliases.of(code):
            own = [] if alias["code"] is None else units.of_code(alias["code"])
            if own:
                then = [place for place in own if units.in_force(place, _day(alias["as_of"]))]
                printed[(then or own)[-1]][alias["kind"], alias["printed_in"]] = None
        for place, registers in printed.items():
            if day is None or units.in_force(place, day):
                spans.append(self._span(place, day)._replace(status="alias", printed=tuple(registers)))
        return spans

    def _of_name(self, query: str, name: str, day: int | None) -> Answer:
        units = self._gazetteer
        meant = units.find(name)
        if day is not None:
            now = [p for p in meant.places if units.in_force(p, day) or self._band(p, day) is not None]
            meant = meant._replace(places=tuple(now) or meant.places)
        spans = tuple(self._span(place, day) for place in meant.places)
        hints: Iterable[int] = () if spans and meant.exact else meant.places or units.near(name)
        return Answer(query, spans, self._hints(hints), meant.exact)

    def _on(self, places: Sequence[int], day: int | None) -> list[int]:
        """Of the versions of one code those of a day: in force, or too near to a change to say; else its neighbours."""
        if day is None:
            return list(places)
        units = self._gazetteer
        found = [place for place in places if units.in_force(place, day) or self._band(place, day) is not None]
        if found:
            return found
        before = [place for place in places if units.valid_from[place] <= day]
        return [*before[-1:], *[place for place in places if units.valid_from[place] > day][:1]]

    def _band(self, place: int, day: int) -> tuple[int, int] | None:
        """First and last day between which a unit began or ended, where only a register shows it and ``day`` is one."""
        for at, basis in (("valid_from", "from_basis"), ("valid_to", "to_basis")):
            if self._also(place, basis) == "register":
                early, late = _register_band(self._units[at][place])
                if early <= day <= late:
                    return early, late
        return None

    def _hints(self, places: Iterable[int]) -> tuple[str, ...]:
        """Units as questions that find them, with the code."""
        units = self._gazetteer
        names = {units.code[place]: ", ".join(filter(None, (units.name[place], units.path(place)))) for place in places}
        return tuple(f"{name} ({code})" for code, name in list(names.items())[:SUGGESTIONS])

    # ---- what became of them ----

    def _span(self, place: int, day: int | None) -> Span:
        units = self._units
        ways = self._ways(place)
        end, band = units["valid_to"][place], None if day is None else self._band(place, day)
        status = self._status(place, day, ways)
        aliases = [alias for alias in self._aliases.of(units["code"][place]) if alias["code"] is None]
        return Span(
            level=units["level"][place],
            code=units["code"][place],
            name=units["name"][place],
            valid_from=_date(units["valid_from"][place]),
            valid_to=None if end is None else _date(end),
            status=status,
            today=self._today(place, ways),
            steps=self._steps(place, ways),
            path=self._gazetteer.path(place),
            from_basis=self._also(place, "from_basis"),
            to_basis=self._also(place, "to_basis"),
            came_from=self._came_from(place),
            band=None if band is None else (_date(band[0]), _date(band[1])),
            printed=tuple((a["kind"], a["printed_in"]) for a in aliases if self._is_last(place, _day(a["as_of"]))),
        )

    def _status(self, place: int, day: int | None, ways: _Ways) -> str:
        """What the code is called on a day, today where none is given."""
        day = self._known_to if day is None else day
        units, code = self._gazetteer, self._units["code"][place]
        if day < units.valid_from[place]:
            return "future"
        if units.in_force(place, day):
            return "in_force"
        if any(a["kind"] == "ghost" and self._is_last(place, _day(a["as_of"])) for a in self._aliases.of(code)):
            return "ghost"
        if None in ways:
            return "unresolved"
        recoded = len(ways) == 1 and self._events.of(self._also(place, "ended_by"))[0]["kind"] == "recode"
        return "recoded" if recoded else "ended"

    def _is_last(self, place: int, day: int) -> bool:
        """Whether a unit is the last one up to a day that had its code."""
        units = self._gazetteer
        return [p for p in units.of_code(units.code[place]) if units.valid_from[p] <= day][-1:] == [place]

    def _ways(self, place: int) -> _Ways:
        """The ways from a unit to those of today; to None where the successor of it or of a part is not known.

        A district is what its communes became: where some passed to another district while it went on, the answer holds
        what it was in any part of its span.
        """
        level, code = self._units["level"][place], self._units["code"][place]
        begin, end = self._units["valid_from"][place], self._units["valid_to"][place]
        ways: dict[str | None, _Link] = {}
        for row in reversed(self._crosswalk.of(code)):
            lasted = row["valid_to"] is None or _day(row["valid_to"]) > begin
            if row["level"] == level and lasted and (end is None or _day(row["valid_from"]) < end):
                ways.setdefault(row["new_code"], _link(row))
        return ways if ways or end is None else self._ways_before(place)

    def _ways_before(self, place: int) -> _Ways:
        """The ways from a unit that ended before ``code_crosswalk`` begins, link by link."""
        links = self._links(place)
        ways: _Ways = {} if len(links) > 1 or any(link["extent"] != "part" for link in links) else {None: _NOT_KNOWN}
        for link in links:
            first = _link(link)
            for code, rest in self._ways(self._place(link["successor_id"])).items():
                ways[code] = first.then(rest).beside(ways.get(code))
        return ways

    def _today(self, place: int, ways: _Ways) -> tuple[Today, ...]:
        """Every candidate of today, in the words of ``code_crosswalk``."""
        carrying = sum(link.people for link in ways.values())
        known = {code: link for code, link in ways.items() if code is not None}
        words: dict[str, tuple[str, str, str]] = {}
        for code, link in known.items():
            extent = "unknown" if link.unknown else "whole" if len(ways) == 1 else "part"
            how_many = "unknown" if link.silent else "all" if carrying == 1 else "part"
            population = "all" if extent == "whole" else how_many if link.people else "none"
            words[code] = (extent, population, CONFIDENCES[link.rank])
        if None in ways:
            for candidate in self._candidates.of(self._units["unit_id"][place]):
                near = self._ways(self._place(candidate["candidate_id"]))
                words = {**dict.fromkeys(filter(None, near), ("unknown", "unknown", "unknown")), **words}
        units, found = self._gazetteer, []
        for code in sorted(words):
            now = units.of_code(code, self._known_to)[0]
            found.append(Today(code, units.name[now], *words[code], units.path(now)))
        return tuple(found)

    def _steps(self, place: int, ways: _Ways) -> tuple[Step, ...]:
        """Every change that the unit and its successors met, by day."""
        steps: dict[tuple[Any, ...], dict[str, str]] = defaultdict(dict)
        waiting, seen = [place], {place}
        while waiting:
            unit = waiting.pop()
            links = self._links(unit)
            if self._units["valid_to"][unit] is not None and not links:
                to = {c: n.name for n in self._today(place, ways) if (c := n.code)} if self._is_district(unit) else {}
                steps[self._step_key(self._also(unit, "ended_by"))] |= to
            for link in links:
                heir = self._place(link["successor_id"])
                steps[self._step_key(link["event_id"])][self._units["code"][heir]] = self._units["name"][heir]
                if heir not in seen:
                    seen.add(heir)
                    waiting.append(heir)
        return _in_order(steps)

    def _came_from(self, place: int) -> tuple[Step, ...]:
        """What a unit was made of: its predecessors, by law."""
        steps: dict[tuple[Any, ...], dict[str, str]] = defaultdict(dict)
        for link in self._origins.of(self._units["unit_id"][place]):
            old = self._place(link["predecessor_id"])
            steps[self._step_key(link["event_id"])][self._units["code"][old]] = self._units["name"][old]
        return _in_order(steps)

    def _step_key(self, event_id: str) -> tuple[Any, ...]:
        event = self._events.of(event_id)[0]
        return event["effective_date"], event["kind"], event["legal_document"], event["clause"]

    def _is_district(self, place: int) -> bool:
        return bool(self._units["level"][place] == "district")

    # ---- the tables ----

    @cached_property
    def _units(self) -> dict[str, list[Any]]:
        return {name: _values(self._versions.column(name)) for name in (*COLUMNS, "unit_id")}

    @cached_property
    def _versions(self) -> pa.Table:
        return self._columns("unit_version", [*COLUMNS, "unit_id", "ended_by", "from_basis", "to_basis"])

    def _also(self, place: int, column: str) -> Any:
        """A value of a unit that only the few units of an answer are asked for."""
        return self._versions.column(column)[place].as_py()

    def _place(self, unit_id: str) -> int:
        return self._units["unit_id"].index(unit_id)

    @cached_property
    def _gazetteer(self) -> Gazetteer:
        return Gazetteer(self._units)

    def _links(self, place: int) -> list[dict[str, Any]]:
        """The links that a unit ended with; others tell of land that it gave while it went on."""
        end = self._units["valid_to"][place]
        links = self._successors.of(self._units["unit_id"][place])
        return [link for link in links if _day(self._events.of(link["event_id"])[0]["effective_date"]) == end]

    @cached_property
    def _events(self) -> "_Rows":
        return _Rows(
            self._columns("change_event", ["event_id", "effective_date", "kind", "legal_document", "clause"]),
            "event_id",
        )

    @cached_property
    def _successors(self) -> "_Rows":
        return _Rows(self._succession, "predecessor_id")

    @cached_property
    def _origins(self) -> "_Rows":
        return _Rows(self._succession, "successor_id")

    @cached_property
    def _succession(self) -> pa.Table:
        ends = ["event_id", "predecessor_id", "successor_id"]
        return self._columns("succession", [*ends, "extent", "population", "confidence"])

    @cached_property
    def _crosswalk(self) -> "_Rows":
        return _Rows(self._columns("code_crosswalk", _CROSSWALK), "old_code")

    @cached_property
    def _aliases(self) -> "_Rows":
        return _Rows(
            self._columns("code_alias", ["printed_code", "as_of", "printed_in", "code", "kind"]), "printed_code"
        )

    @cached_property
    def _candidates(self) -> "_Rows":
        return _Rows(self._columns("unresolved_candidate", ["unit_id", "candidate_id"]), "unit_id")


class _Rows:
    """The rows of a table by the value of one column; only those asked for are made.

    An index over a whole table would cost more than the few searches of a question.
    """

    def __init__(self, table: pa.Table, column: str) -> None:
        self._table, self._values = table, table.column(column).to_pylist()
        self._known: dict[str, list[dict[str, Any]]] = {}

    def of(self, value: str) -> list[dict[str, Any]]:
        """The rows with a value, in the order of the table."""
        known = self._known.get(value)
        if known is None:
            rows = [] if value not in self._values else [row for row, mine in enumerate(self._values) if mine == value]
            known = self._known[value] = [self._table.slice(row, 1).to_pylist()[0] for row in rows]
        return known


def _link(row: Mapping[str, Any]) -> _Link:
    """What a published link, or a row of a crosswalk, says of a way."""
    population = row["population"]
    return _Link(
        row["extent"] == "unknown", population != "none", population == "unknown", CONFIDENCES.index(row["confidence"])
    )


def _in_order(steps: Mapping[tuple[Any, ...], Mapping[str, str]]) -> tuple[Step, ...]:
    made = []
    for (date, kind, document, clause), to in steps.items():
        codes = tuple(sorted(to))
        made.append(Step(date, kind, codes, document, clause, tuple(to[code] for code in codes)))
    return tuple(sorted(made, key=lambda step: (step.date, step.to, step.kind, step.legal_document or "")))


def _register_band(day: int) -> tuple[int, int]:
    """The first and the last day on which a change may have taken effect that a register shows on ``day``."""
    date = _date(day)
    early, late = next((days for begin, end, *days in _REGISTER_DAYS if begin <= date < end), _REGISTER_DAYS_ELSE)
    return day + early, day + late


def _values(column: pa.ChunkedArray) -> list[Any]:
    """A column as a list; days as numbers since 1970, which are made and compared ten times faster."""
    if pa.types.is_date32(column.type):
        return [value for chunk in column.chunks for value in chunk.view(pa.int32()).to_pylist()]
    values: list[Any] = column.to_pylist()
    return values


def _day(date: dt.date) -> int:
    return date.toordinal() - _EPOCH


def _date(day: int) -> dt.date:
    return dt.date.fromordinal(day + _EPOCH)
