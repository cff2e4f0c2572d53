"""Sạch: names in one clean form, without strays, repetitions or legacy encodings.

Belongs here: rules on the form of names. Does not belong here: their spelling, which is published verbatim, or
what cleans them (``names``).
"""

import pandas as pd

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.checks.name_form import UNIT_TABLES, legacy_encoding
from kh02_pipelines.checks.rule import Rule, Word, findings, one_finding, together
from kh02_pipelines.names import clean_text, stray_characters


def names_unclean(candidate: Candidate) -> pd.DataFrame:
    """Names that cleaning would still change: not NFC, stray white space, look-alike letters or apostrophes."""
    parts = []
    for table, units in _unicode_tables(candidate):
        changed = clean_text(units["name"]).ne(units["name"]) & units["name"].notna()
        parts.append(findings(table, units[changed], "code", "the name is not in its clean form"))
    return together(*parts)


def names_stray(candidate: Candidate) -> pd.DataFrame:
    """Names with a character that no Vietnamese name has."""
    problem = "the name has a character that no Vietnamese name has"
    return together(
        *(
            findings(table, units[stray_characters(units["name"]).eq(True)], "code", problem)
            for table, units in _unicode_tables(candidate)
        )
    )


def _unicode_tables(candidate: Candidate) -> list[tuple[str, pd.DataFrame]]:
    tables = [(name, candidate.tables[name]) for name in UNIT_TABLES]
    return [(name, units) for name, units in tables if legacy_encoding(units["name"]) is None]


def names_repeated(candidate: Candidate) -> pd.DataFrame:
    """Units in force that share full name and parent with another: one unit under two codes."""
    provinces, communes = candidate.tables["province"], candidate.tables["commune"]
    old = candidate.tables["legacy_commune"]
    filled = communes[communes["name"] != ""]
    return together(
        findings("province", provinces[provinces.duplicated("name", keep=False)], "code", "name stands twice"),
        findings(
            "commune",
            filled[filled.duplicated(["province_code", "name"], keep=False)]
            if _two_tier(candidate)
            else filled.head(0),
            "code",
            "name stands twice in its province",
        ),
        findings(
            "legacy_commune",
            old[old.duplicated(["district_code", "name"], keep=False)],
            "code",
            "name stands twice in its district",
        ),
    )


def _two_tier(candidate: Candidate) -> bool:
    """Before the reform communes of one province share names; their districts tell them apart."""
    return bool(candidate.tables["legacy_district"]["valid_to"].notna().any())


def names_in_legacy_encoding(candidate: Candidate) -> pd.DataFrame:
    """Name columns that are TCVN3, VNI or VISCII text and not Unicode, judged by column."""
    found = {table: legacy_encoding(candidate.tables[table]["name"]) for table in UNIT_TABLES}
    return together(
        *(
            one_finding(table, "name", f"the column is {detected.encoding} ({detected.score:.0%} of its words)")
            for table, detected in found.items()
            if detected is not None
        )
    )


RULES = (
    Rule(
        "names_clean",
        Word.CLEAN,
        "Tên ở dạng Unicode dựng sẵn (NFC), không thừa khoảng trắng, không lẫn chữ giống nhau",
        "Names are composed Unicode (NFC) without stray white space or look-alike letters",
        "run the name through cleaning: the source bypassed it",
        names_unclean,
    ),
    Rule(
        "names_without_strays",
        Word.CLEAN,
        "Tên không có ký tự lạ",
        "Names have no stray characters",
        "correct the name at its source, or read the source in its right encoding",
        names_stray,
    ),
    Rule(
        "names_distinct",
        Word.CLEAN,
        "Không hai đơn vị nào trùng tên đầy đủ trong cùng một đơn vị cấp trên",
        "No two units share their full name within the unit above",
        "one of the two codes is wrong or the unit stands twice; compare with the resolution",
        names_repeated,
    ),
    Rule(
        "names_not_legacy_encoded",
        Word.CLEAN,
        "Tên không ở bảng mã cũ TCVN3, VNI hay VISCII",
        "No name column is in a legacy encoding (TCVN3, VNI, VISCII)",
        "set the encoding of the source so that it is decoded when read",
        names_in_legacy_encoding,
    ),
)
