"""Who becomes what: the statements of a whole resolution brought together, with the units that they mean.

Belongs here: settling which of several units of one name is meant, and bringing the clauses on one unit or one
successor together. Does not belong here: extent, people, codes and kinds, which follow from it (``rows``).
"""

from dataclasses import dataclass, field

from kh02_pipelines.sources.resolution.clauses import Clause, Resolution
from kh02_pipelines.sources.resolution.places import LEVELS, Places, Province, Unit, full_name, province_in, texts_of
from kh02_pipelines.sources.resolution.statements import Action, Mention, Statement, Unread, read_statements

MAX_MISSPELLED = 200
"""With more unknown names than this the register is of another day or province, and no name is compared."""

WHOLE = Mention("", "")
"""A unit that goes on without a word about it."""


@dataclass
class Part:
    """One unit, or some of it, on its way to one successor."""

    unit: Unit
    mention: Mention
    clause: str
    doubts: list[str] = field(default_factory=list)
    implied: bool = False


@dataclass
class Successor:
    """A unit after the changes: a new one (``existing`` is None) or one that goes on; ``parent`` where it moves."""

    level: str
    type: str
    name: str
    clause: str
    action: Action
    existing: Unit | None = None
    parent: Unit | None = None
    parts: list[Part] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Successions:
    """Every successor of a resolution in the order of the text, and what could not be read: clause and reason."""

    places: Places
    province: Province | None
    successors: list[Successor]
    unread: list[tuple[str, str]]


@dataclass
class _Named:
    """A mention with the units it may mean."""

    mention: Mention
    units: list[Unit]
    doubts: list[str]


def read_successions(resolution: Resolution, units: list[Unit], provinces: list[Province]) -> Successions:
    """Bring the clauses of a resolution together; ``units`` are those in force on the day before the changes."""
    unread = [(clause, reason) for clause, reason in resolution.gaps]
    read: list[tuple[Clause, Statement]] = []
    for clause in resolution.clauses:
        try:
            statements = read_statements(clause.text)
        except Unread as reason:
            unread.append((clause.cited, str(reason)))
            continue
        read += [(clause, statement) for statement in statements]
        unread += [(clause.cited, f"no unit of a register: “{area}”") for one in statements for area in one.others]
    province = province_in(resolution.heading, provinces, units)
    mentioned = [list(part) for _, one in read for part in (one.members, one.successors)]
    texts = (text for part in mentioned for text in texts_of(part))
    places = Places(units, province.before if province else frozenset(), texts)
    named = [[_found(places, one) for one in places.joined(statement.members)] for _, statement in read]
    _settle(named, read)
    _nearest_left(named, places)
    made = _Assembly(places, unread)
    for (clause, statement), members in zip(read, named, strict=True):
        made.add(clause, statement, members)
    made.add_remainders()
    return Successions(places, province, made.successors, unread)


def _found(places: Places, mention: Mention) -> _Named:
    found = places.find(mention)
    return _Named(mention, list(found.units), list(found.doubts))


def _settle(named: list[list[_Named]], read: list[tuple[Clause, Statement]]) -> None:
    """Narrow down names that several units have, from the surest sign to the weakest; the weak ones leave a doubt."""
    for members in named:
        _by_place_of_list(members)
    for _ in range(2):  # what one round settles may settle another
        _by_earlier_clause(named, read)
        _by_elimination(named)
        for members in named:
            _by_neighbours(members)


def _by_place_of_list(members: list[_Named]) -> None:
    """``xã A và xã B (huyện C)``: the place speaks for the neighbours in its list too."""
    for place, one in enumerate(members):
        if len(one.units) < 2 or one.mention.within:
            continue
        near = [other for other in members[place + 1 :] if other.mention.phrase == one.mention.phrase]
        near += [other for other in members[:place][::-1] if other.mention.phrase == one.mention.phrase]
        for other in near:
            if other.mention.within and len(other.units) == 1:
                inside = [unit for unit in one.units if unit.parent_code == other.units[0].parent_code]
                if len(inside) == 1:
                    one.units = inside
                    one.doubts.append(f"taken in {inside[0].where}, as {full_name(other.mention)} beside it")
                break


def _by_earlier_clause(named: list[list[_Named]], read: list[tuple[Clause, Statement]]) -> None:
    """A remainder is of the unit whose parts the cited clauses took."""
    by_clause = {clause.cited: members for (clause, _), members in zip(read, named, strict=True)}
    for members in named:
        for one in members:
            if len(one.units) < 2 or not one.mention.after:
                continue
            taken = {
                other.units[0]
                for cited in one.mention.after
                for other in by_clause.get(cited, [])
                if len(other.units) == 1 and other.mention.name == one.mention.name
            }
            same = [unit for unit in one.units if unit in taken]
            if len(same) == 1:
                one.units = same


def _by_elimination(named: list[list[_Named]]) -> None:
    """A unit that another clause takes whole is not meant again."""
    whole = {
        one.units[0]
        for members in named
        for one in members
        if len(one.units) == 1 and one.mention.land == one.mention.people == "all"
    }
    for members in named:
        for one in members:
            if len(one.units) > 1:
                left = [unit for unit in one.units if unit not in whole]
                if len(left) == 1:
                    one.units = left
                    one.doubts.append(f"taken in {left[0].where}: other clauses take those of that name elsewhere")


def _by_neighbours(members: list[_Named]) -> None:
    """The unit that lies in one district with the others of the sentence."""
    districts = {one.units[0].parent_code for one in members if len(one.units) == 1}
    for one in members:
        if len(one.units) > 1:
            near = [unit for unit in one.units if unit.parent_code in districts]
            if len(near) == 1:
                one.units = near
                one.doubts.append(f"taken in {near[0].where}, where the others of the sentence lie")


def _nearest_left(named: list[list[_Named]], places: Places) -> None:
    """A name that no unit has: the nearest one of the units that no clause names."""
    claimed = {unit for members in named for one in members for unit in one.units}
    if sum(not one.units for members in named for one in members) > MAX_MISSPELLED:
        return
    for members in named:
        for one in members:
            if one.units:
                continue
            nearest = places.nearest(one.mention, (unit for unit in places.units if unit not in claimed))
            if nearest is not None:
                one.units = [nearest]
                said = full_name(one.mention)
                one.doubts.append(f"the text says {said}; the nearest name that no clause has is {nearest.name}")


class _Assembly:
    """Successors as the statements come in."""

    def __init__(self, places: Places, unread: list[tuple[str, str]]) -> None:
        self.places, self.unread = places, unread
        self.successors: list[Successor] = []
        self._going_on: dict[Unit, Successor] = {}

    def add(self, clause: Clause, statement: Statement, members: list[_Named]) -> None:
        """Take in one statement; a member that is no unit or is not found leaves a doubt on every other."""
        lost = [*statement.others, *(full_name(one.mention) for one in members if len(one.units) != 1)]
        for one in members:
            if lost and statement.action != "keep":
                one.doubts.append(f"without {', '.join(lost)}, not found: extent, kind and code may be others")
        parts = [part for one in members if (part := self._part(one, clause.cited)) is not None]
        if statement.successors and LEVELS[statement.successors[0].type] == ("commune",):
            parts = [piece for part in parts for piece in self._communes(part)]
        if statement.action == "keep":
            for part in parts:
                self._goes_on(part.unit, clause.cited, "keep").parts.append(part)
        elif statement.action == "rename":
            self._rename(clause, statement, parts)
        elif statement.action == "join":
            self._join(clause, statement, parts)
        else:
            self._form(clause, statement, parts)

    def _part(self, one: _Named, cited: str) -> Part | None:
        if len(one.units) == 1:
            return Part(one.units[0], one.mention, cited, one.doubts)
        what = full_name(one.mention) + (f" ({one.mention.within})" if one.mention.within else "")
        if one.units:
            which = ", ".join(f"{unit.code} ({unit.where})" for unit in one.units)
            self.unread.append((cited, f"{what} may be any of {which}"))
        else:
            self.unread.append((cited, f"{what} is in force nowhere in the register of the day before"))
        return None

    def _communes(self, part: Part) -> list[Part]:
        """A district that becomes a commune brings its communes; one without communes comes itself."""
        below = self.places.below(part.unit) if part.unit.level == "district" else []
        return [Part(unit, part.mention, part.clause, list(part.doubts)) for unit in below] or [part]

    def _form(self, clause: Clause, statement: Statement, parts: list[Part]) -> None:
        for mention in statement.successors:
            levels = LEVELS[mention.type]
            level = levels[0] if len(levels) == 1 or not parts else parts[0].unit.level
            level = level if level in levels else levels[-1]
            made = Successor(level, mention.type, full_name(mention), clause.cited, "form")
            for part in parts:
                shared = len(statement.successors) > 1
                doubts = [*part.doubts, "the clause does not say which part goes where"] if shared else part.doubts
                how = Mention(part.mention.type, part.mention.name, "part", "part") if shared else part.mention
                made.parts.append(Part(part.unit, how, clause.cited, list(doubts)))
            if made.parts:
                self.successors.append(made)

    def _rename(self, clause: Clause, statement: Statement, parts: list[Part]) -> None:
        if len(parts) != 1 or len(statement.successors) != 1:
            if parts:
                self.unread.append((clause.cited, "a new name for one unit is expected"))
            return
        successor, unit = statement.successors[0], parts[0].unit
        made = self._goes_on(unit, clause.cited, "rename")
        made.type, made.name = successor.type, full_name(successor)
        made.parts += parts

    def _join(self, clause: Clause, statement: Statement, parts: list[Part]) -> None:
        mention = statement.successors[0]
        target = self._part(_found(self.places, mention), clause.cited)
        if target is None or len(statement.successors) > 1:
            if target is not None:
                self.unread.append((clause.cited, "several units to join: which part goes where is not said"))
            return
        for part in parts:
            if part.unit.level == target.unit.level:
                self._goes_on(target.unit, clause.cited, "join").parts.append(part)
            else:  # "chuyển xã A về huyện B": the unit stays and lies elsewhere
                moved = self._goes_on(part.unit, clause.cited, "join")
                moved.parent = target.unit
                moved.parts.append(part)
                moved.doubts += target.doubts
        joined = self._going_on.get(target.unit)
        if joined is not None and not any(part.unit == target.unit for part in joined.parts):
            joined.parts.insert(0, Part(target.unit, WHOLE, clause.cited, list(target.doubts)))

    def _goes_on(self, unit: Unit, cited: str, action: Action) -> Successor:
        """The successor that this unit itself is."""
        if unit not in self._going_on:
            made = Successor(unit.level, unit.type, unit.name, cited, action, existing=unit)
            self._going_on[unit] = made
            self.successors.append(made)
        return self._going_on[unit]

    def add_remainders(self) -> None:
        """A unit that gave parts away by a clause that leaves it in place goes on with the rest."""
        given: dict[Unit, list[tuple[Successor, Part]]] = {}
        for successor in self.successors:
            for part in successor.parts:
                given.setdefault(part.unit, []).append((successor, part))
        for unit, gifts in given.items():
            shares = {share for _, part in gifts for share in (part.mention.land, part.mention.people)}
            stays = any(successor.existing == unit for successor, _ in gifts)
            only_parts = "all" not in {part.mention.land for _, part in gifts} and "rest" not in shares
            if only_parts and not stays and (len(gifts) == 1 or all(one.action == "join" for one, _ in gifts)):
                first = gifts[0][1].clause
                made = self._goes_on(unit, first, "join")
                rest = Mention(unit.type, unit.name, "rest", "rest")
                doubt = "no clause says where the rest goes; drafted as staying where it is"
                made.parts.insert(0, Part(unit, rest, first, [doubt], implied=True))
