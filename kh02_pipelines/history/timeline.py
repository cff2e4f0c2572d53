"""The timeline: versions and links as numbers on one axis.

Belongs here: which version each link ends, begins or joins, what describes a version, and refusing links that cannot
be. Does not belong here: events, successions and published columns (``history``).

Days are counted from 1970 and codes numbered, so that one number says "this code on this day" and everything is a sort
or a search among such numbers: twenty years of changes cost what one day does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kh02_pipelines.errors import SourceError
from kh02_pipelines.history.changes import founds, passes_on

ATTRIBUTES = ["name", "type", "parent_code"]
_BITS = 17
"""A day fits into this many bits until the year 2328."""


@dataclass(frozen=True)
class Register:
    """All units of one day: ``level``, ``code``, ``name``, ``type``, ``parent_code``, ``ruling_id``; lower-case types.

    ``confidence`` may say that a unit is ``reconstructed``. ``file`` is where it stands, for messages.
    """

    day: pd.Timestamp
    units: pd.DataFrame
    file: str


class Timeline:
    """Versions as numbers: ``start`` and ``end`` key of each, and where every link begins and leads.

    A key is the number of a code followed by a day. ``version`` has one row per version in the order of its keys.
    """

    def __init__(self, opening: Register, links: pd.DataFrame) -> None:
        self.links = links
        self.opening = opening
        self.day = days_of(links["effective_date"])
        units = opening.units
        numbers, self.codes = pd.factorize(
            pd.concat([units["code"], links["predecessor_code"], links["successor_code"]], ignore_index=True)
        )
        opened, self.old, self.new = np.split(numbers.astype(np.int64), [len(units), len(units) + len(links)])
        self.founding = founds(links).to_numpy(dtype=bool)
        self.passing = passes_on(links).to_numpy(dtype=bool)
        self.ending = (self.old >= 0) & ~self.passing
        opening_day = days_of(pd.Series([opening.day]))[0]
        first = (opened << _BITS) | opening_day
        begun = (self.new[self.founding] << _BITS) | self.day[self.founding]
        self.key = np.unique(np.concatenate([first, begun]))
        ends = np.unique((self.old[self.ending] << _BITS) | self.day[self.ending])
        self.end = self._ends(ends)
        self.before = self._in_force(self.old, self.day - 1)
        self._refuse_unknown()
        self.after = self._in_force(self.new, self.day)
        self._refuse_doubles(begun)
        self.version = self._described(np.searchsorted(self.key, first))

    def _ends(self, ends: np.ndarray) -> np.ndarray:
        """The first end of its code after each version began; -1 where there is none."""
        place = np.searchsorted(ends, self.key, side="right")
        found = ends[np.minimum(place, max(len(ends) - 1, 0))] if len(ends) else np.zeros(len(self.key), dtype=np.int64)
        same = (
            (place < len(ends)) & (found >> _BITS == self.key >> _BITS) if len(ends) else np.zeros(len(self.key), bool)
        )
        return np.where(same, found & ((1 << _BITS) - 1), -1)

    def _in_force(self, codes: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Place of the version of each code in force on a day; -1 where there is none."""
        place = np.searchsorted(self.key, (codes << _BITS) | day, side="right") - 1
        held = np.maximum(place, 0)
        there = (codes >= 0) & (place >= 0) & (self.key[held] >> _BITS == codes)
        there &= (self.end[held] < 0) | (self.end[held] > day)
        return np.where(there, held, -1)

    def _refuse_unknown(self) -> None:
        unknown = (self.old >= 0) & (self.before < 0)
        if unknown.any():
            link = self.links[unknown].sort_values("effective_date", kind="stable").iloc[0]
            raise fault(
                link,
                f"{link['predecessor_level']} {link['predecessor_code']} is not in force on "
                f"{link['effective_date']:%Y-%m-%d}",
                "correct the code or the effective date",
                "predecessor_code",
            )
        lost = (self.new >= 0) & ~self.founding & (self._in_force(self.new, self.day) < 0)
        if lost.any():
            link = self.links[lost].iloc[0]
            raise fault(
                link,
                f"{link['successor_level']} {link['successor_code']} is to take in {link['predecessor_code']} and is "
                f"not in force on {link['effective_date']:%Y-%m-%d}",
                "correct the code, or give the successor rows of its own that day",
                "successor_code",
            )

    def _refuse_doubles(self, begun: np.ndarray) -> None:
        """A version that begins while the one before it of the same code has not ended."""
        same = np.append(self.key[1:] >> _BITS == self.key[:-1] >> _BITS, False)
        following = np.append(self.key[1:] & ((1 << _BITS) - 1), 0)
        wrong = same & ((self.end < 0) | (self.end > following))
        if not wrong.any():
            return
        key = self.key[np.flatnonzero(wrong)[0] + 1]
        link = self.links[self.founding].iloc[int(np.flatnonzero(begun == key)[0])]
        raise fault(
            link,
            f"{link['successor_level']} {link['successor_code']} would start on {link['effective_date']:%Y-%m-%d} "
            "while it is in force",
            "give the unit in force a successor on that day: itself, or another",
            "successor_code",
        )

    def _described(self, first: np.ndarray) -> pd.DataFrame:
        """Level, attributes and bases of every version, from the opening register and the links that found it."""
        units = self.opening.units.reset_index(drop=True)
        links = self.links[self.founding].reset_index(drop=True)
        own = links[["successor_level", *ATTRIBUTES, "basis", "reconstructed"]].rename(
            columns={"successor_level": "level", "basis": "from_basis"}
        )
        own["place"] = self.after[self.founding]
        self._refuse_two_descriptions(links, own)
        opened = units[["level", *ATTRIBUTES]].assign(from_basis="floor", place=first)
        doubtful = units["confidence"] if "confidence" in units.columns else pd.Series("", index=units.index)
        opened["reconstructed"] = (doubtful == "reconstructed").to_numpy()
        named = own["name"].notna() & own["type"].notna()
        order = pd.concat([opened, own[named], own[~named]], ignore_index=True)
        version = order.groupby("place").first()
        version["code"] = self.codes.to_numpy()[self.key >> _BITS]
        version["start"] = self.key & ((1 << _BITS) - 1)
        version["end"] = self.end
        return version.reset_index(drop=True)

    def _refuse_two_descriptions(self, links: pd.DataFrame, own: pd.DataFrame) -> None:
        first = own.dropna(subset=["name"]).drop_duplicates("place").set_index("place")
        for field in ATTRIBUTES:
            expected = own["place"].map(first[field])
            other = (own[field] != expected) & own[field].notna() & expected.notna()
            if other.any():
                link = links[other.to_numpy()].iloc[-1]
                raise self._bare(link, "two descriptions")

    def _bare(self, link: pd.Series, what: str) -> SourceError:
        return fault(
            link,
            f"the successor {link['successor_code']}@{link['effective_date']:%Y-%m-%d} has {what}",
            "give the same name, type and parent_code on every row of the successor",
        )

    def describe(self, registers: Sequence[Register]) -> None:
        """Fill what the links leave open: from the register of the day, then from the version before."""
        for register in registers:
            self._require_same_units(register)
        version = self.version
        codes = pd.Index(self.codes)
        for register in registers:
            day = np.full(len(register.units), days_of(pd.Series([register.day]))[0])
            place = self._in_force(codes.get_indexer(register.units["code"]).astype(np.int64), day)
            for field in ATTRIBUTES:
                values = register.units[field].array
                if field == "name":
                    version.loc[place, field] = values
                else:
                    at = version[field].iloc[place].isna().to_numpy()
                    version.loc[place[at], field] = values[at]
        alone = np.bincount(self.after[self.founding], minlength=len(version))
        continues = self.founding & (self.old == self.new)
        going_on = np.zeros(len(version), dtype=bool)
        going_on[self.after[continues]] = True
        blocks = (~going_on).cumsum()
        for field in ATTRIBUTES:
            version[field] = version[field].groupby(blocks).ffill()
        self.sole = alone == 1

    def _require_same_units(self, register: Register) -> None:
        day = days_of(pd.Series([register.day]))[0]
        here = (self.version["start"] <= day) & ((self.version["end"] < 0) | (self.version["end"] > day))
        known, printed = set(self.version.loc[here, "code"]), set(register.units["code"])
        if known != printed:
            more, less = sorted(printed - known), sorted(known - printed)
            said = [f"{len(codes)} {what} ({' '.join(codes[:5])})" for codes, what in (
                (more, "units that no change founds"), (less, "units of that day are missing")) if codes]  # fmt: skip
            raise SourceError(
                f"the register of {register.day:%Y-%m-%d} has {'; '.join(said)}",
                file=register.file,
                field="code",
                remedy="add the changes that lead to this register, or correct the register",
            )

    def unchanged(self) -> np.ndarray:
        """Links that leave their unit exactly as it is: it neither ends nor starts."""
        mine = np.flatnonzero(
            self.founding & (self.old == self.new) & (self.links["extent"] == "whole").to_numpy()
            & self.sole[self.after]
        )  # fmt: skip
        same = np.ones(len(mine), dtype=bool)
        for field in ATTRIBUTES:
            values = self.version[field]
            was, now = values.iloc[self.before[mine]].array, values.iloc[self.after[mine]].array
            empty = pd.isna(was) & pd.isna(now)
            same &= np.asarray(pd.Series(was == now).fillna(False), dtype=bool) | np.asarray(empty)
        idle = np.zeros(len(self.links), dtype=bool)
        idle[mine[same]] = True
        return idle

    def following(self) -> pd.DataFrame:
        """Links of units whose province or district passes whole into another, and that have none that day."""
        links, version = self.links, self.version
        upper = links["predecessor_level"].isin(["province", "district"]).fillna(False).to_numpy(dtype=bool)
        upper = (
            upper
            & self.founding
            & self.ending
            & (self.old != self.new)
            & (links["extent"] == "whole").to_numpy(dtype=bool)
        )
        upper &= (links["predecessor_level"] == links["successor_level"]).fillna(False).to_numpy(dtype=bool)
        above = links[upper].assign(day=self.day[upper], above=links["predecessor_code"])
        below = version.loc[
            version["parent_code"].isin(above["above"]), ["level", "code", "parent_code", "start", "end"]
        ]
        both = below.merge(above, left_on="parent_code", right_on="above", suffixes=("_own", ""))
        both = both[(both["start"] < both["day"]) & ((both["end"] < 0) | (both["end"] > both["day"]))]
        missing = pd.Series(None, index=both.index, dtype="str")
        moved = both.assign(
            kind="transfer", predecessor_level=both["level"], predecessor_code=both["code"], name=missing, type=missing,
            parent_code=both["successor_code"], successor_level=both["level"], extent="whole", population="all",
            reconstructed=False,
        ).assign(successor_code=both["code"])  # fmt: skip
        return moved.reindex(columns=links.columns).astype(links.dtypes.to_dict())

    def require_described(self) -> None:
        """Refuse a version without name or type."""
        bare = (self.version["name"].isna() | self.version["type"].isna()).to_numpy()
        if bare.any():
            place = int(np.flatnonzero(bare)[0])
            links = self.links[self.founding & (self.after == place)]
            raise self._bare(links.iloc[-1], "no name and type, or two descriptions")


def fault(link: pd.Series, what: str, remedy: str, field: str | None = None) -> SourceError:
    """The error about one link, naming the file and row it stands in."""
    row = None if pd.isna(link["row"]) else int(link["row"])
    return SourceError(what, file=str(link["file"]), row=row, field=field, remedy=remedy)


def days_of(dates: pd.Series) -> np.ndarray:
    """Dates as days since 1970."""
    return dates.to_numpy(dtype="datetime64[D]").astype(np.int64)
