"""A deadline for work that waits for somebody else's machine.

Belongs here: giving up as a whole. Does not belong here: the work (``database``, ``fetch``).
"""

import threading
from collections.abc import Callable
from typing import TypeVar

from kh02_pipelines.errors import SourceError

Result = TypeVar("Result")


def within(seconds: float, work: Callable[[], Result], what: str, field: str) -> Result:
    """The result of ``work``, or SourceError when it takes longer: no driver or server bounds every wait of its own.

    The work goes on in a thread that nobody waits for, and what it gives is dropped.
    """
    done: list[Result] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, name="kh02-database", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise SourceError(
            f"{what} did not answer within {seconds} seconds; nothing was used",
            field=field,
            remedy="check that it is up and quick, or allow more in timeout_seconds",
        )
    if failed:
        raise failed[0]
    return done[0]
