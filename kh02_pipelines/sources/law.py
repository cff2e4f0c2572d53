"""The law as configured files: changes, legal documents, totals, periods and rulings as CSV or XLSX.

Belongs here: reading such a file into the columns of the embedded reference, and refusing rows that nobody can have
meant before anything else is known. Does not belong here: what stands beneath them (``intake.law``) or what the rows
mean (``history``).
"""

from pathlib import Path
from typing import Literal

import pandas as pd

from kh02_pipelines.sources.reference_data import REFERENCE_FILES
from kh02_pipelines.sources.refusal import refuse_first
from kh02_pipelines.sources.table import Layout, read_table
from kh02_pipelines.sources.trace import Trace
from kh02_pipelines.sources.values import CODE_WIDTHS, clean_codes, clean_column

LawKind = Literal["changes", "legal_documents", "totals", "periods", "rulings"]

REQUIRED: dict[str, frozenset[str]] = {
    "changes": frozenset(
        {"effective_date", "predecessor_level", "predecessor_code", "successor_level", "successor_code",
         "legal_document"}
    ),
    "legal_documents": frozenset({"number", "issuer", "issued_on", "effective_on", "title", "governs"}),
    "totals": frozenset({"valid_from", "level", "type", "count", "source"}),
    "periods": frozenset({"valid_from"}),
    "rulings": frozenset(
        {"ruling_id", "target", "action", "key", "field", "source_value", "ruled_value", "legal_document", "reason"}
    ),
}  # fmt: skip
"""Kind of source → the columns that its header must have; any other column of the kind is empty where it is missing."""

REPEAL, DRAFT, ENACTED = "repeal", "draft", "enacted"
_REVIEW = ("status", "doubt")
_CODES = {
    "changes": {"predecessor_code": "predecessor_level", "successor_code": "successor_level"},
    "totals": {"province_code": "province"},
}
_DAY_OF = {
    "changes": "effective_date",
    "legal_documents": "effective_on",
    "totals": "valid_from",
    "periods": "valid_from",
}


def law_columns(kind: str) -> tuple[str, ...]:
    """The columns that a configured file of this kind can have."""
    return (*REFERENCE_FILES[kind].columns, *(_REVIEW if kind == "changes" else ()))


def read_law(
    kind: str, data: bytes, path: Path, trace: Trace, *, encoding: str = "auto", sheet: str | None = None
) -> pd.DataFrame:
    """The rows of a file of the law: the columns of the embedded reference of that ``kind`` as text, ``file``, ``row``.

    Text is cleaned and codes get their leading zeros back, both traced. Raises SourceError as ``read_table`` does, and
    for a row of the changes that is a draft or of unknown status, and for a document without day of issue or effect.
    """
    layout = Layout({name: (name,) for name in law_columns(kind)}, REQUIRED[kind])
    records, _ = read_table(data, path, trace, layout, encoding=encoding, sheet=sheet)
    rows = records.assign(file=path.name, row=records["line"])
    codes = _CODES.get(kind, {})
    for field in layout.fields:
        if field not in codes:
            rows[field] = clean_column(rows[field], field, rows, trace).fillna("")
    for field, level in codes.items():
        for name in CODE_WIDTHS:
            mine = rows[level] == name if level in rows.columns else pd.Series(level == name, index=rows.index)
            if mine.any():
                rows.loc[mine, field] = clean_codes(rows.loc[mine, field], name, field, rows[mine], trace).fillna("")
    if kind == "changes":
        _refuse_drafts(rows)
    if kind == "legal_documents":
        _refuse_undated(rows)
    if kind in _DAY_OF:
        _refuse_no_day(rows, _DAY_OF[kind])
    return rows[[*REFERENCE_FILES[kind].columns, "file", "row", "sheet", "line"]]


def days_of(kind: str, rows: pd.DataFrame) -> pd.Series:
    """The day from which on each row counts, as its file writes it; that of a ruling stands in its target."""
    if kind == "rulings":
        return rows["target"].str.rpartition("_")[2]
    return rows[_DAY_OF[kind]]


def _refuse_drafts(rows: pd.DataFrame) -> None:
    for wrong, what in (
        (rows["status"] == DRAFT, "is a draft, and no draft goes into a build"),
        (~rows["status"].isin([DRAFT, ENACTED, ""]), "has the status {status!r}"),
    ):
        refuse_first(
            rows,
            wrong,
            f"the change of {{effective_date}} of {{successor_level}} {{successor_code}} {what}",
            field="status",
            remedy=f"check the row against the resolution and set its status to {ENACTED}, or take it out of the file",
        )


def _refuse_no_day(rows: pd.DataFrame, field: str) -> None:
    written = rows[field].str.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fillna(False).astype(bool)
    refuse_first(
        rows,
        ~written | pd.to_datetime(rows[field].where(written), format="%Y-%m-%d", errors="coerce").isna(),
        f"{{{field}!r}} is not a date",
        field=field,
        remedy="write it as YYYY-MM-DD",
    )


def _refuse_undated(rows: pd.DataFrame) -> None:
    for field, words in (("issued_on", "day of issue"), ("effective_on", "effective date")):
        refuse_first(
            rows,
            rows[field] == "",
            f"the document {{number}} has no {words}",
            field=field,
            remedy="write it as YYYY-MM-DD",
        )
