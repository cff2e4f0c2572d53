"""What an asset tells the UI about its table: schema, rows, a preview, a chart.

Belongs here: the Dagster projection of the table declarations, and metadata helpers. Does not belong here:
domain figures.
"""

from typing import Any

import dagster as dg
import pandas as pd

from kh02_pipelines.assets import groups
from kh02_pipelines.assets.charts import bar_chart
from kh02_pipelines.tables.declaration import Column, ColumnType, Table

PREVIEW_ROWS = 10

_TYPES = {  # the words for which the UI has a sign
    ColumnType.TEXT: "string",
    ColumnType.CODE: "string",
    ColumnType.INTEGER: "int",
    ColumnType.BOOLEAN: "bool",
    ColumnType.DATE: "date",
}


def column_schema(table: Table) -> dg.TableSchema:
    """The declaration as Dagster shows it: types, constraints, meanings, keys."""
    return dg.TableSchema(
        columns=[_column(column, table) for column in table.columns],
        constraints=dg.TableConstraints(
            other=[
                f"primary key ({', '.join(table.primary_key)})",
                *(
                    f"({', '.join(key.columns)}) references {key.target} ({', '.join(key.target_columns)})"
                    for key in table.foreign_keys
                ),
            ]
        ),
    )


def definition_metadata(table: Table) -> dict[str, Any]:
    """Metadata that holds before any run."""
    return {"dagster/column_schema": column_schema(table), "dagster/table_name": table.name}


def table_out(table: Table, group: str) -> dg.AssetOut:
    """One published table as an output of a multi-asset."""
    return dg.AssetOut(
        key=table.name,
        group_name=group,
        owners=groups.OWNERS,
        kinds=groups.FRAME_KINDS,
        metadata=definition_metadata(table),
        description=groups.described(table.vi + ".", table.en + "."),
        dagster_type=pd.DataFrame,
    )


def frame_out(key: str, group: str, vi: str, en: str) -> dg.AssetOut:
    """A frame that is not published as an output of a multi-asset."""
    return dg.AssetOut(
        key=key,
        group_name=group,
        owners=groups.OWNERS,
        kinds=groups.FRAME_KINDS,
        description=groups.described(vi, en),
        dagster_type=pd.DataFrame,
    )


def frame_metadata(frame: pd.DataFrame, **more: Any) -> dict[str, Any]:
    """Row count and preview of a frame, and whatever else is given."""
    return {"dagster/row_count": len(frame), "preview": preview(frame), **more}


def preview(frame: pd.DataFrame, rows: int = PREVIEW_ROWS) -> Any:
    """The first rows of a frame as a table in the UI; an empty frame as a sentence."""
    if frame.empty:
        return dg.MetadataValue.md("*không có dòng nào · no rows*")
    names = [str(name) for name in frame.columns]
    records = [
        dg.TableRecord({name: _shown(value) for name, value in zip(names, row, strict=True)})
        for row in frame.head(rows).itertuples(index=False, name=None)
    ]
    return dg.MetadataValue.table(records, schema=dg.TableSchema([dg.TableColumn(name) for name in names]))


def counts_chart(values: pd.Series, title: str, *, most: int = 12) -> dg.MarkdownMetadataValue:
    """How often each value occurs, most frequent first, as a chart."""
    return bar_chart(values.value_counts().head(most), title)


def _shown(value: object) -> str:
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and value != value):
        return ""
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value)


def _column(column: Column, table: Table) -> dg.TableColumn:
    other = [f"pattern {column.pattern}"] if column.pattern else []
    other += [f"one of {', '.join(column.allowed)}"] if column.allowed else []
    return dg.TableColumn(
        name=column.name,
        type=_TYPES[column.type],
        description=f"{column.vi} · {column.en}",
        constraints=dg.TableColumnConstraints(
            nullable=column.nullable, unique=table.primary_key == (column.name,), other=other
        ),
    )
