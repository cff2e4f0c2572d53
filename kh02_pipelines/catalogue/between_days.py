"""Registers of any day and crosswalks between any two, without a release.

Belongs here: from raw frames and days to tables that a file can hold. Does not belong here: the published tables
(``plan``) or what a crosswalk is (``history.crosswalk``).
"""

import datetime as dt
from collections.abc import Mapping

import pandas as pd
import pyarrow as pa

from kh02_pipelines.catalogue.plan import history_in, source, whole_history
from kh02_pipelines.history.crosswalk import CROSSWALK_COLUMNS, crosswalk
from kh02_pipelines.history.periods import periods_of
from kh02_pipelines.history.rulings import same_name_pairs
from kh02_pipelines.history.states import require_date, units

UNIT_COLUMNS = ["level", "code", "name", "type", "province_code", "district_code", "valid_from"]

_TYPES = {"valid_from": pa.date32(), "clause": pa.int32()}


def units_on(raw: Mapping[str, pd.DataFrame], day: dt.date) -> pa.Table:
    """The register of a day: UNIT_COLUMNS, one row per level and code. Raises DateOutOfRange before the first one."""
    frames = whole_history(raw)
    found = units(history_in(frames), _on(frames, day, "on"))
    province = found["province_code"].mask(found["level"] == "province")
    return _table(found.assign(province_code=province), UNIT_COLUMNS)


def crosswalk_between(raw: Mapping[str, pd.DataFrame], from_day: dt.date, to_day: dt.date) -> pa.Table:
    """The crosswalk between two days: CROSSWALK_COLUMNS. Raises DateOutOfRange before the first register."""
    frames = whole_history(raw)
    days = _on(frames, from_day, "from"), _on(frames, to_day, "to")
    found = crosswalk(history_in(frames), *days, same_name_pairs(frames[source("rulings")]))
    return _table(found, CROSSWALK_COLUMNS)


def _on(frames: Mapping[str, pd.DataFrame], day: dt.date, field: str) -> pd.Timestamp:
    first = periods_of(frames[source("periods")]).first_day.date()
    return require_date(day, first, dt.date.max, field)


def _table(frame: pd.DataFrame, columns: list[str]) -> pa.Table:
    schema = pa.schema([(name, _TYPES.get(name, pa.string())) for name in columns])
    return pa.Table.from_pandas(frame[columns], schema, preserve_index=False).replace_schema_metadata(None)
