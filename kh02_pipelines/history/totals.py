"""How many units there are by law or by others' counts, on a day, and how many links a day of change made.

Belongs here: reading ``totals.csv`` and ``change_totals.csv`` at a day. Does not belong here: counting our own tables
(``checks``, ``intake.total_conflicts``).
"""

import pandas as pd

from kh02_pipelines.history.legal import parse_dates
from kh02_pipelines.history.states import units_as_of
from kh02_pipelines.sources.refusal import refuse_first

TOTALS_FILE, CHANGE_TOTALS_FILE = "totals.csv", "change_totals.csv"
TOTAL_COLUMNS = ["day", "level", "type", "province_code", "count", "source", "lawful"]


def expected_totals(
    raw: pd.DataFrame, documents: pd.DataFrame, as_of: pd.Timestamp, changed: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Every total up to ``as_of``: TOTAL_COLUMNS, one row each, in the file's order; days as ISO text.

    ``day`` is ``as_of`` for a total that holds then, else its first. A total holds until its end or until its units
    change (``changed``, see ``last_changed``), whichever is earlier: from then on there is none yet. An empty ``type``
    counts all types, an empty ``province_code`` the whole country. ``lawful``: its source is a legal document, so it
    must be met, and the types it lists are all there are; any other is held against the catalogue in public.

    Raises SourceError for a count that is no whole number and for one that stands twice.
    """
    keys = ["valid_from", "level", "type", "province_code", "source"]
    totals = _counts(raw, TOTALS_FILE, keys)
    totals["valid_from"] = parse_dates(raw, "valid_from", TOTALS_FILE)
    totals["valid_to"] = parse_dates(raw, "valid_to", TOTALS_FILE)
    totals = totals[totals["valid_from"] <= as_of]
    holds = totals["valid_to"].isna() | (totals["valid_to"] > as_of)
    if changed is not None:
        since = totals.merge(changed, on=["level", "province_code"], how="left")["changed_on"]
        holds &= ~(since.to_numpy() > totals["valid_from"].to_numpy())
    totals = totals.assign(
        day=totals["valid_from"].mask(holds, as_of), lawful=totals["source"].isin(documents["number"])
    )
    totals["day"] = totals["day"].dt.strftime("%Y-%m-%d")
    return totals[TOTAL_COLUMNS].reset_index(drop=True)


def expected_change_totals(raw: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """What days of change up to ``as_of`` made: ``effective_date``, ``fact``, ``count``.

    Raises SourceError for a count that is no whole number, and for a fact that stands twice.
    """
    facts = _counts(raw, CHANGE_TOTALS_FILE, ["effective_date", "fact"])
    due = parse_dates(raw, "effective_date", CHANGE_TOTALS_FILE) <= as_of
    return facts.loc[due, ["effective_date", "fact", "count"]].reset_index(drop=True)


def last_changed(unit_version: pd.DataFrame, change_event: pd.DataFrame) -> pd.DataFrame:
    """When the number of units of a type last changed, by scope: ``level``, ``province_code``, ``changed_on``.

    An empty province is the country. Renamings change no number, and moves between provinces none of the country.
    Provinces are those of the parents.
    """
    kinds = change_event.set_index("event_id")["kind"]
    sides = [
        unit_version.loc[unit_version[event].notna(), ["level", "parent_code", event, day]].set_axis(
            ["level", "province_code", "kind", "changed_on"], axis=1
        )
        for event, day in (("started_by", "valid_from"), ("ended_by", "valid_to"))
    ]
    moved = pd.concat(sides, ignore_index=True)
    moved["kind"] = moved["kind"].map(kinds)
    moved = moved[~moved["kind"].isin(["rename", "spelling"])]
    country = moved[~moved["kind"].isin(["transfer", "recode"])].assign(province_code="")
    scoped = pd.concat([moved[moved["level"] == "commune"], country])
    return scoped.groupby(["level", "province_code"])["changed_on"].max().reset_index()


def without_total(totals: pd.DataFrame, changed: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """The scopes that have had a total of the law and have none on ``as_of``, since their units changed.

    Returns ``level``, ``province_code``, ``changed_on``.
    """
    lawful = totals[totals["lawful"].astype(bool)]
    scope = ["level", "province_code"]
    known = lawful[scope].drop_duplicates()
    held = lawful.loc[lawful["day"] == f"{as_of:%Y-%m-%d}", scope].drop_duplicates()
    lacking = known.merge(held, on=scope, how="left", indicator=True)
    return lacking.loc[lacking["_merge"] == "left_only", scope].merge(changed, on=scope)


def counted_units(unit_version: pd.DataFrame, totals: pd.DataFrame) -> pd.Series:
    """What the versions count for every row of ``totals`` (TOTAL_COLUMNS); provinces are those of the parents."""
    counted: dict[int, int] = {}
    rows = totals[["day", "level", "type", "province_code"]].reset_index(drop=True)
    for day, asked in rows.groupby("day"):  # a few dozen days
        state = units_as_of(unit_version, pd.Timestamp(str(day)))
        by_type = state.groupby(["level", "type"]).size().to_dict()
        by_level = state.groupby("level").size().to_dict()
        by_province = state.groupby(["level", "type", "parent_code"]).size().to_dict()
        within = state.groupby(["level", "parent_code"]).size().to_dict()
        for at, level, kind, province in zip(
            asked.index, asked["level"], asked["type"], asked["province_code"], strict=True
        ):
            if province:
                counted[at] = by_province.get((level, kind, province), 0) if kind else within.get((level, province), 0)
            else:
                counted[at] = by_type.get((level, kind), 0) if kind else by_level.get(level, 0)
    return pd.Series([counted[at] for at in rows.index], index=totals.index, dtype="int64")


def _counts(raw: pd.DataFrame, file: str, keys: list[str]) -> pd.DataFrame:
    refuse_first(
        raw,
        raw.duplicated(keys),
        " ".join(f"{{{key}}}" for key in keys) + " stands twice",
        file=file,
        field="count",
        remedy=f"keep one row for each {', '.join(keys)}",
    )
    numbers = pd.to_numeric(raw["count"], errors="coerce")
    wrong = numbers.isna() | (numbers % 1 != 0) | (numbers < 0)
    refuse_first(raw, wrong, "{count!r} is not a count", file=file, field="count", remedy="write digits")
    return raw.assign(count=numbers.astype("int64"))
