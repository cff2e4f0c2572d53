"""A release of the future is called that, and not replaced unasked."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from kh02_pipelines.errors import EnvironmentFault
from kh02_pipelines.release.clock import of_the_future, require_no_future
from kh02_pipelines.release.database.store import DatabaseRelease

VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")


def release(as_of: str, published_at: str) -> DatabaseRelease:
    day = dt.date.fromisoformat(as_of)
    return DatabaseRelease(f"{as_of}+11111111", day, "1" * 64, dt.datetime.fromisoformat(published_at), {}, None)


@pytest.mark.parametrize(
    ("as_of", "published_at", "expected"),
    [
        ("2026-11-21", "2026-11-21T01:00:00+00:00", None),
        ("2026-11-21", "2026-11-21T16:59:00+00:00", None),  # later today in Viet Nam: clocks differ a little
        ("2026-11-21", "2026-11-21T17:00:00+00:00", "published on 2026-11-22"),
        ("2025-07-01", "2026-12-01T00:00:00+00:00", "published on 2026-12-01"),
        ("2026-11-22", "2026-11-21T01:00:00+00:00", "speaks for 2026-11-22"),
    ],
)
def test_days_are_compared_in_viet_nam(as_of: str, published_at: str, expected: str | None) -> None:
    now = dt.datetime(2026, 11, 21, 8, 30, tzinfo=VIET_NAM)
    why = of_the_future(release(as_of, published_at), now)
    assert (why is None) is (expected is None)
    require_no_future(None, now)
    if expected is not None:
        assert expected in str(why)
        with pytest.raises(EnvironmentFault, match=r"is of the future: .*; remedy: set the clock.*--as-of 2026-11-21"):
            require_no_future(release(as_of, published_at), now)
