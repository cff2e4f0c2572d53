"""The version of the published contract, and fingerprints that tell whether two shapes are the same.

Belongs here: what a reader may rely on, in short form. Does not belong here: the declarations themselves, or
hashes of content (``release.content``).
"""

import hashlib
from collections.abc import Mapping

import pyarrow as pa

from kh02_pipelines.tables.arrow import arrow_schema
from kh02_pipelines.tables.declaration import Table

CONTRACT_VERSION = "2.0"
"""Raised by one after the dot when columns or tables are added, before the dot when any is renamed or removed."""


def schema_fingerprint(schema: pa.Schema) -> str:
    """SHA-256 over column names, types and nullability in order; metadata (meanings) takes no part."""
    lines = [f"{field.name}:{field.type}:{'null' if field.nullable else 'not null'}" for field in schema]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def contract_fingerprint(tables: Mapping[str, Table]) -> str:
    """SHA-256 over the shape, keys, indexes, vocabularies and lengths of all tables; meanings take no part."""
    digest = hashlib.sha256(CONTRACT_VERSION.encode())
    for name in sorted(tables):
        table = tables[name]
        limits = [(column.name, column.allowed, column.max_length) for column in table.columns]
        keys = [(key.columns, key.target, key.target_columns) for key in table.foreign_keys]
        shape = (name, schema_fingerprint(arrow_schema(table)), table.primary_key, keys, table.indexes, limits)
        digest.update(repr(shape).encode())
    return digest.hexdigest()
