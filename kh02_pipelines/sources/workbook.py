"""Reading XLSX and XLS files from outsiders, in a process of their own with limits on memory and time.

Belongs here: the border between the two processes. Does not belong here: opening the file and its cells, which the
child does (``workbook_child``). A few bytes can ask the library for all memory or for hours of work, or abort its
process: then the child ends, and the run does not.
"""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kh02_pipelines.errors import SourceError

MAX_MEMORY = 1024**3
"""Most memory that reading a workbook may take; one with 3 million cells takes two thirds of it."""
MAX_SECONDS = 60
"""Longest that reading a workbook may take; the largest real one takes one second."""

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CHILD = Path(__file__).with_name("workbook_child.py")


@dataclass(frozen=True)
class WorkbookSheet:
    """A sheet's rows as text from row 1 on, how many merged regions were filled, and whether it is shown."""

    name: str
    rows: Sequence[list[str]]
    merged: int
    visible: bool


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are a ZIP (XLSX) or an OLE file (XLS), whatever the file is called."""
    return data.startswith((_ZIP, _OLE))


def read_workbook(data: bytes, path: Path) -> list[WorkbookSheet]:
    """Every worksheet, hidden ones too. Raises SourceError for whatever the child refuses or does not survive."""
    library = importlib.util.find_spec("python_calamine")
    if library is None or library.origin is None:
        raise ModuleNotFoundError("python_calamine", name="python_calamine")
    packages = Path(library.origin).parents[1]
    # no site packages but the one that is needed, for a quick start; and none of our environment, which holds secrets
    command = [sys.executable, "-I", "-S", str(_CHILD), str(packages), str(MAX_MEMORY), str(MAX_SECONDS)]
    try:
        child = subprocess.run(  # noqa: S603 (our own interpreter and module)
            command,
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=MAX_SECONDS,
            env={},
            check=True,
        )
    except subprocess.SubprocessError:
        what = f"takes more than {MAX_MEMORY // 1024**2} MB or {MAX_SECONDS} seconds to read, or breaks the reader"
        raise _refused(what, path) from None  # the cause holds all the bytes
    answer = json.loads(child.stdout)
    if "refused" in answer:
        raise _refused(f"not a readable workbook: {answer['refused']}", path)
    return [WorkbookSheet(**sheet) for sheet in answer["sheets"]]


def _refused(what: str, path: Path) -> SourceError:
    return SourceError(
        what,
        file=path,
        remedy="save it anew with a spreadsheet program, without password and far cells, and deliver it whole, "
        "as XLSX or CSV",
    )
