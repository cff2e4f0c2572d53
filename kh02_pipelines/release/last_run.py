"""When the catalogue was last built and found published, whether or not that made a new release.

Belongs here: ``$KH02_HOME/last_run.json``. Does not belong here: releases; an unchanged catalogue makes none, so
the age of the newest one does not tell whether the nightly run still runs.
"""

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path

from kh02_pipelines.release.files.durable import file_fault, write_json

FILE = "last_run.json"


@dataclass(frozen=True)
class LastRun:
    """The last run that came to its end: when, and which release readers had then."""

    ended_at: dt.datetime
    release_id: str


def note_run(home: Path, release: str, now: dt.datetime) -> None:
    """Record that a run has ended well. Raises EnvironmentFault when the note cannot be written."""
    remedy = "free space or mend permissions; the release is published, only this note is missing"
    with file_fault("the note of the last run cannot be written", home / FILE, remedy):
        write_json(home / FILE, {"ended_at": now.isoformat(timespec="seconds"), "release_id": release})


def last_run(home: Path) -> LastRun | None:
    """The last run noted in a home folder; None when there is none or the note cannot be read."""
    try:
        noted = json.loads((home / FILE).read_text("utf-8"))
        return LastRun(dt.datetime.fromisoformat(noted["ended_at"]), str(noted["release_id"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
