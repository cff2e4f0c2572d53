"""Where the reports of releases lie, and for how long: a report is kept as long as its release.

Belongs here: names of the files, removing those whose release is gone. Does not belong here: what they say (``model``,
``render``, ``results``). They lie beside the release folders, not in them: a report also says how the checks ended
that look at the stores after publication, when the folder is closed.
"""

from collections.abc import Collection
from pathlib import Path

from kh02_pipelines.release.content import RELEASE_ID

REPORTS = "reports"
"""The folder beside those of the releases."""

PAGE, RESULTS = ".html", ".quality_result.parquet"


def page_of(reports: Path, release: str) -> Path:
    """The report of a release."""
    return reports / f"{release}{PAGE}"


def results_of(reports: Path, release: str) -> Path:
    """How the checks of a release ended, as rows."""
    return reports / f"{release}{RESULTS}"


def drop_reports(reports: Path, kept: Collection[str]) -> list[str]:
    """Remove the files of releases that are not ``kept``; returns their ids. Other files stay.

    Raises OSError when one cannot be removed.
    """
    files = [path for ending in (PAGE, RESULTS) for path in reports.glob(f"*{ending}")]
    ids = {path: path.name.removesuffix(RESULTS).removesuffix(PAGE) for path in files}
    gone = {path: release for path, release in ids.items() if release not in kept and RELEASE_ID.fullmatch(release)}
    for path in gone:
        path.unlink(missing_ok=True)
    return sorted(set(gone.values()))
