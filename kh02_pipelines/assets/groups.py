"""Names the assets share: groups, owners, kinds, their pool.

Belongs here: words that stand on every asset. Does not belong here: assets.
"""

from kh02_pipelines.resources.dead_runs import POOL as POOL

SOURCES = "sources"
HISTORY = "history"
CROSSWALK = "crosswalk"
CATALOGUE = "catalogue"
PUBLICATION = "publication"

OWNERS = ["team:kh02-data"]
FRAME_KINDS = {"python", "pandas"}


def beside(vi: str, en: str) -> str:
    """A short text in a line of its own, where the UI keeps no paragraphs: Vietnamese first, then English."""
    return f"{vi} · {en}"


def described(vi: str, en: str) -> str:
    """A description as the UI shows it: Vietnamese first, then English."""
    return f"{vi}\n\n{en}"
