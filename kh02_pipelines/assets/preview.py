"""Group ``catalogue``: the future days with enacted changes, as a preview, and whether they would pass.

Belongs here: how the preview is shown. Does not belong here: building or judging a day (``release.preview``).
"""

from typing import Any

import dagster as dg

from kh02_pipelines.assets import groups
from kh02_pipelines.assets.catalogue import CANDIDATE
from kh02_pipelines.assets.explained import explained
from kh02_pipelines.catalogue.plan import source
from kh02_pipelines.checks.rule import Word
from kh02_pipelines.intake.source_tables import CONFLICTS, SourceTables
from kh02_pipelines.release.preview import lines_of, markdown, notes_of, previewed
from kh02_pipelines.release.surroundings import previous_release
from kh02_pipelines.resources.stores import Stores
from kh02_pipelines.sources.reference_data import REFERENCE_FILES

PREVIEW = "preview"
CHECK = "live_future_days_pass"
_REMEDY = groups.beside(
    "Chạy kh02 preview để xem từng ngày; sửa tệp luật được nêu trước ngày đó.",
    "run kh02 preview to see each day, and correct the named file of the law before that day",
)
_TABLES = ("source_file", "quarantine", "source_issue", CONFLICTS)


@dg.asset(
    key=PREVIEW,
    pool=groups.POOL,
    ins={name: dg.AssetIn(name) for name in (*(source(name) for name in REFERENCE_FILES), *_TABLES)},
    deps=[CANDIDATE],  # where today's catalogue cannot be built, its error is told once
    group_name=groups.CATALOGUE,
    owners=groups.OWNERS,
    kinds={"python"},
    check_specs=[
        dg.AssetCheckSpec(
            CHECK,
            asset=PREVIEW,
            description=groups.described(
                "Mọi ngày sắp tới có thay đổi đều dựng được và đạt mọi kiểm tra.",
                "Every day to come with a change can be built and passes all rules.",
            ),
            metadata={
                "kh02/word": Word.LIVE.value,
                "word": Word.LIVE.vietnamese,
                "severity": "WARN",
                "remedy": _REMEDY,
            },
        )
    ],
    description=groups.described(
        "Xem trước: mọi ngày sắp tới có thay đổi, dựng và kiểm tra đủ, không công bố.",
        "A preview: every day to come with a change, built and checked in full, never published.",
    ),
)
@explained
def preview(stores: dg.ResourceParam[Stores], **frames: Any) -> dg.MaterializeResult:
    """Judge every future day; one that fails is a warning today that names the day."""
    raw = {name: frames[source(name)] for name in REFERENCE_FILES}
    tables = SourceTables(*(frames[name] for name in _TABLES))
    days = previewed(raw, tables, stores.clock().date(), previous_release(stores.parquet, ""), stores.limits)
    wrong = [line for found in days for line in lines_of(found)]
    check = dg.AssetCheckResult(
        check_name=CHECK,
        passed=not wrong,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "kh02/word": Word.LIVE.value,
            "failing_rows": len(wrong),
            "rows": dg.MetadataValue.table([dg.TableRecord({"problem": line}) for line in wrong], schema=_SCHEMA),
            "remedy": _REMEDY,
        },
    )
    return dg.MaterializeResult(
        metadata={
            "days": len(days),
            "failing_days": sum(not found.passed for found in days),
            "without_total_yet": sum(len(notes_of(found)) for found in days),
            "preview": dg.MetadataValue.md(markdown(days)),
        },
        check_results=[check],
    )


_SCHEMA = dg.TableSchema(columns=[dg.TableColumn("problem", "string")])

ASSETS = [preview]
