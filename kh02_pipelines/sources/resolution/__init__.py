"""Drafts from the text of a resolution: file → text → clauses → statements → successions → rows of ``changes``.

``text`` opens a file, ``clauses`` takes it apart into articles and clauses, ``statements`` reads one clause,
``places`` finds the units that are named, ``successions`` brings the clauses together, ``rows`` writes the draft.
Belongs here: what the words of a resolution say. Does not belong here: which units there were on a day (the caller
passes them) and whether the changes are lawful (the build does). A draft is never the law: every row has the
``status`` ``draft`` until a person sets ``enacted``.
"""

from kh02_pipelines.sources.resolution.clauses import Clause, Resolution, read_resolution
from kh02_pipelines.sources.resolution.places import ListedCode, Province, Unit
from kh02_pipelines.sources.resolution.rows import DRAFT_COLUMNS, Draft, draft_changes
from kh02_pipelines.sources.resolution.text import read_text

__all__ = [
    "DRAFT_COLUMNS",
    "Clause",
    "Draft",
    "ListedCode",
    "Province",
    "Resolution",
    "Unit",
    "draft_changes",
    "read_resolution",
    "read_text",
]
