"""The register exports of the National Statistics Office: one commune a row, with its district and province.

Belongs here: the two known column orders, found by heading. Does not belong here: any other layout, or what is
true of every register (``units_frame``).
"""

from pathlib import Path

import pandas as pd

from kh02_pipelines.sources.grid import read_grids
from kh02_pipelines.sources.headers import find_header, named_cells, no_header
from kh02_pipelines.sources.trace import Trace
from kh02_pipelines.sources.units_frame import RECORD_FIELDS, clean_records, units_from_records

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

REQUIRED = {"code", "name", "district_code", "district_name", "province_code", "province_name"}


def read_nso_register(
    data: bytes, path: Path, trace: Trace, *, encoding: str = "auto", sheet: str | None = None
) -> pd.DataFrame:
    """The register of a CSV, XLSX or XLS file as RAW_UNIT_COLUMNS; changes and refusals go to ``trace``.

    Raises SourceError when no sheet (or not the named one) has the header, or it has no rows.
    """
    grids = [grid for grid in read_grids(data, path, trace, encoding=encoding) if sheet is None or grid.sheet == sheet]
    for grid in grids:
        header, found = find_header(grid, COLUMNS, REQUIRED)
        if header >= 0:
            records = named_cells(grid, header, found, RECORD_FIELDS)
            break
    else:
        raise no_header(path, grids, COLUMNS, REQUIRED)
    if records.empty:
        raise no_header(path, grids, COLUMNS, REQUIRED)
    trace.rows_in += len(records)
    return units_from_records(clean_records(records, trace), trace)
