"""From the configured sources to the raw frames that a catalogue is built of, and to what they disagree about.

Belongs here: which source is followed for which register, and which rulings it no longer needs. Does not belong
here: reading files (``sources``), comparing (``agreement``) or building the catalogue (``catalogue.plan``).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from kh02_pipelines.errors import RulingError
from kh02_pipelines.history.periods import periods_of
from kh02_pipelines.history.ruling_form import (
    CODE_LIST,
    CONVERSION,
    NSO_RULINGS_CAN_SAY,
    RELATIONS,
    require_rulings,
    ruling_days,
)
from kh02_pipelines.history.rulings import apply_unit_rulings
from kh02_pipelines.intake.agreement import (
    Followed,
    Spoken,
    compare_cross_checks,
    compare_registers,
    compare_successions,
)
from kh02_pipelines.intake.completeness import require_whole_conversion, require_whole_register
from kh02_pipelines.intake.conflicts import all_conflicts, ruled_conflicts, settled_by_rulings
from kh02_pipelines.intake.conversion import (
    Conversion,
    conversion_frames,
    kept_names,
    shares,
)
from kh02_pipelines.intake.conversion_day import (
    CLAUSES,
    HEIRS,
    LAND,
    NEW,
    OLD,
    PAIRS,
    PROVINCE_PAIRS,
    ConversionDay,
    conversion_day,
    frames_of_day,
    with_links,
    with_register,
)
from kh02_pipelines.intake.law import with_law
from kh02_pipelines.intake.name_conflicts import REFERENCE, block_wrong_names
from kh02_pipelines.intake.source_rulings import (
    apply_to_records,
    fit_name_rulings,
    fit_pair_rulings,
    fit_unit_rulings,
)
from kh02_pipelines.intake.source_tables import SourceTables, source_tables
from kh02_pipelines.intake.vintage import require_vintage
from kh02_pipelines.names import spelling_key, split_unit_type
from kh02_pipelines.sources.load import SourceRead
from kh02_pipelines.sources.units_frame import RAW_UNIT_COLUMNS

NSO_RULINGS = "nso_rulings"


@dataclass(frozen=True)
class Intake:
    """What the sources give: raw frames by reference name, and the tables about the sources.

    ``followed``: name of the source that a frame is taken from, where that is not the reference.
    """

    raw: dict[str, pd.DataFrame]
    tables: SourceTables
    followed: dict[str, str]


def take_in(
    reads: list[SourceRead],
    reference: Mapping[str, pd.DataFrame],
    hashes: Mapping[str, str],
    law: Sequence[SourceRead] = (),
    due: Sequence[SourceRead] = (),
) -> Intake:
    """Raw frames in which configured sources stand in for the reference wherever they speak.

    ``reads`` in order of priority; ``reference``: the embedded frames by name, NSO_RULINGS among them where
    there are sources; ``hashes``: the hash of each embedded file by its path. ``law``: the configured law, which is put
    over the embedded one; ``due``: what of it counts today, see ``law.due_reads``. Without any of these the raw frames
    are the reference itself.

    Raises VintageError when a register speaks for another date than configured, SourceError when a source is not
    whole, and RulingError when one prints neither what a ruling corrects nor what it says,
    or a ruling could not be applied to anything.
    """
    raw = {name: frame for name, frame in with_law(reference, law).items() if name != NSO_RULINGS}
    own_rulings = reference.get(NSO_RULINGS, raw["rulings"].iloc[:0])
    days = ruling_days(raw["registers"], raw["changes"])
    require_rulings(raw["rulings"], days)
    require_rulings(own_rulings, days, NSO_RULINGS_CAN_SAY, f"{NSO_RULINGS}.csv")
    if not reads:
        counted = {*reference["rulings"]["ruling_id"], *_ids(due)}
        conflicts = all_conflicts([ruled_conflicts(raw["rulings"][raw["rulings"]["ruling_id"].isin(counted)], {})])
        names = {read.name for read in due}
        return Intake(raw, source_tables([*due], reference, hashes, conflicts, names), _law_followed(law))
    counted = {*reference["rulings"]["ruling_id"], *own_rulings["ruling_id"], *_ids(due)}
    return _with_sources(reads, reference, raw, own_rulings, hashes, due, counted)


def _with_sources(
    reads: list[SourceRead],
    reference: Mapping[str, pd.DataFrame],
    raw: dict[str, pd.DataFrame],
    own_rulings: pd.DataFrame,
    hashes: Mapping[str, str],
    due: Sequence[SourceRead],
    counted: Collection[str],
) -> Intake:
    day = conversion_day(periods_of(raw["periods"]))
    targets = day.targets
    embedded = {**reference, **frames_of_day(raw, day)}
    frames = dict(embedded)
    rulings = raw["rulings"]
    for read in reads:
        if read.role in (OLD, NEW) and "parent_name" not in read.records.columns:
            require_vintage(read.records, read.date, read.trace.origin.file, embedded, day)
            require_whole_register(read, embedded, day)
    mine = own_rulings["target"].isin([targets[role] for role in (OLD, NEW) if _of(reads, role)])
    rulings = pd.concat([rulings, own_rulings[mine]], ignore_index=True)
    conversion = _conversion(reads, frames, own_rulings, day)
    require_whole_conversion(conversion, rulings, embedded, day)
    islands = _islands(conversion, embedded[OLD])
    old = [_spoken(read, _with_islands(read, islands), rulings, targets[OLD]) for read in _of(reads, OLD)]
    new, list_rulings = _new_registers(reads, conversion, frames, own_rulings, day)
    followed: dict[str, str] = {}
    named_by: dict[str, str] = {}
    files: dict[str, str] = {}
    if old:
        files[OLD] = old[0].trace.origin.file
        frames[OLD] = old[0].units.assign(file=files[OLD])
        rulings, followed[targets[OLD]] = old[0].rulings, old[0].name
    complete = [spoken for spoken in new if spoken.complete]
    if complete:
        files[NEW] = complete[0].trace.origin.file
        units, named_by = _named_by_priority(complete[0], new)
        frames[NEW] = units.assign(file=files[NEW])
        rulings = fit_unit_rulings(frames[NEW], rulings, targets[NEW], complete[0].trace)
        followed[targets[NEW]] = complete[0].name
    if conversion is not None:
        read, said = conversion
        frames[PAIRS] = said.pairs[["predecessor_code", "successor_code", "file", "row"]]
        frames[PROVINCE_PAIRS] = said.province_pairs
        for side in (PAIRS, PROVINCE_PAIRS):
            rulings = fit_pair_rulings(frames[side], rulings, targets[side], read.trace)
            followed[targets[side]] = read.name
        frames[HEIRS], frames[LAND] = shares(said.pairs, rulings, frames[CLAUSES], day)
        kept = kept_names(said.pairs, frames[OLD], frames[NEW], frames[CLAUSES], rulings, day)
        superseded = (rulings["action"] == "same_name") & rulings["key"].isin(kept["key"])
        rulings = pd.concat([rulings[~superseded], kept], ignore_index=True)
        followed[targets[RELATIONS]] = read.name
    registers = [*old[:1], *complete[:1]]
    if registers:
        rulings = fit_name_rulings(frames[OLD], frames[NEW], rulings, registers[0].trace)
    old_source, new_source = (followed.get(targets[side], REFERENCE) for side in (OLD, NEW))
    islands_by = _islands_by(conversion, _of(reads, OLD), islands[1])
    own = (
        []
        if conversion is None
        else [ruled_conflicts(conversion[1].rulings, {targets[CONVERSION]: conversion[0].name})]
    )
    to_come = set(raw["rulings"]["ruling_id"]) - set(counted)
    conflicts = all_conflicts(
        [
            ruled_conflicts(rulings[~rulings["ruling_id"].isin(to_come)], followed),
            *own,
            *list_rulings,
            *compare_registers(frames, embedded, OLD, day, old, rulings, Followed(old_source, islands_by)),
            *compare_registers(frames, embedded, NEW, day, new, rulings, Followed(new_source, named_by)),
            *compare_successions(frames, embedded, conversion, rulings, old_source, day),
            *compare_cross_checks(frames, _of(reads, "cross_check"), rulings, day),
        ]
    )
    every_ruling = pd.concat([raw["rulings"], own_rulings], ignore_index=True)
    conflicts = block_wrong_names(settled_by_rulings(conflicts, every_ruling), _subjects(embedded, day))
    superseded_files = {f"registers/{date}.csv" for side, date in ((OLD, day.last), (NEW, day.first)) if side in files}
    made_of = {*followed.values(), *named_by.values(), *(read.name for read in due)}
    tables = source_tables([*reads, *due], reference, hashes, conflicts, made_of, superseded_files)
    for side, date in ((OLD, day.last), (NEW, day.first)):
        if side in files:
            raw["registers"] = with_register(raw, frames[side], date, files[side])
    if conversion is not None:
        raw["changes"] = with_links(raw, frames, rulings, day)
    raw["rulings"] = rulings
    return Intake(raw, tables, _by_frame(followed, targets))


def _ids(due: Sequence[SourceRead]) -> set[str]:
    """Ids of the configured rulings that count today."""
    return {str(ruling) for read in due if read.role == "rulings" for ruling in read.records["ruling_id"]}


def _law_followed(law: Sequence[SourceRead]) -> dict[str, str]:
    return {kind: " ".join(read.name for read in law if read.role == kind) for kind in {read.role for read in law}}


def _by_frame(followed: Mapping[str, str], targets: Mapping[str, str]) -> dict[str, str]:
    """Names of the sources by the raw frame that they stand in."""
    places = {targets[OLD]: "registers", targets[NEW]: "registers"}
    named: dict[str, str] = {}
    for target, name in followed.items():
        frame = places.get(target, "changes")
        named[frame] = " ".join(sorted({*named.get(frame, "").split(), name}))
    return named


def _subjects(embedded: Mapping[str, pd.DataFrame], day: ConversionDay) -> pd.DataFrame:
    """The units of both registers of the reference, each with the ``subject`` that a conflict on it has."""
    units = pd.concat(
        [embedded[side].assign(date=date) for side, date in ((OLD, day.last), (NEW, day.first))], ignore_index=True
    )
    return units.assign(subject=units["date"] + "/" + units["level"] + "/" + units["code"])


def _of(reads: list[SourceRead], role: str) -> list[SourceRead]:
    return [read for read in reads if read.role == role]


def _conversion(
    reads: list[SourceRead], frames: Mapping[str, pd.DataFrame], own_rulings: pd.DataFrame, day: ConversionDay
) -> tuple[SourceRead, Conversion] | None:
    tables = _of(reads, "conversion")
    if not tables:
        return None
    provinces = frames[NEW].loc[frames[NEW]["level"] == "province", ["code", "name"]]
    return tables[0], conversion_frames(tables[0], own_rulings, provinces, day)


def _islands(conversion: tuple[SourceRead, Conversion] | None, old: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """Districts without communes, and who says so: the conversion table, or the embedded register without one."""
    if conversion is not None:
        return "conversion", conversion[1].islands
    alone = (old["level"] == "district") & ~old["code"].isin(old["parent_code"])
    return "reference", old[alone]


def _with_islands(read: SourceRead, islands: tuple[str, pd.DataFrame]) -> pd.DataFrame:
    """A register of communes may leave out districts without any: they are added, each with a notice."""
    said_by, units = islands
    missing = units[~units["code"].isin(read.records.loc[read.records["level"] == "district", "code"])]
    for island in missing.itertuples():  # five at most
        read.trace.notice(
            "unit", f"district {island.code}: -", str(island.name), f"district_from_{said_by} {island.code}"
        )
    return pd.concat([read.records, missing[RAW_UNIT_COLUMNS]], ignore_index=True)


def _islands_by(
    conversion: tuple[SourceRead, Conversion] | None, registers: list[SourceRead], islands: pd.DataFrame
) -> dict[str, str]:
    """The source of each island district that the register which is followed leaves out, by ``level/code``."""
    listed = registers[0].records["code"] if registers else islands["code"]
    missing = islands.loc[~islands["code"].isin(listed), "code"]
    return dict.fromkeys("district/" + missing, REFERENCE if conversion is None else conversion[0].name)


def _spoken(read: SourceRead, units: pd.DataFrame, rulings: pd.DataFrame, target: str) -> Spoken:
    fitting = fit_unit_rulings(units, rulings, target, read.trace)
    try:
        apply_unit_rulings(units, fitting, target)
    except RulingError as error:
        what = f"{error.what} (source {read.name}, file {read.trace.origin.file})"
        raise RulingError(what, file=error.file, row=error.row, field=error.field, remedy=error.remedy) from error
    return Spoken(read.name, read.trace, units, fitting)


def _new_registers(
    reads: list[SourceRead],
    conversion: tuple[SourceRead, Conversion] | None,
    frames: Mapping[str, pd.DataFrame],
    own_rulings: pd.DataFrame,
    day: ConversionDay,
) -> tuple[list[Spoken], list[pd.DataFrame]]:
    """Every source that says something about the new register, in order of priority, and the rulings on lists."""
    provinces = frames[NEW][frames[NEW]["level"] == "province"]
    spoken, ruled = [], []
    for read in reads:
        if conversion is not None and read is conversion[0]:
            spoken.append(Spoken(read.name, read.trace, conversion[1].new_units, frames["rulings"]))
        elif read.role == NEW:
            complete = "parent_name" not in read.records.columns
            units = read.records
            if not complete:
                keyed = units.assign(sheet="-", line=units["row"])
                mine = own_rulings[own_rulings["key"].isin(units["code"])]
                keyed, applied = apply_to_records(keyed, keyed["code"], mine, day.targets[CODE_LIST], read.trace)
                ruled.append(ruled_conflicts(applied, {day.targets[CODE_LIST]: read.name}))
                units = keyed.assign(parent_code=_parents_by_name(keyed["parent_name"], provinces))
            spoken.append(Spoken(read.name, read.trace, units[RAW_UNIT_COLUMNS], frames["rulings"], complete))
    return spoken, ruled


def _parents_by_name(names: pd.Series, provinces: pd.DataFrame) -> pd.Series:
    keys = spelling_key(split_unit_type(provinces["name"], "province")["short_name"])
    codes = pd.Series(provinces["code"].array, index=keys.array)
    found = spelling_key(split_unit_type(names, "province")["short_name"]).map(codes)
    return found.fillna("").astype("str")


def _named_by_priority(base: Spoken, registers: list[Spoken]) -> tuple[pd.DataFrame, dict[str, str]]:
    """The units of the complete register, named as the first source names them that prints their type.

    Also which source that is, by ``level/code``, where it is not the register itself.
    """
    units, named_by = base.units.copy(), dict[str, str]()
    keys = units["level"] + "/" + units["code"]
    for spoken in reversed(registers[: registers.index(base)]):
        typed = spoken.units[spoken.units["type"] != ""]
        names = typed.assign(key=typed["level"] + "/" + typed["code"]).set_index("key")["name"]
        units["name"] = keys.map(names).fillna(units["name"])
        named_by |= dict.fromkeys(keys[keys.isin(names.index)], spoken.name)
    return units, named_by
