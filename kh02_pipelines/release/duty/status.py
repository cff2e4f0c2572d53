"""The status as people and programs read it: a light, the facts, the problems.

Belongs here: the JSON document (``docs/status.md``) and the rows a terminal or a page shows. Does not belong here:
conditions (``problems``) or reading (``facts``).
"""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from kh02_pipelines.release.duty.facts import Facts
from kh02_pipelines.release.duty.limits import DutyLimits
from kh02_pipelines.release.duty.problems import FAILED, Problem, problems_of, span

OK, WARNING = "ok", "warning"
LIGHTS = {OK: ("Bình thường", "all is well"), WARNING: ("Có cảnh báo", "warnings"), FAILED: ("CÓ LỖI", "failed")}


@dataclass(frozen=True)
class Status:
    """Facts and what is wrong with them."""

    facts: Facts
    problems: tuple[Problem, ...]

    @property
    def light(self) -> str:
        """``ok``, ``warning`` or ``failed``: the worst of the problems."""
        severities = {problem.severity for problem in self.problems}
        return FAILED if FAILED in severities else WARNING if severities else OK

    @property
    def headline(self) -> str:
        """The light in words, Vietnamese first."""
        return " · ".join(LIGHTS[self.light])


def status_of(facts: Facts, limits: DutyLimits) -> Status:
    """Judge the facts."""
    return Status(facts, problems_of(facts, limits))


def as_document(status: Status) -> dict[str, Any]:
    """The JSON document of ``kh02 status --json`` and ``/status.json``; described in ``docs/status.md``."""
    facts, known = status.facts, status.facts.instance
    run, change = known.last_run if known else None, facts.next_change
    return {
        "status": status.light,
        "as_of_moment": _time(facts.now),
        "release_id": facts.release_id,
        "published_at": _time(facts.published_at),
        "last_checked_at": _time(facts.last_checked_at),
        "database_release_id": facts.database_release_id,
        "kept_releases": list(facts.kept),
        "rollback": asdict(facts.rollback) if facts.rollback else None,
        "last_run": {
            "run_id": run.run_id,
            "status": run.status,
            "started_at": _time(run.started_at),
            "ended_at": _time(run.ended_at),
        }
        if run
        else None,
        "daemon_heartbeat_at": _time(known.heartbeat_at) if known else None,
        "schedule_on": known.schedule_on if known else None,
        "dead_runs": list(known.dead_runs) if known else [],
        "next_change": {"day": change.day.isoformat(), "preview_passes": change.passes} if change else None,
        "disk": {"free_bytes": facts.free_bytes, "total_bytes": facts.total_bytes},
        "run_history_bytes": known.history_bytes if known else None,
        "problems": [{**asdict(problem), "link": problem.link} for problem in status.problems],
    }


def rows_of(status: Status) -> list[tuple[str, str, str]]:
    """What is shown beside the light: label in Vietnamese, in English, and the value."""
    facts, known = status.facts, status.facts.instance
    run = known.last_run if known else None
    change = facts.next_change
    free = "-"
    if facts.free_bytes is not None and facts.total_bytes is not None:
        free = f"{facts.free_bytes / 1024**3:.1f} / {facts.total_bytes / 1024**3:.1f} GiB"
    preview = {None: "chưa dựng thử · no preview", True: "đạt · passes", False: "không đạt · fails"}
    return [
        ("Người đọc có", "readers have", facts.release_id or "-"),
        ("Công bố lúc", "published", _when(facts.published_at, facts.now)),
        ("Kiểm tra lần cuối", "last checked", _when(facts.last_checked_at, facts.now)),
        ("Cơ sở dữ liệu có", "database holds", facts.database_release_id or "-"),
        ("Lượt chạy cuối", "last run", f"{run.status} {run.run_id} {_when(run.ended_at, facts.now)}" if run else "-"),
        ("Nhịp daemon", "daemon heartbeat", _when(known.heartbeat_at, facts.now) if known else "-"),
        ("Lịch đêm", "nightly schedule", ("bật · on" if known.schedule_on else "TẮT · OFF") if known else "-"),
        (
            "Quay lui",
            "rolled back",
            f"{facts.rollback.left_release_id} → {facts.rollback.release_id}: {facts.rollback.reason}"
            if facts.rollback
            else "không · no",
        ),
        ("Bản còn giữ", "kept releases", f"{len(facts.kept)}: {', '.join(facts.kept[:4])}" if facts.kept else "-"),
        (
            "Thay đổi sắp tới",
            "next enacted change",
            f"{change.day:%d/%m/%Y}: {preview[change.passes]}" if change else "chưa biết · none known",
        ),
        ("Đĩa còn trống", "disk free", free),
        ("Lịch sử chạy", "run history", f"{known.history_bytes / 1024**2:.1f} MiB" if known else "-"),
    ]


def _time(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def _when(moment: dt.datetime | None, now: dt.datetime) -> str:
    if moment is None:
        return "-"
    local = moment.astimezone(now.tzinfo)
    ago = max(now - moment, dt.timedelta(0))
    return f"{local:%Y-%m-%d %H:%M} ({span(ago, 'vi')} trước · ago)"
