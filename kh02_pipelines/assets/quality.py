"""Group ``publication``: the quality report of the release that readers have, and its results as a table."""

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from kh02_pipelines.assets import groups
from kh02_pipelines.assets.explained import explained
from kh02_pipelines.release.audit import PUBLISHED_RULES, RULES, outcomes
from kh02_pipelines.release.files.durable import file_fault, require_writable, write_durably
from kh02_pipelines.release.holdings import holdings
from kh02_pipelines.release.publish import target_release
from kh02_pipelines.release.report.model import report_of
from kh02_pipelines.release.report.render import render
from kh02_pipelines.release.report.results import quality_results
from kh02_pipelines.release.report.shelf import drop_reports, page_of, results_of
from kh02_pipelines.release.staging import open_staged, read_staged
from kh02_pipelines.release.surroundings import surrounded
from kh02_pipelines.resources.stores import Stores
from kh02_pipelines.tables.release import QUALITY_RESULT


@dg.asset(
    pool=groups.POOL,
    deps=["parquet_release"],
    group_name=groups.PUBLICATION,
    owners=groups.OWNERS,
    kinds={"python", "html"},
    description=groups.described(
        "Báo cáo chất lượng của bản phát hành: một tệp HTML mở được không cần mạng, và bảng quality_result.",
        "The quality report of the release: one HTML file that opens without a network, and quality_result as rows.",
    ),
)
@explained
def quality_report(stores: dg.ResourceParam[Stores], candidate_release: str) -> dg.MaterializeResult[None]:
    """Judge what was published once more, rule by rule, and write it down beside the release."""
    staged = open_staged(stores.staging / candidate_release)
    now = stores.clock()
    candidate = surrounded(
        read_staged(staged)[1],
        staged,
        stores.parquet,
        today=now.date(),
        limits=stores.limits,
        holdings=holdings(stores.parquet, stores.database),
    )
    found = outcomes(candidate, (*RULES, *PUBLISHED_RULES))
    release = target_release(staged, stores.parquet, stores.database)
    report = report_of(candidate, found, release_id=release, content_hash=staged.content_hash, written_at=now)
    page, results = page_of(stores.reports, release), results_of(stores.reports, release)
    require_writable(stores.reports)
    sink = pa.BufferOutputStream()
    rows = quality_results(found, release)
    pq.write_table(rows, sink)
    write_durably(results, sink.getvalue().to_pybytes())
    write_durably(page, render(report).encode())
    stores.database.record(QUALITY_RESULT.name, release, rows)
    held = {info.release_id for info in stores.parquet.releases()}
    held |= {info.release_id for info in stores.database.releases()}
    with file_fault("reports of removed releases cannot be removed", stores.reports):
        drop_reports(stores.reports, held | {release})
    return dg.MaterializeResult(
        metadata={
            "release_id": release,
            "report": dg.MetadataValue.url(f"/reports/{page.name}"),
            "report_file": dg.MetadataValue.path(page),
            "quality_result": dg.MetadataValue.path(results),
            "failed_checks": len(report.failed),
            **{f"score_{score.word.value}": score.score for score in report.words},
        }
    )


ASSETS = [quality_report]
