"""Thống nhất: between tables, between sources, between both stores, with the last release.

Belongs here: which checks stand under this word, and the one on what has been published. Does not belong here:
their rules.
"""

from collections.abc import Iterator

import dagster as dg

from kh02_pipelines.assets.catalogue import CANDIDATE
from kh02_pipelines.checks.families import check_result, rule_spec, word_checks
from kh02_pipelines.register.rule import Word
from kh02_pipelines.release.audit import PUBLISHED_RULES, outcomes
from kh02_pipelines.release.holdings import holdings
from kh02_pipelines.release.staging import open_staged, read_staged
from kh02_pipelines.release.surroundings import surrounded
from kh02_pipelines.resources.stores import Stores

RELEASE = "parquet_release"


@dg.multi_asset_check(
    name="checks_published",
    specs=[rule_spec(rule, RELEASE, CANDIDATE) for rule in PUBLISHED_RULES],
    ins={"candidate_release": dg.AssetIn(CANDIDATE)},
    op_tags={"kh02/word": Word.CONSISTENT.value},
)
def published_checks(stores: dg.ResourceParam[Stores], candidate_release: str) -> Iterator[dg.AssetCheckResult]:
    """What both stores show readers, once both have been published to."""
    staged = open_staged(stores.staging / candidate_release)
    held = holdings(stores.parquet, stores.database)
    candidate = surrounded(read_staged(staged)[1], staged, stores.parquet, holdings=held)
    for outcome in outcomes(candidate, PUBLISHED_RULES):
        yield check_result(outcome, RELEASE, stores.failing_rows, staged.content_hash)


CHECKS = [word_checks(Word.CONSISTENT), published_checks]
