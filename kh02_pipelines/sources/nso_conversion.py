"""The conversion table of the National Statistics Office: old commune → new commune, with notes.

Belongs here: its headings, title rows, merged and left-out cells, codes in brackets, and the raw rows they give.
Does not belong here: what follows for registers and successions (``conversion_frames``).
"""

from pathlib import Path

import pandas as pd

from kh02_pipelines.names import strip_code
from kh02_pipelines.sources.notes import note_meanings
from kh02_pipelines.sources.table import Layout, read_table
from kh02_pipelines.sources.trace import Trace
from kh02_pipelines.sources.units_frame import refuse
from kh02_pipelines.sources.values import clean_codes, clean_column, is_code, mend_unit_type

COLUMNS = {
    "new_province": ("Tỉnh, thành phố", "Tỉnh mới"),
    "new_name": ("Tên Xã mới",),
    "new_code": ("Mã Xã mới",),
    "old_name": ("Tên Xã cũ",),
    "old_code": ("Mã Xã cũ",),
    "note": ("Ghi chú",),
    "old_district": ("Quận/huyện",),
    "old_province": ("Tỉnh cũ",),
}
"""Field → its headings. The row above them (which model each side speaks of) is no header of ours."""

LAYOUT = Layout(COLUMNS, frozenset(COLUMNS), least_merged=True)
"""Every column is required. The office publishes the table twice in one workbook, once with merged cells."""

FILLED_DOWN = ("new_province", "new_name", "new_code", "old_district", "old_province")
"""Columns that some sheets print only on the first row of a block."""

CONVERSION_COLUMNS = [
    "new_province_name",
    "new_province_code",
    "new_name",
    "new_code",
    "old_name",
    "old_code",
    "old_district_name",
    "old_district_code",
    "old_province_name",
    "old_province_code",
    "note",
    "extent",
    "population",
    "sheet",
    "line",
]
"""A cleaned row. ``old_code`` is empty for a district that becomes a commune; codes of a province or district are
empty where the cell prints a name alone."""


def read_nso_conversion(
    data: bytes, path: Path, trace: Trace, *, encoding: str = "auto", sheet: str | None = None
) -> pd.DataFrame:
    """The accepted rows as CONVERSION_COLUMNS, in the order of the file.

    Title rows are set aside as the issue ``title_row``. Quarantined: a row with a
    malformed code, without a new name or province, with an unknown note, that repeats an earlier pair, or that
    names no old commune and no district that ends; and every row of a pair whose notes contradict one another.

    Raises SourceError as ``read_table`` does.
    """
    records, _ = read_table(data, path, trace, LAYOUT, encoding=encoding, sheet=sheet)
    return conversion_from_records(records, trace)


def conversion_from_records(records: pd.DataFrame, trace: Trace) -> pd.DataFrame:
    """Records (COLUMNS as printed, ``sheet``, ``line``) cleaned and judged, as CONVERSION_COLUMNS."""
    return _accepted(_cleaned(_without_titles(records, trace), trace), trace)


def _without_titles(records: pd.DataFrame, trace: Trace) -> pd.DataFrame:
    """Rows that only name a province are headings; left-out cells are then filled from the row above.

    A merged region may run on through a heading: a district that a row beside it prints too is not its own.
    """
    said = ["new_name", "new_code", "old_name", "old_code", "note"]
    bare = records[said].apply(lambda column: column.str.strip() == "").all(axis="columns")
    district = records["old_district"]
    beside = (district.str.strip() == "") | (district == district.shift()) | (district == district.shift(-1))
    title = bare & beside & (records["new_province"].str.strip() != "")
    titles = records[title]
    trace.changed(titles, "new_province", titles["new_province"], titles["new_province"].str.slice(0, 0), "title_row")
    trace.set_aside += int(title.sum())
    block = title.cumsum()
    kept = records[~title].copy()
    for field in FILLED_DOWN:
        printed = kept[field].where(kept[field].str.strip() != "")
        filled = printed.groupby(block[~title]).ffill().fillna("")
        trace.changed(kept, field, kept[field].where(printed.notna(), ""), filled.astype("str"), "filled_down")
        kept[field] = filled.astype("str")
    return kept.reset_index(drop=True)


def _cleaned(records: pd.DataFrame, trace: Trace) -> pd.DataFrame:
    place = records[["sheet", "line"]]
    cleaned = records[["sheet", "line"]].copy()
    cleaned["note"] = clean_column(records["note"], "note", place, trace)
    for field in ("new_name", "old_name"):
        text = clean_column(records[field], field, place, trace)
        cleaned[field] = mend_unit_type(text, "commune", field, place, trace)
    for field in ("new_code", "old_code"):
        cleaned[field] = clean_codes(records[field], "commune", field, place, trace)
    for field, level in (("new_province", "province"), ("old_district", "district"), ("old_province", "province")):
        parts = strip_code(clean_column(records[field], field, place, trace))
        cleaned[f"{field}_name"] = mend_unit_type(parts["name"].astype("str"), level, field, place, trace)
        codes = parts["code"].fillna("").astype("str")
        cleaned[f"{field}_code"] = clean_codes(codes, level, f"{field}_code", place, trace)
    meanings = note_meanings(cleaned["note"])
    return cleaned.assign(extent=meanings["extent"], population=meanings["population"])[CONVERSION_COLUMNS]


def _accepted(records: pd.DataFrame, trace: Trace) -> pd.DataFrame:
    records = refuse(records, ~is_code(records["new_code"], "commune"), "new_code", "not a commune code", trace)
    records = refuse(records, records["new_name"] == "", "new_name", "the new commune has no name", trace)
    records = refuse(records, records["new_province_name"] == "", "new_province_name", "unknown parent: no province",
                     trace)  # fmt: skip
    unknown = records["extent"].isna()
    records = refuse(records, unknown, "note", "a note with no declared meaning", trace)
    of_district = records["note"].str.lower().str.startswith("sắp xếp toàn bộ huyện ")
    no_code = records["old_code"] == ""
    stray = no_code & ~(of_district & is_code(records["old_district_code"], "district"))
    reason = "no old commune: the row names an area without a code and no district that ends"
    records = refuse(records, stray, "old_name", reason, trace)
    bad = (records["old_code"] != "") & ~is_code(records["old_code"], "commune")
    records = refuse(records, bad, "old_code", "not a commune code", trace)
    district = records["old_district_code"].where(records["old_code"] == "", "")
    pair = records["old_code"] + "|" + district + "|" + records["new_code"]
    meaning = records["extent"] + "|" + records["population"]
    torn = meaning.groupby(pair).transform("nunique") > 1
    contradicting = "the notes of this pair contradict one another: the row is one of several"
    records = refuse(records, torn, "note", contradicting, trace)
    twice = pair.reindex(records.index).duplicated()
    return refuse(records, twice, "old_code", "the row repeats an earlier pair", trace).reset_index(drop=True)
