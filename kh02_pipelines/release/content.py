"""Identity of a release: a hash of what the tables say, and the release id made of it.

Belongs here: what makes two catalogues the same. Does not belong here: hashes of files (``manifest``), which
also depend on the Parquet writer's version.
"""

import datetime as dt
import hashlib
import io
import re
from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.csv

RELEASE_ID = re.compile(r"\d{4}-\d{2}-\d{2}\+[0-9a-f]{8}")


def csv_bytes(table: pa.Table, *, header: bool = True) -> bytes:
    """A table as CSV text in UTF-8: text always quoted, missing values empty and unquoted, ISO dates.

    Every store can give these bytes back, so they are what is hashed and what PostgreSQL is loaded with.
    """
    buffer = io.BytesIO()
    pyarrow.csv.write_csv(table, buffer, pyarrow.csv.WriteOptions(include_header=header))
    return buffer.getvalue()


def content_hash(tables: Mapping[str, pa.Table]) -> str:
    """SHA-256 over names, column types and values of all tables, in hexadecimal.

    Values enter as CSV text (empty text is quoted, missing is not), so the hash does not depend on the
    version of the Parquet writer, on the release date or on where and when it is computed. Rows count in the
    order given: tables come sorted by primary key (``tables.arrow.to_arrow``).
    """
    return content_hash_of_rows(
        (name, tables[name].schema, [csv_bytes(tables[name], header=False)]) for name in sorted(tables)
    )


def content_hash_of_rows(tables: Iterable[tuple[str, pa.Schema, Iterable[bytes]]]) -> str:
    """``content_hash`` of tables given as (name, schema, rows as CSV text without header).

    The tables must come sorted by name; the parts of one table's rows are joined.
    """
    digest = hashlib.sha256()
    for name, schema, rows in tables:
        types = ",".join(f"{field.name}:{field.type}" for field in schema)
        digest.update(f"{name}({types})\n".encode())
        digest.update(csv_bytes(schema.empty_table()))
        for part in rows:
            digest.update(part)
    return digest.hexdigest()


def release_id(as_of: dt.date, hashed: str) -> str:
    """``<as_of date>+<first 8 hexadecimal digits of the content hash>``."""
    return f"{as_of:%Y-%m-%d}+{hashed[:8]}"
