"""What a quality report says: scores, checks, conflicts, quarantine, provinces, provenance.

Belongs here: choosing and counting. Does not belong here: HTML (``render``) or judging (rules).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks.rule import Word
from kh02_pipelines.release.audit import Outcome

ROWS_SHOWN = 20
CONFLICTS_SHOWN = 50
CONFLICT_SHOWN = {
    "subject": ("Đối tượng", "Subject"),
    "field": ("Trường", "Field"),
    "source": ("Nguồn được theo", "Followed"),
    "value": ("Giá trị được theo", "Followed value"),
    "other_source": ("Nguồn khác", "Other source"),
    "other_value": ("Giá trị khác", "Other value"),
    "class": ("Loại", "Class"),
    "blocking": ("Chặn", "Blocks"),
    "ruling": ("Phán quyết", "Ruling"),
    "legal_document": ("Căn cứ", "Document"),
}
"""The columns of a conflict that are shown, with their headings in Vietnamese and English."""

WORD_MEANINGS = {
    Word.CORRECT: ("Mã, loại, cấp trên, căn cứ pháp lý", "Codes, types, parents, legal basis"),
    Word.COMPLETE: ("Đủ đơn vị, không mất dòng", "All units there, no row lost"),
    Word.CLEAN: ("Tên sạch, không trùng, đúng khai báo", "Clean names, no duplicates, as declared"),
    Word.LIVE: ("Nguồn, văn bản, bản phát hành còn mới", "Sources, law and release are fresh"),
    Word.CONSISTENT: ("Khớp giữa bảng, nguồn, kho và bản trước", "Tables, sources, stores and releases agree"),
    Word.SHARED: ("Cấu trúc ổn định, tệp ai cũng đọc được", "Stable schema, files anyone can read"),
}
WORD_ENGLISH = {
    Word.CORRECT: "correct",
    Word.COMPLETE: "complete",
    Word.CLEAN: "clean",
    Word.LIVE: "live",
    Word.CONSISTENT: "consistent",
    Word.SHARED: "shared",
}

Records = list[dict[str, Any]]


@dataclass(frozen=True)
class WordScore:
    """How the checks of one word ended. ``score`` is the share that passed, in whole percent, rounded down."""

    word: Word
    outcomes: tuple[Outcome, ...]

    @property
    def passed(self) -> int:
        """How many checks passed."""
        return sum(outcome.passed for outcome in self.outcomes)

    @property
    def score(self) -> int:
        """Percent of the checks that passed; 100 only when all did."""
        return 100 * self.passed // max(len(self.outcomes), 1)

    @property
    def meanings(self) -> tuple[str, str]:
        """What the word asks, in Vietnamese and English."""
        return WORD_MEANINGS[self.word]

    @property
    def english(self) -> str:
        """The word in English."""
        return WORD_ENGLISH[self.word]


@dataclass(frozen=True)
class Report:
    """Everything the report shows, ready to be rendered."""

    release_id: str
    as_of: dt.date
    content_hash: str
    written_at: dt.datetime
    replaced: str | None
    words: tuple[WordScore, ...]
    rows: Mapping[str, int]
    conflicts: Records
    conflict_counts: Records
    sources: Records
    source_issues: Records
    provinces: Records
    documents: Records
    row_flow: Records

    @property
    def failed(self) -> list[Outcome]:
        """The checks that failed, those that block first."""
        outcomes = [outcome for word in self.words for outcome in word.outcomes if not outcome.passed]
        return sorted(outcomes, key=lambda outcome: outcome.rule.severity)

    @property
    def checks(self) -> int:
        """How many checks there are."""
        return sum(len(word.outcomes) for word in self.words)

    @property
    def largest_province(self) -> int:
        """Communes of the largest province, the scale of the chart."""
        return max((int(province["total"]) for province in self.provinces), default=1)


def report_of(
    candidate: Candidate,
    outcomes: Sequence[Outcome],
    *,
    release_id: str,
    content_hash: str,
    written_at: dt.datetime,
) -> Report:
    """The report on a candidate that has become ``release_id``; ``written_at`` comes from the injected clock."""
    previous = candidate.context.previous
    return Report(
        release_id=release_id,
        as_of=candidate.as_of,
        content_hash=content_hash,
        written_at=written_at,
        replaced=None if previous is None else previous.release_id,
        words=tuple(
            WordScore(word, tuple(outcome for outcome in outcomes if outcome.rule.word is word)) for word in Word
        ),
        rows={name: len(candidate.tables[name]) for name in sorted(candidate.tables)},
        conflicts=_records(_most_urgent(_conflicts(candidate)).head(CONFLICTS_SHOWN)),
        conflict_counts=_conflict_counts(_conflicts(candidate)),
        sources=_sources(candidate),
        source_issues=_source_issues(candidate),
        provinces=province_summary(candidate),
        documents=_documents(candidate),
        row_flow=_records(candidate.row_flow),
    )


def province_summary(candidate: Candidate) -> Records:
    """Per province in force: communes by type, old communes drawn on, how many of those were split."""
    tables = candidate.tables
    counts = pd.crosstab(tables["commune"]["province_code"], tables["commune"]["type"])
    links = tables["commune_crosswalk"].drop_duplicates(["old_code", "new_province_code"])
    old = links.groupby("new_province_code").size()
    split = links[links["relation"] == "split"].groupby("new_province_code").size()
    rows = []
    by_province = counts.to_dict("index")
    for province in tables["province"].itertuples():  # 34 rows
        of_type = by_province.get(province.code, {})
        rows.append(
            {
                "code": province.code,
                "name": province.name,
                "ward": int(of_type.get("phường", 0)),
                "commune": int(of_type.get("xã", 0)) + int(of_type.get("thị trấn", 0)),
                "zone": int(of_type.get("đặc khu", 0)),
                "total": sum(map(int, of_type.values())),
                "old": int(old.get(province.code, 0)),
                "split": int(split.get(province.code, 0)),
            }
        )
    return rows


def _conflicts(candidate: Candidate) -> pd.DataFrame:
    conflicts = candidate.tables.get("source_conflict")
    return pd.DataFrame() if conflicts is None else conflicts


def _most_urgent(conflicts: pd.DataFrame) -> pd.DataFrame:
    """Conflicts with the open ones first, those that block before the others; spellings last."""
    if conflicts.empty:
        return conflicts
    opened = conflicts["ruling"].fillna("open").isin(["open", ""])
    rank = pd.DataFrame(
        {"settled": ~opened, "harmless": ~conflicts["blocking"], "same": conflicts["class"] == "spelling"}
    )
    return conflicts.loc[rank.sort_values(["settled", "harmless", "same"], kind="stable").index, list(CONFLICT_SHOWN)]


def _conflict_counts(conflicts: pd.DataFrame) -> Records:
    """Conflicts by source, class or field, and how many of them are open."""
    if conflicts.empty:
        return []
    by = [name for name in ("other_source", "class") if name in conflicts.columns] or ["field"]
    opened = conflicts["ruling"].fillna("open").isin(["open", ""]) if "ruling" in conflicts.columns else False
    counted = (
        conflicts.assign(opened=opened)
        .groupby(by, as_index=False)
        .agg(rows=("field", "size"), opened=("opened", "sum"))
    )
    return [
        {
            "what": " · ".join(str(record[name]) for name in by),
            "rows": int(record["rows"]),
            "open": int(record["opened"]),
        }
        for record in counted.to_dict("records")
    ]


def _sources(candidate: Candidate) -> Records:
    """Every source file, what the catalogue is built of first, with the rows it gave and lost."""
    files = candidate.tables["source_file"]
    by = files.assign(compared=~files["followed"].astype(bool))
    return _records(by.sort_values(["compared", "priority", "source", "file"], ignore_index=True))


def _source_issues(candidate: Candidate) -> Records:
    """How many values of each source were changed, by rule; notices about single rulings counted as one rule."""
    issues = candidate.tables["source_issue"]
    if issues.empty:
        return []
    rule = issues["rule"].str.partition(" ")[0]
    return _records(issues.assign(rule=rule).groupby(["source", "rule"], as_index=False).agg(rows=("line", "size")))


def _documents(candidate: Candidate) -> Records:
    """Legal documents with how many links of the commune crosswalk and how many events rest on each."""
    documents = candidate.tables["legal_document"].sort_values("number")
    links = candidate.tables["commune_crosswalk"]["legal_document"].value_counts()
    events = candidate.tables["change_event"]["legal_document"].value_counts()
    shown = documents.assign(
        links=documents["number"].map(links).fillna(0).astype("int64"),
        events=documents["number"].map(events).fillna(0).astype("int64"),
    )
    return _records(shown)


def _records(frame: pd.DataFrame) -> Records:
    """Rows as plain values: dates as ISO text, missing as empty text."""
    shown = frame.copy()
    for name in shown.columns:
        if pd.api.types.is_datetime64_any_dtype(shown[name]):
            shown[name] = shown[name].dt.strftime("%Y-%m-%d")
    plain = shown.astype("object")
    return [{str(k): v for k, v in row.items()} for row in plain.where(plain.notna(), "").to_dict("records")]
