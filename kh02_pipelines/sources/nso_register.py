"""The register exports of the National Statistics Office: one commune a row, with its district and province.

Belongs here: the two known column orders, found by heading. Does not belong here: any other layout, or what is
true of every register (``units_frame``).
"""

from pathlib import Path

import pandas as pd

from kh02_pipelines.sources.table import Layout, read_table
from kh02_pipelines.sources.trace import Trace
from kh02_pipelines.sources.units_frame import clean_records, units_from_records

COLUMNS = {
    "code": ("Mã PX", "Mã"),
    "name": ("Phường Xã", "Tên"),
    "type": ("Cấp",),
    "district_code": ("Mã QH",),
    "district_name": ("Quận Huyện",),
    "province_code": ("Mã TP",),
    "province_name": ("Tỉnh / Thành Phố",),
}
"""Field → its headings in both layouts. ``Tên Tiếng Anh`` is not read: the office leaves most of it empty."""

REQUIRED = frozenset({"code", "name", "district_code", "district_name", "province_code", "province_name"})


def read_nso_register(
    data: bytes, path: Path, trace: Trace, *, encoding: str = "auto", sheet: str | None = None
) -> pd.DataFrame:
    """The register of a CSV, XLSX or XLS file as RAW_UNIT_COLUMNS; changes and refusals go to ``trace``.

    Raises SourceError as ``read_table`` does.
    """
    records, _ = read_table(data, path, trace, Layout(COLUMNS, REQUIRED), encoding=encoding, sheet=sheet)
    return units_from_records(clean_records(records, trace), trace)
