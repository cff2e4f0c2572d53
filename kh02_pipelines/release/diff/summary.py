"""The readable summary of a release's changes, as Markdown: Vietnamese first, then English.

Belongs here: wording and layout. Does not belong here: finding changes (``changes``).

The summary is bounded: what does not fit is counted, never left out in silence.
"""

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

UNIT_TABLES = ("province", "commune")
MOST_LINES = 60


@dataclass(frozen=True)
class _Words:
    """One language."""

    heading: str
    none: str
    counts: str
    kinds: dict[str, str]
    columns: tuple[str, ...]
    units: str
    single: str
    more: str
    no_document: str
    changes: dict[str, str]


FIRST_RELEASE = "*Bản phát hành đầu tiên: không có bản trước để so · The first release: nothing to compare with.*\n"

_LANGUAGES = (
    _Words(
        heading="Tiếng Việt",
        none="Không có khác biệt.",
        counts="{real:,} thay đổi thật và {correction:,} đính chính, trên {rows:,} dòng của {tables} bảng.",
        kinds={"real_change": "Thay đổi thật (sự kiện có hiệu lực)", "correction": "Đính chính"},
        columns=("văn bản", "bảng", "dòng thêm", "dòng bỏ", "dòng sửa"),
        units="Tên đơn vị thay đổi",
        single="Từng giá trị đính chính",
        more="… và {number:,} dòng nữa; xem bảng release_change",
        no_document="không có",
        changes={"added": "thêm", "removed": "bỏ"},
    ),
    _Words(
        heading="English",
        none="No differences.",
        counts="{real:,} real changes and {correction:,} corrections, in {rows:,} rows of {tables} tables.",
        kinds={"real_change": "Real changes (an event took effect)", "correction": "Corrections"},
        columns=("document", "table", "rows added", "rows removed", "rows modified"),
        units="Units whose name changed",
        single="Every corrected value",
        more="… and {number:,} more; see the table release_change",
        no_document="none",
        changes={"added": "added", "removed": "removed"},
    ),
)


def summary_markdown(changes: pa.Table) -> str:
    """Markdown that says what a release changed; ``changes`` has the shape of RELEASE_CHANGE.

    Per kind: rows by document and table; names of provinces and communes before and after; every corrected value.
    Each list has at most MOST_LINES lines and then says how many more there are.
    """
    frame = changes.to_pandas()
    lines: list[str] = []
    if len(frame):
        first = frame.iloc[0]
        lines += [f"# {first['previous_release_id']} → {first['release_id']}", ""]
    for words in _LANGUAGES:
        lines += [f"## {words.heading}", "", *_section(frame, words)]
    return "\n".join(lines).rstrip() + "\n"


def _section(frame: pd.DataFrame, words: _Words) -> list[str]:
    if frame.empty:
        return [words.none, ""]
    kinds = frame["kind"].value_counts()
    counts = words.counts.format(
        real=kinds.get("real_change", 0),
        correction=kinds.get("correction", 0),
        rows=len(frame.drop_duplicates(["table", "key"])),
        tables=frame["table"].nunique(),
    )
    lines = [counts, ""]
    for kind, title in words.kinds.items():
        chosen = frame[frame["kind"] == kind]
        if chosen.empty:
            continue
        lines += [f"### {title}", ""]
        if kind == "real_change":
            lines += _listed(words.units, _unit_lines(chosen, words), words)
        else:
            lines += _listed(words.single, _value_lines(chosen, words), words)
        lines += [*_by_document(chosen, words), ""]
    return lines


def _by_document(frame: pd.DataFrame, words: _Words) -> list[str]:
    """A Markdown table of how many rows were added, removed and modified, by document and table."""
    rows = frame.assign(legal_document=frame["legal_document"].fillna(words.no_document))
    rows = rows.drop_duplicates(["legal_document", "table", "key", "change"])
    counts = rows.groupby(["legal_document", "table", "change"]).size().unstack(fill_value=0)
    counts = counts.reindex(columns=["added", "removed", "modified"], fill_value=0)
    lines = ["| " + " | ".join(words.columns) + " |", "|---|---|---:|---:|---:|"]
    for document, table, *numbers in counts.head(MOST_LINES).reset_index().itertuples(index=False, name=None):
        figures = " | ".join(f"{number:,}" for number in numbers)
        lines.append(f"| {_plain(document)} | {_plain(table)} | {figures} |")
    if len(counts) > MOST_LINES:
        lines += ["", words.more.format(number=len(counts) - MOST_LINES)]
    return lines


def _unit_lines(frame: pd.DataFrame, words: _Words) -> pd.Series:
    """One line per province or commune that came, went or has another name."""
    named = frame[frame["field"].eq("name") | frame["field"].isna()]
    lines: pd.Series = pd.concat([_lines(named[named["table"] == table], words) for table in UNIT_TABLES])
    return lines


def _value_lines(frame: pd.DataFrame, words: _Words) -> pd.Series:
    lines = _lines(frame, words)
    places = frame["table"] + frame["field"].map(lambda field: f".{field}", na_action="ignore").astype("str").fillna("")
    return "`" + places + "` " + lines


def _lines(frame: pd.DataFrame, words: _Words) -> pd.Series:
    """``code before → after (document)`` for every row of ``frame``."""
    before, after = (
        frame["before"].map(_plain).astype("str").fillna("∅"),
        frame["after"].map(_plain).astype("str").fillna("∅"),
    )
    what = before + " → " + after
    for change, word in words.changes.items():
        whole = frame["field"].isna() & (frame["change"] == change)
        value = frame["after" if change == "added" else "before"].map(_plain).astype("str").fillna("")
        what = what.mask(whole, f"{word} " + value)
    documents = frame["legal_document"].map(lambda number: f" ({number})", na_action="ignore").astype("str").fillna("")
    return "`" + frame["key"].map(_plain) + "` " + what.str.strip() + documents


def _listed(title: str, lines: pd.Series, words: _Words) -> list[str]:
    if lines.empty:
        return []
    listed = [f"- {line}" for line in lines.head(MOST_LINES)]
    if len(lines) > MOST_LINES:
        listed.append(f"- {words.more.format(number=len(lines) - MOST_LINES)}")
    return [f"**{title}**", "", *listed, ""]


def _plain(value: object) -> object:
    """A value as text that Markdown and HTML leave alone; missing stays missing."""
    if not isinstance(value, str):
        return value
    text = " ".join(value.split())
    for sign, instead in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("`", "'"), ("*", "\\*"), ("[", "\\[")):
        text = text.replace(sign, instead)
    return text
