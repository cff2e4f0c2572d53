"""Which event, if any, a difference between two releases follows from.

Belongs here: the events that took effect between two releases, what they touch, and which cells of which table
follow from that. Does not belong here: finding the differences (``changes``) or telling them (``change_summary``).

An event took effect between the two when the later release has it, the earlier one has not, and the earlier one
had nothing of the same document on the same day: one more event of a resolution that was already carried out is a
correction of how we read it. When ``after`` speaks for an earlier day than ``before``, the events that fall away
because their day has not come count as well.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

START, END = "start", "end"


@dataclass(frozen=True)
class Link:
    """Cells that follow from the event that started or ended the unit whose code stands in ``column``.

    ``fields``: the cells meant; empty: whole rows and every cell not in ``never``. ``via``: the row's own unit need
    not be touched, it is enough that the unit of another row with the same ``via`` is (one successor more changes
    ``successor_count`` on the other rows of the old commune too). ``how``: whether starting, ending or both count.
    """

    level: str
    column: str
    fields: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    via: str | None = None
    how: tuple[str, ...] = (START, END)


LINKS: dict[str, tuple[Link, ...]] = {
    "province": (Link("province", "code"),),
    "commune": (Link("commune", "code"),),
    "legacy_province": (Link("province", "code", fields=("valid_to",), how=(END,)),),
    "legacy_district": (Link("district", "code", fields=("valid_to",), how=(END,)),),
    "legacy_commune": (Link("commune", "code", fields=("valid_to",), how=(END,)),),
    "commune_crosswalk": (
        Link("province", "new_province_code", fields=("new_province_name",)),
        Link(
            "commune",
            "new_code",
            never=(
                "new_province_name",
                "old_name",
                "old_district_code",
                "old_district_name",
                "old_province_code",
                "old_province_name",
            ),
        ),
        Link("commune", "new_code", fields=("extent", "population", "relation", "successor_count"), via="old_code"),
    ),
    "province_crosswalk": (
        Link("province", "new_code", never=("old_name",)),
        Link("province", "new_code", fields=("relation",), via="old_code"),
    ),
    "district_crosswalk": (
        Link("commune", "new_commune_code", never=("old_district_name",)),
        Link("commune", "new_commune_code", fields=("sole_successor",), via="old_district_code"),
    ),
    "code_crosswalk": (  # codes of different levels differ in length
        *(Link(level, column) for column in ("old_code", "new_code") for level in ("commune", "province", "district")),
        Link("commune", "new_code", via="old_code"),
    ),
}
"""The links of each table, the first that fits wins."""

END_FIELDS = ("valid_to", "ended_by", "to_basis")

EVENT_COLUMNS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "change_event": (("event_id", ()),),
    "succession": (("event_id", ()),),
    "unit_version": (("ended_by", END_FIELDS), ("started_by", ("", "started_by"))),
}
"""Columns that name an event, and the cells that follow from it: none listed means all, "" the whole row."""


class Causes:
    """The events that took effect between two releases, and what they touch."""

    def __init__(
        self, before: Mapping[str, pd.DataFrame], after: Mapping[str, pd.DataFrame], as_of: dt.date | None
    ) -> None:
        """``before``, ``after``: tables by name with values as text; ``as_of``: the day ``after`` speaks for."""
        earlier, later = before["change_event"], after["change_event"]
        gained = _missing_from(earlier, later)
        lost = _missing_from(later, earlier)
        lost = lost[lost["effective_date"] > f"{as_of:%Y-%m-%d}"] if as_of is not None else lost.head(0)
        events = pd.concat([gained, lost]).drop_duplicates("event_id")
        self.documents = events.set_index("event_id")["legal_document"]
        known = pd.concat([later, earlier]).drop_duplicates("event_id")
        self._all_documents = known.set_index("event_id")["legal_document"]
        versions = pd.concat([after["unit_version"], before["unit_version"]])
        self._touched = {
            START: self._units(versions, "started_by", "valid_from"),
            END: self._units(versions, "ended_by", "valid_to"),
        }

    def _units(self, versions: pd.DataFrame, by: str, date: str) -> pd.DataFrame:
        """``level``, ``code``, ``event_id`` of the versions these events started or ended; the latest event wins."""
        chosen = versions[versions[by].isin(self.documents.index)].sort_values(date, kind="stable")
        chosen = chosen.drop_duplicates(["level", "code"], keep="last")
        return chosen[["level", "code", by]].rename(columns={by: "event_id"})

    def explain(self, table: str, cells: pd.DataFrame, old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
        """``kind`` and ``legal_document`` of each cell, aligned with ``cells``.

        ``cells``: ``key``, ``field`` (missing: the whole row), ``before``, ``after``; ``old``, ``new``: the table in
        the two releases, as text, indexed by key. What no event explains is a correction and cites the document
        that the row itself rests on, where it has one.
        """
        fields = cells["field"].fillna("")
        rows = _CellRows(cells, old, new)
        events = self._by_event_column(table, fields, rows)
        for link in LINKS.get(table, ()):
            fits = fields.isin(link.fields) if link.fields else ~fields.isin(link.never)
            events = events.fillna(self._by_link(link, rows).astype("str").where(fits))
        events = events.fillna(self._by_document(table, cells, fields, rows))
        documents = events.map(self.documents).astype("str")
        documents = documents.fillna(self._own_document(table, fields, rows))
        return pd.DataFrame(
            {
                "kind": events.notna().map({True: "real_change", False: "correction"}).astype("str"),
                "legal_document": documents.astype("str"),
            },
            index=cells.index,
        )

    def _by_event_column(self, table: str, fields: pd.Series, rows: "_CellRows") -> pd.Series:
        found = pd.Series(None, index=fields.index, dtype="str")
        for column, meant in EVENT_COLUMNS.get(table, ()):
            fits = fields.isin(meant) if meant else pd.Series(True, index=fields.index)
            for events in (rows.now(column), rows.was(column)):
                found = found.fillna(events.where(fits & events.isin(self.documents.index)))
        return found

    def _by_link(self, link: Link, rows: "_CellRows") -> pd.Series:
        units = pd.concat([self._touched[how] for how in link.how])
        units = units[units["level"] == link.level].drop_duplicates("code")
        event_of = units.set_index("code")["event_id"]
        if link.via is None:
            return rows.own(link.column).map(event_of)
        every = pd.concat([rows.new[[link.column, link.via]], rows.old[[link.column, link.via]]])
        touched = pd.Series(every[link.column].map(event_of).array, index=every[link.via].array).dropna()
        return rows.own(link.via).map(touched[~touched.index.duplicated()])

    def _by_document(self, table: str, cells: pd.DataFrame, fields: pd.Series, rows: "_CellRows") -> pd.Series:
        """Cells that follow from a document as such: what now cites it, and the document's own row."""
        event_of = pd.Series(self.documents.index, index=self.documents.array, dtype="str")
        event_of = event_of[~event_of.index.duplicated()]
        found = cells["after"].map(event_of).fillna(cells["before"].map(event_of)).where(fields == "legal_document")
        column = "number" if table == "legal_document" else "legal_document"
        unlisted = table not in LINKS and table not in EVENT_COLUMNS
        if unlisted and column in rows.new.columns:
            found = found.fillna(rows.own(column).map(event_of).where(fields == ""))
        return found.astype("str")

    def _own_document(self, table: str, fields: pd.Series, rows: "_CellRows") -> pd.Series:
        """The document a row rests on by itself: the one it cites, or its event's; missing where it has none."""
        column = "number" if table == "legal_document" else "legal_document"
        if column in rows.new.columns:
            return rows.own(column)
        found = pd.Series(None, index=fields.index, dtype="str")
        for name, meant in EVENT_COLUMNS.get(table, ()):
            documents = rows.own(name).map(self._all_documents)
            found = found.fillna(documents.where(fields.isin(meant)) if meant == END_FIELDS else documents)
        return found


class _CellRows:
    """The values that the rows of some cells have in the two releases, aligned with the cells."""

    def __init__(self, cells: pd.DataFrame, old: pd.DataFrame, new: pd.DataFrame) -> None:
        self.old, self.new = old, new
        self._index = cells.index
        keys = pd.Index(cells["key"])
        self._at_old, self._at_new = old.index.get_indexer(keys), new.index.get_indexer(keys)

    def was(self, column: str) -> pd.Series:
        """A column in the earlier release; missing where the row was not there."""
        return pd.Series(self.old[column].array.take(self._at_old, allow_fill=True), index=self._index)

    def now(self, column: str) -> pd.Series:
        """A column in the later release; missing where the row is gone."""
        return pd.Series(self.new[column].array.take(self._at_new, allow_fill=True), index=self._index)

    def own(self, column: str) -> pd.Series:
        """A column in the later release, or in the earlier one where the row, or its value, is gone."""
        return self.now(column).fillna(self.was(column))


def _missing_from(known: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """The events that ``known`` has neither by id nor by another event of the same document on the same day."""
    acts = known["effective_date"] + " " + known["legal_document"]
    new = ~events["event_id"].isin(known["event_id"])
    new &= ~(events["effective_date"] + " " + events["legal_document"]).isin(acts)
    return events.loc[new, ["event_id", "effective_date", "legal_document"]]
