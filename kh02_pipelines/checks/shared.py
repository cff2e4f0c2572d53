"""Dùng chung: the schema contract, keys that join, meanings, and files that anyone can read.

Belongs here: which checks stand under this word. Does not belong here: their rules.
"""

from kh02_pipelines.checks.families import word_checks
from kh02_pipelines.register.rule import Word

CHECKS = [word_checks(Word.SHARED)]
