"""The parts of a resolution: its number, its days, its articles (Điều), clauses (khoản) and points (điểm).

Belongs here: where a clause begins and ends and how it is cited. Does not belong here: what it says
(``statements``).
"""

import datetime as dt
import re
from dataclasses import dataclass, field
from pathlib import Path

from kh02_pipelines.errors import SourceError
from kh02_pipelines.sources.resolution.text import respaced

_ARTICLE = re.compile(r"Điều\s+(\d{1,3})\s*[.:]\s*(.*)")
_CLAUSE = re.compile(r"(\d{1,3})\s*[.)]\s*(?=\D)(\S.*)")
_POINT = re.compile(r"([a-zđ])\s*\)\s*(\S.*)")
#: How a clause on units begins; a line that begins so with a number is a clause even where numbers are missing.
_BEGINS = re.compile(
    r"(?:Sắp ?xếp|Nhập|Sáp nhập|Hợp nhất|Chuyển|Điều chỉnh|Đổi tên|Thành lập|Chia|Tách|Giải thể|Sau khi)"
)
_NUMBER = re.compile(r"\b(?i:số)\s*:\s*(\d{1,5}(?:/\d{4})?/[^\W\d_][\w-]*)")
_DAY = r"ngày\s*(?P<day>\d{1,2})\s*(?:tháng|/|-)\s*(?P<month>\d{1,2})\s*(?:năm|/|-)\s*(?P<year>\d{4})"
_WORKS_FROM = re.compile(r"chính thức hoạt động\s*(?:kể\s*)?từ\s*" + _DAY)
_IN_FORCE_FROM = re.compile(r"có hiệu lực(?: thi hành)?\s*(?:kể\s*)?từ\s*" + _DAY)
_ON_ADOPTION = re.compile(r"có hiệu lực(?: thi hành)?\s*(?:kể\s*)?từ\s*ngày\s*(?:được\s*)?(?:thông qua|ký)")
_ADOPTED = re.compile(r"thông qua\s*" + _DAY)
_DATED = re.compile(r",\s*" + _DAY)
#: Articles that do not change units.
_ABOUT_THE_LAW = re.compile(r"hiệu lực|tổ chức thực hiện|trách nhiệm|thi hành|giám sát", re.IGNORECASE)


@dataclass(frozen=True)
class Clause:
    """One clause or point: ``cited`` is how ``clause`` of ``changes`` names it, ``within`` the words above a point."""

    cited: str
    text: str
    line: int
    within: str = ""


@dataclass(frozen=True)
class Resolution:
    """A resolution by its parts. ``heading`` is its title and the headings of its articles; ``gaps`` says which
    numbers are missing or come twice, each with the line."""

    number: str
    heading: str
    clauses: list[Clause]
    effective_on: dt.date | None
    gaps: list[tuple[str, str]]


@dataclass
class _Open:
    """A clause being read."""

    article: int
    number: int | None
    line: int
    point: str = ""
    above: str = ""
    pieces: list[str] = field(default_factory=list)


def read_resolution(lines: list[str], path: Path) -> Resolution:
    """The parts of a resolution in ``lines`` (see ``read_text``); ``path`` is for messages.

    A clause is a line that begins with the next number of its article, so that text wrapped at any column reads the
    same. An article without numbers is one clause. Clauses of Điều 1 are cited by their number alone, others as
    ``Điều 2 khoản 3``, points as ``3 điểm a``.

    Raises SourceError when there is no article, or none with a clause on units.
    """
    preamble: list[str] = []
    articles: dict[int, str] = {}
    parts: list[_Open] = []
    gaps: list[tuple[str, str]] = []
    for number, line in enumerate(lines, start=1):
        if match := _ARTICLE.match(line):
            parts.append(_Open(int(match[1]), None, number, pieces=[match[2]]))
        elif not parts:
            preamble.append(line)
        elif part := _begun(line, number, parts, gaps):
            parts.append(part)
        else:
            parts[-1].pieces.append(line)
    text = respaced(" ".join(lines))
    for part in parts:
        if part.number is None:
            articles[part.article] = respaced(" ".join(part.pieces))
    clauses = _clauses(parts, articles)
    if not clauses:
        raise SourceError(
            "has no clause on units: no “Điều 1.” with clauses such as “1. Sắp xếp …” or “1. Nhập …”",
            file=path,
            remedy="give the text of a resolution, one line or paragraph for each clause",
        )
    named = _NUMBER.search(text)
    return Resolution(
        number=named[1] if named else "",
        heading=" ".join([*(respaced(line) for line in preamble if line), *articles.values()]),
        clauses=clauses,
        effective_on=_effective_on(text),
        gaps=gaps,
    )


def _begun(line: str, number: int, parts: list[_Open], gaps: list[tuple[str, str]]) -> _Open | None:
    """The clause or point that this line begins, or None."""
    last = parts[-1]
    if match := _CLAUSE.match(line):
        counted, expected = int(match[1]), (last.number or 0) + 1
        begins = _BEGINS.match(match[2]) is not None
        if counted == expected or begins:
            if counted != expected:
                gaps.append((str(counted), f"line {number}: clause {counted} follows clause {expected - 1}"))
            return _Open(last.article, counted, number, pieces=[match[2]])
    elif match := _POINT.match(line):
        following = not last.point and match[1] == "a"
        if following or (last.point and ord(match[1]) > ord(last.point)) or (last.point == "d" and match[1] == "đ"):
            above = last.above if last.point else " ".join(last.pieces)
            return _Open(last.article, last.number, number, match[1], above, [match[2]])
    return None


def _clauses(parts: list[_Open], articles: dict[int, str]) -> list[Clause]:
    found = []
    for place, part in enumerate(parts):
        follower = parts[place + 1] if place + 1 < len(parts) else None
        divided = (
            follower is not None
            and follower.article == part.article
            and (part.number is None or (follower.number == part.number and bool(follower.point) and not part.point))
        )
        if divided or _ABOUT_THE_LAW.search(articles.get(part.article, "")[:60]):
            continue
        text = respaced(" ".join(part.pieces)).strip()
        if part.number is None and not _BEGINS.match(text):
            continue
        found.append(Clause(_cited(part), text, part.line, respaced(part.above)))
    return found


def _cited(part: _Open) -> str:
    point = f" điểm {part.point}" if part.point else ""
    if part.number is None:
        return f"Điều {part.article}{point}"
    return (f"{part.number}" if part.article == 1 else f"Điều {part.article} khoản {part.number}") + point


def _effective_on(text: str) -> dt.date | None:
    """The day the new units work from, else the day the resolution is in force."""
    for pattern in (_WORKS_FROM, _IN_FORCE_FROM):
        if (match := pattern.search(text)) and (day := _date(match)):
            return day
    if _ON_ADOPTION.search(text) and (match := _ADOPTED.search(text) or _DATED.search(text)):
        return _date(match)
    return None


def _date(match: re.Match[str]) -> dt.date | None:
    try:
        return dt.date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return None
