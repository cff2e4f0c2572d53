"""The crosswalks: from the units of 30 June 2025 to those in force, ready to join.

Belongs here: tables that link an old code to new ones. Does not belong here: the succession of unit versions
they are derived from (``history``).
"""

from kh02_pipelines.tables.declaration import ForeignKey, Table
from kh02_pipelines.tables.vocabulary import (
    CLAUSE,
    EXTENTS,
    LEGAL_DOCUMENT,
    POPULATIONS,
    RELATIONS,
    RULING_ID,
    SAME_CODE,
    TO_LEGAL_DOCUMENT,
    code,
    count,
    flag,
    text,
    word,
)

COMMUNE_CROSSWALK = Table(
    name="commune_crosswalk",
    family="crosswalks",
    vi="Bảng chuyển đổi xã cũ → xã mới; xã bị chia có nhiều dòng và không dòng nào được chọn thay người dùng. Dân số "
    "và hồ sơ đi theo dòng extent = 'whole' OR population = 'all': mỗi xã cũ có nhiều nhất một dòng như thế, không "
    "có là chưa xác định. Cộng theo mọi dòng thì xã bị chia bị tính nhiều lần",
    en="Old commune to new communes; a split commune has several rows and none is picked for the reader. People and "
    "records move by the row with extent = 'whole' OR population = 'all': an old commune has one at most, and "
    "without one it is undecided. A total summed over all rows counts split communes more than once",
    columns=(
        code("old_code", "commune", "Mã xã cũ (30/06/2025)", "Old commune code (2025-06-30)"),
        code("new_code", "commune", "Mã xã mới", "New commune code"),
        word(
            "extent",
            EXTENTS,
            "Xã cũ vào xã mới toàn bộ (whole) hay một phần (part)",
            "Whether all or part of the old commune's territory is in the new one",
        ),
        word(
            "population",
            POPULATIONS,
            "Dân số xã cũ vào xã mới: tất cả, một phần, không",
            "How much of the old commune's population is in the new one: all, part (share unpublished), none",
        ),
        word(
            "relation",
            RELATIONS,
            "Quan hệ của xã cũ với các xã kế thừa",
            "Relation of the old commune to its successors",
        ),
        count(
            "successor_count",
            "Số xã mới kế thừa xã cũ này",
            "How many new communes succeed this old one",
            minimum=1,
        ),
        SAME_CODE,
        LEGAL_DOCUMENT,
        RULING_ID,
        text("old_name", "Tên xã cũ", "Old commune's full name"),
        code("old_district_code", "district", "Mã huyện cũ", "Old district code"),
        text("old_district_name", "Tên huyện cũ", "Old district's full name"),
        code("old_province_code", "province", "Mã tỉnh cũ", "Old province code"),
        text("old_province_name", "Tên tỉnh cũ", "Old province's full name"),
        text("new_name", "Tên xã mới", "New commune's full name"),
        code("new_province_code", "province", "Mã tỉnh mới", "New province code"),
        text("new_province_name", "Tên tỉnh mới", "New province's full name"),
        CLAUSE,
    ),
    primary_key=("old_code", "new_code"),
    foreign_keys=(
        ForeignKey(("old_code",), "legacy_commune", ("code",)),
        ForeignKey(("new_code",), "commune", ("code",)),
        ForeignKey(("old_district_code",), "legacy_district", ("code",)),
        ForeignKey(("old_province_code",), "legacy_province", ("code",)),
        ForeignKey(("new_province_code",), "province", ("code",)),
        TO_LEGAL_DOCUMENT,
    ),
    example="""\
-- my_data(commune_code, people): mã ngày 30/06/2025 · codes of 30 June 2025
SELECT x.new_code, sum(d.people) AS people
FROM my_data d
LEFT JOIN commune_crosswalk x
  ON x.old_code = d.commune_code AND (x.extent = 'whole' OR x.population = 'all')
GROUP BY x.new_code;
-- new_code rỗng: xã bị chia chưa xác định, hoặc mã không có · empty: split and undecided, or an unknown code""",
)

PROVINCE_CROSSWALK = Table(
    name="province_crosswalk",
    family="crosswalks",
    vi="Bảng chuyển đổi tỉnh cũ → tỉnh mới; mỗi tỉnh cũ thuộc đúng một tỉnh mới",
    en="Old province to new province; every old province lies in exactly one new one",
    columns=(
        code("old_code", "province", "Mã tỉnh cũ", "Old province code"),
        code("new_code", "province", "Mã tỉnh mới", "New province code"),
        word("relation", RELATIONS, "Quan hệ với tỉnh mới", "Relation of the old province to the new one"),
        SAME_CODE,
        LEGAL_DOCUMENT,
        text("old_name", "Tên tỉnh cũ", "Old province's full name"),
        text("new_name", "Tên tỉnh mới", "New province's full name"),
    ),
    primary_key=("old_code",),
    foreign_keys=(
        ForeignKey(("old_code",), "legacy_province", ("code",)),
        ForeignKey(("new_code",), "province", ("code",)),
        TO_LEGAL_DOCUMENT,
    ),
)

DISTRICT_CROSSWALK = Table(
    name="district_crosswalk",
    family="crosswalks",
    vi="Các xã mới nằm trên địa bàn từng huyện cũ; huyện không có đơn vị kế thừa trực tiếp, trừ năm huyện đảo",
    en="The new communes on each old district's territory: a set of candidates, never a pick",
    columns=(
        code("old_district_code", "district", "Mã huyện cũ", "Old district code"),
        code("new_commune_code", "commune", "Mã xã mới", "New commune code"),
        code("new_province_code", "province", "Mã tỉnh mới", "New province code"),
        flag(
            "commune_within_district",
            "Xã mới chỉ lấy địa bàn của huyện cũ này",
            "The new commune draws on this district alone",
        ),
        flag(
            "sole_successor",
            "Huyện cũ chỉ có một xã mới kế thừa",
            "The district has no other successor",
        ),
        text("old_district_name", "Tên huyện cũ", "Old district's full name"),
        text("new_commune_name", "Tên xã mới", "New commune's full name"),
        LEGAL_DOCUMENT,
    ),
    primary_key=("old_district_code", "new_commune_code"),
    foreign_keys=(
        ForeignKey(("old_district_code",), "legacy_district", ("code",)),
        ForeignKey(("new_commune_code",), "commune", ("code",)),
        ForeignKey(("new_province_code",), "province", ("code",)),
        TO_LEGAL_DOCUMENT,
    ),
)

TABLES = (COMMUNE_CROSSWALK, PROVINCE_CROSSWALK, DISTRICT_CROSSWALK)
