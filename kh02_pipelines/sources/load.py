"""Reading every configured source into records and a trace, from bytes that the raw store keeps.

Belongs here: from one entry of the configuration to its bytes, hash and reader. Does not belong here: comparing
sources or building registers of them (``intake.intake``).
"""

import datetime as dt
import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from kh02_pipelines.sources.config import (
    CrossCheckSource,
    DatabaseSource,
    FileSource,
    LandingSource,
    ReferenceSource,
    Source,
    SourcesConfig,
)
from kh02_pipelines.sources.cross_check import read_cross_check
from kh02_pipelines.sources.database import hash_of, read_database
from kh02_pipelines.sources.decoding import decode_columns
from kh02_pipelines.sources.fetch import address, fetch
from kh02_pipelines.sources.grid import read_bounded
from kh02_pipelines.sources.landing import take_landed
from kh02_pipelines.sources.law import REQUIRED as LAW
from kh02_pipelines.sources.law import read_law
from kh02_pipelines.sources.nso_code_list import read_nso_code_list
from kh02_pipelines.sources.nso_conversion import COLUMNS as CONVERSION_FIELDS
from kh02_pipelines.sources.nso_conversion import conversion_from_records, read_nso_conversion
from kh02_pipelines.sources.nso_register import read_nso_register
from kh02_pipelines.sources.raw_store import RawStore
from kh02_pipelines.sources.trace import Origin, Trace, accepted_lines
from kh02_pipelines.sources.units_frame import RECORD_FIELDS, clean_records, units_from_records

_READERS: dict[str, Callable[..., pd.DataFrame]] = {
    "nso_register": read_nso_register,
    "nso_conversion": read_nso_conversion,
    "nso_code_list": read_nso_code_list,
    **{kind: functools.partial(read_law, kind) for kind in LAW},
}


@dataclass(frozen=True)
class SourceRead:
    """One source as read: its records in the shape of its role, and the trace of reading it.

    ``date`` of the law is the day before all days: its rows have days of their own.
    """

    name: str
    role: str
    kind: str
    date: dt.date
    priority: int
    records: pd.DataFrame
    trace: Trace = field(repr=False)


@dataclass(frozen=True)
class Surroundings:
    """What reading needs beside the configuration: its folder, the raw store, a folder for memory, the time."""

    folder: Path
    raw: RawStore
    state: Path
    now: dt.datetime


def read_sources(config: SourcesConfig, around: Surroundings) -> list[SourceRead]:
    """Every source of the configuration except the reference, in order of priority, then name.

    Raises SourceError or EnvironmentFault for the first that cannot be read.
    """
    chosen = [source for source in config.sources if not isinstance(source, ReferenceSource)]
    return [_read(source, around) for source in sorted(chosen, key=lambda source: (source.priority, source.name))]


def _read(source: Source, around: Surroundings) -> SourceRead:
    if isinstance(source, CrossCheckSource):
        records, trace = read_cross_check(source.package, source.name)
    elif isinstance(source, DatabaseSource):
        records, trace = _from_database(source, around)
    else:
        records, trace = _from_file(source, around)
    trace.accepted = accepted_lines(records, trace)
    return SourceRead(
        source.name, source.role, source.kind, source.date or dt.date.min, source.priority, records, trace
    )


def _from_file(source: Source, around: Surroundings) -> tuple[pd.DataFrame, Trace]:
    """The file's bytes go into the raw store first and are read back from there: what is read is what is kept."""
    if isinstance(source, LandingSource):
        landed = take_landed(
            around.folder / source.folder, source.pattern, source.settle_seconds, around.state, around.now
        )
        name, data, file_format = landed.name, landed.data, source.format
    elif isinstance(source, FileSource):
        if source.path is None:
            name, data = fetch(address(source), source.timeout_seconds, private=source.url_env is not None)
        else:
            path = around.folder / source.path
            name, data = path.name, read_bounded(path)
        file_format = source.kind
    else:
        raise TypeError(f"no file behind a source of kind {source.kind}")
    hashed = around.raw.put(data)
    trace = Trace(Origin(source.name, hashed, name))
    kept = around.raw.path(hashed).read_bytes()
    return _READERS[file_format](kept, Path(name), trace, encoding=source.encoding, sheet=source.sheet), trace


def _from_database(source: DatabaseSource, around: Surroundings) -> tuple[pd.DataFrame, Trace]:
    conversion = source.role == "conversion"
    fields = tuple(CONVERSION_FIELDS) if conversion else RECORD_FIELDS
    required = {"old_code", "new_code", "new_name", "note"} if conversion else {"code", "name", "province_code"}
    records, data = read_database(source, fields, required)
    around.raw.put(data)
    trace = Trace(Origin(source.name, hash_of(data), source.table or "query"))
    trace.rows_in += len(records)
    records = decode_columns(records, fields, source.encoding, trace)
    if conversion:
        return conversion_from_records(records, trace), trace
    return units_from_records(clean_records(records, trace), trace), trace
