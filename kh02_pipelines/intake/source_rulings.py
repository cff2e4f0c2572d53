"""Rulings against configured sources: which still fit, which a mended source no longer needs.

Belongs here: holding each ruling against what a source prints, and saying so when it prints something else than
the ruling expects. Does not belong here: applying rulings to cleaned units and pairs (``rulings``).
"""

import pandas as pd

from kh02_pipelines.history.rulings import PAIR_SEPARATOR, Ruling, pair_keys, rulings_for
from kh02_pipelines.names import spelling_key
from kh02_pipelines.sources.trace import Trace

NOT_NEEDED = "ruling_not_needed"
"""The source prints what the ruling says: it has been mended, and the ruling is not applied to it."""

UNMATCHED = "ruling_unmatched"
"""The source prints neither what the ruling corrects nor what it says: the ruling is not applied to it."""


def fit_unit_rulings(units: pd.DataFrame, rulings: pd.DataFrame, target: str, trace: Trace) -> pd.DataFrame:
    """The rulings without those on ``target`` that these units no longer need, each of which is a notice.

    One that fits neither way stays: applying it raises RulingError, so that nobody overlooks it.
    """
    printed = units.set_index("code")
    mended = [
        ruling.ruling_id
        for ruling in rulings_for(rulings, target)
        if ruling.key in printed.index
        and ruling.field in printed.columns
        and _same(printed.at[ruling.key, ruling.field], ruling.ruled_value, ruling.field)
    ]
    return _without(rulings, mended, trace)


def fit_pair_rulings(pairs: pd.DataFrame, rulings: pd.DataFrame, target: str, trace: Trace) -> pd.DataFrame:
    """The same for rulings on pairs: ``set`` and ``add`` whose pair is printed, ``drop`` whose pair is not."""
    printed = set(pair_keys(pairs))
    mended = []
    for ruling in rulings_for(rulings, target):
        if ruling.action == "set":
            fits_already = ruling.key not in printed and _ruled_pair(ruling) in printed
        elif ruling.action == "add":
            fits_already = ruling.ruled_value in printed
        else:
            fits_already = ruling.action == "drop" and ruling.key not in printed
        mended += [ruling.ruling_id] if fits_already else []
    return _without(rulings, mended, trace)


def fit_name_rulings(old: pd.DataFrame, new: pd.DataFrame, rulings: pd.DataFrame, trace: Trace) -> pd.DataFrame:
    """The rulings without the ``same_name`` ones whose two spellings these registers do not print, each a notice.

    Not needed where the two registers spell the name alike; unmatched where they spell it in yet another way.
    """
    names = [units.drop_duplicates("code").set_index("code")["name"] for units in (old, new)]
    ours = rulings[rulings["action"] == "same_name"]
    codes = ours["key"].str.split(PAIR_SEPARATOR, n=1, expand=True).reindex(columns=[0, 1]).astype("str")
    before, after = codes[0].map(names[0]).astype("str"), codes[1].map(names[1]).astype("str")
    fits = (before == ours["source_value"]) & (after == ours["ruled_value"])
    alike = spelling_key(before) == spelling_key(after)
    shown = ours.assign(key=ours["key"] + ": " + before.fillna("-") + " / " + after.fillna("-"))
    for ruling in shown[~fits & ~alike].itertuples():  # a handful
        trace.notice(str(ruling.field), str(ruling.key), str(ruling.ruled_value), f"{UNMATCHED} {ruling.ruling_id}")
    kept = rulings[~rulings["ruling_id"].isin(ours.loc[~fits & ~alike, "ruling_id"])]
    return _without(kept, ours.loc[~fits & alike, "ruling_id"].to_list(), trace)


def apply_to_records(
    records: pd.DataFrame, keys: pd.Series, rulings: pd.DataFrame, target: str, trace: Trace
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Records of a source with its own ``set`` rulings applied and traced, and the rulings that were applied.

    ``keys``: what the rulings call each record. A ruling that does not fit is a notice, NOT_NEEDED or UNMATCHED.
    """
    ruled = records.copy()
    applied = []
    for ruling in rulings_for(rulings, target):
        at = keys == ruling.key
        printed = ruled.loc[at, ruling.field].unique()
        if list(printed) == [ruling.source_value]:
            before = ruled[ruling.field].copy()
            ruled.loc[at, ruling.field] = ruling.ruled_value
            trace.changed(
                ruled[["sheet", "line"]], ruling.field, before, ruled[ruling.field], f"ruling {ruling.ruling_id}"
            )
            applied.append(ruling.ruling_id)
        else:
            fits = list(printed) == [ruling.ruled_value]
            shown = " / ".join(map(str, printed)) or "no such row"
            rule = NOT_NEEDED if fits else UNMATCHED
            trace.notice(ruling.field, f"{ruling.key}: {shown}", ruling.ruled_value, f"{rule} {ruling.ruling_id}")
    return ruled, rulings[rulings["ruling_id"].isin(applied)]


def _without(rulings: pd.DataFrame, mended: list[str], trace: Trace) -> pd.DataFrame:
    gone = rulings["ruling_id"].isin(mended)
    for ruling in rulings[gone].itertuples():  # a handful
        trace.notice(
            str(ruling.field) or "pair", str(ruling.key), str(ruling.ruled_value), f"{NOT_NEEDED} {ruling.ruling_id}"
        )
    return rulings[~gone].reset_index(drop=True)


def _same(printed: object, ruled: str, field: str) -> bool:
    return str(printed).lower() == ruled.lower() if field == "type" else str(printed) == ruled


def _ruled_pair(ruling: Ruling) -> str:
    old, _, new = ruling.key.partition(PAIR_SEPARATOR)
    if ruling.field == "predecessor_code":
        return f"{ruling.ruled_value}{PAIR_SEPARATOR}{new}"
    return f"{old}{PAIR_SEPARATOR}{ruling.ruled_value}"
