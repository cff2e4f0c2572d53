"""Sạch: the form of names, and every table against its declaration with Great Expectations.

Belongs here: which checks stand under this word. Does not belong here: their rules, or the suites
(``expectations``). The publisher's audit runs the same declarations in plain pandas (``register.declared``); a
check passes when both agree.
"""

from typing import Any

from kh02_pipelines.assets.metadata import preview
from kh02_pipelines.checks.expectations import validate
from kh02_pipelines.checks.families import MOST_SHOWN, word_checks
from kh02_pipelines.register.declared import PREFIX
from kh02_pipelines.register.rule import Candidate, Rule, Word
from kh02_pipelines.tables.catalogue import CATALOGUE


def suite_opinion(candidate: Candidate, rule: Rule) -> tuple[bool, dict[str, Any]]:
    """What Great Expectations says of the table a ``declared_`` rule is about; nothing of any other rule."""
    if not rule.name.startswith(PREFIX):
        return True, {}
    name = rule.name.removeprefix(PREFIX)
    outcome = validate(candidate.tables[name], CATALOGUE[name])
    return outcome.passed, {
        "expectations": outcome.expectations,
        "failed_expectations": preview(outcome.failures, MOST_SHOWN),
    }


CHECKS = [word_checks(Word.CLEAN, suite_opinion)]
