"""Reading an XLS in a process of its own, with a limit on memory.

Belongs here: the border between the two processes. Does not belong here: cells (``workbook``). An XLS cannot be
judged before it is opened as an XLSX can, and the library lays out the whole rectangle between its cells: where
that takes too much, this process ends and the run does not.
"""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from kh02_pipelines.errors import SourceError

MAX_MEMORY = 2 * 1024**3
"""Most memory that reading an XLS may take; one with 5 million cells takes a fifth of it."""
MAX_SECONDS = 120
_PACKAGES = Path(__file__).parents[2]


def read_apart(data: bytes, path: Path) -> list[dict[str, Any]]:
    """The sheets of an XLS as the fields of ``WorkbookSheet``. Raises SourceError, also when the process dies."""
    command = [sys.executable, "-m", "kh02_pipelines.sources.workbook_child", str(MAX_MEMORY)]
    # none of our own environment, which holds secrets, for a process that opens files of outsiders
    environment = {"PYTHONPATH": os.pathsep.join([str(_PACKAGES), os.environ.get("PYTHONPATH", "")])}
    try:
        child = subprocess.run(  # noqa: S603 (our own interpreter and module)
            command, input=data, capture_output=True, timeout=MAX_SECONDS, env=environment, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(
            f"takes more than {MAX_SECONDS} seconds to read", file=path, remedy="save it as XLSX or CSV"
        ) from error
    if child.returncode == 0:
        return list(json.loads(child.stdout))
    said = child.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] if child.returncode == 1 else []
    raise SourceError(
        f"not a readable workbook: {said[0] if said else 'its cells take too much memory'}",
        file=path,
        remedy="deliver the file again, whole, without far or empty cells, as XLSX or CSV",
    )


def _main(limit: int) -> None:
    from kh02_pipelines.sources.workbook import sheets_of

    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    try:
        sheets = [vars(sheet) for sheet in sheets_of(sys.stdin.buffer.read())]
    except Exception as error:
        sys.exit(str(error))
    sys.stdout.write(json.dumps(sheets))


if __name__ == "__main__":
    _main(int(sys.argv[1]))
