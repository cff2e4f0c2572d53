"""Drafting changes from a resolution: its text against the units in force on the day before.

Belongs here: bringing the embedded history, a code list and the text together, and the CSV file of the draft. Does not
belong here: reading the text (``sources.resolution``).
"""

import csv
import datetime as dt
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from kh02_pipelines.catalogue.plan import whole_history
from kh02_pipelines.errors import SourceError
from kh02_pipelines.history.states import DateOutOfRange, units_as_of
from kh02_pipelines.sources.grid import read_bounded
from kh02_pipelines.sources.nso_code_list import read_nso_code_list
from kh02_pipelines.sources.reference_data import REFERENCE_FOLDER, read_reference
from kh02_pipelines.sources.resolution import (
    DRAFT_COLUMNS,
    Draft,
    ListedCode,
    Province,
    Unit,
    draft_changes,
    read_resolution,
    read_text,
)
from kh02_pipelines.sources.trace import Origin, Trace


@dataclass(frozen=True)
class Surroundings:
    """What was in force around the day of the changes: units of the day before, provinces of the day itself."""

    units: list[Unit]
    provinces: list[Province]
    districts_remain: bool


def draft_from_file(path: Path, on: dt.date | None = None, code_list: Path | None = None) -> Draft:
    """The draft of the changes in the resolution ``path``.

    ``on``: the day they take effect, where it is not the one that the text gives. ``code_list``: a list of the codes
    from that day on (columns as the statistics office prints them: Mã số, Tên đơn vị hành chính, Tỉnh).

    Raises SourceError for a file that cannot be read or has no clause on units, and where no day is given;
    DateOutOfRange for a day before the known history.
    """
    resolution = read_resolution(read_text(path), path)
    day = on or resolution.effective_on
    if day is None:
        raise SourceError(
            "does not say from which day on the changes hold", file=path, remedy="give the day with --on YYYY-MM-DD"
        )
    codes = [] if code_list is None else read_codes(code_list)
    around = surroundings_of(day)
    return draft_changes(
        resolution, day, around.units, around.provinces, codes, districts_remain=around.districts_remain
    )


def surroundings_of(day: dt.date, folder: Path = REFERENCE_FOLDER) -> Surroundings:
    """The units on the day before ``day`` and the provinces on it, from the embedded reference and all its changes.

    Raises DateOutOfRange where the day before is not covered.
    """
    on = pd.Timestamp(day)
    before = on - pd.Timedelta(days=1)
    frames = whole_history(read_reference(folder))
    versions, links = frames["unit_version"], frames["links"]
    opening = versions["valid_from"].min()
    if before < opening:
        raise DateOutOfRange(
            f"no units are known for {before:%Y-%m-%d}, the day before the changes",
            field="on",
            remedy=f"use a day after {opening:%Y-%m-%d}",
        )
    units, then = units_as_of(versions, before), units_as_of(versions, on)
    merged = links[(links["effective_date"] == on) & (links["successor_level"] == "province")]
    return Surroundings(
        _units(units), _provinces(then, merged), districts_remain=bool((then["level"] == "district").any())
    )


def read_codes(path: Path) -> list[ListedCode]:
    """The communes of a code list. Raises SourceError."""
    data = read_bounded(path)
    trace = Trace(Origin("codes", hashlib.sha256(data).hexdigest(), path.name))
    listed = read_nso_code_list(data, path, trace)
    return [
        ListedCode(code, name, province)
        for code, name, province in zip(listed["code"], listed["name"], listed["parent_name"], strict=True)
    ]


def draft_csv(rows: Iterable[dict[str, str]]) -> bytes:
    """The rows as CSV with the header DRAFT_COLUMNS: UTF-8, LF."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, DRAFT_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def _units(units: pd.DataFrame) -> list[Unit]:
    """Plain rows with the names above each unit."""
    rows = units[["level", "code", "name", "type", "parent_code"]].fillna("").to_numpy(dtype=str).tolist()
    names = {(level, code): name for level, code, name, _, _ in rows}
    province_of = {code: parent for level, code, _, _, parent in rows if level == "district"}
    found = []
    for level, code, name, kind, parent in rows:
        in_district = level == "commune" and ("district", parent) in names
        province = code if level == "province" else province_of[parent] if in_district else parent
        found.append(
            Unit(
                level=level,
                code=code,
                name=name,
                type=kind,
                parent_code=parent,
                district=names["district", parent] if in_district else "",
                province="" if level == "province" else names["province", province],
                province_code=province,
            )
        )
    return found


def _provinces(units: pd.DataFrame, merged: pd.DataFrame) -> list[Province]:
    """The provinces with the codes of those that pass into them that day."""
    before: dict[str, set[str]] = {}
    for old, new in zip(merged["predecessor_code"], merged["successor_code"], strict=True):
        before.setdefault(new, set()).add(old)
    provinces = units[units["level"] == "province"]
    return [
        Province(code, name, frozenset(before.get(code, {code})))
        for code, name in zip(provinces["code"], provinces["name"], strict=True)
    ]
