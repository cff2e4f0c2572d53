"""The day of a conversion table: the registers on both sides of it, and its links, as configured sources speak of them.

Belongs here: which days those are, and taking the frames of that day out of the raw frames and putting them back. Does
not belong here: comparing or choosing sources (``agreement``, ``intake``).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from kh02_pipelines.history.periods import Periods
from kh02_pipelines.history.ruling_form import (
    CODE_LIST,
    CONVERSION,
    PROVINCE_SUCCESSIONS,
    REGISTER,
    RELATIONS,
    SUCCESSIONS,
    target_of,
)
from kh02_pipelines.history.rulings import apply_succession_rulings, pair_keys
from kh02_pipelines.sources.reference_data import REFERENCE_FILES

OLD, NEW = "old_register", "new_register"
PAIRS, PROVINCE_PAIRS, HEIRS, LAND, CLAUSES = "pairs", "province_pairs", "heirs", "land_only", "clauses"
"""Frames of the day by name; the first two are also the roles of sources."""

SHARE_FRAMES = (HEIRS, LAND)
_PAIR = ["predecessor_code", "successor_code", "file", "row"]
_CITED = [*_PAIR, "legal_document", "clause"]


@dataclass(frozen=True)
class ConversionDay:
    """The two days that a conversion table stands between, as ISO text, and what rulings call their frames."""

    last: str
    first: str

    @property
    def role_dates(self) -> dict[str, dt.date]:
        """The one date that each role of a source can speak for."""
        last, first = dt.date.fromisoformat(self.last), dt.date.fromisoformat(self.first)
        return {OLD: last, NEW: first, "conversion": first}

    @property
    def targets(self) -> dict[str, str]:
        """Target of the rulings on each frame of the day."""
        return {
            OLD: target_of(REGISTER, self.last),
            NEW: target_of(REGISTER, self.first),
            PAIRS: target_of(SUCCESSIONS, self.first),
            PROVINCE_PAIRS: target_of(PROVINCE_SUCCESSIONS, self.first),
            RELATIONS: target_of(RELATIONS, self.first),
            CONVERSION: target_of(CONVERSION, self.first),
            CODE_LIST: target_of(CODE_LIST, self.first),
        }


def conversion_day(periods: Periods) -> ConversionDay:
    """The day on which districts ended. Raises ValueError while they are in force."""
    last = periods.legacy_day
    if last is None:
        raise ValueError("no period without districts: there is nothing to convert")
    return ConversionDay(f"{last:%Y-%m-%d}", f"{last + pd.Timedelta(days=1):%Y-%m-%d}")


def frames_of_day(raw: Mapping[str, pd.DataFrame], day: ConversionDay) -> dict[str, pd.DataFrame]:
    """The frames of the day out of the raw ones: both registers, printed pairs, heirs, land-only parts, clauses.

    Heirs and land-only parts are named as the rulings say; everything else as printed.
    """
    registers, changes = raw["registers"], raw["changes"]
    sides = {
        name: registers[registers["date"] == date].reset_index(drop=True)
        for name, date in ((OLD, day.last), (NEW, day.first))
    }
    that_day = changes[changes["effective_date"] == day.first]
    links = {
        level: that_day[(that_day["predecessor_level"] == level) & (that_day["successor_level"] == level)]
        for level in ("commune", "province")
    }
    communes = links["commune"].reset_index(drop=True)
    ruled = apply_succession_rulings(communes, raw["rulings"], day.targets[PAIRS])
    heirs = ruled[(ruled["extent"] == "part") & (ruled["population"] == "all")]
    land = ruled[(ruled["extent"] == "part") & (ruled["population"] == "none")]
    land = land[~land["predecessor_code"].isin(heirs["predecessor_code"])]
    into_communes = that_day[that_day["successor_level"] == "commune"]
    return {
        **sides,
        PAIRS: communes[_PAIR],
        PROVINCE_PAIRS: links["province"][_PAIR].reset_index(drop=True),
        HEIRS: heirs[_CITED].reset_index(drop=True),
        LAND: land[_CITED].reset_index(drop=True),
        CLAUSES: into_communes.drop_duplicates("successor_code")[["successor_code", "legal_document", "clause"]],
    }


def with_register(raw: Mapping[str, pd.DataFrame], units: pd.DataFrame, date: str, file: str) -> pd.DataFrame:
    """The registers with the one of a day replaced by a source's units."""
    others = raw["registers"][raw["registers"]["date"] != date]
    mine = units.assign(date=date, file=file, confidence="")
    return pd.concat([others, mine[others.columns]], ignore_index=True)


def with_links(
    raw: Mapping[str, pd.DataFrame], frames: Mapping[str, pd.DataFrame], rulings: pd.DataFrame, day: ConversionDay
) -> pd.DataFrame:
    """The changes with the commune and province links of the day replaced by those of ``frames``.

    Their law and clause are those of the successor in the changes they replace; shares are heirs and land-only parts,
    and otherwise what follows from the number of successors.
    """
    changes = raw["changes"]
    same_level = changes["predecessor_level"] == changes["successor_level"]
    replaced = (changes["effective_date"] == day.first) & same_level
    columns = ["successor_level", "successor_code", "legal_document", "clause"]
    law = changes.loc[replaced, columns].drop_duplicates(columns[:2])
    parts = []
    for level, name in (("commune", PAIRS), ("province", PROVINCE_PAIRS)):
        pairs = frames[name]
        known = law[law["successor_level"] == level].set_index("successor_code")
        rows = pd.DataFrame("", index=pairs.index, columns=list(REFERENCE_FILES["changes"].columns))
        rows[_PAIR] = pairs[_PAIR]
        rows["effective_date"] = day.first
        rows["predecessor_level"] = rows["successor_level"] = level
        for field in ("legal_document", "clause"):
            rows[field] = pairs["successor_code"].map(known[field]).fillna("")
        parts.append(rows)
    parts[0]["population"] = _people(frames, rulings, day)
    return pd.concat([changes[~replaced], *parts], ignore_index=True)


def _people(frames: Mapping[str, pd.DataFrame], rulings: pd.DataFrame, day: ConversionDay) -> pd.Series:
    """What the shares say of every printed pair; empty where they say nothing."""
    pairs = frames[PAIRS]
    ruled = apply_succession_rulings(pairs.assign(printed=pairs.index), rulings, day.targets[PAIRS])
    ruled = ruled[ruled["printed"].notna()]
    keys = pair_keys(ruled)
    said = pd.Series("", index=ruled["printed"].astype("int64"), dtype="str")
    for name, word in ((HEIRS, "all"), (LAND, "none")):
        said[keys.isin(pair_keys(frames[name])).to_numpy()] = word
    return said.reindex(pairs.index).fillna("")
