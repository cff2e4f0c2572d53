"""Changes of days that have been published: added late, or given another day."""

import datetime as dt

import pandas as pd
import pytest

from kh02_pipelines.catalogue.candidate import Candidate, Context, Previous
from kh02_pipelines.checks.published_changes import changes_late, changes_redated

PUBLISHED = ["2026-04-30/commune/25270", "2026-09-01/province/22"]


def events(*ids: str) -> pd.DataFrame:
    days = pd.to_datetime([name[:10] for name in ids]).astype("datetime64[ms]")
    return pd.DataFrame({"event_id": list(ids), "effective_date": days, "legal_document": "1/NQ"})


def candidate(*ids: str, contract: str | None = None, ruling: str = "") -> Candidate:
    before = {"change_event": events(*PUBLISHED)}
    more = {} if contract is None else {"contract": contract}
    previous = Previous("r1", dt.date(2026, 11, 20), {}, before, **more)
    rulings = pd.DataFrame({"field": ["effective_date"], "source_value": ["2026-09-01"], "key": [ruling]})
    return Candidate(
        {"change_event": events(*ids)}, dt.date(2026, 11, 21), pd.DataFrame(), pd.DataFrame(), {"rulings": rulings},
        Context(previous=previous),
    )  # fmt: skip


def test_a_change_of_a_published_day_is_listed_as_late() -> None:
    late = changes_late(candidate(*PUBLISHED, "2026-10-01/commune/00004", "2026-11-21/commune/00008"))
    assert list(late["key"]) == ["2026-10-01/commune/00004"]
    assert changes_late(candidate(*PUBLISHED)).empty
    assert changes_late(candidate(*PUBLISHED, "2026-10-01/commune/00004", contract="1.0")).empty


@pytest.mark.parametrize(("ruling", "found"), [("", ["2026-09-01/province/22"]), ("province/22", [])])
def test_another_day_for_a_published_change_needs_a_ruling(ruling: str, found: list[str]) -> None:
    moved = candidate(PUBLISHED[0], "2027-01-01/province/22", ruling=ruling)
    assert list(changes_redated(moved)["key"]) == found
    assert changes_redated(candidate(PUBLISHED[0])).empty
