"""Cleaning one register: text form, rulings, unit types, parents.

Belongs here: from a source's raw rows to units that can be trusted to be well formed. Does not belong here:
comparison of two registers or dates.
"""

import pandas as pd

from kh02_pipelines.errors import SourceError
from kh02_pipelines.frames import among
from kh02_pipelines.history.ruling_form import REGISTER, target_of
from kh02_pipelines.history.rulings import apply_unit_rulings
from kh02_pipelines.history.timeline import Register
from kh02_pipelines.names import UNIT_TYPES, clean_text, split_unit_type
from kh02_pipelines.tables.vocabulary import CODE_PATTERNS, LEVELS

UNIT_COLUMNS = ["code", "level", "name", "short_name", "type", "parent_code", "ruling_id"]


def clean_registers(raw: pd.DataFrame, rulings: pd.DataFrame) -> pd.DataFrame:
    """Every register of ``raw`` cleaned and ruled: UNIT_COLUMNS, ``date``, ``confidence`` and ``file``, oldest first.

    ``raw``: as ``clean_units`` takes it, with ``date`` and ``confidence``.
    """
    parts = []
    for date, register in raw.groupby("date", sort=True):  # three
        units = clean_units(register.reset_index(drop=True), rulings, target_of(REGISTER, str(date)))
        parts.append(
            units.assign(date=date, confidence=register["confidence"].fillna("").array, file=register["file"].array)
        )
    return pd.concat(parts, ignore_index=True)


def registers_of(cleaned: pd.DataFrame) -> list[Register]:
    """The frame of ``clean_registers`` as registers for the history, oldest first."""
    return [
        Register(pd.Timestamp(str(date)), units.reset_index(drop=True), str(units["file"].iloc[0]))
        for date, units in cleaned.groupby("date", sort=True)
    ]


def clean_units(raw: pd.DataFrame, rulings: pd.DataFrame, target: str) -> pd.DataFrame:
    """The units of one register, cleaned and ruled.

    ``raw``: ``code``, ``level``, ``name``, ``type``, ``parent_code`` as text, ``row``, and ``file`` where the register
    is not the embedded one. ``target`` is the register's name in the rulings and its file name without ending.

    Returns ``code``, ``level``, ``name`` (the source's spelling), ``short_name``, ``type`` (lower case),
    ``parent_code`` (missing for provinces), ``ruling_id`` (empty where the source stands), in the source's
    order.

    Raises SourceError for a malformed or repeated code, an unknown level, a parent that is not there, or a
    name that has no type or contradicts it; RulingError when a ruling does not fit.
    """
    file = str(raw["file"].iloc[0]) if "file" in raw.columns and len(raw) else f"{target}.csv"
    units = raw.assign(name=clean_text(raw["name"]), type=clean_text(raw["type"]))
    units = apply_unit_rulings(units, rulings, target)
    units["type"] = units["type"].str.lower()
    _refuse(units, ~units["level"].isin(LEVELS), file, "level", "unknown level", f"use {', '.join(LEVELS)}")
    for level, pattern in CODE_PATTERNS.items():
        wrong = (units["level"] == level) & ~units["code"].str.fullmatch(pattern)
        _refuse(units, wrong, file, "code", f"not a {level} code", "restore the leading zeros")
    _refuse(
        units,
        units.duplicated(["level", "code"]),
        file,
        "code",
        "code stands twice",
        "keep one row per unit",
    )
    parts = pd.concat([split_unit_type(units.loc[units["level"] == level, "name"], level) for level in UNIT_TYPES])
    units["short_name"] = parts["short_name"].reindex(units.index)
    _refuse(units, units["type"] == "", file, "name", "name without a unit type", "write it as in Phường Phúc Xá")
    contradicted = parts["type"].reindex(units.index).fillna("") != units["type"]
    _refuse(units, contradicted, file, "type", "name and type disagree", "correct the wrong one, or rule on it")
    units["parent_code"] = units["parent_code"].mask(units["level"] == "province")
    _refuse_orphans(units, file)
    return units[UNIT_COLUMNS].reset_index(drop=True)


def _refuse_orphans(units: pd.DataFrame, file: str) -> None:
    """A commune's parent is a district where the register has districts, otherwise a province."""
    codes = {level: units.loc[units["level"] == level, "code"] for level in LEVELS}
    commune_parents = codes["district"] if len(codes["district"]) else codes["province"]
    for level, parents in (("district", codes["province"]), ("commune", commune_parents)):
        orphan = (units["level"] == level) & ~among(units["parent_code"], parents)
        _refuse(units, orphan, file, "parent_code", "no such parent unit", "correct the parent code")


def _refuse(units: pd.DataFrame, wrong: pd.Series, file: str, field: str, what: str, remedy: str) -> None:
    if not wrong.any():
        return
    first = units.loc[wrong].iloc[0]
    others = int(wrong.sum()) - 1
    more = f" (and {others} more rows)" if others else ""
    raise SourceError(
        f"{what}: {first[field]!r} of unit {first['code']} {first['name']}{more}",
        file=file,
        row=int(first["row"]),
        field=field,
        remedy=remedy,
    )
