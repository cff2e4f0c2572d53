"""How long releases are kept.

Belongs here: the rule. Does not belong here: deleting (the stores), or when (``publish``).
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Retention:
    """Keep the newest ``releases``, and every release that readers had less than ``days`` ago."""

    releases: int = 10
    days: int = 7

    def to_drop(
        self, published: Iterable[tuple[str, dt.datetime]], now: dt.datetime, pinned: Collection[str]
    ) -> list[str]:
        """The ids that may go, oldest first; ``pinned`` ones (what a pointer names) always stay.

        ``published`` gives (release id, time when it was published or last current, with its zone).
        """
        newest_first = sorted(published, key=lambda item: (item[1], item[0]), reverse=True)
        old = [
            release
            for release, when in newest_first[self.releases :]
            if release not in pinned and now - when > dt.timedelta(days=self.days)
        ]
        return old[::-1]
