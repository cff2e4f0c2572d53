"""Groups ``history`` and ``crosswalk``: the steps of the plan, each as one multi-asset.

Belongs here: how the frames of ``catalogue.plan`` are shown. Does not belong here: what a step needs, gives or does.
"""

from collections.abc import Callable, Iterator

import dagster as dg
import pandas as pd

from kh02_pipelines.assets import groups
from kh02_pipelines.assets.charts import bar_chart
from kh02_pipelines.assets.explained import explained
from kh02_pipelines.assets.metadata import counts_chart, frame_metadata, frame_out, table_out
from kh02_pipelines.catalogue.plan import PLAN, Step
from kh02_pipelines.tables.catalogue import CATALOGUE

_GROUPS = {"crosswalks": groups.CROSSWALK}
_FRAMES = {  # what stands between the sources and the published tables
    "documents": (
        "Mọi văn bản pháp lý đã biết, kể cả chưa có hiệu lực.",
        "Every legal document that is known, those to come included.",
    ),
    "registers": (
        "Danh mục của từng ngày đã làm sạch và áp dụng đính chính; tên giữ nguyên chính tả của nguồn.",
        "Registers of single days, cleaned and ruled; names keep their source's spelling.",
    ),
    "links": (
        "Mọi liên kết kế thừa theo ngày từ 31/08/2004, kèm căn cứ, phạm vi, dân số và mức tin cậy.",
        "Every dated predecessor and successor link since 2004-08-31: law, extent, population, confidence.",
    ),
}


def _charts() -> dict[str, Callable[[pd.DataFrame], dict[str, object]]]:
    """What a data engineer looks at first, by frame."""

    def counted(column: str, title: str) -> Callable[[pd.DataFrame], dict[str, object]]:
        return lambda frame: {"chart": counts_chart(frame[column].astype("str").dropna(), title)}

    return {
        "documents": counted("issuer", "văn bản theo cơ quan ban hành · documents by issuer"),
        "legal_document": counted("issuer", "văn bản theo cơ quan ban hành · documents by issuer"),
        "registers": lambda frame: {
            "ruled_units": int((frame["ruling_id"] != "").sum()),
            "units_by_register": counts_chart(
                frame["date"].astype("str") + " · " + frame["level"], "đơn vị theo danh mục và cấp · units by register"
            ),
        },
        "links": lambda frame: {
            "chart": counts_chart(frame["effective_date"].dt.year, "liên kết theo năm · links by year", most=40),
            "without_known_law": int(frame["legal_document"].isna().sum()),
        },
        "unit_version": counted("level", "phiên bản theo cấp · versions by level"),
        "change_event": lambda frame: {
            "chart": counts_chart(frame["kind"], "sự kiện theo loại · events by kind"),
            "without_known_law": int((frame["confidence"] == "unknown").sum()),
        },
        "succession": lambda frame: {
            "chart": counts_chart(frame["extent"] + " · " + frame["population"], "phạm vi · extent and population"),
            "derived_links": int((frame["confidence"] == "derived").sum()),
        },
        "commune_crosswalk": _commune_figures,
        "province_crosswalk": counted("relation", "tỉnh cũ theo quan hệ · old provinces by relation"),
        "district_crosswalk": lambda frame: {
            "districts": frame["old_district_code"].nunique(),
            "communes_per_district": bar_chart(
                frame.groupby("old_district_code").size().value_counts().sort_index(),
                "số xã mới trên một huyện cũ · new communes per old district",
            ),
        },
        "code_crosswalk": lambda frame: {
            "by_status": counts_chart(frame["level"] + " · " + frame["status"], "mã theo trạng thái · codes by status"),
            "derived_rows": int((frame["confidence"] == "derived").sum()),
            "unresolved_rows": int((frame["relation"] == "unresolved").sum()),
        },
        "unresolved": counted("old_province_code", "đơn vị chưa rõ theo tỉnh cũ · unresolved by old province"),
        "unresolved_candidate": counted("unit_id", "số đơn vị có thể kế thừa · candidates by unit"),
        "source_conflict": counted("class", "khác biệt theo loại · differences by class"),
        "code_alias": counted("kind", "mã in khác theo loại · aliases by kind"),
    }


def _commune_figures(frame: pd.DataFrame) -> dict[str, object]:
    split = frame[frame["relation"] == "split"].drop_duplicates("old_code")
    return {
        "split_communes": len(split),
        "population_heirs": int(((frame["population"] == "all") & (frame["extent"] == "part")).sum()),
        "ruled_links": int(frame["ruling_id"].notna().sum()),
        "split_by_province": counts_chart(
            split["new_province_name"], "xã bị chia theo tỉnh mới · split communes per new province", most=34
        ),
        "old_per_new": bar_chart(
            frame.groupby("new_code").size().value_counts().sort_index(),
            "số xã cũ trên một xã mới · old communes per new commune",
        ),
    }


_CHARTS = _charts()


def _figures(name: str, frame: pd.DataFrame) -> dict[str, object]:
    if name in _CHARTS:
        return _CHARTS[name](frame)
    return {"by_type": counts_chart(frame["type"], "đơn vị theo loại · units by type")} if "type" in frame else {}


def step_assets(step: Step) -> dg.AssetsDefinition:
    """One step of the plan as a multi-asset, one output per frame that it gives."""
    group = _GROUPS.get(step.name, groups.HISTORY)

    @dg.multi_asset(
        pool=groups.POOL,
        name=f"{step.name}_step",
        ins={name: dg.AssetIn(name) for name in step.needs},
        outs={
            name: table_out(CATALOGUE[name], group) if name in CATALOGUE else frame_out(name, group, *_FRAMES[name])
            for name in step.gives
        },
    )
    @explained
    def run(**frames: object) -> Iterator[dg.Output[pd.DataFrame]]:
        made = step.run(frames)
        for name in step.gives:
            yield dg.Output(made[name], name, metadata=frame_metadata(made[name], **_figures(name, made[name])))

    return run


ASSETS = [step_assets(step) for step in PLAN]
