"""The command ``kh02 draft``: rows of ``changes`` from the text of a resolution.

Belongs here: arguments, printing and exit codes of that command. Does not belong here: reading the text
(``catalogue.drafting``). Exit codes: 0 done; 2 refused; 3 done, and there are doubts or something was not read.
"""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from kh02_pipelines.cli.console import LazyConsole
from kh02_pipelines.errors import EnvironmentFault

TO_REVIEW = 3


def draft(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Văn bản nghị quyết (.md, .txt, .html) · Its text.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Tệp CSV sẽ ghi · The CSV file to write.")],
    on: Annotated[
        str | None, typer.Option(help="Ngày có hiệu lực, nếu văn bản không nêu · Effective day, if not in the text.")
    ] = None,
    codes: Annotated[
        Path | None, typer.Option(help="Danh mục mã của các xã mới · A code list of the new communes.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Ghi đè · Replace an existing file.")] = False,
) -> None:
    """Dự thảo các thay đổi từ văn bản nghị quyết, để người rà soát · Draft changes from a resolution, for review."""
    from kh02_pipelines.catalogue.drafting import draft_csv, draft_from_file
    from kh02_pipelines.release.files.durable import write_durably

    if output.exists() and not overwrite:
        raise EnvironmentFault("exists already", file=output, remedy="choose another file, or add --overwrite")
    if output.resolve() == file.resolve() or not output.parent.is_dir():
        raise EnvironmentFault("cannot be written there", file=output, remedy="name a file in an existing folder")
    drafted = draft_from_file(file, _day(on), codes)
    write_durably(output, draft_csv(drafted.rows))
    out, err = LazyConsole(), LazyConsole(stderr=True)
    for clause, reason in drafted.unread:
        err.print(f"kh02: {file.name}, khoản · clause {clause}: {reason}", style="yellow", markup=False, soft_wrap=True)
    doubtful = sum(bool(row["doubt"]) for row in drafted.rows)
    out.print(
        f"{output}: {len(drafted.rows)} dòng dự thảo · drafted rows, {doubtful} có nghi vấn · with a doubt, "
        f"{len(drafted.unread)} chỗ không đọc được · not read",
        markup=False,
        soft_wrap=True,
    )
    out.print(
        "Rà soát từng dòng, rồi đặt status = enacted · check every row, then set its status to enacted",
        markup=False,
        soft_wrap=True,
    )
    raise typer.Exit(TO_REVIEW if doubtful or drafted.unread else 0)


def _day(text: str | None) -> dt.date | None:
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError as error:
        raise EnvironmentFault(f"{text!r} is not a date", field="on", remedy="write it as YYYY-MM-DD") from error
