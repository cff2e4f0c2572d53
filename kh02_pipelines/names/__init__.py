"""Vietnamese names: form, parts, ASCII, match keys; legacy encodings in ``encodings``, the index in ``gazetteer``.

Pure functions over pandas Series of text: missing stays missing, index and name are kept, nothing is read or
written. Belongs here: what is true of any Vietnamese name. Does not belong here: codes, registers, and which
name is the official one.
"""

from kh02_pipelines.names.ascii import to_ascii
from kh02_pipelines.names.keys import loose_key, same_spelling, spelling_key
from kh02_pipelines.names.parts import (
    UNIT_TYPES,
    Level,
    expand_abbreviations,
    join_unit_type,
    split_unit_type,
    strip_code,
)
from kh02_pipelines.names.text import RULES, clean_text, clean_with_trace, stray_characters

__all__ = [
    "RULES",
    "UNIT_TYPES",
    "Level",
    "clean_text",
    "clean_with_trace",
    "expand_abbreviations",
    "join_unit_type",
    "loose_key",
    "same_spelling",
    "spelling_key",
    "split_unit_type",
    "stray_characters",
    "strip_code",
    "to_ascii",
]
