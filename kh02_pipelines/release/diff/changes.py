"""Differences between two releases, row by row and field by field: the ``release_change`` table.

Belongs here: comparing tables. Does not belong here: why something changed (``change_causes``), how it is told
(``change_summary``), or where releases lie (``parquet_store``).

Rows are matched by primary key. A row added or removed is one change with no ``field``; its ``before`` or
``after`` is the row's ``name`` where the table has one. A row modified is one change per field. Values are text:
dates ``YYYY-MM-DD``, booleans ``true`` and ``false``. Where the contract itself changed (a table or a column that
only one release has) there is one change with key ``*``, not one per row.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

import pandas as pd
import pyarrow as pa

from kh02_pipelines.release.diff.causes import Causes
from kh02_pipelines.release.diff.summary import summary_markdown
from kh02_pipelines.tables.arrow import to_arrow
from kh02_pipelines.tables.catalogue import CATALOGUE
from kh02_pipelines.tables.declaration import Table
from kh02_pipelines.tables.release import RELEASE_CHANGE

__all__ = ["EVERY_ROW", "release_changes", "summary_markdown"]

EVERY_ROW = "*"
"""The key of a change of contract: it concerns every row."""

KEY_SEPARATOR = ">"
_CELL_COLUMNS = ["change", "table", "key", "field", "before", "after"]
_NEEDED = ("change_event", "unit_version")


def release_changes(
    before: Mapping[str, pa.Table] | None,
    after: Mapping[str, pa.Table],
    release_id: str,
    previous_release_id: str | None,
) -> pa.Table:
    """What ``release_id`` (``after``) changed against ``previous_release_id`` (``before``), as RELEASE_CHANGE.

    Both map table names to Arrow tables of declared shape; tables that are not in the catalogue are left out. With
    no ``before`` there is nothing to compare and the result has no rows. Changes are numbered by table, key and
    column order, so the same two releases always give the same table.

    Raises ValueError when ``before`` comes without an id, or when a key stands twice in a table.
    """
    if before is None:
        return to_arrow(pd.DataFrame(columns=RELEASE_CHANGE.column_names), RELEASE_CHANGE)
    if previous_release_id is None:
        raise ValueError("the tables before come without the id of their release")
    differing = [name for name in sorted(CATALOGUE) if _differs(before.get(name), after.get(name))]
    needed = {name for name in (*differing, *(_NEEDED if differing else ())) if name in before and name in after}
    old = {name: _as_text(before[name]) for name in needed}
    new = {name: _as_text(after[name]) for name in needed}
    can_tell = all(name in needed for name in _NEEDED)
    causes = Causes(old, new, _as_of(release_id)) if can_tell else None
    parts = [
        _table_changes(CATALOGUE[name], old.get(name), new.get(name), name in before, causes) for name in differing
    ]
    changes = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["kind", "legal_document"])
    return to_arrow(
        changes.reindex(columns=[*_CELL_COLUMNS, "kind", "legal_document"]).assign(
            release_id=release_id,
            previous_release_id=previous_release_id,
            change_number=range(1, len(changes) + 1),
        ),
        RELEASE_CHANGE,
    )


def _differs(before: pa.Table | None, after: pa.Table | None) -> bool:
    if before is None or after is None:
        return before is not after
    return not before.equals(after)


def _as_of(release_id: str) -> dt.date | None:
    """The day a release speaks for, as its id says; None for an id of another form."""
    try:
        return dt.date.fromisoformat(release_id[:10])
    except ValueError:
        return None


def _as_text(table: pa.Table) -> pd.DataFrame:
    """Every value as text, missing as missing."""
    columns = {field.name: table.column(field.name).cast(pa.string()) for field in table.schema}
    frame: pd.DataFrame = pa.table(columns).to_pandas()
    return frame.astype("str")


def _table_changes(
    table: Table, before: pd.DataFrame | None, after: pd.DataFrame | None, was_there: bool, causes: Causes | None
) -> pd.DataFrame:
    """The changes of one table, with ``kind`` and ``legal_document``, in order."""
    if before is None or after is None:
        return _contract_changes(table.name, [("removed" if was_there else "added", None)])
    contract = [
        *(("removed", name) for name in before.columns if name not in after.columns),
        *(("added", name) for name in after.columns if name not in before.columns),
    ]
    contract_changes = _contract_changes(table.name, contract)
    if not set(table.primary_key) <= set(before.columns) & set(after.columns):
        return contract_changes
    before, after = _keyed(before, table), _keyed(after, table)
    cells = _cells(table, before, after)
    if causes is None:
        cells = cells.assign(kind="correction", legal_document=None)
    else:
        cells = cells.join(causes.explain(table.name, cells, before, after))
    return pd.concat([contract_changes, cells], ignore_index=True)


def _contract_changes(table: str, columns: Sequence[tuple[str, str | None]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "change": [change for change, _ in columns],
            "table": table,
            "key": EVERY_ROW,
            "field": [field for _, field in columns],
            "before": None,
            "after": None,
            "kind": "correction",
            "legal_document": None,
        },
        dtype="str",
    )


def _keyed(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    keys = frame[table.primary_key[0]]
    for name in table.primary_key[1:]:
        keys = keys + KEY_SEPARATOR + frame[name]
    if keys.duplicated().any():
        raise ValueError(f"table {table.name}: the key {keys[keys.duplicated()].iloc[0]} stands twice")
    return frame.set_index(pd.Index(keys, name="key"))


def _cells(table: Table, before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Added and removed rows and modified fields of two keyed frames, in key and column order."""
    removed = before.index.difference(after.index)
    added = after.index.difference(before.index)
    both = after.index.intersection(before.index)
    was, now = before.loc[both], after.loc[both]
    parts = [
        _whole_rows("removed", removed, before=before),
        _whole_rows("added", added, after=after),
    ]
    for position, name in enumerate(name for name in after.columns if name in before.columns):
        if was[name].equals(now[name]):
            continue
        differs = (was[name] != now[name]) & ~(was[name].isna() & now[name].isna())
        keys = both[differs.to_numpy()]
        parts.append(
            pd.DataFrame(
                {
                    "change": "modified",
                    "key": keys,
                    "field": name,
                    "before": was.loc[keys, name].array,
                    "after": now.loc[keys, name].array,
                    "position": position,
                }
            )
        )
    cells = pd.concat(parts).sort_values(["key", "position"], kind="stable", ignore_index=True)
    return cells.assign(table=table.name)[_CELL_COLUMNS].astype("str")


def _whole_rows(
    change: str, keys: pd.Index, before: pd.DataFrame | None = None, after: pd.DataFrame | None = None
) -> pd.DataFrame:
    def label(frame: pd.DataFrame | None) -> object:
        return None if frame is None or "name" not in frame.columns else frame.loc[keys, "name"].array

    return pd.DataFrame(
        {"change": change, "key": keys, "field": None, "before": label(before), "after": label(after), "position": -1}
    )
