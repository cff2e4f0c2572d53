"""Group ``publication``: the status of the release that readers have, as the UI shows it.

Belongs here: the asset and its metadata. Does not belong here: what the status is made of (``release.duty``).
"""

import dataclasses
from typing import Any

import dagster as dg

from kh02_pipelines.assets import groups
from kh02_pipelines.assets.explained import explained
from kh02_pipelines.release.duty.facts import InstanceFacts, RunFacts
from kh02_pipelines.release.duty.status import Status, as_document, rows_of
from kh02_pipelines.resources.instance_facts import CATALOGUE_JOB, read_instance
from kh02_pipelines.resources.stores import Stores

RELEASE_STATUS = "release_status"


@dg.asset(
    pool=groups.POOL,
    key=RELEASE_STATUS,
    deps=["quality_report", "release_diff", "data_dictionary"],
    group_name=groups.PUBLICATION,
    owners=groups.OWNERS,
    kinds={"python", "markdown"},
    description=groups.described(
        "Một đèn: người đọc đang có bản nào, kiểm tra lần cuối lúc nào, lịch đêm và daemon có chạy không, có gì hỏng. "
        "Trang sống: /status.",
        "One light: what readers have, when it was last checked, whether schedule and daemon run, what is wrong. "
        "Live page: /status.",
    ),
)
@explained
def release_status(context: dg.AssetExecutionContext, stores: dg.ResourceParam[Stores]) -> dg.MaterializeResult[None]:
    """The status at the end of a run; the sensor ``duty`` reports a new one whenever it changes."""

    def known() -> InstanceFacts:
        facts = read_instance(context.instance, stores.dagster_home)
        if context.run.job_name != CATALOGUE_JOB:
            return facts
        # this run has come so far, so what the one before it ended as is past
        return dataclasses.replace(facts, last_run=RunFacts(context.run.run_id, "STARTED", None, None))

    return dg.MaterializeResult(metadata=status_metadata(stores.status(known)))


def status_metadata(status: Status) -> dict[str, Any]:
    """The light first, then the facts, then every problem with its remedy."""
    rows = "\n".join(f"| {vi} · {en} | {value} |" for vi, en, value in rows_of(status))
    problems = "".join(
        f"\n- **{problem.vi}** · {problem.en}. *{problem.remedy}* ([cẩm nang · runbook]({problem.link}))"
        for problem in status.problems
    )
    return {
        "status": status.headline,
        "release_id": status.facts.release_id or "-",
        "problems": len(status.problems),
        "overview": dg.MetadataValue.md(f"**{status.headline}**\n{problems}\n\n| | |\n|---|---|\n{rows}"),
        "page": dg.MetadataValue.url("/status"),
        "document": dg.MetadataValue.json(as_document(status)),
    }


ASSETS = [release_status]
