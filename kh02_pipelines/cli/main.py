"""The command line, ``kh02``: build, dictionary, and what the modules beside this one add.

Belongs here: arguments, printing, exit codes. Does not belong here: anything a test would want without a
terminal. Exit codes: 0 ok; 1 checks or the publisher's audit failed; 2 usage, input or environment.
"""

import datetime as dt
import errno
import io
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from kh02_pipelines.cli import days, duty, releases, servers
from kh02_pipelines.cli.console import LazyConsole
from kh02_pipelines.cli.diff import diff
from kh02_pipelines.cli.draft import draft
from kh02_pipelines.cli.lookup import lookup
from kh02_pipelines.cli.preview import preview
from kh02_pipelines.errors import EnvironmentFault, Kh02Error

OK, CHECKS_FAILED, USAGE_OR_ENVIRONMENT = 0, 1, 2
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Danh mục hành chính hai cấp · The two-tier administrative catalogue of Viet Nam.",
)
out = LazyConsole()
err = LazyConsole(stderr=True)
app.command()(diff)
app.command()(draft)
app.command()(lookup)
app.command()(days.units)
app.command()(days.crosswalk)
app.command()(preview)
app.command()(servers.webserver)
app.command()(servers.daemon)
app.command()(servers.dev)


def main() -> None:
    """Entry point: errors a user can mend become one line and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that is not UTF-8 shows letters as \\uXXXX
    try:
        app()
    except Exception as error:
        fault = _fault(error)
        if fault is None:
            raise
        err.print(f"kh02: {fault}", style="red", markup=False, soft_wrap=True)
        sys.exit(USAGE_OR_ENVIRONMENT)


def _fault(error: Exception) -> str | None:
    """What a user can mend, in one line; None for an error in the program."""
    if isinstance(error, Kh02Error):
        return str(error)
    from pydantic import ValidationError
    from sqlalchemy.exc import SQLAlchemyError

    if isinstance(error, ValidationError):
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        return f"KH02_{name}: {first['msg']}; remedy: correct the environment variable"
    if isinstance(error, SQLAlchemyError) or (isinstance(error, OSError) and error.errno in _NO_ROOM):
        from kh02_pipelines.release.database.connection import first_line
        from kh02_pipelines.settings import Settings

        # our stores and readers word their own faults: this is where Dagster keeps its runs
        return str(
            EnvironmentFault(
                f"Dagster's storage cannot be used: {first_line(error)}",
                file=Settings().dagster_home,
                remedy="free space there or mend its permissions, then run again; kh02 verify says what readers have",
            )
        )
    return None


@app.command()
def build(
    as_of: Annotated[
        str | None, typer.Option(help="Ngày YYYY-MM-DD; mặc định hôm nay · Date; default today in Viet Nam.")
    ] = None,
) -> None:
    """Dựng, kiểm tra và công bố danh mục · Build, check and publish the catalogue."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from kh02_pipelines.assets.sources import first_build_day
    from kh02_pipelines.automation.runner import run_catalogue  # Dagster's import costs a second or two
    from kh02_pipelines.definitions import build_defs
    from kh02_pipelines.history.states import require_date
    from kh02_pipelines.release.files.durable import require_writable
    from kh02_pipelines.resources.stores import Stores
    from kh02_pipelines.settings import Settings

    started = time.monotonic()
    settings = Settings()
    stores = Stores.from_settings(settings)
    if as_of is not None:
        require_date(_date(as_of), first_build_day(stores.reference), stores.clock().date())
    require_writable(settings.home_path)
    stores.database.require_schema()  # a database that is down is better known now than after the work
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err.rich, transient=True) as bar:
        task = bar.add_task("catalogue", total=None)
        outcome = run_catalogue(
            build_defs(settings, stores),
            settings.dagster_home,
            as_of,
            lambda step, ended, steps: bar.update(task, description=step, completed=ended, total=steps),
            lambda line: err.print(f"kh02: {line}", style="yellow", markup=False, soft_wrap=True),
        )
    for line in outcome.warnings:
        err.print(f"kh02: cảnh báo · warning: {line}", style="yellow", markup=False, soft_wrap=True)
    if not outcome.success:
        for line in outcome.failures:
            err.print(f"kh02: {line}", style="red", markup=False, soft_wrap=True)
        for name in outcome.failed_checks:
            err.print(f"kh02: check failed: {name}", style="red", markup=False, soft_wrap=True)
        current = stores.parquet.current()
        err.print(
            "Chưa công bố gì mới · nothing new was published; "
            f"current release: {current.release_id if current else '-'}; run {outcome.run_id}",
            markup=False,
            soft_wrap=True,
        )
        by_data = bool(outcome.failed_checks) or outcome.failed_by_audit
        raise typer.Exit(CHECKS_FAILED if by_data else USAGE_OR_ENVIRONMENT)
    folder = stores.parquet.folder(str(outcome.release_id))
    _print_published(stores.parquet.describe(str(outcome.release_id)).rows, folder)
    verdict = "bản mới · new release" if outcome.new_release else "không đổi · unchanged, no new release"
    took = f"{time.monotonic() - started:.1f} s"
    out.print(f"{outcome.release_id}  ({verdict}; {outcome.passed_checks} checks passed, {took})", soft_wrap=True)
    out.print(f"Parquet  {folder}", soft_wrap=True, markup=False)
    out.print(f"Pointer  {stores.parquet.root / 'current.json'}", soft_wrap=True, markup=False)
    out.print(f"Database {stores.database.display_url}", soft_wrap=True, markup=False)


@app.command()
def dictionary() -> None:
    """In từ điển dữ liệu · Print the data dictionary as Markdown."""
    from kh02_pipelines.tables.catalogue import PUBLISHED
    from kh02_pipelines.tables.dictionary import data_dictionary

    sys.stdout.write(data_dictionary(PUBLISHED))


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise EnvironmentFault(f"{text!r} is not a date", field="as_of", remedy="write it as YYYY-MM-DD") from error


def _print_published(rows: dict[str, int], folder: Path) -> None:
    import pyarrow.parquet as pq
    from rich.table import Table

    table = Table("bảng · table", "dòng · rows", "loại · types")
    table.columns[1].justify = "right"
    for name, number in sorted(rows.items()):
        types = ""
        if name in ("province", "commune"):  # a count alone passes on stale data: show the types
            counts = pq.read_table(folder / f"{name}.parquet", columns=["type"]).to_pandas()["type"].value_counts()
            types = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
        table.add_row(name, f"{number:,}", types)
    out.print(table)


releases.register(app, out, err)
duty.register(app, out, err)

if __name__ == "__main__":
    main()
