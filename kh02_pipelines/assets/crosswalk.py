"""Group ``crosswalk``: from every old unit to the units in force on the release date."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from kh02_pipelines.assets import groups
from kh02_pipelines.assets.charts import bar_chart
from kh02_pipelines.assets.explained import explained
from kh02_pipelines.assets.metadata import counts_chart, frame_metadata, table_out
from kh02_pipelines.assets.register import HISTORY_TABLES
from kh02_pipelines.assets.sources import source_key
from kh02_pipelines.catalogue.build import crosswalks_of
from kh02_pipelines.history.history import History
from kh02_pipelines.tables.crosswalks import TABLES
from kh02_pipelines.tables.units import TABLES as UNIT_TABLES

_UNITS = tuple(table.name for table in UNIT_TABLES)
_INPUTS = (*HISTORY_TABLES, *_UNITS, "legal_document", "release_date")


@dg.multi_asset(
    pool=groups.POOL,
    name="crosswalks",
    ins={**{name: dg.AssetIn(name) for name in _INPUTS}, "rulings": dg.AssetIn(source_key("rulings"))},
    outs={table.name: table_out(table, groups.CROSSWALK) for table in TABLES},
)
@explained
def crosswalks(
    rulings: pd.DataFrame, release_date: str, legal_document: pd.DataFrame, **frames: pd.DataFrame
) -> Iterator[dg.Output[pd.DataFrame]]:
    """Commune, province and district crosswalks."""
    history = History(*(frames[name] for name in HISTORY_TABLES))
    units = {name: frames[name] for name in _UNITS}
    tables = crosswalks_of(history, units, rulings, legal_document, pd.Timestamp(release_date))
    for name, frame in tables.items():
        yield dg.Output(frame, name, metadata=frame_metadata(frame, **_figures(name, frame)))


def _figures(name: str, frame: pd.DataFrame) -> dict[str, object]:
    """What a data engineer looks at first, for each crosswalk."""
    if name == "commune_crosswalk":
        split = frame[frame["relation"] == "split"].drop_duplicates("old_code")
        return {
            "split_communes": len(split),
            "population_heirs": int(((frame["population"] == "all") & (frame["extent"] == "part")).sum()),
            "ruled_links": int(frame["ruling_id"].notna().sum()),
            "split_by_province": counts_chart(
                split["new_province_name"],
                "xã bị chia theo tỉnh mới · split communes per new province",
                most=34,
            ),
            "old_per_new": bar_chart(
                frame.groupby("new_code").size().value_counts().sort_index(),
                "số xã cũ trên một xã mới · old communes per new commune",
            ),
        }
    if name == "province_crosswalk":
        return {"by_relation": counts_chart(frame["relation"], "tỉnh cũ theo quan hệ · old provinces by relation")}
    spread = frame.groupby("old_district_code").size().value_counts().sort_index()
    return {
        "districts": frame["old_district_code"].nunique(),
        "communes_per_district": bar_chart(spread, "số xã mới trên một huyện cũ · new communes per old district"),
    }


ASSETS = [crosswalks]
