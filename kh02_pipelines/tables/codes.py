"""Codes through time: what a code meant on a day and what became of it, and codes that are not what they seem.

Belongs here: tables keyed by code and day. Does not belong here: the crosswalks from one day (``crosswalks``) or unit
versions (``history``).
"""

from kh02_pipelines.tables.declaration import Column, ColumnType, ForeignKey, Table
from kh02_pipelines.tables.vocabulary import (
    CODE_STATUSES,
    CONFIDENCES,
    EXTENTS,
    LEGAL_DOCUMENT_IF_KNOWN,
    LEVELS,
    POPULATIONS,
    RELATIONS,
    TO_LEGAL_DOCUMENT,
    UNRESOLVED,
    code,
    count,
    date,
    flag,
    text,
    word,
)

ALIAS_KINDS = ("recoded", "swapped", "ghost", "reused", "not_matched")
UNRESOLVED_REASONS = ("no_successor_known", "rest_without_successor")


def _any_code(name: str, vi: str, en: str, *, nullable: bool = False) -> Column:
    return Column(name, ColumnType.CODE, vi, en, nullable=nullable, pattern=r"[0-9]{2}|[0-9]{3}|[0-9]{5}", max_length=5)


_LEVEL = word("level", LEVELS, "Cấp của mã", "Level of the code")

CODE_CROSSWALK = Table(
    name="code_crosswalk",
    family="crosswalks",
    vi="Mỗi mã trong từng khoảng thời gian mã chỉ một đơn vị, từ 01/04/2009, và các đơn vị kế thừa ngày nay: "
    "nối theo mã và ngày; điều chỉnh địa giới không đổi mã, đổi tên không có trong danh mục nào",
    en="Each code in each span in which it meant one unit, from 2009-04-01, and its successors today: join by code and "
    "date. Boundary shifts without a change of code or name are in no register",
    columns=(
        _LEVEL,
        _any_code("old_code", "Mã của thời kỳ đó", "The code as it was used then"),
        date(
            "valid_from",
            "Ngày đầu tiên mã chỉ đơn vị này, sớm nhất là 01/04/2009",
            "First day on which the code meant this unit, 2009-04-01 at the earliest",
        ),
        date(
            "valid_to",
            "Ngày đầu tiên không còn; rỗng: còn hiệu lực",
            "First day on which it no longer did (exclusive); empty: still in force",
            nullable=True,
        ),
        count("successor_number", "Số thứ tự của đơn vị kế thừa", "Number of the successor, from 1", minimum=1),
        text("old_name", "Tên đầy đủ khi đó", "Full name then"),
        code("old_district_code", "district", "Mã huyện khi đó", "District code then", nullable=True),
        code("old_province_code", "province", "Mã tỉnh khi đó", "Province code then", nullable=True),
        word(
            "new_level",
            LEVELS,
            "Cấp của đơn vị kế thừa; rỗng: chưa biết",
            "Level of the successor; empty: not known",
            nullable=True,
        ),
        _any_code("new_code", "Mã hiện nay; rỗng: chưa biết", "Code today; empty: not known", nullable=True),
        word(
            "extent",
            EXTENTS,
            "Toàn bộ (whole), một phần (part) hay chưa biết (unknown)",
            "All of its territory, a part, or not known",
        ),
        word(
            "population",
            POPULATIONS,
            "Dân số vào đơn vị kế thừa: tất cả, một phần, không, chưa biết",
            "How much of its population: all, part, none, unknown",
        ),
        word(
            "relation",
            (*RELATIONS, UNRESOLVED),
            "Quan hệ với các đơn vị kế thừa; unresolved: chưa biết đơn vị kế thừa",
            "Relation to its successors; unresolved: the successor is not known",
        ),
        word(
            "confidence",
            CONFIDENCES,
            "Mức tin cậy của mắt xích yếu nhất; derived: suy ra, không nên theo như chắc chắn",
            "That of the weakest link on the way; derived is inferred and not to be followed as certain",
        ),
        word(
            "status",
            CODE_STATUSES,
            "Mã ngày nay: còn hiệu lực, đã hết, đổi mã, chưa rõ",
            "What has become of the code: in_force, ended, recoded, unresolved",
        ),
        flag(
            "may_have_lost_part",
            "Có thể đã mất một phần cho một đơn vị mới chưa rõ nguồn gốc",
            "It may have lost a part to a new unit whose origin is not known",
        ),
        LEGAL_DOCUMENT_IF_KNOWN,
        count(
            "clause",
            "Khoản của văn bản đó; có từ năm 2025",
            "Clause of that document; from 2025 on",
            minimum=1,
            nullable=True,
        ),
    ),
    primary_key=("level", "old_code", "valid_from", "successor_number"),
    foreign_keys=(TO_LEGAL_DOCUMENT,),
)

CODE_ALIAS = Table(
    name="code_alias",
    family="crosswalks",
    vi="Mã mà một danh mục từng in không phải mã của đơn vị: đổi mã, hoán đổi, mã ma, dùng lại",
    en="Codes that some register printed and that are not the unit's own: recoded, swapped, ghosts, given again",
    columns=(
        _LEVEL,
        _any_code("printed_code", "Mã được in", "Code as printed"),
        date("as_of", "Ngày của danh mục", "Day the register speaks for"),
        text("printed_in", "Danh mục đã in", "The register that printed it"),
        _any_code("code", "Mã đúng; rỗng: không có", "The unit's own code; empty: none", nullable=True),
        word(
            "kind",
            ALIAS_KINDS,
            "recoded: mã khác của cùng đơn vị; swapped: hai mã hoán đổi; ghost: đơn vị đã hết từ nhiều năm; "
            "reused: mã được cấp lại; not_matched: chưa xác định",
            "recoded: another code of the unit; swapped: two codes exchanged; ghost: ended years before; "
            "reused: given again; not_matched: not identified",
        ),
    ),
    primary_key=("level", "printed_code", "as_of"),
)

UNRESOLVED_UNIT = Table(
    name="unresolved",
    family="crosswalks",
    vi="Đơn vị đã hết hiệu lực mà chưa biết đơn vị kế thừa, kèm văn bản và lý do",
    en="Units that ended and whose successor, or the successor of whose rest, is not known: document and reason",
    columns=(
        text("unit_id", "Phiên bản đơn vị", "Unit version"),
        _LEVEL,
        _any_code("old_code", "Mã đã hết hiệu lực", "The retired code"),
        text("old_name", "Tên đầy đủ khi đó", "Full name then"),
        code("old_district_code", "district", "Mã huyện khi đó", "District code then", nullable=True),
        code("old_province_code", "province", "Mã tỉnh khi đó", "Province code then", nullable=True),
        date("ended_on", "Ngày đầu tiên không còn hiệu lực", "First day no longer in force"),
        word(
            "reason",
            UNRESOLVED_REASONS,
            "Không biết đơn vị kế thừa, hoặc không biết phần còn lại về đâu",
            "No successor is known, or only where a part went and not the rest",
            length=30,
        ),
        LEGAL_DOCUMENT_IF_KNOWN,
    ),
    primary_key=("unit_id",),
    foreign_keys=(ForeignKey(("unit_id",), "unit_version", ("unit_id",)), TO_LEGAL_DOCUMENT),
)

UNRESOLVED_CANDIDATE = Table(
    name="unresolved_candidate",
    family="crosswalks",
    vi="Các đơn vị cùng huyện ngày đó có thể là đơn vị kế thừa của một đơn vị trong bảng unresolved",
    en="The units of its district of that day, any of which may succeed a unit of the table unresolved",
    columns=(
        text("unit_id", "Phiên bản đơn vị đã hết hiệu lực", "The unit version that ended"),
        text("candidate_id", "Phiên bản có thể kế thừa", "Version that may succeed it"),
        _any_code("candidate_code", "Mã", "Its code"),
        text("candidate_name", "Tên đầy đủ", "Its full name"),
    ),
    primary_key=("unit_id", "candidate_id"),
    foreign_keys=(
        ForeignKey(("unit_id",), "unresolved", ("unit_id",)),
        ForeignKey(("candidate_id",), "unit_version", ("unit_id",)),
    ),
)

TABLES = (CODE_CROSSWALK, CODE_ALIAS, UNRESOLVED_UNIT, UNRESOLVED_CANDIDATE)
