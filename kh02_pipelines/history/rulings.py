"""Rulings: our corrections of published sources, applied where and only where the source says what we say.

Belongs here: applying a ruling and refusing one that does not fit its source. Does not belong here: the rulings
themselves (``sources/reference/rulings.csv``) or what a ruling can say at all (``ruling_form``).
"""

from dataclasses import dataclass

import pandas as pd

from kh02_pipelines.errors import Kh02Error, RulingError, SourceError
from kh02_pipelines.frames import files_of

RULINGS_FILE = "rulings.csv"
PAIR_SEPARATOR = ">"
CHANGES = "changes"
"""What rulings on the day of a change are about: ``changes_<day>``, with the key ``level/successor``."""


@dataclass(frozen=True)
class Ruling:
    """One row of the rulings; ``row`` is its line in ``file``."""

    ruling_id: str
    action: str
    key: str
    field: str
    source_value: str
    ruled_value: str
    row: int
    file: str

    def no_match(self, what: str) -> RulingError:
        """The error to raise when the ruling does not fit its source."""
        return RulingError(
            f"ruling {self.ruling_id} matches nothing: {what}",
            file=self.file,
            row=self.row,
            field=self.field or None,
            remedy="correct the ruling, or remove it if the source has been mended",
        )


def rulings_for(rulings: pd.DataFrame, target: str) -> list[Ruling]:
    """The rulings on one target, in the file's order: a handful, each with a message of its own if it fails."""
    columns = list(Ruling.__dataclass_fields__)
    chosen = rulings.assign(file=files_of(rulings, RULINGS_FILE)).loc[rulings["target"] == target, columns]
    return [Ruling(*values) for values in chosen.itertuples(index=False, name=None)]


def apply_unit_rulings(units: pd.DataFrame, rulings: pd.DataFrame, target: str) -> pd.DataFrame:
    """Units of one register with the ``set`` rulings for ``target`` applied.

    ``units`` has ``code`` and the ruled fields (``name``, ``type``, ``parent_code``); the result has one more
    column, ``ruling_id``: the rulings applied to the row, joined by a space, or empty.

    Raises RulingError when a ruling names a unit or a value that the source does not have.
    """
    ruled = units.assign(ruling_id="").reset_index(drop=True)
    position = dict(zip(ruled["code"], ruled.index, strict=True))
    for ruling in rulings_for(rulings, target):
        if ruling.action != "set" or ruling.field not in ("name", "type", "parent_code"):
            raise ruling.no_match(f"action {ruling.action!r} on field {ruling.field!r} means nothing for units")
        if ruling.key not in position:
            raise ruling.no_match(f"no unit {ruling.key} in {target}")
        at = position[ruling.key]
        found = ruled.at[at, ruling.field]
        if found != ruling.source_value:
            raise ruling.no_match(f"{target} prints {found!r} for {ruling.key}, not {ruling.source_value!r}")
        ruled.at[at, ruling.field] = ruling.ruled_value
        ruled.at[at, "ruling_id"] = f"{ruled.at[at, 'ruling_id']!s} {ruling.ruling_id}".strip()
    return ruled


def apply_succession_rulings(pairs: pd.DataFrame, rulings: pd.DataFrame, target: str) -> pd.DataFrame:
    """Pairs (``predecessor_code``, ``successor_code``, ``row``) with the rulings for ``target`` applied.

    ``set`` replaces one side of a printed pair, ``add`` brings a pair the source leaves out, ``drop`` strikes
    one that is a misprint. The result has ``ruling_id`` (empty where the source stands) and keeps the order:
    printed pairs, then added ones. ``file`` and ``row`` are where a pair stands; for a ruled one, its ruling.

    Raises SourceError when the source prints a pair twice; RulingError when a ruling matches no printed pair,
    would add one that is there, or leaves two equal pairs.
    """
    ruled = pairs.assign(ruling_id="", file=files_of(pairs, f"{target}.csv")).reset_index(drop=True)
    _refuse_doubled(ruled, SourceError, "keep one row per pair")
    position = dict(zip(pair_keys(ruled), ruled.index, strict=True))
    struck: list[int] = []
    added: list[dict[str, object]] = []
    for ruling in rulings_for(rulings, target):
        if ruling.action == "add":
            if ruling.ruled_value in position:
                raise ruling.no_match(f"{target} has the pair {ruling.ruled_value} already")
            predecessor, _, successor = ruling.ruled_value.partition(PAIR_SEPARATOR)
            pair = {"predecessor_code": predecessor, "successor_code": successor}
            added.append({**pair, "ruling_id": ruling.ruling_id, "file": ruling.file, "row": ruling.row})
        elif ruling.key not in position:
            raise ruling.no_match(f"{target} prints no pair {ruling.key}")
        elif ruling.action == "drop":
            struck.append(position[ruling.key])
        elif ruling.action == "set" and ruling.field in ("predecessor_code", "successor_code"):
            at = position[ruling.key]
            if ruled.at[at, ruling.field] != ruling.source_value:
                raise ruling.no_match(f"{ruling.field} of {ruling.key} is not {ruling.source_value!r}")
            ruled.at[at, ruling.field] = ruling.ruled_value
            for field in ("ruling_id", "file", "row"):  # where it stands now is the ruling
                ruled.at[at, field] = getattr(ruling, field)
        else:
            raise ruling.no_match(f"action {ruling.action!r} on field {ruling.field!r} means nothing for pairs")
    ruled = pd.concat([ruled.drop(index=struck), pd.DataFrame(added)], ignore_index=True)
    _refuse_doubled(ruled, RulingError, "remove the ruling or the printed pair that repeats it")
    return ruled


def apply_date_rulings(changes: pd.DataFrame, ids: pd.Series, rulings: pd.DataFrame) -> pd.DataFrame:
    """The rows of the changes with the days that rulings on ``changes_<day>`` set; ``ids``: what each change is called.

    Raises RulingError when a ruling names a change that is not there.
    """
    dated = rulings[rulings["target"].str.startswith(f"{CHANGES}_")]
    ruled = changes
    for target in dated["target"].unique():
        for ruling in rulings_for(rulings, str(target)):
            mine = ids == f"{target.removeprefix(f'{CHANGES}_')}/{ruling.key}"
            if not mine.any():
                raise ruling.no_match(f"no change {ruling.key} in {target}")
            ruled = ruled.assign(
                effective_date=ruled["effective_date"].mask(mine, ruling.ruled_value),
                ruling_id=ruled["ruling_id"].mask(mine, ruling.ruling_id),
                change_id=ruled["change_id"].mask(mine, ""),
            )
    return ruled


def _refuse_doubled(pairs: pd.DataFrame, error: type[Kh02Error], remedy: str) -> None:
    """Raise ``error`` for the first pair that stands twice, naming the later row, or the ruling that repeats it."""
    twice = pairs[pairs.duplicated(["predecessor_code", "successor_code"], keep=False)]
    if len(twice):
        row = twice.sort_values("ruling_id", kind="stable").iloc[-1]
        raise error(
            f"the pair {row['predecessor_code']}{PAIR_SEPARATOR}{row['successor_code']} stands twice",
            file=row["file"],
            row=int(row["row"]),
            remedy=remedy,
        )


def pair_keys(pairs: pd.DataFrame) -> pd.Series:
    """How a pair is written in a ruling: ``<predecessor>><successor>``."""
    return pairs["predecessor_code"] + PAIR_SEPARATOR + pairs["successor_code"]


def same_name_pairs(rulings: pd.DataFrame) -> pd.DataFrame:
    """Pairs ruled to carry the same name in two spellings: ``old_code``, ``new_code``, ``old_name``, ``new_name``.

    The law keeps such units unchanged while the registers before and after spell them differently.
    """
    chosen = rulings[rulings["action"] == "same_name"]
    codes = chosen["key"].str.split(PAIR_SEPARATOR, n=1)
    return pd.DataFrame(
        {
            "old_code": codes.str[0],
            "new_code": codes.str[-1],
            "old_name": chosen["source_value"],
            "new_name": chosen["ruled_value"],
        },
        dtype="str",
    ).reset_index(drop=True)


def require_same_names_meant(rulings: pd.DataFrame, links: pd.DataFrame, until: str) -> None:
    """Raise RulingError when two spellings are ruled to be one name and no link up to ``until`` can be meant.

    Such a ruling says that a unit is unchanged: it needs a link without other successors or predecessors, between the
    very names it quotes. ``links``: ``day`` (ISO text), ``old_code``, ``new_code``, ``old_name``, ``new_name`` and
    ``alone``, whether the link has neither other successors nor predecessors.
    """
    for target in rulings.loc[rulings["action"] == "same_name", "target"].unique():
        day = str(target).rpartition("_")[2]
        if day > until:
            continue
        between = links[links["alone"] & (links["day"] == day)]
        printed = dict(
            zip(
                between["old_code"] + PAIR_SEPARATOR + between["new_code"],
                zip(between["old_name"], between["new_name"], strict=True),
                strict=True,
            )
        )
        for ruling in rulings_for(rulings, str(target)):
            if ruling.key not in printed:
                raise ruling.no_match(f"no unit of {target} passes whole and alone as {ruling.key}")
            if printed[ruling.key] != (ruling.source_value, ruling.ruled_value):
                raise ruling.no_match(
                    f"the registers print {printed[ruling.key][0]!r} and {printed[ruling.key][1]!r} for {ruling.key}, "
                    f"not {ruling.source_value!r} and {ruling.ruled_value!r}"
                )
