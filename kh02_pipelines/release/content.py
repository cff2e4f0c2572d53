"""Identity of a release: a hash of what the tables say, and the release id made of it.

Belongs here: what makes two catalogues the same. Does not belong here: hashes of files (``staging``), which
also depend on the Parquet writer's version.
"""

import datetime as dt
import hashlib
import io
import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.csv

RELEASE_ID = re.compile(r"\d{4}-\d{2}-\d{2}\+[0-9a-f]{8}")


def content_hash(tables: Mapping[str, pa.Table]) -> str:
    """SHA-256 over names, column types and values of all tables, in hexadecimal.

    Values enter as CSV text (empty text is quoted, missing is not), so the hash does not depend on the
    version of the Parquet writer, on the release date or on where and when it is computed. Rows count in the
    order given: tables come sorted by primary key (``tables.arrow.to_arrow``).
    """
    digest = hashlib.sha256()
    for name in sorted(tables):
        table = tables[name]
        types = ",".join(f"{field.name}:{field.type}" for field in table.schema)
        digest.update(f"{name}({types})\n".encode())
        buffer = io.BytesIO()
        pyarrow.csv.write_csv(table, buffer)
        digest.update(buffer.getbuffer())
    return digest.hexdigest()


def release_id(as_of: dt.date, hashed: str) -> str:
    """``<as_of date>+<first 8 hexadecimal digits of the content hash>``."""
    return f"{as_of:%Y-%m-%d}+{hashed[:8]}"
