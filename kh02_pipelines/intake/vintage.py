"""Vintage: which date a register file speaks for, told from its commune codes.

Belongs here: the sets of codes that were in force at known dates, and the evidence. Does not belong here: which
units are right: a code alone never says what it means at a date.

What is known: the registers on both sides of the conversion day, and some earlier ones as they were printed. Codes that
all of the old registers have are those of the embedded one; the others stand in ``commune_codes_by_date.csv`` with
the dates that have them. Some stand in one register though their communes had been merged years before: ghosts
(``code_aliases.csv``).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from kh02_pipelines.errors import VintageError
from kh02_pipelines.intake.conversion_day import NEW, OLD, ConversionDay
from kh02_pipelines.sources.reference_data import ReferenceFile

CODES_BY_DATE = ReferenceFile(
    "commune_codes_by_date",
    ("code", "seen_in"),
    "Mã xã chỉ có trong một số danh mục trước đây",
    "Commune codes that only some of the earlier registers have",
)
Frames = Mapping[str, pd.DataFrame]
"""Frames of the conversion day, and the raw ``code_aliases``."""

MOST_NAMED = 12


@dataclass(frozen=True)
class Vintage:
    """The date that fits best, and what speaks for and against every known date.

    ``evidence``: per known date ``date``, ``codes`` (in force then), ``unknown`` (in the file, not in force then)
    and ``missing`` (in force then, not in the file). Fewest unknown codes decide, then fewest missing.
    """

    date: str
    evidence: pd.DataFrame


def known_codes(reference: Frames, day: ConversionDay) -> dict[str, frozenset[str]]:
    """The commune codes in force at each known date, oldest first. Raises SourceError for a damaged facts file."""
    facts = CODES_BY_DATE.read()
    last = set(_communes(reference[OLD]))
    seen = facts.assign(date=facts["seen_in"].str.split(" ")).explode("date").groupby("date")["code"].agg(frozenset)
    lasting = frozenset(last - set(facts["code"]))
    dates = {str(date): lasting | codes for date, codes in seen.items()}
    return {**dates, day.last: frozenset(last), day.first: frozenset(_communes(reference[NEW]))}


def ghost_codes(reference: Frames) -> frozenset[str]:
    """Codes that a register printed years after their units had ended."""
    aliases = reference["code_aliases"]
    return frozenset(aliases.loc[aliases["kind"] == "ghost", "printed_code"])


def detect_vintage(codes: pd.Series, reference: Frames, day: ConversionDay) -> Vintage:
    """Which known date the commune codes of a file fit best, with the evidence for every date."""
    mine = set(codes)
    rows = [
        {"date": date, "codes": len(known), "unknown": len(mine - known), "missing": len(known - mine)}
        for date, known in known_codes(reference, day).items()
    ]
    evidence = pd.DataFrame(rows).sort_values(["unknown", "missing", "date"], ignore_index=True)
    return Vintage(str(evidence["date"].iloc[0]), evidence)


def require_vintage(
    units: pd.DataFrame, configured: dt.date, file: str, reference: Frames, day: ConversionDay
) -> Vintage:
    """The vintage of a register, which must be the configured date.

    ``units``: ``code``, ``level``. Raises VintageError, naming both dates and the codes that tell, when another
    known date fits better or when the file holds codes that had ended by the configured date.
    """
    codes = units.loc[units["level"] == "commune", "code"]
    if codes.empty:
        raise VintageError("has no commune", file=file, field="code", remedy="deliver the whole register")
    vintage = detect_vintage(codes, reference, day)
    known = known_codes(reference, day)
    wanted = f"{configured:%Y-%m-%d}"
    everything = frozenset[str]().union(*known.values())
    in_force = known.get(wanted, frozenset[str]())
    ended = sorted((set(codes) & everything) - in_force)
    if vintage.date == wanted and not ended:
        return vintage
    haunting = ghost_codes(reference)
    ghosts = [code for code in ended if code in haunting]
    others = [code for code in ended if code not in haunting]
    missing = sorted(in_force - set(codes)) if vintage.date != wanted else []
    said = [
        f"{len(ghosts)} ghosts of communes merged years before ({_named(ghosts)})" if ghosts else "",
        f"{len(others)} codes not in force on {wanted} ({_named(others)})" if others else "",
        f"{len(missing)} codes of {wanted} missing ({_named(missing)})" if missing else "",
    ]
    fit = f"its codes are those of {vintage.date}" if vintage.date != wanted else f"it nearly fits {wanted}"
    raise VintageError(
        f"configured as the register of {wanted}, but {fit}: {'; '.join(part for part in said if part)}",
        file=file,
        field="date",
        remedy=f"deliver the register of {wanted}, or correct the date and role of this source",
    )


def _communes(units: pd.DataFrame) -> pd.Series:
    return units.loc[units["level"] == "commune", "code"]


def _named(codes: list[str]) -> str:
    shown = " ".join(codes[:MOST_NAMED])
    return shown if len(codes) <= MOST_NAMED else f"{shown} …"
