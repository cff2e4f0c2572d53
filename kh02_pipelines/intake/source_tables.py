"""The published tables about sources, from the traces of reading them.

Belongs here: bringing traces and counts into the declared shape. Does not belong here: the traces (``sources``)
or the conflicts (``conflicts``).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from kh02_pipelines.intake.conflicts import no_conflicts
from kh02_pipelines.sources.load import SourceRead
from kh02_pipelines.sources.provenance import speaks_for
from kh02_pipelines.sources.trace import ISSUE_COLUMNS, QUARANTINE_COLUMNS, empty_trace
from kh02_pipelines.tables.quality import SOURCE_FILE

REFERENCE_PRIORITY = 999
CONFLICTS = "conflicts"


@dataclass(frozen=True)
class SourceTables:
    """The four tables of ``tables.quality``, each with its declared columns."""

    source_file: pd.DataFrame
    quarantine: pd.DataFrame
    source_issue: pd.DataFrame
    source_conflict: pd.DataFrame

    def by_name(self) -> dict[str, pd.DataFrame]:
        """The tables by name; the conflicts are not all yet: totals are held against the history later."""
        return {
            "source_file": self.source_file,
            "quarantine": self.quarantine,
            "source_issue": self.source_issue,
            CONFLICTS: self.source_conflict,
        }


def no_source_tables() -> SourceTables:
    """The four tables without a row: of a catalogue built from frames whose sources nobody recorded."""
    return source_tables([], {}, {}, no_conflicts())


def source_tables(
    reads: list[SourceRead],
    reference: Mapping[str, pd.DataFrame],
    hashes: Mapping[str, str],
    conflicts: pd.DataFrame,
    followed: Collection[str] = (),
    superseded: Collection[str] = (),
) -> SourceTables:
    """The tables of one intake. ``reference`` and ``hashes``: the embedded frames by name, the hash of each file.

    ``followed``: names of the sources that the catalogue is built of; ``superseded``: paths of the embedded files
    that they stand in for.
    """
    rows = [_read_row(read, read.name in followed) for read in reads]
    for name, frame in reference.items():
        for file, part in _parts(name, frame):
            if file in hashes:
                rows.append(_reference_row(file, part, hashes[file], file not in superseded))
    files = pd.DataFrame(rows, columns=SOURCE_FILE.column_names)
    files["speaks_for"] = pd.to_datetime(files["speaks_for"]).astype("datetime64[ms]")
    counts = ["priority", "rows_in", "accepted", "quarantined", "set_aside", "issues"]
    files = files.astype({**dict.fromkeys(counts, "int32"), "followed": "bool"})
    return SourceTables(
        source_file=files.sort_values(list(SOURCE_FILE.primary_key), ignore_index=True),
        quarantine=_together([read.trace.quarantined() for read in reads], QUARANTINE_COLUMNS),
        source_issue=_together([read.trace.issues() for read in reads], ISSUE_COLUMNS),
        source_conflict=conflicts,
    )


def followed_hashes(files: pd.DataFrame) -> dict[str, str]:
    """SHA-256 of each file that the catalogue is built of, by ``<source>/<file>``; ``files``: SOURCE_FILE."""
    made_of = files[files["followed"].astype(bool)]
    return dict(zip(made_of["source"] + "/" + made_of["file"], made_of["sha256"], strict=True))


def _read_row(read: SourceRead, followed: bool) -> dict[str, object]:
    return {
        "source": read.name,
        "sha256": read.trace.origin.sha256,
        "file": read.trace.origin.file,
        "role": read.role,
        "kind": read.kind,
        "speaks_for": f"{read.date:%Y-%m-%d}",
        "priority": read.priority,
        "followed": followed,
        **read.trace.counts(),
        "issues": len(read.trace.issues()),
    }


def _parts(name: str, frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The rows of each embedded file of a frame, by the file's path in the reference folder."""
    if "file" not in frame.columns:
        return [(f"{name}.csv", frame)]
    return [(str(file), part) for file, part in frame.groupby("file", sort=True)]


def _reference_row(file: str, frame: pd.DataFrame, hashed: str, followed: bool) -> dict[str, object]:
    return {
        "source": "reference",
        "sha256": hashed,
        "file": file,
        "role": "reference",
        "kind": "reference",
        "speaks_for": speaks_for(file, frame),
        "priority": REFERENCE_PRIORITY,
        "followed": followed,
        "rows_in": len(frame),
        "accepted": len(frame),
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
