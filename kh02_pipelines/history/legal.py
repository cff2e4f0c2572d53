"""The law that a unit or a change rests on.

Belongs here: dates, clauses and citations of documents, and whether one governs a unit. Does not belong
here: the documents themselves (``sources/reference/legal_documents.csv``).
"""

import pandas as pd

from kh02_pipelines.sources.refusal import refuse_first

LEGAL_DOCUMENTS_FILE = "legal_documents.csv"

DATES = ["issued_on", "effective_on", "register_date"]
ANY = "*"


def legal_document_table(raw: pd.DataFrame) -> pd.DataFrame:
    """The ``legal_document`` table from its source: dates parsed, empty dates missing.

    Raises SourceError for a repeated number or a date that is not ``YYYY-MM-DD``.
    """
    documents = raw.drop(columns=["row", "file"], errors="ignore").copy()
    for field in DATES:
        documents[field] = parse_dates(raw, field, LEGAL_DOCUMENTS_FILE)
    twice = raw["number"].duplicated()
    refuse_first(
        raw,
        twice,
        "document {number} stands twice",
        file=LEGAL_DOCUMENTS_FILE,
        field="number",
        remedy="keep one row per document",
    )
    return documents


def parse_dates(raw: pd.DataFrame, field: str, file: str) -> pd.Series:
    """A text column of ISO dates as dates; the empty string is missing. Raises SourceError naming the row."""
    filled = raw[field].mask(raw[field] == "")
    parsed = pd.to_datetime(filled, format="%Y-%m-%d", errors="coerce").astype("datetime64[ms]")
    # pandas takes 2025-6-1 for the format too
    wrong = filled.notna() & (parsed.isna() | ~filled.str.fullmatch(r"\d{4}-\d{2}-\d{2}").fillna(False).astype(bool))
    refuse_first(
        raw,
        wrong,
        f"{{{field}!r}} is not a date",
        file=file,
        field=field,
        remedy="write it as YYYY-MM-DD",
    )
    return parsed


def require_documents(cited: pd.DataFrame, documents: pd.DataFrame, file: str) -> None:
    """Raise SourceError when a row of ``file`` (``legal_document``, ``row``) cites no known legal document."""
    unknown = ~cited["legal_document"].isin(documents["number"])
    refuse_first(
        cited,
        unknown,
        f"cites {{legal_document!r}}, which is not in {LEGAL_DOCUMENTS_FILE}",
        file=file,
        field="legal_document",
        remedy=f"add the document to {LEGAL_DOCUMENTS_FILE} or correct the number",
    )


def parse_clauses(raw: pd.DataFrame, file: str) -> pd.Series:
    """The column ``clause`` as numbers; the empty string is missing. Raises SourceError naming the row."""
    filled = raw["clause"].mask(raw["clause"] == "")
    wrong = filled.notna() & ~filled.str.fullmatch("[1-9][0-9]{0,3}").fillna(False).astype(bool)
    refuse_first(
        raw,
        wrong,
        "{clause!r} is not a clause",
        file=file,
        field="clause",
        remedy="write the number of the khoản of Điều 1 in digits, or nothing",
    )
    return filled.astype("Int32")


def governs(documents: pd.DataFrame, numbers: pd.Series, levels: pd.Series, provinces: pd.Series) -> pd.Series:
    """Whether each document governs a unit of that level and province; True for a number that is not known.

    ``governs`` of a document lists ``level:province``, either of which may be ``*``.
    """
    asked = pd.DataFrame({"number": numbers, "level": levels, "province": provinces.fillna(ANY)})
    scopes = documents.set_index("number")["governs"].str.split(" ").to_dict()
    fits = {
        (number, level, province): bool(
            {f"{level}:{province}", f"{level}:{ANY}", f"{ANY}:{province}", f"{ANY}:{ANY}"} & set(scopes[number])
        )
        for number, level, province in asked.drop_duplicates().itertuples(index=False)
        if number in scopes
    }
    keys = zip(asked["number"], asked["level"], asked["province"], strict=True)
    return pd.Series([fits.get(key, True) for key in keys], index=numbers.index, dtype=bool)


def in_force(documents: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """Documents that have taken effect, or of which no day of effect is known and an earlier day is."""
    since = documents["effective_on"].fillna(documents["register_date"]).fillna(documents["issued_on"])
    return (since <= day) | since.isna()
