"""Arrow projection of a table declaration: schema with types, nullability and key-value metadata.

Belongs here: turning frames into Arrow tables of exactly the declared shape and back. Does not belong here:
files and folders (``release``).
"""

import json
from typing import TYPE_CHECKING

import pyarrow as pa

from kh02_pipelines.tables.declaration import ColumnType, Table

if TYPE_CHECKING:
    import pandas as pd  # readers of Arrow tables do without it

_ARROW_TYPES = {
    ColumnType.TEXT: pa.string(),
    ColumnType.CODE: pa.string(),
    ColumnType.INTEGER: pa.int32(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.DATE: pa.date32(),
}


def arrow_schema(table: Table) -> pa.Schema:
    """The Arrow schema of a table: fields in published order, meanings and keys as metadata."""
    fields = [
        pa.field(
            column.name,
            _ARROW_TYPES[column.type],
            nullable=column.nullable,
            metadata={"vi": column.vi, "en": column.en, "type": column.type.value},
        )
        for column in table.columns
    ]
    keys = {
        "table": table.name,
        "vi": table.vi,
        "en": table.en,
        "primary_key": json.dumps(table.primary_key),
        "foreign_keys": json.dumps([[key.columns, key.target, key.target_columns] for key in table.foreign_keys]),
    }
    return pa.schema(fields, metadata=keys)


def to_arrow(frame: "pd.DataFrame", table: Table) -> pa.Table:
    """A frame as an Arrow table of the declared schema, sorted by primary key.

    Raises ValueError when the columns are not exactly the declared ones, when a value has another type, or
    when a column that may not be empty is.
    """
    missing = [name for name in table.column_names if name not in frame.columns]
    extra = [name for name in frame.columns if name not in table.column_names]
    if missing or extra:
        raise ValueError(f"table {table.name}: columns missing {missing}, not declared {extra}")
    ordered = frame[table.column_names].sort_values(list(table.primary_key), kind="stable")
    schema = arrow_schema(table)
    try:
        result = pa.Table.from_pandas(ordered, schema=schema, preserve_index=False, safe=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError) as error:
        raise ValueError(f"table {table.name}: {error}") from error
    empty = [column.name for column in table.columns if not column.nullable and result.column(column.name).null_count]
    if empty:
        raise ValueError(f"table {table.name}: empty values in columns that must be filled: {empty}")
    # from_pandas adds a "pandas" entry that names library versions: not part of the declared contract
    return result.replace_schema_metadata(schema.metadata)


def to_frame(table: pa.Table) -> "pd.DataFrame":
    """An Arrow table as a frame: text as ``str``, dates as ``datetime64[ms]``, empty as missing.

    Integers that may be missing come as ``Int32``; without that pandas would make them floats.
    """
    import pandas as pd

    return table.to_pandas(date_as_object=False, types_mapper={pa.int32(): pd.Int32Dtype()}.get)
