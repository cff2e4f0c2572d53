"""What a ruling can say: its target, action and field, and how its key and value are written.

Belongs here: refusing rulings that could correct nothing, whatever the sources print. Does not belong here: holding
a ruling against its source (``rulings``, ``source_rulings``).
"""

from collections.abc import Collection
from typing import NamedTuple

import pandas as pd

from kh02_pipelines.errors import RulingError
from kh02_pipelines.history.rulings import CHANGES, PAIR_SEPARATOR, RULINGS_FILE
from kh02_pipelines.sources.nso_conversion import CONVERSION_COLUMNS

RELATIONS, CONVERSION, CODE_LIST, REGISTER = "relations", "conversion", "code_list", "units"
SUCCESSIONS, PROVINCE_SUCCESSIONS = "successions", "province_successions"
"""What a target is about; a day follows it: ``units_2025-06-30``."""

_CODE, _PAIR, _ANYTHING = r"[0-9]+", rf"[0-9]+{PAIR_SEPARATOR}[0-9]+", r"(?s:.*)"


class Meaning(NamedTuple):
    """An action on a field that means something for a target; ``key`` and ``ruled_value`` are patterns."""

    about: str
    action: str
    field: str
    key: str
    ruled_value: str


_OF_REGISTERS = tuple(Meaning(REGISTER, "set", field, _CODE, _ANYTHING) for field in ("name", "type", "parent_code"))

RULINGS_CAN_SAY = (
    *_OF_REGISTERS,
    *(
        Meaning(about, *what)
        for about in (SUCCESSIONS, PROVINCE_SUCCESSIONS)
        for what in (
            ("set", "predecessor_code", _PAIR, _CODE),
            ("set", "successor_code", _PAIR, _CODE),
            ("add", "", f"({_PAIR})?", _PAIR),
            ("drop", "", _PAIR, ""),
        )
    ),
    Meaning(RELATIONS, "same_name", "name", _PAIR, _ANYTHING),
    Meaning(CHANGES, "set", "effective_date", r"(?:province|district|commune)/[0-9]+", r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
)
"""All that ``rulings.csv`` can say. A ruling is chosen by its target: one with another would vanish without a word."""

NSO_RULINGS_CAN_SAY = (
    *_OF_REGISTERS,
    *(
        Meaning(CONVERSION, "set", field, _PAIR, _ANYTHING)
        for field in CONVERSION_COLUMNS
        if field not in ("sheet", "line")
    ),
    Meaning(CODE_LIST, "set", "code", _CODE, _CODE),
)
"""All that ``nso_rulings.csv`` can say."""


def target_of(about: str, day: pd.Timestamp | str) -> str:
    """The target of rulings about something of a day."""
    return f"{about}_{pd.Timestamp(day):%Y-%m-%d}"


def ruling_days(registers: pd.DataFrame, changes: pd.DataFrame) -> set[str]:
    """The days that rulings can speak of: of the registers and of the changes, both as their sources write them."""
    return {*registers["date"].unique(), *changes["effective_date"].unique()}


def require_rulings(
    rulings: pd.DataFrame,
    days: Collection[str],
    meanings: tuple[Meaning, ...] = RULINGS_CAN_SAY,
    file: str = RULINGS_FILE,
) -> None:
    """Refuse rulings that could correct nothing, whatever the sources print.

    Raises RulingError, with row and field, for an id that is empty or a duplicate, a target that no ruling can
    have, or of a day without register and change, an action or field that means nothing for its target, and a key or
    value that is not written as such.
    """
    known = pd.DataFrame(meanings)
    what = ["about", "action", "field"]
    if rulings.empty:
        return
    target = rulings["target"].str.rpartition("_")
    asked = rulings.assign(about=target[0])
    meant = asked[what].merge(known, on=what, how="left", validate="many_to_one").set_index(rulings.index)
    named = target[0].isin(known["about"]) & target[2].isin(list(days))
    words = ", ".join(f"{about}_<day>" for about in known["about"].unique())
    written = "write a code, or a pair of codes as old>new"
    for field, wrong, remedy in (
        (
            "ruling_id",
            (rulings["ruling_id"] == "") | rulings["ruling_id"].duplicated(),
            "give every ruling an id of its own",
        ),
        ("target", ~named, f"name one of {words}, with the day of a register or of a change"),
        (
            "action",
            named & meant["key"].isna(),
            "use an action, and with it a field, that mean something for this target",
        ),
        ("key", _miswritten(rulings["key"], meant["key"]), written),
        ("ruled_value", _miswritten(rulings["ruled_value"], meant["ruled_value"]), written),
    ):
        if wrong.any():
            first = rulings[wrong].iloc[0]
            raise RulingError(
                f"ruling {first['ruling_id']} cannot be applied: its {field} is {first[field]!r}"
                + (f" on field {first['field']!r}" if field == "action" else ""),
                file=file,
                row=int(first["row"]),
                field=field,
                remedy=remedy,
            )


def _miswritten(values: pd.Series, patterns: pd.Series) -> pd.Series:
    """Values that do not fit their pattern; there are a handful of different patterns."""
    wrong = pd.Series(False, index=values.index)
    for pattern in patterns.dropna().unique():
        wrong |= (patterns == pattern) & ~values.str.fullmatch(str(pattern))
    return wrong
