"""Units through time: versions, the events that start and end them, successions, and the law behind them.

Belongs here: tables whose rows have dates of their own. Does not belong here: states at one date (``units``).
"""

from kh02_pipelines.tables.declaration import Column, ColumnType, ForeignKey, Table
from kh02_pipelines.tables.vocabulary import (
    CLAUSE,
    CONFIDENCES,
    DATE_BASES,
    EVENT_KINDS,
    EXTENTS,
    LEGAL_DOCUMENT_IF_KNOWN,
    LEVELS,
    NAME,
    POPULATIONS,
    RULING_ID,
    TO_LEGAL_DOCUMENT,
    UNIT_TYPES,
    VALID_FROM,
    VALID_FROM_EXACT,
    VALID_TO,
    VERSION_CONFIDENCES,
    date,
    text,
    word,
)

LEGAL_DOCUMENT_TABLE = Table(
    name="legal_document",
    family="history",
    vi="Văn bản pháp lý làm căn cứ cho các thay đổi",
    en="The legal documents that changes and codes rest on",
    columns=(
        text(
            "number",
            "Số hiệu văn bản; số lặp lại thì kèm ngày: số (ngày)",
            "Number of the document; where a number repeats, with its date: number (date)",
        ),
        text("issuer", "Cơ quan ban hành", "Issuing body"),
        date(
            "issued_on",
            "Ngày ban hành; rỗng: chưa xác định",
            "Day of issue; empty: not established",
            nullable=True,
        ),
        date(
            "effective_on",
            "Ngày có hiệu lực; rỗng: chưa xác định",
            "Day it takes effect; empty: not established",
            nullable=True,
        ),
        Column("title", ColumnType.TEXT, "Tên văn bản", "Title", max_length=1000),
        text(
            "governs",
            "Phạm vi: cấp và mã tỉnh, nhiều phạm vi cách nhau bằng dấu cách; * là mọi cấp hoặc mọi tỉnh",
            "What it governs: level and province code, several divided by a space; * is any level or province",
        ),
        date(
            "register_date",
            "Ngày của văn bản trong danh sách của Cục Thống kê; rỗng: không có trong đó",
            "Day of the document in the list of the statistics office; empty: not in it",
            nullable=True,
        ),
    ),
    primary_key=("number",),
)

CHANGE_EVENT = Table(
    name="change_event",
    family="history",
    vi="Các sự kiện thay đổi đơn vị hành chính",
    en="What happened to units on an effective date",
    columns=(
        text("event_id", "Mã sự kiện: ngày/cấp/mã", "Event id: date/level/code"),
        date("effective_date", "Ngày có hiệu lực", "Effective date"),
        word("kind", EVENT_KINDS, "Loại sự kiện", "Kind of event"),
        LEGAL_DOCUMENT_IF_KNOWN,
        CLAUSE,
        word(
            "basis",
            DATE_BASES,
            "Cách biết ngày: theo văn bản (law) hay ngày danh mục thể hiện (register)",
            "How the day is known: by law, or as the day a register shows it",
        ),
        word(
            "confidence",
            CONFIDENCES,
            "Cách biết văn bản: nguồn nêu (sourced), suy ra từ ngày và tỉnh (derived), chưa biết (unknown)",
            "How the document is known: named by the source, derived from day and province, unknown",
        ),
    ),
    primary_key=("event_id",),
    foreign_keys=(TO_LEGAL_DOCUMENT,),
)

UNIT_VERSION = Table(
    name="unit_version",
    family="history",
    vi="Từng phiên bản của từng đơn vị, với khoảng hiệu lực; mã được dùng lại nên khóa là mã@ngày",
    en="Each unit as it was from one date to another; codes are reused, so the key is code@date",
    columns=(
        text("unit_id", "Khóa: mã@valid_from", "Key: code@valid_from"),
        Column(
            "code",
            ColumnType.CODE,
            "Mã đơn vị",
            "Unit code",
            pattern=r"[0-9]{2}|[0-9]{3}|[0-9]{5}",
            max_length=5,
        ),
        word("level", LEVELS, "Cấp", "Level"),
        NAME,
        word("type", UNIT_TYPES, "Loại đơn vị", "Unit type"),
        Column(
            "parent_code",
            ColumnType.CODE,
            "Mã đơn vị cấp trên; rỗng với tỉnh",
            "Code of the unit above; empty for provinces",
            nullable=True,
            pattern=r"[0-9]{2}|[0-9]{3}",
            max_length=5,
        ),
        VALID_FROM,
        VALID_TO,
        text(
            "started_by",
            "Sự kiện mở đầu; rỗng: có từ danh mục đầu tiên (31/08/2004)",
            "Event that started it; empty: stood in the first register (2004-08-31)",
            nullable=True,
        ),
        text(
            "ended_by",
            "Sự kiện kết thúc; rỗng: còn hiệu lực",
            "Event that ended it; empty: still in force",
            nullable=True,
        ),
        VALID_FROM_EXACT,
        word(
            "from_basis",
            DATE_BASES,
            "Cách biết valid_from: theo văn bản (law), ngày danh mục thể hiện (register), có từ danh mục đầu (floor)",
            "How valid_from is known: by law, as the day a register shows it, or there since the first (floor)",
        ),
        word(
            "to_basis",
            DATE_BASES,
            "Cách biết valid_to: law, register; rỗng: còn hiệu lực",
            "How valid_to is known: law, register; empty: still in force",
            nullable=True,
        ),
        word(
            "confidence",
            VERSION_CONFIDENCES,
            "sourced: có trong danh mục; reconstructed: danh mục không còn thể hiện, dựng lại từ các nguồn khác",
            "sourced: stands in a register; reconstructed: registers hide it, put together from other sources",
        ),
    ),
    primary_key=("unit_id",),
    foreign_keys=(
        ForeignKey(("started_by",), "change_event", ("event_id",)),
        ForeignKey(("ended_by",), "change_event", ("event_id",)),
    ),
)

SUCCESSION = Table(
    name="succession",
    family="history",
    vi="Liên kết kế thừa giữa các phiên bản đơn vị",
    en="Predecessor to successor links between unit versions",
    columns=(
        text("event_id", "Sự kiện tạo liên kết", "Event that made the link", length=80),
        text("predecessor_id", "Phiên bản trước", "Predecessor version"),
        text("successor_id", "Phiên bản kế thừa", "Successor version"),
        word(
            "extent",
            EXTENTS,
            "Toàn bộ hay một phần lãnh thổ; unknown: chưa biết",
            "Whole or part of the territory; unknown: not known",
        ),
        word(
            "population",
            POPULATIONS,
            "Dân số: tất cả, một phần, không, chưa biết",
            "Population: all, part, none, unknown",
        ),
        RULING_ID,
        word(
            "basis",
            DATE_BASES,
            "Cách biết ngày của liên kết: law, register",
            "How the day of the link is known: law, register",
        ),
        word(
            "confidence",
            CONFIDENCES,
            "Cách biết liên kết: nguồn nêu (sourced), suy ra (derived)",
            "How the link is known: named by a source (sourced), derived",
        ),
    ),
    primary_key=("event_id", "predecessor_id", "successor_id"),
    foreign_keys=(
        ForeignKey(("event_id",), "change_event", ("event_id",)),
        ForeignKey(("predecessor_id",), "unit_version", ("unit_id",)),
        ForeignKey(("successor_id",), "unit_version", ("unit_id",)),
    ),
    lookups=("successor_id",),
)

TABLES = (LEGAL_DOCUMENT_TABLE, CHANGE_EVENT, UNIT_VERSION, SUCCESSION)
