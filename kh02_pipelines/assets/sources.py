"""Group ``sources``: the release date and the raw reference files, as their sources print them."""

import datetime as dt
from collections.abc import Iterator

import dagster as dg
import pandas as pd

from kh02_pipelines.assets import groups
from kh02_pipelines.assets.metadata import frame_metadata
from kh02_pipelines.register.states import require_date
from kh02_pipelines.resources.stores import Stores
from kh02_pipelines.sources.reference_data import REFERENCE_FILES


class ReleaseDate(dg.Config):
    """Run configuration of ``release_date``."""

    as_of: str | None = None
    """``YYYY-MM-DD``; empty means today in Viet Nam."""


@dg.asset(
    group_name=groups.SOURCES,
    owners=groups.OWNERS,
    kinds={"python"},
    description=groups.described(
        "Ngày của danh mục: mặc định là hôm nay theo giờ Việt Nam. Quyết định một lần cho cả lượt chạy.",
        "The date the catalogue speaks for: today in Viet Nam unless given. Decided once for the whole run.",
    ),
)
def release_date(config: ReleaseDate, stores: dg.ResourceParam[Stores]) -> dg.MaterializeResult[str]:
    """The as-of date of this run, as ISO text."""
    today = stores.clock().date()
    try:
        wanted = dt.date.fromisoformat(config.as_of) if config.as_of else today
    except ValueError as error:
        raise dg.Failure(
            f"as_of {config.as_of!r} is not a date; write it as YYYY-MM-DD", allow_retries=False
        ) from error
    day = f"{require_date(wanted, today):%Y-%m-%d}"
    return dg.MaterializeResult(value=day, metadata={"as_of": day, "today": f"{today:%Y-%m-%d}"})


def source_key(name: str) -> dg.AssetKey:
    """The asset of one reference file."""
    return dg.AssetKey("source_" + name.replace("-", "_"))


@dg.multi_asset(
    name="reference_files",
    can_subset=True,
    outs={
        source_key(file.name).to_python_identifier(): dg.AssetOut(
            key=source_key(file.name),
            is_required=False,
            group_name=groups.SOURCES,
            owners=groups.OWNERS,
            kinds={"csv", "python"},
            description=groups.described(file.vi + ".", file.en + "."),
            dagster_type=pd.DataFrame,
        )
        for file in REFERENCE_FILES.values()
    },
)
def reference_files(
    context: dg.AssetExecutionContext, stores: dg.ResourceParam[Stores]
) -> Iterator[dg.MaterializeResult[pd.DataFrame]]:
    """The embedded reference files, each with the hash of its exact bytes as data version."""
    for file in REFERENCE_FILES.values():
        if source_key(file.name) not in context.selected_asset_keys:
            continue
        frame = file.read(stores.reference)
        hashed = file.sha256(stores.reference)
        yield dg.MaterializeResult(
            asset_key=source_key(file.name),
            value=frame,
            metadata=frame_metadata(frame, sha256=hashed, file=f"{file.name}.csv"),
            data_version=dg.DataVersion(hashed),
        )


ASSETS = [release_date, reference_files]
