"""The embedded reference data: registers, successions, rulings, changes and the law, as CSV in ``reference/``.

Belongs here: which reference files there are and their headers. Does not belong here: what they mean
(``register``) or where they come from (``reference/README.md``).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from kh02_pipelines.errors import SourceError
from kh02_pipelines.sources.csv_files import read_csv_strict

REFERENCE_FOLDER = Path(__file__).parent / "reference"


@dataclass(frozen=True)
class ReferenceFile:
    """One kind of embedded CSV: its name, its header, and what it holds (vi, en).

    A ``folder`` holds several files of one header, each named after the day or year it is about; a register's day
    becomes the column ``date``.
    """

    name: str
    columns: tuple[str, ...]
    vi: str
    en: str
    folder: bool = False
    dated: bool = False

    def path(self, folder: Path) -> Path:
        """Where the file, or the folder of files, lies in a reference folder."""
        return folder / (self.name if self.folder else f"{self.name}.csv")

    def paths(self, folder: Path) -> list[Path]:
        """Its files, by name. Raises SourceError for a folder without any."""
        if not self.folder:
            return [self.path(folder)]
        found = sorted(self.path(folder).glob("*.csv"))
        if not found:
            raise SourceError("has no CSV file", file=self.path(folder), remedy="restore the folder from the package")
        return found

    def read(self, folder: Path = REFERENCE_FOLDER) -> pd.DataFrame:
        """The rows as text, plus ``row`` (line in the file) and, of a folder, ``file``. Raises SourceError."""
        if not self.folder:
            return read_csv_strict(self.path(folder), self.columns)
        parts = []
        for path in self.paths(folder):
            part = read_csv_strict(path, self.columns).assign(file=f"{self.name}/{path.name}")
            parts.append(part.assign(date=path.stem) if self.dated else part)
        return pd.concat(parts, ignore_index=True)

    def hashes(self, folder: Path = REFERENCE_FOLDER) -> dict[str, str]:
        """SHA-256 of the exact bytes, in hexadecimal, of each of its files by path within the reference folder."""
        return {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.paths(folder)
        }

    def sha256(self, folder: Path = REFERENCE_FOLDER) -> str:
        """One hash of all its bytes."""
        hashes = self.hashes(folder)
        if not self.folder:
            return next(iter(hashes.values()))
        return hashlib.sha256("\n".join(f"{value}  {name}" for name, value in hashes.items()).encode()).hexdigest()


_FILES = (
    ReferenceFile(
        "registers",
        ("code", "level", "name", "type", "parent_code", "confidence"),
        "Danh mục của từng ngày, đúng như nguồn in",
        "Registers of single days, as their source prints them",
        folder=True,
        dated=True,
    ),
    ReferenceFile(
        "changes",
        (
            "change_id",
            "effective_date",
            "kind",
            "predecessor_level",
            "predecessor_code",
            "successor_level",
            "successor_code",
            "name",
            "type",
            "parent_code",
            "extent",
            "population",
            "legal_document",
            "clause",
            "basis",
            "confidence",
            "document_basis",
            "evidence",
            "ruling_id",
        ),
        "Các thay đổi theo ngày: mỗi dòng một liên kết như văn bản hoặc nguồn in",
        "Dated changes: one row is one link, as the law or the source prints it",
        folder=True,
    ),
    ReferenceFile(
        "rulings",
        (
            "ruling_id",
            "target",
            "action",
            "key",
            "field",
            "source_value",
            "ruled_value",
            "legal_document",
            "clause",
            "reason",
        ),
        "Đính chính nguồn, kèm căn cứ pháp lý",
        "Corrections of the sources, each with its legal citation",
    ),
    ReferenceFile(
        "legal_documents",
        ("number", "issuer", "issued_on", "effective_on", "title", "governs", "register_date"),
        "Văn bản pháp lý",
        "Legal documents",
    ),
    ReferenceFile(
        "periods",
        (
            "valid_from",
            "valid_to",
            "levels",
            "province_types",
            "district_types",
            "commune_types",
            "code_list",
            "opening_codes",
            "new_codes",
            "standing_document",
            "chain",
        ),
        "Các thời kỳ: cấp, loại đơn vị, bảng mã, nguồn của mã mới",
        "Periods: levels, unit types, code list, where a new code may come from",
    ),
    ReferenceFile(
        "totals",
        ("valid_from", "valid_to", "level", "type", "province_code", "count", "source"),
        "Số đơn vị theo cấp, loại, tỉnh và ngày, kèm nguồn",
        "Number of units by level, type, province and day, each with its source",
    ),
    ReferenceFile(
        "change_totals",
        ("effective_date", "fact", "count", "source"),
        "Số liên kết mà một ngày thay đổi tạo ra, kèm nguồn",
        "How many links a day of change made, each with its source",
    ),
    ReferenceFile(
        "code_aliases",
        ("printed_in", "as_of", "level", "printed_code", "code", "kind"),
        "Mã mà một danh mục từng in không phải mã của đơn vị",
        "Codes that some register printed and that are not the unit's own",
    ),
)

REFERENCE_FILES: dict[str, ReferenceFile] = {file.name: file for file in _FILES}
"""Every kind of embedded file by name."""

NSO_RULINGS_FILE = ReferenceFile(
    "nso_rulings",
    REFERENCE_FILES["rulings"].columns,
    "Đính chính riêng cho tệp của Cục Thống kê khi tệp được cấu hình làm nguồn, kèm căn cứ pháp lý",
    "Corrections of the statistics office's own files where they are configured as sources, each with its citation",
)
"""Rulings that the embedded tables do not need: what they correct is not in them."""


def read_reference(folder: Path = REFERENCE_FOLDER) -> dict[str, pd.DataFrame]:
    """Every reference frame by name. Raises SourceError."""
    return {name: file.read(folder) for name, file in REFERENCE_FILES.items()}


def reference_hashes(folder: Path = REFERENCE_FOLDER) -> dict[str, str]:
    """SHA-256 of every embedded file by its path in the reference folder."""
    return dict(_hashes(folder))


def _hashes(folder: Path) -> Iterator[tuple[str, str]]:
    for file in REFERENCE_FILES.values():
        yield from file.hashes(folder).items()
