"""Group ``register``: cleaned units, dated links, the law, the history they make, and its states."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from kh02_pipelines.assets import groups
from kh02_pipelines.assets.explained import explained
from kh02_pipelines.assets.metadata import counts_chart, definition_metadata, frame_metadata, table_out
from kh02_pipelines.assets.sources import source_key
from kh02_pipelines.catalogue.build import CITING, NEW_REGISTER, OLD_REGISTER, links_of, ruled_documents
from kh02_pipelines.catalogue.unit_tables import unit_tables as build_unit_tables
from kh02_pipelines.history.history import build_history
from kh02_pipelines.history.ruling_form import RELATIONS_TARGET
from kh02_pipelines.history.rulings import same_name_pairs
from kh02_pipelines.intake.cleaning import clean_units
from kh02_pipelines.tables.catalogue import CATALOGUE
from kh02_pipelines.tables.units import TABLES as UNIT_TABLES

LINK_SOURCES = (
    "successions_2025-07-01",
    "province_successions_2025-07-01",
    "population_heirs",
    "land_only",
    "clauses_2025-07-01",
    "rulings",
    "changes",
)
HISTORY_TABLES = ("unit_version", "change_event", "succession")


def _register_asset(name: str, key: str, vi: str, en: str) -> dg.AssetsDefinition:
    @dg.asset(
        pool=groups.POOL,
        key=key,
        ins={"raw": dg.AssetIn(source_key(name)), "rulings": dg.AssetIn(source_key("rulings"))},
        group_name=groups.REGISTER,
        owners=groups.OWNERS,
        kinds=groups.FRAME_KINDS,
        description=groups.described(vi, en),
    )
    @explained
    def register(raw: pd.DataFrame, rulings: pd.DataFrame) -> dg.MaterializeResult[pd.DataFrame]:
        units = clean_units(raw, rulings, name)
        ruled = int((units["ruling_id"] != "").sum())
        chart = counts_chart(
            units["level"] + " · " + units["type"], "đơn vị theo cấp và loại · units by level and type"
        )
        return dg.MaterializeResult(value=units, metadata=frame_metadata(units, ruled_units=ruled, units_by_type=chart))

    return register


old_register = _register_asset(
    OLD_REGISTER,
    "register_2025_06_30",
    "Danh mục ba cấp ngày 30/06/2025 đã làm sạch và áp dụng đính chính; tên giữ nguyên chính tả của nguồn.",
    "The three-tier register of 2025-06-30, cleaned and ruled; names keep their source's spelling.",
)
new_register = _register_asset(
    NEW_REGISTER,
    "register_2025_07_01",
    "Danh mục hai cấp ngày 01/07/2025 đã làm sạch và áp dụng đính chính.",
    "The two-tier register of 2025-07-01, cleaned and ruled.",
)


@dg.asset(
    pool=groups.POOL,
    ins={name.replace("-", "_"): dg.AssetIn(source_key(name)) for name in ("legal_documents", *CITING)},
    group_name=groups.REGISTER,
    owners=groups.OWNERS,
    kinds=groups.FRAME_KINDS,
    metadata=definition_metadata(CATALOGUE["legal_document"]),
    description=groups.described(CATALOGUE["legal_document"].vi + ".", CATALOGUE["legal_document"].en + "."),
)
@explained
def legal_document(**raw: pd.DataFrame) -> dg.MaterializeResult[pd.DataFrame]:
    """Legal documents with dates; every citation is one of them."""
    table = ruled_documents({name: raw[name.replace("-", "_")] for name in ("legal_documents", *CITING)})
    chart = counts_chart(table["issuer"], "văn bản theo cơ quan ban hành · documents by issuer")
    return dg.MaterializeResult(value=table, metadata=frame_metadata(table, by_issuer=chart))


@dg.asset(
    pool=groups.POOL,
    ins={
        **{name.replace("-", "_"): dg.AssetIn(source_key(name)) for name in LINK_SOURCES},
        "old": dg.AssetIn("register_2025_06_30"),
        "new": dg.AssetIn("register_2025_07_01"),
        "documents": dg.AssetIn("legal_document"),
    },
    group_name=groups.REGISTER,
    owners=groups.OWNERS,
    kinds=groups.FRAME_KINDS,
    description=groups.described(
        "Mọi liên kết kế thừa theo ngày, kèm căn cứ pháp lý, phạm vi và dân số.",
        "Every dated predecessor and successor link, with its law, extent and population.",
    ),
)
@explained
def links(
    old: pd.DataFrame, new: pd.DataFrame, documents: pd.DataFrame, **raw: pd.DataFrame
) -> dg.MaterializeResult[pd.DataFrame]:
    """Links of the reform and of every later change."""
    frames = {name: raw[name.replace("-", "_")] for name in LINK_SOURCES}
    table = links_of(frames, {OLD_REGISTER: old, NEW_REGISTER: new}, documents)
    chart = counts_chart(table["effective_date"].dt.strftime("%Y-%m-%d"), "liên kết theo ngày · links by date")
    return dg.MaterializeResult(value=table, metadata=frame_metadata(table, by_date=chart))


@dg.multi_asset(
    pool=groups.POOL,
    name="unit_history",
    ins={"old": dg.AssetIn("register_2025_06_30"), "rulings": dg.AssetIn(source_key("rulings"))},
    outs={name: table_out(CATALOGUE[name], groups.REGISTER) for name in HISTORY_TABLES},
)
@explained
def unit_history(
    old: pd.DataFrame, links: pd.DataFrame, rulings: pd.DataFrame, release_date: str
) -> Iterator[dg.Output[pd.DataFrame]]:
    """Unit versions, change events and successions up to the release date."""
    history = build_history(old, links, same_name_pairs(rulings, RELATIONS_TARGET), until=pd.Timestamp(release_date))
    charts = {
        "unit_version": (history.unit_version["level"], "phiên bản theo cấp · versions by level"),
        "change_event": (history.change_event["kind"], "sự kiện theo loại · events by kind"),
        "succession": (
            history.succession["extent"] + " · " + history.succession["population"],
            "phạm vi và dân số · extent and population",
        ),
    }
    for name in HISTORY_TABLES:
        frame = getattr(history, name)
        values, title = charts[name]
        yield dg.Output(frame, name, metadata=frame_metadata(frame, chart=counts_chart(values, title)))


@dg.multi_asset(
    pool=groups.POOL,
    name="unit_tables",
    outs={table.name: table_out(table, groups.REGISTER) for table in UNIT_TABLES},
)
@explained
def unit_tables(
    unit_version: pd.DataFrame, change_event: pd.DataFrame, legal_document: pd.DataFrame, release_date: str
) -> Iterator[dg.Output[pd.DataFrame]]:
    """Units in force on the release date, and the three tiers of 2025-06-30."""
    tables = build_unit_tables(unit_version, change_event, legal_document, pd.Timestamp(release_date))
    for name, frame in tables.items():
        chart = counts_chart(frame["type"], "đơn vị theo loại · units by type")
        yield dg.Output(frame, name, metadata=frame_metadata(frame, by_type=chart))


ASSETS = [old_register, new_register, legal_document, links, unit_history, unit_tables]
