"""The law that a unit or a change rests on.

Belongs here: from a level, a province and a date to the number of the governing document. Does not belong
here: the documents themselves (``sources/reference/legal_documents.csv``).
"""

import pandas as pd

from kh02_pipelines.errors import SourceError
from kh02_pipelines.sources.refusal import refuse_first

LEGAL_DOCUMENTS_FILE = "legal_documents.csv"

OLD_CODE_LIST = "124/2004/QĐ-TTg"
"""The code list in force until 30 June 2025: all we cite for units whose founding act is older than our data."""

DATES = ["issued_on", "effective_on"]


def legal_document_table(raw: pd.DataFrame) -> pd.DataFrame:
    """The ``legal_document`` table from its source: dates parsed, empty dates missing.

    Raises SourceError for a repeated number or a date that is not ``YYYY-MM-DD``.
    """
    documents = raw.drop(columns="row").copy()
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


def require_governing(cited: pd.DataFrame, provinces: pd.Series, resolutions: pd.Series, file: str) -> None:
    """Raise SourceError when a row cites another document than the resolution of its new commune's province.

    ``cited``: ``successor_code``, ``legal_document``, ``row``; ``provinces``: new commune code → province code;
    ``resolutions``: see ``commune_documents``.
    """
    due = cited["successor_code"].map(provinces).map(resolutions).astype("str")
    wrong = due.notna() & (cited["legal_document"] != due)
    refuse_first(
        cited.assign(due=due),
        wrong,
        "{successor_code} cites {legal_document!r}, and {due} governs its province",
        file=file,
        field="legal_document",
        remedy="cite the resolution of the new commune's province",
    )


def governing_document(documents: pd.DataFrame, subject: str) -> str:
    """The number of the one document whose ``governs`` is ``subject`` (``province:*``, ``commune:38``, …).

    Raises SourceError when there is none or more than one.
    """
    numbers = documents.loc[documents["governs"] == subject, "number"]
    if len(numbers) != 1:
        raise SourceError(
            f"{len(numbers)} documents govern {subject}, one is needed",
            file=LEGAL_DOCUMENTS_FILE,
            field="governs",
            remedy=f"let exactly one document govern {subject}",
        )
    return str(numbers.iloc[0])


def commune_documents(documents: pd.DataFrame) -> pd.Series:
    """New province code → number of the 2025 resolution that rearranges its communes."""
    resolutions = documents[documents["number"].str.endswith("/NQ-UBTVQH15")]
    codes = resolutions["governs"].str.removeprefix("commune:")
    return pd.Series(resolutions["number"].array, index=codes.array, name="legal_document")
