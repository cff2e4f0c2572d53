"""The notes of the conversion table: what each says about territory and population.

Belongs here: the declared meaning of every note that the National Statistics Office prints. Does not belong
here: guessing at others: a note that is not declared sends its row to quarantine.
"""

import re

import pandas as pd

NOTE_MEANINGS: tuple[tuple[str, str, str], ...] = (
    (r"giữ nguyên", "whole", "all"),
    (r"đổi tên", "whole", "all"),
    (r"đổi loại hình", "whole", "all"),
    (r"nh[ậâ]p toàn bộ", "whole", "all"),
    (r"sắp xếp toàn bộ xã (.+) thành đặc khu \1", "whole", "all"),
    (r"sắp xếp toàn bộ huyện (.+) thành đặc khu \1", "whole", "all"),
    (r"nh[ậâ]p một phần", "part", "part"),
    (r"nh[ậâ]p một phần dân số", "part", "part"),
    (r"đổi tên từ một phần \S.*", "part", "part"),
    (r"đổi tên, đổi loại hình từ một phần \S.*", "part", "part"),
    (r"phần còn lại sau khi tách một phần vào \S.*", "part", "part"),
    (r"nh[ậâ]p một phần diện tích", "part", "none"),
    (r"nh[ậâ]p toàn bộ diện tích", "part", "none"),
    (r"nh[ậâ]p một phần diện tích, toàn bộ dân số", "part", "all"),
)
"""Pattern of the whole note (lower case, white space folded), extent, population.

``Nhập một phần dân số`` moves some of the people, so the rest is elsewhere; ``Nhập toàn bộ diện tích`` moves all
of the land and none of the people, who must then be elsewhere: the unit as a whole is in neither.
``Nhâp`` is how one row misprints ``Nhập``.
"""

KEPT_NOTE = r"giữ nguyên"
"""The note of a commune that its resolution lists as not rearranged."""


def note_meanings(notes: pd.Series) -> pd.DataFrame:
    """``extent`` and ``population`` of each note; both missing where the note is not declared."""
    folded = notes.str.lower()
    distinct = folded.drop_duplicates()
    meanings = {note: _meaning(note) for note in distinct}  # two dozen spellings
    return pd.DataFrame(
        {
            "extent": folded.map(lambda note: meanings[note][0]).astype("str"),
            "population": folded.map(lambda note: meanings[note][1]).astype("str"),
        },
        index=notes.index,
    )


def is_kept(notes: pd.Series) -> pd.Series:
    """Whether the note says that the unit is not rearranged."""
    return notes.str.lower().str.fullmatch(KEPT_NOTE).fillna(False).astype(bool)


def _meaning(note: str) -> tuple[str | None, str | None]:
    for pattern, extent, population in NOTE_MEANINGS:
        if re.fullmatch(pattern, note):
            return extent, population
    return None, None
