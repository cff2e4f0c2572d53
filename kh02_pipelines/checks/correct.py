"""Đúng: codes, types, parents, the law behind every event and link, and the rulings.

Belongs here: which checks stand under this word. Does not belong here: their rules.
"""

from kh02_pipelines.checks.families import word_checks
from kh02_pipelines.register.rule import Word

CHECKS = [word_checks(Word.CORRECT)]
