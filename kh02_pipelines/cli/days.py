"""The commands ``kh02 units`` and ``kh02 crosswalk``: the register of a day, and what lies between two days.

Belongs here: arguments and the output file of those commands. Does not belong here: computing them
(``catalogue.between_days``).
"""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kh02_pipelines.errors import EnvironmentFault

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

ENDINGS = (".csv", ".parquet")
_OUT = typer.Option("-o", "--output", help="Tệp .csv hoặc .parquet · File to write.")
_DAY = "Ngày YYYY-MM-DD, từ 31/08/2004 · Day, from 2004-08-31 on."


def units(
    on: Annotated[str, typer.Option("--on", help=_DAY)],
    output: Annotated[Path, _OUT],
) -> None:
    """Danh mục của một ngày · The register of a day."""
    from kh02_pipelines.catalogue.between_days import units_on

    day = _date(on, "on")
    _require_ending(output)
    _write(units_on(_raw(), day), output)


def crosswalk(
    from_day: Annotated[str, typer.Option("--from", help=_DAY)],
    to_day: Annotated[str, typer.Option("--to", help=_DAY)],
    output: Annotated[Path, _OUT],
) -> None:
    """Chuyển đổi giữa hai ngày bất kỳ, cả hai chiều · What became of units between any two days, either way."""
    from kh02_pipelines.catalogue.between_days import crosswalk_between

    days = _date(from_day, "from"), _date(to_day, "to")
    _require_ending(output)
    _write(crosswalk_between(_raw(), *days), output)


def _raw() -> "dict[str, pd.DataFrame]":
    """The raw frames of the configured sources over the embedded reference."""
    from kh02_pipelines.intake.gather import gather
    from kh02_pipelines.resources.stores import Stores
    from kh02_pipelines.settings import Settings

    stores = Stores.from_settings(Settings())
    return gather(stores.reference, stores.config, stores.home, stores.clock()).raw


def _date(text: str, field: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise EnvironmentFault(f"{text!r} is not a date", field=field, remedy="write it as YYYY-MM-DD") from error


def _require_ending(output: Path) -> None:
    if output.suffix not in ENDINGS:
        raise EnvironmentFault(
            f"{output.name!r} names no format", field="output", remedy=f"let the file end in {' or '.join(ENDINGS)}"
        )


def _write(table: "pa.Table", output: Path) -> None:
    """The whole file or nothing under its name."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    from kh02_pipelines.release.files.durable import require_writable, write_durably

    sink = pa.BufferOutputStream()
    if output.suffix == ".parquet":
        pa.parquet.write_table(table, sink)
    else:
        options = pa.csv.WriteOptions(quoting_style="needed")
        pa.csv.write_csv(table, sink, options)
    require_writable(output.parent)
    write_durably(output, sink.getvalue().to_pybytes())
    typer.echo(f"{table.num_rows:,} dòng · rows → {output}")
