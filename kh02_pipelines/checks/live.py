"""Sống: the age of sources, law and release, and drift against the last release.

Belongs here: which checks stand under this word. Does not belong here: their rules.
"""

from kh02_pipelines.checks.families import word_checks
from kh02_pipelines.register.rule import Word

CHECKS = [word_checks(Word.LIVE)]
