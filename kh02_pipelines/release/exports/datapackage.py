"""The Frictionless description of a release: fields, constraints, primary and foreign keys of its CSV files.

Belongs here: the projection of table declarations to Data Package and Table Schema. Does not belong here: the
CSV files (``csv_files``), which must be written first: the description holds their hashes.

``frictionless validate datapackage.json`` checks types, constraints, keys and hashes.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from kh02_pipelines.release.exports.csv_files import csv_path
from kh02_pipelines.release.exports.readme import LICENCES, TERMS_EN, TERMS_VI, TITLE_EN, TITLE_VI, sources
from kh02_pipelines.tables.catalogue import PUBLISHED
from kh02_pipelines.tables.declaration import Column, ColumnType, Table

FILE = "datapackage.json"

_FIELD_TYPES: dict[ColumnType, dict[str, Any]] = {
    ColumnType.TEXT: {"type": "string"},
    ColumnType.CODE: {"type": "string"},
    ColumnType.INTEGER: {"type": "integer"},
    ColumnType.BOOLEAN: {"type": "boolean", "trueValues": ["true"], "falseValues": ["false"]},
    ColumnType.DATE: {"type": "date"},
}


def write_datapackage(folder: Path, tables: Mapping[str, pa.Table], release_id: str, published_at: dt.datetime) -> str:
    """Write ``datapackage.json`` for the CSV files in ``folder``; returns its path relative to ``folder``."""
    package = {
        "profile": "tabular-data-package",
        "name": "kh02-catalogue",
        "title": f"{TITLE_VI} · {TITLE_EN}",
        "description": (
            "Ô chữ bắt đầu bằng ký tự công thức được thêm một dấu ' ở đầu; bỏ một dấu ' để có giá trị gốc.\n\n"
            "A text cell that begins like a formula has one ' put in front; drop one leading ' to read the value.\n\n"
            f"{TERMS_VI}\n\n{TERMS_EN}"
        ),
        "licenses": LICENCES,
        "sources": [_source(one) for one in sources(tables)],
        "version": release_id,
        "created": published_at.isoformat(timespec="seconds"),
        "as_of": release_id[:10],
        "resources": [_resource(PUBLISHED[name], (folder / csv_path(name)).read_bytes()) for name in tables],
    }
    text = json.dumps(package, ensure_ascii=False, indent=1)
    (folder / FILE).write_bytes(f"{text}\n".encode())
    return FILE


def table_schema(table: Table) -> dict[str, Any]:
    """One declaration as a Frictionless Table Schema."""
    return {
        "fields": [_field(column) for column in table.columns],
        "missingValues": [""],
        "primaryKey": list(table.primary_key),
        "foreignKeys": [
            {
                "fields": list(key.columns),
                "reference": {
                    "resource": "" if key.target == table.name else key.target,
                    "fields": list(key.target_columns),
                },
            }
            for key in table.foreign_keys
        ],
    }


def _source(one: dict[str, Any]) -> dict[str, Any]:
    """A row of ``source_file`` as a source of the package."""
    speaks_for = one["speaks_for"]
    return {
        "title": f"{one['source']}: {one['file']}",
        "role": one["role"],
        "speaks_for": None if speaks_for is None else f"{speaks_for:%Y-%m-%d}",
        "sha256": one["sha256"],
    }


def _resource(table: Table, data: bytes) -> dict[str, Any]:
    return {
        "profile": "tabular-data-resource",
        "name": table.name,
        "path": csv_path(table.name),
        "title": table.vi,
        "description": table.en,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(data),
        "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
        "dialect": {"delimiter": ",", "lineTerminator": "\n", "quoteChar": '"', "doubleQuote": True},
        "schema": table_schema(table),
    }


def _field(column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {} if column.nullable else {"required": True}
    if column.allowed:
        constraints["enum"] = list(column.allowed)
    if column.pattern:
        constraints["pattern"] = f"^(?:{column.pattern})$"
    if column.minimum is not None:
        constraints["minimum"] = column.minimum
    if column.type in (ColumnType.TEXT, ColumnType.CODE) and not column.allowed:
        constraints["maxLength"] = column.max_length
    return {
        "name": column.name,
        **_FIELD_TYPES[column.type],
        "title": column.vi,
        "description": column.en,
        "constraints": constraints,
    }
