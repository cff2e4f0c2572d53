"""The named steps of publishing, as a hook that tests use to stop the program between any two of them.

Belongs here: the names, in the order in which they are passed. Does not belong here: the steps themselves.
"""

from collections.abc import Callable

Step = Callable[[str], None]
"""Called with the name of a step when the step has just been done."""

FILE_STEPS = (
    "files.folder_made",
    "files.tables_copied",
    "files.extra_written",
    "files.description_written",
    "files.manifest_written",
    "files.synced",
    "files.renamed",
    "files.verified",
)
DATABASE_STEPS = (
    "database.locked",
    "database.allocated",
    "database.rows_begun",
    "database.rows_written",
    "database.rows_committed",
    "database.audited",
    "database.pointer_set",
    "database.pointer_committed",
)
POINTER_STEPS = (
    "files.pointer_written_beside",
    "files.pointer_replaced",
)
PRUNE_STEPS = (
    "database.pruned",
    "files.pruned",
)
STEPS = (
    "publish.started",
    *FILE_STEPS,
    *DATABASE_STEPS,
    *POINTER_STEPS,
    *PRUNE_STEPS,
    "publish.checked",
    "publish.ended",
)
"""Every point at which publishing may be cut off, in order."""


def no_step(name: str) -> None:
    """The hook in production: does nothing."""
