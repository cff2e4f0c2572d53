"""One call from an installation's folders to its raw frames: the reference, the configuration, the sources.

Belongs here: the order of the steps that read. Does not belong here: the steps.
"""

import datetime as dt
from pathlib import Path

from kh02_pipelines.history.periods import periods_of
from kh02_pipelines.intake.conversion_day import conversion_day
from kh02_pipelines.intake.intake import NSO_RULINGS, Intake, take_in
from kh02_pipelines.intake.law import due_reads
from kh02_pipelines.sources.config import read_config
from kh02_pipelines.sources.law import REQUIRED as LAW
from kh02_pipelines.sources.load import Surroundings, read_sources
from kh02_pipelines.sources.raw_store import RawStore
from kh02_pipelines.sources.reference_data import NSO_RULINGS_FILE, read_reference, reference_hashes


def gather(reference: Path, config: Path | None, home: Path, now: dt.datetime) -> Intake:
    """Everything a catalogue is built of. Without ``config``, the embedded reference in ``reference`` alone.

    ``home`` holds the raw store (``raw/``) and what is remembered of landing folders (``landing/``). Raises
    SourceError, VintageError or EnvironmentFault.
    """
    frames, hashes = read_reference(reference), reference_hashes(reference)
    if config is None:
        return take_in([], frames, hashes)
    day = conversion_day(periods_of(frames["periods"]))
    around = Surroundings(config.parent, RawStore(home / "raw"), home / "landing", now)
    reads = read_sources(read_config(config, day.role_dates), around)
    law = [read for read in reads if read.role in LAW]
    others = [read for read in reads if read.role not in LAW]
    if others:
        frames[NSO_RULINGS] = NSO_RULINGS_FILE.read(reference)
        hashes |= NSO_RULINGS_FILE.hashes(reference)
    return take_in(others, frames, hashes, law, due_reads(law, around.raw, now.date()))
