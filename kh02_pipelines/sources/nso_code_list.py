"""The code lists that go with official letters of the National Statistics Office (915, 1027/CTK-CSCL).

Belongs here: a list of provinces, or of communes with the name of their province, as CSV, workbook or Markdown.
Does not belong here: looking up the province's code (``intake.intake``): the list prints none.
"""

from pathlib import Path

import pandas as pd

from kh02_pipelines.sources.headers import header_key
from kh02_pipelines.sources.table import Layout, read_table
from kh02_pipelines.sources.trace import Trace
from kh02_pipelines.sources.units_frame import RAW_UNIT_COLUMNS, refuse
from kh02_pipelines.sources.values import clean_codes, clean_column, is_code, leading_type, mend_unit_type

COLUMNS = {
    "code": ("Mã số", "Mã"),
    "name": ("Tên đơn vị hành chính", "Tên 34 tỉnh sau sáp nhập", "Tên"),
    "province_name": ("Tỉnh (thành phố)", "Tỉnh / Thành phố"),
}
REQUIRED = frozenset({"code", "name"})


def read_nso_code_list(
    data: bytes, path: Path, trace: Trace, *, encoding: str = "auto", sheet: str | None = None
) -> pd.DataFrame:
    """The listed units as RAW_UNIT_COLUMNS and ``parent_name``; ``parent_code`` is empty.

    A list with province names is one of communes, without them one of provinces (which may leave out the unit
    type: then ``type`` is empty). Repeated headers and rows without a code (headings) are set aside as the
    issue ``title_row``. Raises SourceError as ``read_table`` does.
    """
    records, found = read_table(data, path, trace, Layout(COLUMNS, REQUIRED), encoding=encoding, sheet=sheet)
    headings = {header_key(heading) for heading in COLUMNS["code"]}
    letters = records["code"].str.contains("[^0-9 ]", regex=True)
    title = (records["code"].str.strip() == "") | records["code"].where(letters, "").map(
        {text: header_key(text) for text in records.loc[letters, "code"].unique()}
    ).isin(headings)
    titles = records[title]
    printed = titles["name"].where(titles["name"].str.strip() != "", titles["code"])
    trace.changed(titles, "name", printed.where(printed != "", "-"), printed.str.slice(0, 0), "title_row")
    trace.set_aside += len(titles)
    return _units(records[~title].reset_index(drop=True), "commune" if "province_name" in found else "province", trace)


def _units(records: pd.DataFrame, level: str, trace: Trace) -> pd.DataFrame:
    place = records[["sheet", "line"]]
    records = records.assign(
        code=clean_codes(records["code"], level, "code", place, trace),
        name=mend_unit_type(clean_column(records["name"], "name", place, trace), level, "name", place, trace),
        province_name=clean_column(records["province_name"], "province_name", place, trace),
    )
    records = refuse(records, ~is_code(records["code"], level), "code", f"not a {level} code", trace)
    records = refuse(records, records["name"] == "", "name", "the unit has no name", trace)
    records = refuse(records, records["code"].duplicated(keep=False), "code", "the code stands for several rows", trace)
    units = pd.DataFrame(
        {
            "code": records["code"],
            "level": level,
            "name": records["name"],
            "type": leading_type(records["name"], level),
            "parent_code": "",
            "row": records["line"],
            "parent_name": records["province_name"],
        }
    )
    return units[[*RAW_UNIT_COLUMNS, "parent_name"]].reset_index(drop=True)
