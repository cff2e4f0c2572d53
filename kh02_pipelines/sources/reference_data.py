"""The embedded reference data: registers, successions, rulings, changes and the law, as CSV in ``reference/``.

Belongs here: which reference files there are and their headers. Does not belong here: what they mean
(``register``) or where they come from (``reference/README.md``).
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from kh02_pipelines.sources.csv_files import read_csv_strict

REFERENCE_FOLDER = Path(__file__).parent / "reference"

_UNIT_COLUMNS = ("code", "level", "name", "type", "parent_code")
_PAIR_COLUMNS = ("predecessor_code", "successor_code")


@dataclass(frozen=True)
class ReferenceFile:
    """One embedded CSV file: its name without ending, its header, and what it holds (vi, en)."""

    name: str
    columns: tuple[str, ...]
    vi: str
    en: str

    def path(self, folder: Path) -> Path:
        """Where the file lies in a reference folder."""
        return folder / f"{self.name}.csv"

    def read(self, folder: Path = REFERENCE_FOLDER) -> pd.DataFrame:
        """The file's rows as text, plus ``row`` (line in the file). Raises SourceError."""
        return read_csv_strict(self.path(folder), self.columns)

    def sha256(self, folder: Path = REFERENCE_FOLDER) -> str:
        """Hash of the exact bytes, in hexadecimal."""
        return hashlib.sha256(self.path(folder).read_bytes()).hexdigest()


REFERENCE_FILES: dict[str, ReferenceFile] = {
    file.name: file
    for file in (
        ReferenceFile(
            "units_2025-06-30",
            _UNIT_COLUMNS,
            "Danh mục ba cấp tại ngày 30/06/2025, đúng như nguồn in",
            "The three-tier register of 2025-06-30, as the source prints it",
        ),
        ReferenceFile(
            "units_2025-07-01",
            _UNIT_COLUMNS,
            "Danh mục hai cấp tại ngày 01/07/2025, đúng như nguồn in",
            "The two-tier register of 2025-07-01, as the source prints it",
        ),
        ReferenceFile(
            "successions_2025-07-01",
            _PAIR_COLUMNS,
            "Cặp xã cũ – xã mới của bảng chuyển đổi chính thức, kể cả lỗi in",
            "Old and new commune pairs of the official conversion table, misprints included",
        ),
        ReferenceFile(
            "province_successions_2025-07-01",
            _PAIR_COLUMNS,
            "Cặp tỉnh cũ – tỉnh mới",
            "Old and new province pairs",
        ),
        ReferenceFile(
            "clauses_2025-07-01",
            ("successor_code", "legal_document", "clause"),
            "Khoản của nghị quyết quy định từng xã mới",
            "The clause of the resolution that rules on each new commune",
        ),
        ReferenceFile(
            "population_heirs",
            ("predecessor_code", "successor_code", "legal_document", "clause"),
            "Xã bị chia mà toàn bộ dân số về một xã mới",
            "Split communes whose whole population goes to one successor",
        ),
        ReferenceFile(
            "land_only",
            ("predecessor_code", "successor_code", "legal_document", "clause"),
            "Phần của xã bị chia chỉ có đất, không có dân, mà dân về hơn một xã mới",
            "Parts of split communes that are land without people, where the people go to more than one successor",
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
            ),
            "Năm đặc khu hình thành từ huyện đảo và các thay đổi sau 01/07/2025",
            "The five special zones made of island districts, and every change after 2025-07-01",
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
            ("number", "issuer", "issued_on", "effective_on", "title", "governs"),
            "Văn bản pháp lý",
            "Legal documents",
        ),
        ReferenceFile(
            "totals",
            ("valid_from", "level", "type", "count", "legal_document"),
            "Số đơn vị theo cấp, loại và ngày, theo văn bản",
            "Number of units by level, type and date, as the law gives them",
        ),
        ReferenceFile(
            "province_totals",
            ("valid_from", "province_code", "type", "count", "legal_document"),
            "Số đơn vị cấp xã theo tỉnh, loại và ngày, theo nghị quyết của từng tỉnh",
            "Number of communes by province, type and date, as each province's resolution gives them",
        ),
        ReferenceFile(
            "reform_totals",
            ("fact", "count", "source"),
            "Số cặp xã, số xã bị chia, số xã giữ nguyên và các trường hợp dân số của ngày 01/07/2025, kèm nguồn",
            "Pairs, divided and unchanged communes, heirs and land-only parts of 2025-07-01, each with its source",
        ),
    )
}
"""Every embedded file by name."""

NSO_RULINGS_FILE = ReferenceFile(
    "nso_rulings",
    REFERENCE_FILES["rulings"].columns,
    "Đính chính riêng cho tệp của Cục Thống kê khi tệp được cấu hình làm nguồn, kèm căn cứ pháp lý",
    "Corrections of the statistics office's own files where they are configured as sources, each with its citation",
)
"""Rulings that the embedded tables do not need: what they correct is not in them."""
