"""The command ``kh02 preview``: the future days with enacted changes, built and checked, never published.

Belongs here: arguments, printing and exit codes of that command. Does not belong here: building or judging a day
(``release.preview``). Exit codes: 0 all rules hold; 1 a rule fails; 2 the input is wrong.
"""

import datetime as dt
import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.settings import Settings


def preview(
    on: Annotated[
        str | None, typer.Option(help="Chỉ một ngày YYYY-MM-DD sau hôm nay · One day after today alone.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON thay cho Markdown · JSON instead of Markdown.")] = False,
) -> None:
    """Xem trước các ngày sắp tới: dựng, kiểm tra, không công bố · Build and check the days to come, publish nothing."""
    from kh02_pipelines.intake.gather import gather
    from kh02_pipelines.release.preview import lines_of, markdown, notes_of, previewed
    from kh02_pipelines.release.surroundings import previous_release
    from kh02_pipelines.resources.stores import Stores

    stores = Stores.from_settings(Settings())
    day, now = _day(on), stores.clock()
    intake = gather(stores.reference, stores.config, stores.home, now)
    previous = previous_release(stores.parquet, "")
    days = previewed(intake.raw, intake.tables, now.date(), previous, stores.limits, day)
    err = Console(stderr=True, highlight=False)
    if as_json:
        said = {
            "today": f"{now.date():%Y-%m-%d}",
            "days": [{**asdict(found), "day": f"{found.day:%Y-%m-%d}", "passed": found.passed} for found in days],
        }
        sys.stdout.write(json.dumps(said, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(markdown(days) + "\n")
    for found in days:
        for line in notes_of(found):
            err.print(f"kh02: lưu ý · note: {line}", style="yellow", markup=False, soft_wrap=True)
        for line in lines_of(found):
            err.print(f"kh02: {line}", style="red", markup=False, soft_wrap=True)
    if any(found.error for found in days):
        raise typer.Exit(2)
    raise typer.Exit(0 if all(found.passed for found in days) else 1)


def _day(text: str | None) -> dt.date | None:
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError as error:
        raise EnvironmentFault(f"{text!r} is not a date", field="on", remedy="write it as YYYY-MM-DD") from error
