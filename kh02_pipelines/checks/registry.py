"""All asset checks of the code location, in the order of the six words.

Belongs here: the list. Does not belong here: checks.
"""

from kh02_pipelines.checks import clean, complete, consistent, correct, live, shared

CHECKS = [
    *correct.CHECKS,
    *complete.CHECKS,
    *clean.CHECKS,
    *live.CHECKS,
    *consistent.CHECKS,
    *shared.CHECKS,
]
