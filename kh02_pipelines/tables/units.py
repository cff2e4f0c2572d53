"""The unit catalogues: provinces and communes in force, and the three tiers of 30 June 2025.

Belongs here: tables with one row per unit. Does not belong here: links between units (``crosswalks``) or
their life over time (``history``).
"""

from kh02_pipelines.tables.declaration import ForeignKey, Table
from kh02_pipelines.tables.vocabulary import (
    COMMUNE_TYPES,
    DISTRICT_TYPES,
    LEGACY_COMMUNE_TYPES,
    LEGAL_DOCUMENT,
    NAME,
    NAME_ASCII,
    PROVINCE_TYPES,
    SHORT_NAME,
    TO_LEGAL_DOCUMENT,
    VALID_FROM,
    VALID_FROM_EXACT,
    VALID_TO,
    code,
    word,
)

PROVINCE = Table(
    name="province",
    family="units",
    vi="Danh mục tỉnh, thành phố đang có hiệu lực",
    en="Provinces and centrally run cities in force on the release date",
    columns=(
        code("code", "province", "Mã tỉnh (2 chữ số)", "Province code (2 digits)"),
        NAME,
        SHORT_NAME,
        word("type", PROVINCE_TYPES, "Loại đơn vị", "Unit type"),
        NAME_ASCII,
        VALID_FROM,
        LEGAL_DOCUMENT,
        VALID_FROM_EXACT,
    ),
    primary_key=("code",),
    foreign_keys=(TO_LEGAL_DOCUMENT,),
)

COMMUNE = Table(
    name="commune",
    family="units",
    vi="Danh mục xã, phường, đặc khu đang có hiệu lực",
    en="Communes, wards and special zones in force on the release date",
    columns=(
        code("code", "commune", "Mã xã (5 chữ số)", "Commune code (5 digits)"),
        code("province_code", "province", "Mã tỉnh", "Province code"),
        NAME,
        SHORT_NAME,
        word("type", COMMUNE_TYPES, "Loại đơn vị", "Unit type"),
        NAME_ASCII,
        VALID_FROM,
        LEGAL_DOCUMENT,
        VALID_FROM_EXACT,
    ),
    primary_key=("code",),
    foreign_keys=(ForeignKey(("province_code",), "province", ("code",)), TO_LEGAL_DOCUMENT),
)

LEGACY_PROVINCE = Table(
    name="legacy_province",
    family="units",
    vi="Danh mục 63 tỉnh, thành phố tại ngày 30/06/2025",
    en="The 63 provinces and centrally run cities as of 2025-06-30",
    columns=(
        code("code", "province", "Mã tỉnh cũ", "Old province code"),
        NAME,
        SHORT_NAME,
        word("type", PROVINCE_TYPES, "Loại đơn vị", "Unit type"),
        VALID_TO,
        NAME_ASCII,
    ),
    primary_key=("code",),
)

LEGACY_DISTRICT = Table(
    name="legacy_district",
    family="units",
    vi="Danh mục 696 quận, huyện, thị xã, thành phố tại ngày 30/06/2025",
    en="The 696 districts as of 2025-06-30",
    columns=(
        code("code", "district", "Mã huyện cũ (3 chữ số)", "Old district code (3 digits)"),
        code("province_code", "province", "Mã tỉnh cũ", "Old province code"),
        NAME,
        SHORT_NAME,
        word("type", DISTRICT_TYPES, "Loại đơn vị", "Unit type"),
        VALID_TO,
        NAME_ASCII,
    ),
    primary_key=("code",),
    foreign_keys=(ForeignKey(("province_code",), "legacy_province", ("code",)),),
)

LEGACY_COMMUNE = Table(
    name="legacy_commune",
    family="units",
    vi="Danh mục 10.035 xã, phường, thị trấn tại ngày 30/06/2025",
    en="The 10,035 communes as of 2025-06-30",
    columns=(
        code("code", "commune", "Mã xã cũ (5 chữ số)", "Old commune code (5 digits)"),
        code("district_code", "district", "Mã huyện cũ", "Old district code"),
        code("province_code", "province", "Mã tỉnh cũ", "Old province code"),
        NAME,
        SHORT_NAME,
        word("type", LEGACY_COMMUNE_TYPES, "Loại đơn vị", "Unit type"),
        VALID_TO,
        NAME_ASCII,
    ),
    primary_key=("code",),
    foreign_keys=(
        ForeignKey(("district_code",), "legacy_district", ("code",)),
        ForeignKey(("province_code",), "legacy_province", ("code",)),
    ),
)

TABLES = (PROVINCE, COMMUNE, LEGACY_PROVINCE, LEGACY_DISTRICT, LEGACY_COMMUNE)
