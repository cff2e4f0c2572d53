"""When a fact is a problem, and what to do about it. One function a family; every problem has a code that stays.

Belongs here: conditions, sentences and remedies in both languages. Does not belong here: reading facts (``facts``).
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from kh02_pipelines.release.duty.facts import Facts, InstanceFacts
from kh02_pipelines.release.duty.limits import DutyLimits

FAILED, WARNING = "failed", "warning"

HEARTBEAT = dt.timedelta(minutes=2)
"""The daemon sends a heartbeat every half minute."""

CLOCK_GRACE = dt.timedelta(minutes=10)
RUNBOOK = "/runbook#duty-"
"""Where the web server shows what to do; the code of the problem follows, with hyphens."""


@dataclass(frozen=True)
class Problem:
    """Something that is wrong, in Vietnamese and English, and what to do (Vietnamese · English)."""

    code: str
    severity: str
    vi: str
    en: str
    remedy: str

    @property
    def line(self) -> str:
        """The problem in one line."""
        return f"{self.vi} · {self.en}; remedy: {self.remedy}"

    @property
    def link(self) -> str:
        """Its entry in the runbook, on the web server of the UI."""
        return RUNBOOK + self.code.replace("_", "-")


def problems_of(facts: Facts, limits: DutyLimits) -> tuple[Problem, ...]:
    """Every problem, failed ones first, otherwise in the order in which they are best dealt with."""
    found = [*_surroundings(facts, limits), *_runs(facts, limits), *_releases(facts), *_coming(facts)]
    return tuple(sorted(found, key=lambda problem: problem.severity != FAILED))


def _surroundings(facts: Facts, limits: DutyLimits) -> Iterator[Problem]:
    for fault in facts.unreadable:
        yield Problem(
            "unreadable",
            FAILED,
            "Không đọc được một phần của hệ thống",
            f"{fault.what}{f' ({fault.file})' if fault.file else ''}",
            f"xem dòng này và cẩm nang vận hành · {fault.remedy}",
        )
    if facts.missing_config is not None:
        yield Problem(
            "config_missing",
            FAILED,
            f"Biến KH02_CONFIG chỉ tới tệp không có: {facts.missing_config}",
            f"KH02_CONFIG names a file that is not there: {facts.missing_config}",
            "khôi phục tệp hoặc sửa biến KH02_CONFIG · restore the file, or correct KH02_CONFIG",
        )
    if facts.free_bytes is not None and facts.free_bytes < limits.free_bytes:
        yield Problem(
            "low_disk",
            FAILED,
            f"Đĩa sắp đầy: còn {_mib(facts.free_bytes)} MiB, ngưỡng {_mib(limits.free_bytes)} MiB ({facts.home})",
            f"the disk is nearly full: {_mib(facts.free_bytes)} MiB free, the limit is {_mib(limits.free_bytes)} MiB",
            "giải phóng đĩa, rồi kh02 doctor · free space; the limit is KH02_MIN_FREE_MB",
        )
    if facts.schema is not None:
        yield Problem(
            "schema_missing",
            FAILED,
            f"Cơ sở dữ liệu {facts.database} chưa có lược đồ của phiên bản này",
            f"the database {facts.database} {facts.schema}",
            "chạy kh02 db upgrade bằng tài khoản sở hữu · run kh02 db upgrade as kh02_owner",
        )


def _runs(facts: Facts, limits: DutyLimits) -> Iterator[Problem]:
    known = facts.instance
    if known is None or known.heartbeat_at is None:
        yield Problem(
            "no_heartbeat",
            FAILED if limits.production else WARNING,
            "Daemon chưa từng chạy ở đây, nên lịch đêm không chạy",
            "the daemon has never run here, so the nightly schedule does not",
            "khởi động kh02 daemon (máy cá nhân: kh02 dev) · start kh02 daemon (on a workstation: kh02 dev)",
        )
    elif facts.now - known.heartbeat_at > HEARTBEAT:
        yield Problem(
            "no_heartbeat",
            FAILED,
            f"Daemon im lặng {span(facts.now - known.heartbeat_at, 'vi')}: lịch đêm không chạy",
            f"the daemon has been silent for {span(facts.now - known.heartbeat_at, 'en')}, so nothing is scheduled",
            "khởi động lại kh02-daemon, xem journalctl -u kh02-daemon · start kh02-daemon again and see its journal",
        )
    if known is not None:
        yield from _schedule_and_runs(known)
    if facts.release_id is None:
        return
    checked = facts.last_checked_at
    if checked is None or facts.now - checked > limits.silence:
        since = "chưa từng" if checked is None else f"đã {span(facts.now - checked, 'vi')} không"
        ago = "on record" if checked is None else f"for {span(facts.now - checked, 'en')}"
        yield Problem(
            "no_good_run",
            FAILED,
            f"Lịch đêm {since} có lượt chạy đạt mọi kiểm tra (ngưỡng {span(limits.silence, 'vi')})",
            f"no run has passed all checks {ago} (the limit is {span(limits.silence, 'en')})",
            "xem lượt chạy cuối và nightly_sync, rồi kh02 build · see the last run and nightly_sync, then kh02 build",
        )
    if facts.of_the_future is not None or (checked is not None and checked - facts.now > CLOCK_GRACE):
        why = facts.of_the_future or f"the last check is of {checked:%Y-%m-%d %H:%M}"
        yield Problem(
            "clock_behind",
            FAILED,
            f"Đồng hồ của máy chậm, hoặc bản phát hành ở tương lai; đồng hồ đang là {facts.now:%Y-%m-%d %H:%M}",
            f"the current release {facts.database_release_id} is of the future: {why}",
            "đặt lại đồng hồ (timedatectl), bật đồng bộ giờ · set the clock and let it be synchronised",
        )


def _schedule_and_runs(known: InstanceFacts) -> Iterator[Problem]:
    if not known.schedule_on:
        yield Problem(
            "schedule_off",
            FAILED,
            "Lịch đêm nightly_sync đang tắt",
            "the schedule nightly_sync is switched off",
            "bật lại trong UI, mục Automation · switch it on in the UI under Automation",
        )
    if known.last_run is not None and known.last_run.status == "FAILURE":
        yield Problem(
            "last_run_failed",
            FAILED,
            f"Lượt chạy cuối thất bại: {known.last_run.run_id}",
            f"the last run failed: {known.last_run.run_id}",
            f"mở /runs/{known.last_run.run_id} trong UI, làm theo hướng dẫn · open that run and follow its remedy",
        )
    for line in known.dead_runs:
        yield Problem(
            "dead_runs",
            FAILED,
            "Có lượt chạy mất tiến trình",
            f"a run's process is gone: {line}",
            "daemon kết thúc lượt đó trong nửa phút; kh02 build cũng vậy · a running daemon ends it; kh02 build too",
        )


def _releases(facts: Facts) -> Iterator[Problem]:
    if facts.release_id is None and not facts.unreadable:
        yield Problem(
            "no_release",
            FAILED,
            "Chưa có bản phát hành nào",
            "no release has been published",
            "kh02 build",
        )
        return
    if facts.release_id != facts.database_release_id and not facts.unreadable:
        yield Problem(
            "stores_differ",
            FAILED,
            f"Cơ sở dữ liệu và Parquet giữ hai bản khác nhau: {facts.database_release_id or '-'}, {facts.release_id}",
            "database and Parquet hold different releases",
            "kh02 build",
        )
    back = facts.rollback
    if back is not None:
        yield Problem(
            "rolled_back",
            FAILED,
            f"Đang ở bản quay lui {back.release_id}, rời {back.left_release_id} từ {back.moved_at}: {back.reason}",
            f"readers have {back.release_id} since a rollback from {back.left_release_id} by {back.moved_by}",
            f"sửa nguồn rồi kh02 build, hoặc kh02 rollback {back.left_release_id} · correct the sources and build, or "
            "let that release back in",
        )
    if facts.release_id is not None and not facts.report:
        yield Problem(
            "report_missing",
            FAILED,
            f"Bản {facts.release_id} chưa có báo cáo chất lượng",
            "the current release has no quality report",
            "kh02 build",
        )


def _coming(facts: Facts) -> Iterator[Problem]:
    change = facts.next_change
    if change is not None and change.passes is False:
        yield Problem(
            "preview_failing",
            WARNING,
            f"Bản dựng trước cho ngày {change.day:%d/%m/%Y} không đạt",
            f"the preview of {change.day} fails its checks",
            "sửa thay đổi được nêu trước ngày đó · correct the changes before that day",
        )


def span(length: dt.timedelta, language: str) -> str:
    """How long, in one unit."""
    words = {"vi": ("phút", "giờ", "ngày"), "en": ("minutes", "hours", "days")}[language]
    minutes = int(length.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} {words[0]}"
    return f"{minutes // 60} {words[1]}" if minutes < 60 * 48 else f"{minutes // (60 * 24)} {words[2]}"


def _mib(size: int) -> str:
    return f"{size // 1024**2:,}"
