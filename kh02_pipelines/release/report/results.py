"""Check outcomes as rows of the published table ``quality_result``.

Belongs here: that projection. Does not belong here: the report people read (``model``, ``render``).
"""

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa

from kh02_pipelines.release.audit import Outcome
from kh02_pipelines.tables.arrow import to_arrow
from kh02_pipelines.tables.release import QUALITY_RESULT


def quality_results(outcomes: Sequence[Outcome], release_id: str) -> pa.Table:
    """One row per check of a release, with the schema of ``tables.release.QUALITY_RESULT``, by check name."""
    rows = [
        {
            "release_id": release_id,
            "check_name": outcome.rule.name,
            "word": outcome.rule.word.vietnamese,
            "severity": outcome.rule.severity,
            "blocking": outcome.rule.blocking,
            "passed": outcome.passed,
            "failing_rows": len(outcome.findings),
            "remedy": outcome.rule.remedy,
        }
        for outcome in outcomes
    ]
    return to_arrow(pd.DataFrame(rows, columns=QUALITY_RESULT.column_names), QUALITY_RESULT)
