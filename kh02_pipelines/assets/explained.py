"""How an error of ours stands in the UI: a Vietnamese sentence first, then English, and beside it where and what to do.

Belongs here: turning ``errors.Kh02Error`` into ``dg.Failure``, in the one decorator that every asset and op wears. Does
not belong here: the errors. The UI shows a failure's sentence and metadata above the stack trace.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

import dagster as dg

from kh02_pipelines.errors import AuditError, EnvironmentFault, Kh02Error, RulingError, SourceError, VintageError

F = TypeVar("F", bound=Callable[..., Any])

# from the most special class to the most general: what happened, what to do, where the runbook says more
SAID: tuple[tuple[type[Kh02Error], str, str, str], ...] = (
    (
        VintageError,
        "Tệp nói về ngày khác với ngày đã khai báo",
        "giao đúng danh mục của ngày đó, hoặc sửa khai báo",
        "a-source-file",
    ),
    (
        SourceError,
        "Nguồn dữ liệu có chỗ sai hoặc không đọc được",
        "sửa đúng dòng đó tại nguồn, rồi chạy lại",
        "a-source-file",
    ),
    (RulingError, "Một đính chính không khớp với nguồn", "sửa hoặc bỏ đính chính đó, rồi chạy lại", "a-ruling"),
    (
        AuditError,
        "Bản ứng viên không qua được kiểm tra của khâu công bố; người đọc vẫn giữ bản trước",
        "xem kiểm tra được nêu, sửa nguồn, rồi chạy lại",
        "a-failed-audit",
    ),
    (
        EnvironmentFault,
        "Thư mục, cơ sở dữ liệu hoặc phiên bản đang cài không dùng được",
        "làm theo cách khắc phục, rồi chạy lại",
        "the-environment",
    ),
    (Kh02Error, "Đầu vào của lượt chạy không dùng được", "sửa rồi chạy lại", "the-environment"),
)
RUNBOOK = "/runbook#failed-"


def failure_of(error: Kh02Error) -> dg.Failure:
    """The error as Dagster shows it; nothing is tried again by itself, since a person has to do something first."""
    vi, remedy, anchor = next((vi, remedy, anchor) for kind, vi, remedy, anchor in SAID if isinstance(error, kind))
    places = [("tệp", error.file), ("dòng", error.row), ("trường", error.field)]
    where = ", ".join(f"{word} {value}" for word, value in places if value is not None)
    shown: dict[str, Any] = {
        "remedy": f"{remedy} · {error.remedy}",
        "file": error.file,
        "row": error.row,
        "field": error.field,
        "runbook": dg.MetadataValue.url(RUNBOOK + anchor),
    }
    return dg.Failure(
        f"{vi}{f': {where}' if where else ''}. · {error}",
        metadata={name: value for name, value in shown.items() if value is not None},
        allow_retries=False,
    )


def explained(body: F) -> F:
    """Let an asset, check or op raise what it raises, and show errors of ours as ``failure_of`` does."""
    if inspect.isgeneratorfunction(body):

        @functools.wraps(body)
        def steps(*args: Any, **kwargs: Any) -> Iterator[Any]:
            try:
                yield from body(*args, **kwargs)
            except Kh02Error as error:
                raise failure_of(error) from error

        return cast(F, steps)

    @functools.wraps(body)
    def once(*args: Any, **kwargs: Any) -> Any:
        try:
            return body(*args, **kwargs)
        except Kh02Error as error:
            raise failure_of(error) from error

    return cast(F, once)
