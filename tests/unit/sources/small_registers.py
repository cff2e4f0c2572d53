"""Small registers as files, and reading them with a trace: for the tests of sources."""

import io
from pathlib import Path

import openpyxl

from kh02_pipelines.sources.nso_register import read_nso_register
from kh02_pipelines.sources.trace import Origin, Trace, accepted_lines

HEADER = "Mã,Tên,Tên Tiếng Anh,Cấp,Mã QH,Quận Huyện,Mã TP,Tỉnh / Thành Phố"
OTHER_HEADER = "Tỉnh Thành Phố,Mã TP,Quận Huyện,Mã QH,Phường Xã,Mã PX,Cấp,Tên Tiếng Anh"
ROWS = [
    "00001,Phường Phúc Xá,,Phường,001,Quận Ba Đình,01,Thành phố Hà Nội",
    "00004,Phường Trúc Bạch,,Phường,001,Quận Ba Đình,01,Thành phố Hà Nội",
    "00688,Thị trấn Hà Giang,,Thị trấn,024,Huyện Vị Xuyên,02,Tỉnh Hà Giang",
]


def register(data: bytes | str, name: str = "register.csv", **options):
    trace = Trace(Origin("test", "0" * 64, name))
    raw = data.encode() if isinstance(data, str) else data
    units = read_nso_register(raw, Path(name), trace, **options)
    trace.accepted = accepted_lines(units, trace)
    return units, trace


def csv(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def reasons(trace: Trace) -> list[tuple[int, str, str]]:
    return [(row.line, row.field, row.reason) for row in trace.quarantined().itertuples()]


def conserved(trace: Trace) -> bool:
    counts = trace.counts()
    return counts["rows_in"] == counts["accepted"] + counts["quarantined"] + counts["set_aside"]


def xlsx(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
