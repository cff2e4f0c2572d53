"""The command line, ``kh02``: build, lookup, dictionary, and what the modules beside this one add.

Belongs here: arguments, printing, exit codes. Does not belong here: anything a test would want without a
terminal. Exit codes: 0 ok; 1 checks or the publisher's audit failed; 2 usage, input or environment.
"""

import datetime as dt
import errno
import io
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pandas as pd
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from kh02_pipelines.cli import days, duty, releases, servers
from kh02_pipelines.cli.diff import diff
from kh02_pipelines.cli.draft import draft
from kh02_pipelines.cli.preview import preview
from kh02_pipelines.errors import EnvironmentFault, Kh02Error
from kh02_pipelines.settings import Settings

if TYPE_CHECKING:
    pass

OK, CHECKS_FAILED, USAGE_OR_ENVIRONMENT = 0, 1, 2
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Danh mục hành chính hai cấp · The two-tier administrative catalogue of Viet Nam.",
)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
app.command()(diff)
app.command()(draft)
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
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        return f"KH02_{name}: {first['msg']}; remedy: correct the environment variable"
    if isinstance(error, SQLAlchemyError) or (isinstance(error, OSError) and error.errno in _NO_ROOM):
        from kh02_pipelines.release.database.connection import first_line

        # our stores and readers word their own faults: this is where Dagster keeps its runs
        return str(
            EnvironmentFault(
                f"Dagster's storage cannot be used: {first_line(error)}",
                file=Settings().dagster_home,
                remedy="free space there or mend its permissions, then run again; kh02 verify says what readers have",
            )
        )
    return str(error) if isinstance(error, Kh02Error) else None


@app.command()
def build(
    as_of: Annotated[
        str | None, typer.Option(help="Ngày YYYY-MM-DD; mặc định hôm nay · Date; default today in Viet Nam.")
    ] = None,
) -> None:
    """Dựng, kiểm tra và công bố danh mục · Build, check and publish the catalogue."""
    from kh02_pipelines.assets.sources import first_build_day
    from kh02_pipelines.automation.runner import run_catalogue  # Dagster's import costs a second or two
    from kh02_pipelines.definitions import build_defs
    from kh02_pipelines.history.states import require_date
    from kh02_pipelines.release.files.durable import require_writable
    from kh02_pipelines.resources.stores import Stores

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
    with Progress(*columns, console=err, transient=True) as bar:
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
def lookup(query: Annotated[str, typer.Argument(metavar="CODE|NAME")]) -> None:
    """Mã hoặc tên: trước là gì, nay là gì, theo văn bản nào · What it was, what it is, by which law."""
    from kh02_pipelines.history.lookup import NEEDED_TABLES
    from kh02_pipelines.history.lookup import lookup as find

    tables = _current_tables(NEEDED_TABLES)
    found = find(tables, query)
    if not found:
        err.print(f"kh02: không tìm thấy · nothing found for {query!r}", markup=False)
        raise typer.Exit(CHECKS_FAILED)
    if len({unit.is_old for unit in found if unit.code == query}) > 1:
        out.print(
            f"! Mã {query} có ở cả hai hệ thống · code {query} exists in both systems and may mean another territory",
            style="yellow",
            soft_wrap=True,
        )
    for unit in found:
        state = "trước 01/07/2025 · before" if unit.is_old else "hiện nay · now"
        if unit.valid_to is not None:
            state = f"từ {unit.valid_from} đến trước {unit.valid_to} · from {unit.valid_from} until {unit.valid_to}"
        above = f", {unit.above}" if unit.above else ""
        out.print(f"\n[bold]{unit.code} {unit.name}[/bold]{above}  ({state})", soft_wrap=True)
        arrow = "→" if unit.leads_on else "←"
        for link in unit.links.itertuples():  # what one unit became: a few rows, a district has dozens
            out.print(f"  {arrow} {_link_text(link)}", markup=False, soft_wrap=True)
        if unit.leads_on and len(unit.links) > 1:
            out.print("  ! nhiều đơn vị kế thừa: không tự chọn · several successors: none is picked", style="yellow")


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


def _current_tables(names: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from kh02_pipelines.resources.stores import Stores
    from kh02_pipelines.tables.arrow import to_frame

    store = Stores.from_settings(Settings()).parquet
    current = store.current()
    if current is None:
        raise EnvironmentFault("no release has been published yet", file=store.root, remedy="run kh02 build first")
    folder = store.folder(current.release_id)
    try:
        return {name: to_frame(pq.read_table(folder / f"{name}.parquet", partitioning=None)) for name in names}
    except (OSError, pa.ArrowException) as error:
        raise EnvironmentFault(
            f"the current release cannot be read: {error}", file=folder, remedy="kh02 build: it makes the folder anew"
        ) from error


def _print_published(rows: dict[str, int], folder: Path) -> None:
    import pyarrow.parquet as pq

    table = Table("bảng · table", "dòng · rows", "loại · types")
    table.columns[1].justify = "right"
    for name, number in sorted(rows.items()):
        types = ""
        if name in ("province", "commune"):  # a count alone passes on stale data: show the types
            counts = pq.read_table(folder / f"{name}.parquet", columns=["type"]).to_pandas()["type"].value_counts()
            types = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
        table.add_row(name, f"{number:,}", types)
    out.print(table)


def _link_text(link: object) -> str:
    """One link in a line: the unit, how much of it, the law."""
    words = {"whole": "toàn bộ · whole", "part": "một phần · part"}
    people = {
        "all": "toàn bộ dân số · all people",
        "part": "một phần dân số · some people",
        "none": "không có dân · no people",
    }
    parts = [f"{getattr(link, 'code', '')} {getattr(link, 'name', '')}"]
    for value in (
        getattr(link, "province_name", None),
        words.get(str(getattr(link, "extent", ""))),
        people.get(str(getattr(link, "population", ""))),
        getattr(link, "relation", None),
    ):
        parts += [value] if isinstance(value, str) and value else []
    clause = getattr(link, "clause", None)
    law = str(getattr(link, "legal_document", ""))
    parts.append(f"{law}, Điều 1 khoản {clause}" if clause is not None and not pd.isna(clause) else law)
    return "; ".join(parts)


releases.register(app, out, err)
duty.register(app, out, err)

if __name__ == "__main__":
    main()
