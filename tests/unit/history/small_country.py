"""A country of a few units, and links of it, for tests of the time axis."""

import pandas as pd

from kh02_pipelines.history.changes import LINK_COLUMNS
from kh02_pipelines.history.history import History, history
from kh02_pipelines.history.timeline import Register

UNITS = ["code", "level", "name", "type", "parent_code"]
OPENING_DAY = pd.Timestamp("2025-06-30")
NO_SAME_NAMES = pd.DataFrame(columns=["old_code", "new_code", "old_name", "new_name"], dtype="str")


def register(day: pd.Timestamp, *units: tuple[str | None, ...], ruling_id: str = "") -> Register:
    return Register(day, pd.DataFrame(list(units), columns=UNITS).assign(ruling_id=ruling_id), f"{day:%Y-%m-%d}.csv")


def links_frame(*links: dict[str, object]) -> pd.DataFrame:
    """Links as the changes give them; what a row leaves out is the default."""
    defaults = {"basis": "law", "confidence": "sourced", "law": "sourced", "reconstructed": False, "ruling_id": ""}
    rows = [{**defaults, **link} for link in links]
    frame = pd.DataFrame(rows, columns=LINK_COLUMNS).assign(file="changes.csv", row=range(2, len(links) + 2))
    for field in LINK_COLUMNS:
        if field not in ("effective_date", "clause", "reconstructed", "row"):
            frame[field] = frame[field].astype("str").where(frame[field].notna())
    frame["effective_date"] = pd.to_datetime(frame["effective_date"]).astype("datetime64[ms]")
    return frame.astype({"clause": "Int32", "reconstructed": "bool", "row": "Int64"})


def replayed(
    opening: Register,
    *links: dict[str, object],
    same_names: pd.DataFrame = NO_SAME_NAMES,
    registers: tuple[Register, ...] = (),
    until: str | None = None,
) -> History:
    last = None if until is None else pd.Timestamp(until)
    return history(opening, links_frame(*links), same_names, registers, last)
