"""Column building blocks that several tables share: codes, names, dates, closed vocabularies.

Belongs here: a column or word list used by more than one family of tables. Does not belong here: whole
tables.
"""

from kh02_pipelines.tables.declaration import Column, ColumnType, ForeignKey

LEVELS = ("province", "district", "commune")

PROVINCE_TYPES = ("thành phố", "tỉnh")
DISTRICT_TYPES = ("huyện", "quận", "thành phố", "thị xã")
LEGACY_COMMUNE_TYPES = ("phường", "thị trấn", "xã")
COMMUNE_TYPES = ("phường", "thị trấn", "xã", "đặc khu")
UNIT_TYPES = tuple(sorted({*PROVINCE_TYPES, *DISTRICT_TYPES, *COMMUNE_TYPES}))

EXTENTS = ("whole", "part", "unknown")
POPULATIONS = ("all", "part", "none", "unknown")
RELATIONS = ("unchanged", "renamed", "merged", "split")
UNRESOLVED = "unresolved"
CHANGE_KINDS = ("creation", "abolition", "merger", "split", "rename", "retype", "recode", "transfer", "spelling")
EVENT_KINDS = CHANGE_KINDS
DATE_BASES = ("law", "register", "floor")
CONFIDENCES = ("sourced", "derived", "unknown")
VERSION_CONFIDENCES = ("sourced", "reconstructed")
STATUSES = ("in_force", "ended", "recoded", "unresolved", "alias", "ghost", "future")
"""What a code is on a day."""
CODE_STATUSES = ("in_force", "ended", "recoded", "unresolved")
"""What has become of a code that units had."""

CODE_PATTERNS = {"province": r"[0-9]{2}", "district": r"[0-9]{3}", "commune": r"[0-9]{5}"}


def code(name: str, level: str, vi: str, en: str, *, nullable: bool = False) -> Column:
    """A code column of one level: 2, 3 or 5 digits kept as text (124/2004/QĐ-TTg)."""
    return Column(name, ColumnType.CODE, vi, en, nullable=nullable, pattern=CODE_PATTERNS[level], max_length=5)


def text(
    name: str, vi: str, en: str, *, nullable: bool = False, pattern: str | None = None, length: int = 255
) -> Column:
    """A free text column."""
    return Column(name, ColumnType.TEXT, vi, en, nullable=nullable, pattern=pattern, max_length=length)


def word(name: str, allowed: tuple[str, ...], vi: str, en: str, *, nullable: bool = False, length: int = 20) -> Column:
    """A column with a closed vocabulary."""
    return Column(name, ColumnType.TEXT, vi, en, nullable=nullable, allowed=allowed, max_length=length)


def date(name: str, vi: str, en: str, *, nullable: bool = False) -> Column:
    """A calendar date in Viet Nam."""
    return Column(name, ColumnType.DATE, vi, en, nullable=nullable)


def flag(name: str, vi: str, en: str) -> Column:
    """A yes/no column, never empty."""
    return Column(name, ColumnType.BOOLEAN, vi, en)


def count(name: str, vi: str, en: str, *, minimum: int = 0, nullable: bool = False) -> Column:
    """A whole number of things."""
    return Column(name, ColumnType.INTEGER, vi, en, nullable=nullable, minimum=minimum)


NAME = text(
    "name",
    "Tên đầy đủ, đúng chính tả của nguồn được theo (nguồn nhúng sẵn, hoặc nguồn được cấu hình) và các đính chính; "
    "chỗ các nguồn viết khác nhau ở bảng source_conflict",
    "Full name, spelled as the source that is followed spells it (the embedded one, or the one configured) and as "
    "rulings correct it; where the sources of a release differ is in source_conflict",
)
SHORT_NAME = text("short_name", "Tên không kèm loại đơn vị", "Name without the unit type")
NAME_ASCII = text("name_ascii", "Tên đầy đủ không dấu", "Full name without diacritics", pattern=r"[\x20-\x7e]+")
VALID_FROM = date(
    "valid_from",
    "Ngày đầu tiên có hiệu lực; xem valid_from_exact",
    "First day in force; see valid_from_exact",
)
VALID_FROM_EXACT = flag(
    "valid_from_exact",
    "Đúng: ngày theo văn bản. Sai: ngày danh mục thể hiện, hoặc đã có từ danh mục đầu tiên (31/08/2004)",
    "True: the day is that of the law. False: the day a register shows it, or there since the first (2004-08-31)",
)
VALID_TO = date(
    "valid_to",
    "Ngày đầu tiên không còn hiệu lực; rỗng: còn hiệu lực",
    "First day no longer in force (exclusive end); empty: still in force",
    nullable=True,
)
LEGAL_DOCUMENT = text(
    "legal_document", "Số hiệu văn bản pháp lý làm căn cứ", "Number of the legal document this rests on"
)
LEGAL_DOCUMENT_IF_KNOWN = text(
    "legal_document",
    "Số hiệu văn bản pháp lý làm căn cứ; rỗng: chưa biết",
    "Number of the legal document this rests on; empty: not known",
    nullable=True,
)
CLAUSE = count(
    "clause",
    "Khoản của Điều 1 văn bản đó quy định đơn vị mới; rỗng: chưa xác định",
    "Clause (khoản) of Article 1 of that document that rules on the new unit; empty: not established",
    minimum=1,
    nullable=True,
)
SAME_CODE = flag(
    "same_code",
    "Mã mới trùng mã cũ; không có nghĩa là cùng lãnh thổ",
    "New code equals the old one; this does not mean the same territory",
)
RULING_ID = text(
    "ruling_id",
    "Mã đính chính đã áp dụng lên nguồn; rỗng: theo đúng nguồn",
    "Ruling applied to the source; empty: as the source has it",
    nullable=True,
)
TO_LEGAL_DOCUMENT = ForeignKey(("legal_document",), "legal_document", ("number",))
