"""What one clause says: which units, how much of each, become or join which unit.

Belongs here: the formulas of Vietnamese resolutions since 2004. Does not belong here: which unit a name means
(``places``) and what follows for codes and rows (``rows``).

The words read: ``Sắp xếp``, ``Nhập``, ``Chuyển``, ``Điều chỉnh`` … ``thành`` or ``vào``; ``Thành lập … trên cơ sở``;
``Đổi tên``; ``không thực hiện sắp xếp``; and before a list of units ``toàn bộ``, ``một phần``, ``phần còn lại``, each
of land (``diện tích tự nhiên``), people (``quy mô dân số``) or both. A word that is none of them makes the sentence
unread: nothing is skipped silently.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Literal

from kh02_pipelines.sources.resolution.text import UPPER

Share = Literal["all", "part", "rest", "none"]
Action = Literal["form", "join", "rename", "keep"]

TYPES = ("thị trấn", "đặc khu", "thị xã", "thành phố", "phường", "huyện", "quận", "tỉnh", "xã")
_TYPE = "(?:" + "|".join(TYPES) + ")"
_VERB = r"(?:Sắp xếp|Nhập|Sáp nhập|Hợp nhất|Điều chỉnh(?: địa giới(?: hành chính)?)?|Chuyển|Tách|Chia|Giải thể)"
_TO_FORM = re.compile(rf"{_VERB}\s+(?P<members>.+)\s(?:thành lập|thành)\s+(?P<successor>{_TYPE}\s.+)")
_TO_JOIN = re.compile(
    rf"{_VERB}\s+(?P<members>.+)\s(?:vào|về|sang)\s+(?P<successor>(?:các\s+)?{_TYPE}\s.+?)"
    r"(?:\s+(?:để\s+)?quản lý)?"
)
_TO_CALL = re.compile(
    rf"{_VERB}\s+(?P<members>.+),\s+(?:lấy|đặt|có)\s+tên(?:\s+gọi)?(?:\s+là)?\s+(?P<successor>{_TYPE}\s.+)"
)
_TO_FOUND = re.compile(
    rf"Thành lập\s+(?P<successor>{_TYPE}\s.+?)\s+(?:trên cơ sở|từ)\s+(?:(?:sắp xếp|nhập|sáp nhập|điều chỉnh)\s+)?"
    r"(?P<members>.+)"
)
_TO_RENAME = re.compile(
    rf"Đổi tên\s+(?:gọi\s+(?:của\s+)?)?(?P<members>{_TYPE}\s.+)\s+thành\s+(?P<successor>{_TYPE}\s.+)"
)
_TO_KEEP = re.compile(
    rf"(?:.*không thực hiện sắp xếp(?:\s+(?:là|gồm|đối với))?|Giữ nguyên)\s*:?\s*(?P<members>(?:các\s+)?{_TYPE}\s.+)",
    re.IGNORECASE,
)
_CALLED = re.compile(
    rf"(?P<type>{_TYPE})(?:\s+mới)?\s+(?:có\s+)?(?:tên gọi|tên|lấy tên|mang tên)(?:\s+là)?\s+(?P<again>{_TYPE}\s+)?"
)
_UNDER_THE_STATE = re.compile(r"\s+trực thuộc trung ương", re.IGNORECASE)
#: Sentences that describe and change nothing.
_DESCRIBES = re.compile(
    r"(?:Sau (?:khi )?(?:sắp xếp|nhập|thành lập|điều chỉnh|chuyển|đổi tên)|(?:Xã|Phường|Thị trấn|Đặc khu|Huyện|Tỉnh)\s)"
)
_SENTENCE_END = re.compile(rf"[.;]\s+(?=[{UPPER}])")

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<after>sau\ khi\ (?:thực\ hiện\ )?(?:sắp\ xếp|điều\ chỉnh|nhập|sáp\ nhập|chuyển|thành\ lập)
          (?:\ (?:theo\ quy\ định\ )?(?:tại|ở)
            \ (?P<clauses>(?:các\ )?khoản\ ?\d+(?:(?:,|\ và)?\ ?(?:các\ )?(?:khoản\ ?)?\d+(?!\d|\ ?km|\ ?ha\b))*)
            (?:\ (?:của\ )?Điều\ (?:này|\d+))?)?)
    | (?P<some_rest>phần\ (?=(?:diện\ tích|quy\ mô|dân\ số))(?P<what>[^();]{3,60}?)\ còn\ lại)
    | (?P<rest>phần\ còn\ lại)
    | (?P<part>một\ phần)
    | (?P<all>(?:toàn\ )?bộ)
    | (?P<area>khu\ vực\ [^,;()]+)
    | (?P<measure>[\d.,]+\s*(?:km2|km²|m2|ha|người|nhân\ khẩu)\b)
    | (?P<land>diện\ tích(?:\ đất)?(?:\ tự\ nhiên)?)
    | (?P<people>quy\ mô\ dân(?:\ số)?|dân\ số)
    | \((?P<place>[^()]*)\)
    | thuộc\ (?P<under>(?:huyện|quận|thị\ xã|thành\ phố|tỉnh)\ [^,;()]+?)(?=\s*(?:[,;(]|\ và\ |$))
    | (?P<filler>(?:của|các|là|gồm|nguyên\ trạng|hiện\ có)(?!\w))
    | (?P<separator>[,;:]|(?:và|với|cùng)(?!\w))
    | (?P<type>(?:[Tt]hị\ trấn|[ĐđÐ]ặc\ khu|[Tt]hị\ xã|[Tt]hành\ phố|[Pp]hường|[Hh]uyện|[Qq]uận|[Tt]ỉnh|[Xx]ã)(?!\w))
    | (?P<name>[^\W_][^\s,;:()]*(?:\s+(?!(?:và|của|thành|sau\ khi|phần|một\ phần|toàn\ bộ|thuộc|các|với|cùng|xã|phường
          |thị\ trấn|đặc\ khu|huyện|quận|thị\ xã|tỉnh)(?!\w))[^\s,;:()]+)*)
    )""",
    re.VERBOSE,
)


MAX_UNITS = 500
"""Most units in one sentence; the longest of 2025 has 21."""


class Unread(Exception):
    """A sentence that cannot be read, with the reason."""


@dataclass(frozen=True)
class Mention:
    """One unit as a sentence names it, and how much of it is meant.

    ``within``: the unit above, where the text gives it. ``after``: the clauses that took the other parts.
    ``phrase``: mentions with one number stand in one list. ``joint``: the separator before it in that list.
    """

    type: str
    name: str
    land: Share = "all"
    people: Share = "all"
    within: str = ""
    after: tuple[str, ...] = ()
    phrase: int = 0
    joint: str = ""


@dataclass(frozen=True)
class Statement:
    """What one sentence says. ``keep`` and ``rename`` concern units as they are; ``join``: the successor goes on.

    ``others``: what is named beside units and is none (mudflats, a firing range).
    """

    action: Action
    members: list[Mention]
    successors: list[Mention]
    others: list[str] = field(default_factory=list)


def read_statements(text: str) -> list[Statement]:
    """The statements of a clause. Raises Unread when a sentence of it is not understood or says nothing."""
    found = []
    for sentence in _SENTENCE_END.split(text):
        sentence = _UNDER_THE_STATE.sub("", sentence.strip(" .;:"))
        if (statement := _statement(sentence)) is not None:
            found.append(statement)
        elif sentence and not _DESCRIBES.match(sentence):
            raise Unread("no known formula: " + _shown(sentence))
    return found


def _statement(sentence: str) -> Statement | None:
    if match := _TO_KEEP.fullmatch(sentence):
        return _made("keep", match["members"], "")
    if match := _TO_RENAME.fullmatch(sentence):
        return _made("rename", match["members"], match["successor"])
    for pattern in (_TO_FORM, _TO_FOUND, _TO_CALL):
        if match := pattern.fullmatch(sentence):
            return _made("form", match["members"], match["successor"])
    if match := _TO_JOIN.fullmatch(sentence):
        return _made("join", match["members"], match["successor"])
    return None


def _made(action: Action, members: str, successors: str) -> Statement:
    scanner = _Scanner(re.sub(r"(?:\s+để)?(?:\s+(?:sáp\s+)?nhập)?$", "", members))
    plain = _CALLED.sub(lambda match: match["again"] or match["type"] + " ", successors)
    plain = re.sub(rf"({_TYPE})\s+mới\s+", r"\1 ", plain)
    return Statement(action, scanner.read(), _Scanner(plain).read() if plain else [], scanner.others)


class _Scanner:
    """Reads a list of units from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[Mention] = []
        self.land: Share | None = None
        self.people: Share | None = None
        self.share: Share | None = None
        self.in_phrase = False  # words on how much have begun and no unit has been named since
        self.phrase = 0
        self.type = ""
        self.typed = False  # the last token was a unit type
        self.joint = ""
        self.prefix = ""
        self.others: list[str] = []
        self.after_area = False
        self.open_after = 0  # the first mention that a reference to other clauses still speaks of

    def read(self) -> list[Mention]:
        at = 0
        while at < len(self.text.rstrip()):
            match = _TOKEN.match(self.text, at)
            if match is None:
                raise Unread("not understood: " + _shown(self.text[at:]))
            self._take(match)
            at = match.end()
        if not self.found:
            raise Unread("no unit is named: " + _shown(self.text))
        if self.typed:
            raise Unread("a unit type without a name at the end: " + _shown(self.text[-40:]))
        return self.found

    def _take(self, match: re.Match[str]) -> None:
        kind = match.lastgroup if match.lastgroup != "clauses" else "after"
        kind = "some_rest" if kind == "what" else str(kind)
        if kind in ("all", "part", "rest", "some_rest"):
            self._begin_phrase()
            self.share = {"all": "all", "part": "part"}.get(kind, "rest")  # type: ignore[assignment]
            if kind == "some_rest":
                self._aspects(match["what"])
        elif kind in ("land", "people"):
            self._aspects(match[kind])
        elif kind == "measure":
            if not self.in_phrase:  # "điều chỉnh 5 km2 diện tích tự nhiên": a measure is a part unless it is said
                self._begin_phrase()
                self.share = "part"
            self._aspects("dân" if match[kind].endswith(("người", "khẩu")) else "diện tích")
        elif kind == "after":
            self._refer(match["clauses"] or "")
        elif kind in ("place", "under"):
            self._place(match[kind])
        elif kind == "separator":
            self.joint = match[kind]
        elif kind == "type":
            named = self.typed and match[kind][0].isupper() and not re.match(r"\s*\d", self.text[match.end() :])
            if named:  # Huế had a phường called Phường Đúc
                self.prefix = match[kind] + " "
            else:
                self.type, self.typed = match[kind].lower(), True
        elif kind == "area":
            self._other_area(match[kind])
        elif kind == "name":
            self._name(match[kind])

    def _begin_phrase(self) -> None:
        if not self.in_phrase:
            self.land = self.people = None
            self.phrase += 1
        self.in_phrase, self.type, self.joint = True, "", ""

    def _aspects(self, text: str) -> None:
        if "diện tích" in text:
            self.land = self.share or "all"
        if "dân" in text:
            self.people = self.share or "all"

    def _refer(self, clauses: str) -> None:
        cited = tuple(re.findall(r"\d+", clauses))
        for place in range(self.open_after, len(self.found)):
            if "rest" in (self.found[place].land, self.found[place].people):
                self.found[place] = replace(self.found[place], after=cited)
        self.open_after = len(self.found)

    def _place(self, text: str) -> None:
        if self.after_area:
            return
        if not self.found:
            raise Unread("a place before any unit: " + _shown(text))
        self.found[-1] = replace(self.found[-1], within=text.strip())

    def _name(self, name: str) -> None:
        if name[0].islower():
            raise Unread("not understood: " + _shown(name))
        if not self.type:
            return self._other_area(name)
        land, people = self.land, self.people
        if land is None and people is None:  # "toàn bộ xã A", "phần còn lại của xã A", "xã A"
            land = people = self.share or "all"
        if len(self.found) == MAX_UNITS:
            raise Unread(f"more than {MAX_UNITS} units in one sentence")
        self.found.append(
            Mention(
                self.type, self.prefix + name, land or "none", people or "none", phrase=self.phrase, joint=self.joint
            )
        )
        self.in_phrase, self.typed, self.joint, self.prefix = False, False, "", ""
        self.after_area = False

    def _other_area(self, text: str) -> None:
        """Something that is no unit of a register: mudflats, a firing range."""
        self.others.append(text.strip())
        self.in_phrase, self.after_area, self.joint = False, True, ""


def _shown(text: str) -> str:
    """The first words of a text, for a message."""
    return "“" + (text.strip()[:77] + "…" if len(text.strip()) > 78 else text.strip()) + "”"
