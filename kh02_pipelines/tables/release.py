"""Tables about releases themselves: what changed from one to the next, and how its checks went.

Belongs here: tables keyed by ``release_id``. They are not part of the catalogue's content: they take no part in
the content hash, so that an unchanged catalogue stays the same release. Does not belong here: catalogue tables.
"""

from kh02_pipelines.tables.declaration import Column, ColumnType, Table
from kh02_pipelines.tables.vocabulary import count, flag, text, word

CHANGE_KINDS = ("real_change", "correction")
ROW_CHANGES = ("added", "removed", "modified")
WORDS = ("đúng", "đủ", "sạch", "sống", "thống nhất", "dùng chung")
SEVERITIES = ("ERROR", "WARN")

_RELEASE_ID = text("release_id", "Mã bản phát hành", "Release id")

RELEASE_CHANGE = Table(
    name="release_change",
    family="release",
    vi="Khác biệt của mỗi bản phát hành so với bản trước: thay đổi thật hay đính chính",
    en="What each release changed against the one before it: a real change or a correction",
    columns=(
        _RELEASE_ID,
        count("change_number", "Số thứ tự trong bản phát hành", "Number within the release", minimum=1),
        text("previous_release_id", "Bản trước đó", "The release it is compared with"),
        word(
            "kind",
            CHANGE_KINDS,
            "Thay đổi thật (theo sự kiện có hiệu lực) hay đính chính",
            "Real change (an event took effect) or correction",
        ),
        word("change", ROW_CHANGES, "Dòng được thêm, bỏ hay sửa", "Row added, removed or modified"),
        text("table", "Bảng", "Table"),
        text("key", "Khóa của dòng; nhiều cột nối bằng >", "Key of the row; several columns joined with >"),
        text("field", "Cột được sửa; rỗng: cả dòng", "Modified column; empty: the whole row", nullable=True),
        Column("before", ColumnType.TEXT, "Giá trị trước", "Value before", nullable=True, max_length=1000),
        Column("after", ColumnType.TEXT, "Giá trị sau", "Value after", nullable=True, max_length=1000),
        text(
            "legal_document",
            "Căn cứ; rỗng nếu không áp dụng",
            "Legal document; empty where none applies",
            nullable=True,
        ),
    ),
    primary_key=("release_id", "change_number"),
)

QUALITY_RESULT = Table(
    name="quality_result",
    family="release",
    vi="Kết quả từng phép kiểm tra chất lượng của mỗi bản phát hành, theo sáu chữ của kế hoạch 02-KH/BCĐTW",
    en="How every quality check of each release ended, by the six words of plan 02-KH/BCĐTW",
    columns=(
        _RELEASE_ID,
        text("check_name", "Tên phép kiểm tra", "Name of the check"),
        word("word", WORDS, "Nhóm", "Family"),
        word("severity", SEVERITIES, "Mức độ", "Severity"),
        flag("blocking", "Có chặn công bố không", "Whether a failure blocks publication"),
        flag("passed", "Đạt", "Whether it passed"),
        count("failing_rows", "Số dòng không đạt", "How many rows failed"),
        Column("remedy", ColumnType.TEXT, "Cách khắc phục", "Remedy", max_length=1000),
    ),
    primary_key=("release_id", "check_name"),
)

TABLES = (RELEASE_CHANGE, QUALITY_RESULT)
