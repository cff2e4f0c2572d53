"""Who agrees with whom: the comparisons of one intake.

Belongs here: which statements are held against which. Does not belong here: how two statements are compared
(``conflicts``) or which is followed (``intake``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from kh02_pipelines.history.rulings import apply_succession_rulings, apply_unit_rulings, pair_keys, rulings_for
from kh02_pipelines.intake.conflicts import (
    no_conflicts,
    pair_conflicts,
    unit_conflicts,
    value_conflicts,
)
from kh02_pipelines.intake.conversion import Conversion, contradicted_extents
from kh02_pipelines.intake.conversion_day import HEIRS, LAND, NEW, OLD, PAIRS, PROVINCE_PAIRS, ConversionDay
from kh02_pipelines.intake.cross_checks import cross_check_conflicts
from kh02_pipelines.intake.name_conflicts import REFERENCE
from kh02_pipelines.sources.load import SourceRead
from kh02_pipelines.sources.trace import Trace
from kh02_pipelines.sources.values import leading_type

Frames = Mapping[str, pd.DataFrame]
"""Frames of the day (``conversion_day``) with the raw ``rulings`` and ``changes``."""


@dataclass(frozen=True)
class Spoken:
    """A register as one source gives it, with the rulings that fit it. ``name`` is the source's."""

    name: str
    trace: Trace
    units: pd.DataFrame
    rulings: pd.DataFrame
    complete: bool = True


@dataclass(frozen=True)
class Followed:
    """The source of a register that is followed, and by ``level/code`` that of each name taken from another one."""

    source: str = REFERENCE
    named_by: Mapping[str, str] = field(default_factory=dict)


def compare_registers(
    raw: Frames,
    reference: Frames,
    side: str,
    day: ConversionDay,
    spoken: Sequence[Spoken],
    rulings: pd.DataFrame,
    followed: Followed,
) -> list[pd.DataFrame]:
    """What is followed against what every source says, its own values too, and against the reference; all ruled.

    ``side``: the frame of the register, OLD or NEW.
    """
    date, target = (day.last if side == OLD else day.first), day.targets[side]
    mine = apply_unit_rulings(raw[side], rulings, target)
    others = {other.name: _ruled(other, target) for other in spoken}
    if followed.source != REFERENCE:
        others[REFERENCE] = apply_unit_rulings(reference[side], reference["rulings"], target)
    found = [unit_conflicts(mine, units, date, followed.source, name) for name, units in others.items()]
    return [_under_true_source(conflicts, followed.named_by) for conflicts in found]


def compare_successions(
    raw: Frames,
    reference: Frames,
    conversion: tuple[SourceRead, Conversion] | None,
    rulings: pd.DataFrame,
    old_register: str,
    day: ConversionDay,
) -> list[pd.DataFrame]:
    """The conversion table against the reference, against both registers, and against its own notes.

    ``old_register``: name of the source whose old register is followed.
    """
    if conversion is None:
        return []
    name, said = conversion[0].name, conversion[1]
    date = day.first
    found = []
    for side, kind in ((PAIRS, "succession"), (PROVINCE_PAIRS, "province_succession")):
        target = day.targets[side]
        mine = apply_succession_rulings(raw[side], rulings, target)
        theirs = apply_succession_rulings(reference[side], reference["rulings"], target)
        found.append(pair_conflicts(mine, theirs, f"{date}/{kind}", name, "reference"))
    for shares, kind in zip((HEIRS, LAND), ("all", "none"), strict=True):
        mine_keys, their_keys = pair_keys(raw[shares]), pair_keys(reference[shares])
        for keys, values in ((mine_keys[~mine_keys.isin(their_keys)], (kind, "-")),
                             (their_keys[~their_keys.isin(mine_keys)], ("-", kind))):  # fmt: skip
            subjects = f"{date}/succession/" + keys
            sides = tuple(pd.Series(value, index=keys.index) for value in values)
            found.append(
                value_conflicts(subjects, "population", (sides[0], sides[1]), "population", (name, "reference"))
            )
    extents = contradicted_extents(said.pairs, rulings, day)
    found.append(
        value_conflicts(
            f"{date}/succession/" + extents["key"], "extent", (extents["counted"], extents["printed"]), "extent",
            ("number_of_successors", name),
        )
    )  # fmt: skip
    found.append(_islands(raw, said, name, day))
    return [*found, *_old_side(raw, said, rulings, (old_register, name), day)]


def compare_cross_checks(
    raw: Frames, reads: Sequence[SourceRead], rulings: pd.DataFrame, day: ConversionDay
) -> list[pd.DataFrame]:
    """Other public mappings against the catalogue's successions, by name."""
    if not reads:
        return []
    old, new = (apply_unit_rulings(raw[side], rulings, day.targets[side]) for side in (OLD, NEW))
    pairs = apply_succession_rulings(raw[PAIRS], rulings, day.targets[PAIRS])
    return [cross_check_conflicts(read.name, read.records, old, new, pairs, rulings, day) for read in reads]


def _under_true_source(conflicts: pd.DataFrame, named_by: Mapping[str, str]) -> pd.DataFrame:
    """The conflicts, those of names under the source that the name was taken from."""
    unit = conflicts["subject"].str.split("/", n=1).str[-1].where(conflicts["field"] == "name", "")
    return conflicts.assign(source=unit.map(dict(named_by)).astype("str").fillna(conflicts["source"]))


def _ruled(spoken: Spoken, target: str) -> pd.DataFrame:
    """The other source's units with the rulings that fit them; a list of codes and names has nothing to rule."""
    if not spoken.complete or not spoken.units["type"].ne("").all():
        return spoken.units
    return apply_unit_rulings(spoken.units, _applicable(spoken, target), target)


def _applicable(spoken: Spoken, target: str) -> pd.DataFrame:
    """Rulings whose printed value this source has; what does not fit it shows as a conflict instead of an error."""
    rulings = spoken.rulings
    mine = rulings[rulings["target"] == target]
    printed = spoken.units.set_index("code")
    fits = [
        ruling.ruling_id
        for ruling in rulings_for(mine, target)
        if ruling.key in printed.index and str(printed.at[ruling.key, ruling.field]) == ruling.source_value
    ]
    return mine[mine["ruling_id"].isin(fits)]


def _islands(raw: Frames, said: Conversion, name: str, day: ConversionDay) -> pd.DataFrame:
    """Districts that become a commune: the table's rows against the changes."""
    changes = raw["changes"]
    creations = changes[(changes["predecessor_level"] == "district") & (changes["effective_date"] == day.first)]
    creations = creations[creations["successor_level"] == "commune"]
    if said.island_links.empty and creations.empty:
        return no_conflicts()
    return pair_conflicts(creations, said.island_links, f"{day.first}/district_succession", "reference", name)


def _old_side(
    raw: Frames, said: Conversion, rulings: pd.DataFrame, names: tuple[str, str], day: ConversionDay
) -> list[pd.DataFrame]:
    """What the table prints about old units, against the old register: name, type, district, province.

    ``names``: of the register's source and of the table.
    """
    old = apply_unit_rulings(raw[OLD], rulings, day.targets[OLD])
    pairs = apply_succession_rulings(said.pairs, rulings, day.targets[PAIRS])
    pairs = pairs[pairs["old_name"].notna()]
    printed = pd.DataFrame(
        {
            "level": "commune",
            "code": pairs["predecessor_code"],
            "name": pairs["old_name"].astype("str"),
            "type": leading_type(pairs["old_name"].astype("str"), "commune"),
            "parent_code": pairs["old_district_code"].astype("str"),
        }
    )
    repeated = printed["code"].duplicated()
    found = [
        unit_conflicts(old, printed[~repeated], day.last, *names),
        unit_conflicts(old, printed[repeated].drop_duplicates(), day.last, *names, whole=False),
        unit_conflicts(old, said.old_above, day.last, *names, whole=False),
    ]
    district = old[old["level"] == "district"].set_index("code")["parent_code"]
    parent = old[old["level"] == "commune"].set_index("code")["parent_code"]
    province = pairs["predecessor_code"].map(parent).map(district)
    subjects = f"{day.last}/commune/" + pairs["predecessor_code"]
    printed_province = pairs["old_province_code"].astype("str")
    found.append(value_conflicts(subjects, "province_code", (province, printed_province), "parent", names))
    return found
