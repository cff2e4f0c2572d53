"""The command ``kh02 lookup``: what a code or a name was, what became of it, what it is today.

Belongs here: arguments, words and exit codes of that command. Does not belong here: finding (``history.lookup``). Exit
codes: 0 found; 1 nothing found; 2 refused. Imports neither pandas nor SQLAlchemy, nor the settings, which need both.
"""

import datetime as dt
import gc
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from kh02_pipelines.errors import EnvironmentFault

if TYPE_CHECKING:
    from kh02_pipelines.client.files import ParquetCatalogue
    from kh02_pipelines.history.answers import Answer, Span, Step, Today
    from kh02_pipelines.history.lookup import Lookup

NOTHING_FOUND = 1

_STATUS = {
    "in_force": "đang có hiệu lực · in force",
    "ended": "đã hết hiệu lực · ended",
    "recoded": "đã đổi mã · recoded",
    "unresolved": "đã hết, chưa biết đơn vị kế thừa · ended, successor not known",
    "alias": "mã này từng được in cho đơn vị này, không phải mã của nó · alias: printed for this unit, not its own",
    "ghost": "mã ma: đã hết mà danh mục còn in · ghost: ended, and printed years later",
    "future": "chưa có hiệu lực · not yet in force",
}
_KINDS = {
    "creation": "thành lập",
    "abolition": "bãi bỏ",
    "merger": "nhập",
    "split": "chia",
    "rename": "đổi tên",
    "retype": "đổi loại",
    "recode": "đổi mã",
    "transfer": "chuyển",
    "spelling": "đổi cách viết",
}
_EXTENT = {"whole": "toàn bộ · whole", "part": "một phần · part", "unknown": "chưa biết phần nào · extent unknown"}
_PEOPLE = {
    "all": "toàn bộ dân số · all people",
    "part": "một phần dân số · some people",
    "none": "không có dân · no people",
    "unknown": "chưa biết dân số · people unknown",
}
_CONFIDENCE = {"derived": "suy ra · derived", "unknown": "chỉ là khả năng · a candidate only"}
_ALIAS = {
    "ghost": "còn in trong · still printed in",
    "reused": "mã được cấp lại, theo · given again, as printed in",
    "not_matched": "được in cho đơn vị chưa xác định trong · printed for a unit not identified in",
}


def lookup(
    query: Annotated[str, typer.Argument(metavar="CODE|NAME", help="Mã, tên, hoặc tên kèm cấp trên · “P. 1, Quận 3”.")],
    on: Annotated[
        str | None, typer.Option(help="Vào ngày YYYY-MM-DD; mặc định mọi ngày · On a day; default all.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="In JSON · Print JSON.")] = False,
) -> None:
    """Mã hoặc tên: trước là gì, nay là gì, theo văn bản nào · What it was, what became of it, by which law."""
    gc.disable()  # walking over what lives to the end of one question anyway would take a tenth of its time
    try:
        answer = _answer(query, on)
    finally:
        gc.enable()
    if as_json:
        sys.stdout.write(json.dumps(answer.as_json(), ensure_ascii=False, indent=2) + "\n")
    else:
        _print(answer)
    if not answer.spans:
        raise typer.Exit(NOTHING_FOUND)


def _answer(query: str, on: str | None) -> "Answer":
    from kh02_pipelines.history.lookup import Lookup

    release = _current()
    questions = Lookup(release.columns, release.as_of)
    return questions.ask(query, _day(on, questions, release))


def _current() -> "ParquetCatalogue":
    """The current release of KH02_HOME, which is read here as ``settings`` reads it."""
    from kh02_pipelines.client.errors import CatalogueUnreachable, ReleaseNotFound
    from kh02_pipelines.client.files import open_files

    home = Path(os.environ.get("KH02_HOME", "var")).expanduser().resolve()
    try:
        return open_files(home, None)
    except (CatalogueUnreachable, ReleaseNotFound) as error:
        raise EnvironmentFault(
            "no release has been published yet",
            file=home / "parquet",
            remedy="run kh02 build first, or name another KH02_HOME",
        ) from error


def _day(text: str | None, questions: "Lookup", release: "ParquetCatalogue") -> dt.date | None:
    """The day asked about; one after the release's and not after the last good check of it gets a word of warning."""
    if text is None:
        return None
    try:
        day = dt.date.fromisoformat(text)
    except ValueError as error:
        raise EnvironmentFault(f"{text!r} is not a date", field="on", remedy="write it as YYYY-MM-DD") from error
    first, last = questions.days
    checked = release.last_checked_at.astimezone(ZoneInfo("Asia/Ho_Chi_Minh")).date()
    if not first <= day <= max(last, checked):
        raise EnvironmentFault(
            f"{day} is not among the days {first} to {last} that release {release.release_id} speaks for",
            field="on",
            remedy="ask about a day among them" if day < first else "run kh02 build, or ask about a day among them",
        )
    if day > last:
        _say(f"! bản phát hành nói về ngày {last} · the release speaks for {last}", "yellow", err=True)
    return day


def _print(answer: "Answer") -> None:
    if not answer.spans:
        _say(f"kh02: không tìm thấy · nothing found for {answer.query!r}", err=True)
        if answer.suggestions:
            _say("  có phải · did you mean:", err=True)
        for suggestion in answer.suggestions:
            _say(f"    {suggestion}", err=True)
        return
    if not answer.exact:
        _say("! không có tên viết đúng như vậy; gần nhất là · no name is spelled so; the nearest are:", "yellow")
    units = {(span.name, span.valid_from) for span in answer.spans if span.code == answer.query}
    if len(units) > 1:
        _say(
            f"! Mã {answer.query} chỉ {len(units)} phiên bản đơn vị theo thời gian, có thể là lãnh thổ khác nhau · "
            f"the code stood for {len(units)} unit versions over time, maybe other territory",
            "yellow",
        )
    for span in answer.spans:
        for line, colour in _lines(span):
            _say(line, colour)


def _lines(span: "Span") -> Iterator[tuple[str, str | None]]:
    """What is printed about one span: a line and its colour."""
    yield "", None
    yield ", ".join(filter(None, (f"{span.code} {span.name}", span.path))), "bold"
    yield f"  {_days(span)}: {_STATUS[span.status]}", None
    if span.band is not None:
        yield (
            f"  ! ngày này gần một thay đổi chỉ biết theo danh mục, có hiệu lực từ {span.band[0]} đến {span.band[1]} · "
            f"near a change known from a register only: it took effect from {span.band[0]} to {span.band[1]}",
            "yellow",
        )
    for kind, register in span.printed:
        yield f"  ! {_ALIAS.get(kind, 'được in trong · printed in')} {register}", "yellow"
    for step in span.came_from:
        yield f"  ← {_step(step)}", None
    for step in span.steps:
        yield f"  → {_step(step)}", None
    if span.status == "in_force" and not span.steps:
        return
    if len(span.today) > 1:
        yield f"  ! nay là {len(span.today)} đơn vị, không tự chọn · today several units, none is picked:", "yellow"
    elif not span.today:
        yield "  ! chưa biết nay là đơn vị nào · what it is today is not known", "yellow"
    for unit in span.today:
        yield f"  = {_unit(unit)}", None


def _days(span: "Span") -> str:
    first = f"{span.valid_from}"
    if span.from_basis == "floor":
        first = f"{first} hoặc trước nữa · or earlier"
    elif span.from_basis == "register":
        first = f"{first} (theo danh mục · as a register shows)"
    if span.valid_to is None:
        return f"từ · from {first}"
    last = f"{span.valid_to}" + (" (theo danh mục · as a register shows)" if span.to_basis == "register" else "")
    return f"từ · from {first}; đến trước · until {last}"


def _step(step: "Step") -> str:
    law = step.legal_document or "chưa biết văn bản · law not known"
    if step.clause is not None:
        law = f"{law}, Điều 1 khoản {step.clause}"
    units = ", ".join(f"{code} {name}" for code, name in zip(step.to, step.names, strict=True)) or "?"
    return f"{step.date} {_KINDS.get(step.kind, step.kind)} · {step.kind}: {units}; {law}"


def _unit(unit: "Today") -> str:
    parts = [f"{unit.code} {unit.name}", unit.path, _EXTENT[unit.extent], _PEOPLE[unit.population]]
    return "; ".join(filter(None, (*parts, _CONFIDENCE.get(unit.confidence))))


def _say(line: str, colour: str | None = None, *, err: bool = False) -> None:
    stream = sys.stderr if err else sys.stdout
    if colour and stream.isatty() and "NO_COLOR" not in os.environ:
        line = typer.style(line, fg=None if colour == "bold" else colour, bold=colour == "bold")
    stream.write(line + "\n")  # typer would write UTF-8 to a terminal that has said that it is not
