"""Group ``sources``: the start of a run, the release date, the raw frames as their sources print them.

Also the tables about the sources, which stand in the group ``history``.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pandas as pd

from kh02_pipelines.assets import groups
from kh02_pipelines.assets.explained import explained
from kh02_pipelines.assets.metadata import counts_chart, definition_metadata, frame_metadata
from kh02_pipelines.catalogue.plan import source
from kh02_pipelines.history.periods import periods_of
from kh02_pipelines.history.states import require_date
from kh02_pipelines.intake.gather import gather
from kh02_pipelines.intake.source_tables import CONFLICTS
from kh02_pipelines.release.clock import require_no_future
from kh02_pipelines.release.publish import one_publisher
from kh02_pipelines.release.reconcile import reconcile
from kh02_pipelines.resources.stores import Stores
from kh02_pipelines.sources.reference_data import REFERENCE_FILES, ReferenceFile
from kh02_pipelines.tables.declaration import Table
from kh02_pipelines.tables.quality import TABLES as QUALITY_TABLES


@dg.asset(
    pool=groups.POOL,
    group_name=groups.SOURCES,
    owners=groups.OWNERS,
    kinds={"python"},
    description=groups.described(
        "Đối soát hai kho lúc bắt đầu mỗi lượt chạy: hoàn tất hoặc dọn những gì lần trước bỏ dở.",
        "Both stores brought together at the start of every run: what a crash left is finished or cleared.",
    ),
)
@explained
def reconciled_stores(stores: dg.ResourceParam[Stores]) -> dg.MaterializeResult[None]:
    """Finish or clear what an earlier run left."""
    with one_publisher(stores.home, what="reconciling"):
        done = reconcile(stores.parquet, stores.database)
    text = "\n".join(f"- {line}" for line in done) or "*không có gì bỏ dở · nothing was left*"
    return dg.MaterializeResult(metadata={"mended": len(done), "what": dg.MetadataValue.md(text)})


class ReleaseDate(dg.Config):
    """Run configuration of ``release_date``."""

    as_of: str | None = None
    """``YYYY-MM-DD``; empty means today in Viet Nam."""


@dg.asset(
    pool=groups.POOL,
    deps=[reconciled_stores],
    group_name=groups.SOURCES,
    owners=groups.OWNERS,
    kinds={"python"},
    description=groups.described(
        "Ngày của danh mục: mặc định là hôm nay theo giờ Việt Nam. Quyết định một lần cho cả lượt chạy.",
        "The date the catalogue speaks for: today in Viet Nam unless given. Decided once for the whole run.",
    ),
)
@explained
def release_date(config: ReleaseDate, stores: dg.ResourceParam[Stores]) -> dg.MaterializeResult[str]:
    """The as-of date of this run, as ISO text; today never goes behind what readers have, unless it is asked for."""
    now = stores.clock()
    today = now.date()
    if not config.as_of:
        require_no_future(stores.database.current_release(), now)
    try:
        wanted = dt.date.fromisoformat(config.as_of) if config.as_of else today
    except ValueError as error:
        raise dg.Failure(
            f"as_of {config.as_of!r} is not a date; write it as YYYY-MM-DD", allow_retries=False
        ) from error
    day = f"{require_date(wanted, first_build_day(stores.reference), today):%Y-%m-%d}"
    return dg.MaterializeResult(value=day, metadata={"as_of": day, "today": f"{today:%Y-%m-%d}"})


def first_build_day(reference: Path) -> dt.date:
    """The first day that a catalogue can speak for: the last of the three tiers, which stands beside every other."""
    periods = periods_of(REFERENCE_FILES["periods"].read(reference))
    return (periods.legacy_day or periods.first_day).date()


def source_key(name: str) -> dg.AssetKey:
    """The asset of one raw frame, named after the reference file whose shape it has."""
    return dg.AssetKey(source(name))


def _source_out(file: ReferenceFile) -> dg.AssetOut:
    return dg.AssetOut(
        key=source_key(file.name),
        group_name=groups.SOURCES,
        owners=groups.OWNERS,
        kinds={"csv", "python"},
        is_required=False,
        description=groups.described(file.vi + ".", file.en + "."),
        dagster_type=pd.DataFrame,
    )


def _table_out(table: Table) -> dg.AssetOut:
    return dg.AssetOut(
        key=table.name,
        group_name=groups.HISTORY,
        owners=groups.OWNERS,
        kinds=groups.FRAME_KINDS,
        is_required=False,
        metadata=definition_metadata(table),
        description=groups.described(table.vi + ".", table.en + "."),
        dagster_type=pd.DataFrame,
    )


def _conflicts_out() -> dg.AssetOut:
    return dg.AssetOut(
        key=CONFLICTS,
        group_name=groups.HISTORY,
        owners=groups.OWNERS,
        kinds=groups.FRAME_KINDS,
        is_required=False,
        description=groups.described(
            "Khác biệt giữa các nguồn, trước khi đối chiếu số liệu tổng với lịch sử.",
            "Where sources differ, before totals are held against the history.",
        ),
        dagster_type=pd.DataFrame,
    )


@dg.multi_asset(
    pool=groups.POOL,
    name="sources",
    can_subset=True,
    deps=[reconciled_stores],
    outs={
        **{source(file.name): _source_out(file) for file in REFERENCE_FILES.values()},
        **{table.name: _table_out(table) for table in QUALITY_TABLES if table.name != "source_conflict"},
        CONFLICTS: _conflicts_out(),
    },
)
@explained
def sources(
    context: dg.AssetExecutionContext, stores: dg.ResourceParam[Stores]
) -> Iterator[dg.MaterializeResult[pd.DataFrame]]:
    """Every source, read once: raw frames, and the tables about what was read, refused, changed and disputed."""
    intake = gather(stores.reference, stores.config, stores.home, stores.clock())
    for file in REFERENCE_FILES.values():
        if source_key(file.name) not in context.selected_asset_keys:
            continue
        frame, followed = intake.raw[file.name], intake.followed.get(file.name, "reference")
        hashed = file.sha256(stores.reference) if stores.config is None else content_of(frame)
        yield dg.MaterializeResult(
            asset_key=source_key(file.name),
            value=frame,
            metadata=frame_metadata(frame, sha256=hashed, file=file.path(stores.reference).name, source=followed),
            data_version=dg.DataVersion(hashed),
        )
    for name, frame in intake.tables.by_name().items():
        if dg.AssetKey(name) not in context.selected_asset_keys:
            continue
        charts = {"chart": _chart(name, frame)} if len(frame) else {}
        yield dg.MaterializeResult(asset_key=name, value=frame, metadata=frame_metadata(frame, **charts))


def content_of(frame: pd.DataFrame) -> str:
    """A hash of a frame's columns and values: the same content has the same data version."""
    return hashlib.sha256(frame.to_csv(index=False).encode()).hexdigest()


def _chart(name: str, frame: pd.DataFrame) -> dg.MarkdownMetadataValue:
    by, title = {
        "source_file": ("role", "tệp theo vai trò · files by role"),
        "quarantine": ("source", "dòng cách ly theo nguồn · quarantined rows by source"),
        "source_issue": ("rule", "giá trị đã sửa theo quy tắc · changed values by rule"),
        CONFLICTS: ("class", "khác biệt theo loại · differences by class"),
    }[name]
    return counts_chart(frame[by], title)


ASSETS = [reconciled_stores, release_date, sources]
