"""Which legal documents a release lists: those in force on its day, and those that its tables cite.

Belongs here: choosing documents. Does not belong here: reading them (``history.legal``).
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from kh02_pipelines.history.legal import in_force
from kh02_pipelines.tables.catalogue import CATALOGUE
from kh02_pipelines.tables.history import LEGAL_DOCUMENT_TABLE

_NAME = LEGAL_DOCUMENT_TABLE.name


def listed_documents(
    documents: pd.DataFrame, tables: Mapping[str, Any], links: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    """The ``legal_document`` table of a release from all ``documents`` and the ``tables`` that cite them.

    A document in force whose changes (``links``) are all still to come is listed from the day of the first on.
    """
    cited: set[str] = set()
    for name, table in CATALOGUE.items():
        for key in table.foreign_keys:
            if key.target == _NAME and name != _NAME and name in tables:
                cited |= set(tables[name][key.columns[0]].dropna().unique())
    first = documents["number"].map(links.groupby("legal_document")["effective_date"].min())
    since = in_force(documents, as_of) & ~(first > as_of)
    chosen = documents[since | documents["number"].isin(cited)]
    return chosen[LEGAL_DOCUMENT_TABLE.column_names].sort_values("number", ignore_index=True)
