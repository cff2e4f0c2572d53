"""The command ``kh02 diff``: what one release changed against another.

Belongs here: arguments and printing of that command. Does not belong here: the comparison (``release``).
"""

import sys
from typing import Annotated

import typer


def diff(
    before: Annotated[
        str,
        typer.Argument(metavar="A", help="Bản trước: mã, phần đầu của mã, current, previous · The earlier release."),
    ] = "previous",
    after: Annotated[str, typer.Argument(metavar="B", help="Bản sau · The later release.")] = "current",
    csv: Annotated[
        bool, typer.Option("--csv", help="In mọi khác biệt dưới dạng CSV · Print every change as CSV.")
    ] = False,
) -> None:
    """Khác biệt giữa hai bản phát hành · What release B changed against release A."""
    import pyarrow.csv

    from kh02_pipelines.release.diff.change_files import changes_between, resolve_release
    from kh02_pipelines.release.diff.changes import summary_markdown
    from kh02_pipelines.release.exports.csv_files import escaped
    from kh02_pipelines.resources.stores import Stores
    from kh02_pipelines.settings import Settings

    store = Stores.from_settings(Settings()).parquet
    changes = changes_between(store, resolve_release(store, before), resolve_release(store, after))
    if csv:
        pyarrow.csv.write_csv(escaped(changes), sys.stdout.buffer)
    else:
        sys.stdout.write(summary_markdown(changes))
