"""The published tables about sources, from the traces of reading them.

Belongs here: bringing traces and counts into the declared shape. Does not belong here: the traces (``sources``)
or the conflicts (``conflicts``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from kh02_pipelines.register.conflicts import no_conflicts
from kh02_pipelines.sources.load import SourceRead
from kh02_pipelines.sources.trace import ISSUE_COLUMNS, QUARANTINE_COLUMNS, empty_trace
from kh02_pipelines.tables.quality import SOURCE_FILE

REFERENCE_PRIORITY = 999
REFERENCE_DATES = {"2025-06-30": "2025-06-30", "2025-07-01": "2025-07-01"}


@dataclass(frozen=True)
class SourceTables:
    """The four tables of ``tables.quality``, each with its declared columns."""

    source_file: pd.DataFrame
    quarantine: pd.DataFrame
    source_issue: pd.DataFrame
    source_conflict: pd.DataFrame

    def by_name(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        return {
            "source_file": self.source_file,
            "quarantine": self.quarantine,
            "source_issue": self.source_issue,
            "source_conflict": self.source_conflict,
        }


def no_source_tables() -> SourceTables:
    """The four tables without a row: of a catalogue built from frames whose sources nobody recorded."""
    return source_tables([], {}, {}, no_conflicts())


def source_tables(
    reads: list[SourceRead],
    reference: Mapping[str, pd.DataFrame],
    hashes: Mapping[str, str],
    conflicts: pd.DataFrame,
) -> SourceTables:
    """The tables of one intake. ``reference`` and ``hashes``: rows and hash of each embedded file, by name."""
    rows = [_read_row(read) for read in reads]
    rows += [_reference_row(name, len(frame), hashes[name]) for name, frame in reference.items() if name in hashes]
    files = pd.DataFrame(rows, columns=SOURCE_FILE.column_names)
    files["speaks_for"] = pd.to_datetime(files["speaks_for"]).astype("datetime64[ms]")
    counts = ["priority", "rows_in", "accepted", "quarantined", "set_aside", "issues"]
    files = files.astype(dict.fromkeys(counts, "int32"))
    return SourceTables(
        source_file=files.sort_values(list(SOURCE_FILE.primary_key), ignore_index=True),
        quarantine=_together([read.trace.quarantined() for read in reads], QUARANTINE_COLUMNS),
        source_issue=_together([read.trace.issues() for read in reads], ISSUE_COLUMNS),
        source_conflict=conflicts,
    )


def _read_row(read: SourceRead) -> dict[str, object]:
    return {
        "source": read.name,
        "sha256": read.trace.origin.sha256,
        "file": read.trace.origin.file,
        "role": read.role,
        "kind": read.kind,
        "speaks_for": f"{read.date:%Y-%m-%d}",
        "priority": read.priority,
        **read.trace.counts(),
        "issues": len(read.trace.issues()),
    }


def _reference_row(name: str, rows: int, hashed: str) -> dict[str, object]:
    return {
        "source": "reference",
        "sha256": hashed,
        "file": f"{name}.csv",
        "role": "reference",
        "kind": "reference",
        "speaks_for": REFERENCE_DATES.get(name.rpartition("_")[2]),
        "priority": REFERENCE_PRIORITY,
        "rows_in": rows,
        "accepted": rows,
        "quarantined": 0,
        "set_aside": 0,
        "issues": 0,
    }


def _together(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    table = pd.concat(filled, ignore_index=True) if filled else empty_trace(columns)
    for name in {"raw_value", "cleaned_value", "value"} & set(columns):
        table[name] = table[name].mask(table[name] == "")
    return table[columns].astype({"line": "int32"}).sort_values(columns[:5], kind="stable", ignore_index=True)
