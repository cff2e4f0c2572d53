"""Which rules this process has already seen to hold for exact bytes in exact surroundings.

Belongs here: remembering that, so that the publisher's audit does not run again what the checks of the same run
have just run. Does not belong here: judging (``audit``). Nothing is remembered beyond the process, and no result
that Dagster stores is ever taken for proof: a rule that did not run here, on these bytes, is run.
"""

import hashlib
from collections.abc import Iterable

from kh02_pipelines.catalogue.candidate import Context
from kh02_pipelines.checks.rule import Rule
from kh02_pipelines.release.files.durable import json_bytes
from kh02_pipelines.release.staging import StagedRelease, description


class Proven:
    """The rules that hold for one staging in one context. Rules are known by what they are, not by their names."""

    def __init__(self) -> None:
        self._rules = set[Rule]()

    def add(self, rules: Iterable[Rule]) -> None:
        """Note that rules hold."""
        self._rules.update(rules)

    def __contains__(self, rule: Rule) -> bool:
        return rule in self._rules


class _Nothing(Proven):
    def add(self, rules: Iterable[Rule]) -> None:
        """Forget at once."""


NOTHING_PROVEN: Proven = _Nothing()
"""For a candidate that is not known to be what lies on disk: every rule runs, nothing is remembered."""

_LATEST: dict[str, Proven] = {}


def proven_of(staged: StagedRelease, context: Context) -> Proven:
    """What this process has proved of a candidate read from ``staged`` (``read_staged``) and judged in ``context``.

    All that a rule may look at is in the key: the hash of every staged file, the evidence beside them, the
    release before, the day and the limits; only what stores hold is not, so such a context proves nothing.
    One staging is remembered at a time.
    """
    if context.holdings is not None:
        return NOTHING_PROVEN
    previous = context.previous and (context.previous.release_id, f"{context.previous.as_of}")
    surroundings = [previous, str(context.today), str(context.limits), *map(str, context.files.values())]
    key = hashlib.sha256(json_bytes([description(staged), surroundings])).hexdigest()
    if key not in _LATEST:
        _LATEST.clear()
    return _LATEST.setdefault(key, Proven())
