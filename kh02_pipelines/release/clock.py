"""Releases of the future: what readers have, against the clock of this machine.

Belongs here: telling that one of two clocks is wrong. Does not belong here: the clock itself (``resources.stores``), or
the date a release speaks for.
"""

import datetime as dt

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.database.store import DatabaseRelease


def of_the_future(release: DatabaseRelease, now: dt.datetime) -> str | None:
    """Why a release is one of the future by a clock that says ``now``; None when it is not.

    Days count, not hours: the clocks of two machines may differ a little.
    """
    if release.as_of > now.date():
        return f"it speaks for {release.as_of}, and the clock here says {now:%Y-%m-%d}"
    published = release.published_at.astimezone(now.tzinfo)
    if published.date() > now.date():
        return f"it was published on {published:%Y-%m-%d}, and the clock here says {now:%Y-%m-%d}"
    return None


def require_no_future(current: DatabaseRelease | None, now: dt.datetime) -> None:
    """Raise EnvironmentFault when readers have a release of the future: today's would replace a newer one unasked."""
    why = None if current is None else of_the_future(current, now)
    if current is None or why is None:
        return
    raise EnvironmentFault(
        f"the current release {current.release_id} is of the future: {why}",
        field="as_of",
        remedy=f"set the clock right; where that release is the wrong one, ask for the day: "
        f"kh02 build --as-of {now:%Y-%m-%d}",
    )
