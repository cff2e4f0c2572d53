"""Tables about the sources: which bytes were read, what was refused, what was changed, where sources differ.

Belongs here: what a reader needs to trace a release to its sources and their faults. Does not belong here: how
a release's checks ended (``release``), or the catalogue itself.
"""

from kh02_pipelines.tables.declaration import Column, ColumnType, ForeignKey, Table
from kh02_pipelines.tables.vocabulary import TO_LEGAL_DOCUMENT, count, date, flag, text, word

CONFLICT_CLASSES = (
    "spelling",
    "name",
    "type",
    "parent",
    "unit",
    "succession",
    "extent",
    "population",
    "total",
    "one_of_several",
    "not_listed",
    "not_identified",
)
"""``spelling``: equal but for conventions (tone placement, i/y, apostrophes, capitals that the followed name did not
lose); ``name``: otherwise other letters; ``total``: a count that others published and the catalogue does not meet. The
last three are of other public mappings: a split commune given one successor, an old commune left out, a name that is no
unit of the register."""

SOURCE_ROLES = (
    "reference",
    "old_register",
    "new_register",
    "conversion",
    "cross_check",
    "changes",
    "legal_documents",
    "totals",
    "periods",
    "rulings",
)
OPEN = "open"


def _short(name: str, length: int, vi: str, en: str) -> Column:
    """Text that stands in a key: bounded so that every database can index the whole key."""
    return Column(name, ColumnType.TEXT, vi, en, max_length=length)


_SOURCE = _short("source", 40, "Tên nguồn", "Name of the source")
_SHA256 = Column(
    "sha256",
    ColumnType.TEXT,
    "SHA-256 của đúng nội dung tệp đã đọc",
    "SHA-256 of the exact bytes that were read",
    pattern=r"[0-9a-f]{64}",
    max_length=64,
)
_SHEET = _short("sheet", 64, "Trang tính; - nếu tệp không có", "Sheet; - where the file has none")
_LINE = count("line", "Dòng trong tệp, tính từ 1; 0: cả tệp", "Line in the file, from 1; 0: the file as a whole")
_FIELD = _short("field", 64, "Trường", "Field")
_TO_SOURCE = ForeignKey(("source", "sha256"), "source_file", ("source", "sha256"))

SOURCE_FILE = Table(
    name="source_file",
    family="quality",
    vi="Từng tệp nguồn của bản phát hành: đúng nội dung nào, nói về ngày nào, bao nhiêu dòng vào và được nhận",
    en="Every source file of a release: which exact bytes, the date it speaks for, rows in and accepted",
    columns=(
        _SOURCE,
        _SHA256,
        text("file", "Tên tệp, bảng hoặc gói phần mềm", "Name of the file, table or package"),
        word("role", SOURCE_ROLES, "Vai trò", "Role"),
        text("kind", "Loại nguồn", "Kind of source"),
        date(
            "speaks_for",
            "Ngày mà nguồn phản ánh, ngày mới nhất nếu có nhiều ngày; rỗng: không có ngày",
            "Date it speaks for, the newest where there are several; empty: none",
            nullable=True,
        ),
        count("priority", "Thứ tự ưu tiên, nhỏ trước", "Priority, lower first"),
        flag("followed", "Danh mục được dựng từ tệp này", "Whether the catalogue is built of it, not only compared"),
        count("rows_in", "Số dòng đọc vào", "Rows read"),
        count("accepted", "Số dòng được nhận", "Rows accepted"),
        count("quarantined", "Số dòng bị cách ly", "Rows quarantined"),
        count("set_aside", "Số dòng tiêu đề trong bảng, không phải dữ liệu", "Title rows inside the table, no data"),
        count("issues", "Số giá trị đã sửa hoặc lưu ý", "Values changed, and notices"),
    ),
    primary_key=("source", "sha256"),
)

QUARANTINE = Table(
    name="quarantine",
    family="quality",
    vi="Các dòng không được nhận: nguồn, dòng, trường, giá trị và lý do",
    en="Rows that could not be accepted: source, line, field, value and reason",
    columns=(
        _SOURCE,
        _SHA256,
        _SHEET,
        _LINE,
        _FIELD,
        text(
            "value",
            "Giá trị như nguồn; rỗng: ô trống",
            "Value as the source has it; empty: an empty cell",
            nullable=True,
        ),
        text("reason", "Lý do", "Reason"),
    ),
    primary_key=("source", "sha256", "sheet", "line"),
    foreign_keys=(_TO_SOURCE,),
)

SOURCE_ISSUE = Table(
    name="source_issue",
    family="quality",
    vi="Dấu vết làm sạch: mỗi giá trị đã sửa, giá trị gốc, giá trị mới và quy tắc",
    en="The trace of cleaning: every value changed, as it was, as it is now, and the rule",
    columns=(
        _SOURCE,
        _SHA256,
        _SHEET,
        _LINE,
        _FIELD,
        text("raw_value", "Giá trị trước; rỗng: ô trống", "Value before this rule; empty: none", nullable=True),
        text("cleaned_value", "Giá trị sau; rỗng: không còn", "Value after this rule; empty: none", nullable=True),
        _short("rule", 64, "Quy tắc", "Rule"),
    ),
    primary_key=("source", "sha256", "sheet", "line", "field", "rule"),
    foreign_keys=(_TO_SOURCE,),
)

SOURCE_CONFLICT = Table(
    name="source_conflict",
    family="quality",
    vi="Nơi các nguồn khác nhau: giá trị của từng nguồn, đính chính đã áp dụng hoặc còn bỏ ngỏ",
    en="Where sources differ: each source's value, and the ruling that settles it, or open",
    columns=(
        _short(
            "subject",
            160,
            "Đối tượng: ngày/cấp/mã hoặc ngày/quan hệ/mã>mã",
            "Subject: date/level/code or date/link/code>code",
        ),
        _FIELD,
        _short("other_source", 40, "Nguồn nói khác", "The source that says otherwise"),
        text("source", "Nguồn được theo", "The source that is followed"),
        text("value", "Giá trị được theo", "Value that is followed"),
        text("other_value", "Giá trị của nguồn kia", "Value of the other source"),
        word("class", CONFLICT_CLASSES, "Loại khác biệt", "Class of difference"),
        flag("blocking", "Chặn công bố nếu còn bỏ ngỏ", "Stops publication while open"),
        text("ruling", "Mã đính chính, hoặc open", "Ruling, or open"),
        text("legal_document", "Căn cứ; rỗng: chưa có", "Legal document; empty: none", nullable=True),
        text("clause", "Điều khoản của căn cứ", "Clause of that document", nullable=True),
    ),
    primary_key=("subject", "field", "other_source"),
    foreign_keys=(TO_LEGAL_DOCUMENT,),
)

TABLES = (SOURCE_FILE, QUARANTINE, SOURCE_ISSUE, SOURCE_CONFLICT)
