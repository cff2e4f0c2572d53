"""Whether a configured source is whole: a register with every commune, a conversion table with every pair's ends.

Belongs here: refusing a source that lacks what it must have, in words that name its own file. Does not belong here:
which codes a date has (``vintage``), or differences that are to be ruled on (``conflicts``).

A file that was cut off, or one row of which could not be read, would otherwise fail much later, at a ruling or a
link that no longer finds its unit.
"""

from collections.abc import Collection, Mapping

import pandas as pd

from kh02_pipelines.errors import SourceError
from kh02_pipelines.history.rulings import PAIR_SEPARATOR, pair_keys
from kh02_pipelines.intake.conversion import Conversion
from kh02_pipelines.intake.conversion_day import PAIRS, ConversionDay
from kh02_pipelines.intake.vintage import known_codes
from kh02_pipelines.sources.load import SourceRead
from kh02_pipelines.sources.trace import NO_SHEET

MOST_NAMED = 5


def require_whole_register(read: SourceRead, reference: Mapping[str, pd.DataFrame], day: ConversionDay) -> None:
    """Raise SourceError when the register of a source lacks communes of its date."""
    expected = known_codes(reference, day)[f"{read.date:%Y-%m-%d}"]
    found = read.records[read.records["level"] == "commune"]
    _require(read, expected, found["code"], "commune codes", int(found["row"].max()))


def require_whole_conversion(
    conversion: tuple[SourceRead, Conversion] | None,
    rulings: pd.DataFrame,
    reference: Mapping[str, pd.DataFrame],
    day: ConversionDay,
) -> None:
    """Raise SourceError when a conversion table lacks old communes or new ones.

    A code that the table misprints counts where a ruling corrects a pair that is printed.
    """
    if conversion is None:
        return
    read, said = conversion
    known = known_codes(reference, day)
    mine = rulings[rulings["target"] == day.targets[PAIRS]]
    corrected = mine[mine["key"].isin(pair_keys(said.pairs)) & (mine["field"] == "predecessor_code")]["ruled_value"]
    added = mine.loc[mine["action"] == "add", "ruled_value"].str.partition(PAIR_SEPARATOR)[0]
    old = pd.concat([said.pairs["predecessor_code"], corrected, added])
    new = said.new_units.loc[said.new_units["level"] == "commune", "code"]
    last = int(read.records["line"].max()) if len(read.records) else 0
    _require(read, known[day.last], old, "old commune codes", last)
    _require(read, known[day.first], new, "new commune codes", last)


def _require(read: SourceRead, expected: Collection[str], found: pd.Series, what: str, last: int) -> None:
    """``last``: the last row that was accepted; a file that was cut off ends there."""
    missing = sorted(set(expected) - set(found))
    if not missing:
        return
    named = " ".join(missing[:MOST_NAMED]) + (" …" if len(missing) > MOST_NAMED else "")
    said = f"the last row accepted is {last}"
    row, field = last, None
    refused = read.trace.quarantined()
    if len(refused):
        first = refused.sort_values("line").iloc[0]
        sheet = "" if first["sheet"] == NO_SHEET else f"of sheet {first['sheet']} "
        said += f"; {len(refused)} not accepted, the first is row {first['line']} {sheet}"
        said += f"({first['field']} {first['value']!r}: {first['reason']})"
        if len(missing) <= len(refused):  # so few are missing that this row may well be one of them
            row, field = int(first["line"]), str(first["field"])
    lacks = f"{len(missing):,} of {len(expected):,} {what} missing, first {named}"
    raise SourceError(
        f"source {read.name} is incomplete: {lacks}; {said}",
        file=read.trace.origin.file,
        row=row,
        field=field,
        remedy="deliver the whole file again, or correct the rows that were not accepted",
    )
