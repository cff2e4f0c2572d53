"""Conflicts: where two sources differ on a unit, a name, a type, a parent or a succession.

Belongs here: comparing statements, classing what differs, and finding the ruling that settles it. Does not
belong here: which source is followed (``intake``), or applying rulings.
"""

from collections.abc import Mapping

import pandas as pd

from kh02_pipelines.history.rulings import pair_keys
from kh02_pipelines.intake.name_conflicts import name_classes
from kh02_pipelines.names import split_unit_type
from kh02_pipelines.names.parts import UNIT_TYPES
from kh02_pipelines.sources.trace import MAX_VALUE
from kh02_pipelines.tables.quality import OPEN, SOURCE_CONFLICT

CONFLICT_COLUMNS = SOURCE_CONFLICT.column_names
BLOCKING_CLASSES = ("type", "parent", "unit", "succession", "extent", "population")
"""Open conflicts of these classes stop publication; names and spellings are followed by priority, but for names
that look like those of other units (``name_conflicts``)."""

ABSENT = "-"
"""The value of a source that does not have the unit or the link."""

_CLASS_OF_FIELD = {
    "type": "type",
    "old_name": "type",
    "parent_code": "parent",
    "old_province_code": "parent",
    "code": "unit",
}


def no_conflicts() -> pd.DataFrame:
    """No rows, with the columns and types of the table."""
    columns = {name: pd.Series(dtype="bool" if name == "blocking" else "str") for name in CONFLICT_COLUMNS}
    return pd.DataFrame(columns)


def ruled_conflicts(rulings: pd.DataFrame, sources: Mapping[str, str]) -> pd.DataFrame:
    """One row per ruling in force: the source says one thing, the law another, and the law is followed.

    ``sources``: target → name of the source that is read for it; ``reference`` where none is.
    """
    if rulings.empty:
        return no_conflicts()
    target = rulings["target"].str.rpartition("_")
    pair = rulings["key"].str.contains(">")
    level = pd.Series("commune", index=rulings.index).mask(pair, "succession")
    level = level.mask(rulings["target"].str.startswith("province_successions"), "province_succession")
    level = level.mask(rulings["action"] == "same_name", "relation")
    key = rulings["key"].where(rulings["key"] != "", rulings["ruled_value"])
    field = rulings["field"].mask(rulings["field"] == "", "pair")
    kind = field.map({**_CLASS_OF_FIELD, "name": "name", "extent": "extent", "population": "population"})
    rows = pd.DataFrame(
        {
            "subject": target[2] + "/" + level + "/" + key,
            "field": field,
            "other_source": rulings["target"].map(dict(sources)).astype("str").fillna("reference"),
            "source": "ruling",
            "value": rulings["ruled_value"].mask(rulings["ruled_value"] == "", ABSENT),
            "other_value": rulings["source_value"].mask(rulings["source_value"] == "", ABSENT),
            "class": kind.fillna("succession").mask(rulings["action"] == "same_name", "spelling"),
            "ruling": rulings["ruling_id"],
            "legal_document": rulings["legal_document"],
            "clause": rulings["clause"].mask(rulings["clause"] == ""),
        }
    )
    rows["blocking"] = rows["class"].isin(BLOCKING_CLASSES)
    return rows[CONFLICT_COLUMNS].reset_index(drop=True)


def unit_conflicts(
    followed: pd.DataFrame, other: pd.DataFrame, date: str, source: str, other_source: str, *, whole: bool = True
) -> pd.DataFrame:
    """Where two registers of one date differ: presence, name, type, parent.

    Both have ``level``, ``code``, ``name``, ``type``, ``parent_code``; an empty value says nothing. ``whole``: the
    other source lists every unit of a level that it lists at all, so a unit it lacks is a difference.
    """
    keys = ["level", "code"]
    fields = ["name", "type", "parent_code"]
    both = followed[[*keys, *fields]].merge(other[[*keys, *fields]], on=keys, how="outer", suffixes=("", "_other"),
                                            indicator="side")  # fmt: skip
    listed = both["level"].isin(other["level"])
    mine_only = both[(both["side"] == "left_only") & listed & whole]
    theirs_only = both[both["side"] == "right_only"]
    rows = [
        mine_only.assign(field="unit", value=mine_only["name"], other_value=ABSENT, kind="unit"),
        theirs_only.assign(field="unit", value=ABSENT, other_value=theirs_only["name_other"], kind="unit"),
    ]
    shared = both[both["side"] == "both"]
    for field in fields:
        mine, theirs = shared[field].fillna(""), shared[f"{field}_other"].fillna("")
        if field == "name":
            mine, theirs = _comparable(shared)
        differs = (mine != theirs) & (mine != "") & (theirs != "")
        if field == "type":
            differs &= mine.str.lower() != theirs.str.lower()
        found = shared[differs].assign(field=field, value=mine[differs], other_value=theirs[differs])
        found["kind"] = (
            name_classes(found["value"], found["other_value"], found["level"])
            if field == "name"
            else _CLASS_OF_FIELD[field]
        )
        rows.append(found)
    table = pd.concat(rows, ignore_index=True)
    return _shaped(table.assign(subject=date + "/" + table["level"] + "/" + table["code"]), source, other_source)


def pair_conflicts(
    followed: pd.DataFrame, other: pd.DataFrame, subject: str, source: str, other_source: str
) -> pd.DataFrame:
    """Where two sets of links differ: presence, extent, population.

    Both have ``predecessor_code``, ``successor_code`` and may have ``extent`` and ``population``.
    """
    frames = [frame.assign(key=pair_keys(frame)) for frame in (followed, other)]
    fields = [name for name in ("extent", "population") if name in followed.columns and name in other.columns]
    both = frames[0][["key", *fields]].merge(frames[1][["key", *fields]], on="key", how="outer",
                                             suffixes=("", "_other"), indicator="side")  # fmt: skip
    rows = [
        both[both["side"] == "left_only"].assign(field="pair", value="listed", other_value=ABSENT, kind="succession"),
        both[both["side"] == "right_only"].assign(field="pair", value=ABSENT, other_value="listed", kind="succession"),
    ]
    shared = both[both["side"] == "both"]
    for field in fields:
        found = shared[shared[field] != shared[f"{field}_other"]]
        rows.append(found.assign(field=field, value=found[field], other_value=found[f"{field}_other"], kind=field))
    table = pd.concat(rows, ignore_index=True)
    return _shaped(table.assign(subject=subject + "/" + table["key"]), source, other_source)


def value_conflicts(
    subjects: pd.Series, field: str, values: tuple[pd.Series, pd.Series], kind: str, sources: tuple[str, str]
) -> pd.DataFrame:
    """Rows where a field has two values; ``values`` and ``sources`` are (followed, other)."""
    followed, other = (part.fillna("").astype("str") for part in values)
    table = pd.DataFrame({"subject": subjects, "field": field, "value": followed, "other_value": other, "kind": kind})
    return _shaped(table[followed != other].drop_duplicates(["subject", "field"]), *sources)


def settled_by_rulings(conflicts: pd.DataFrame, rulings: pd.DataFrame) -> pd.DataFrame:
    """The conflicts; an open one on a unit is settled where a ruling says what is followed.

    So a ruling also confirms the source that is followed against others that differ from it.
    """
    on_units = rulings[rulings["target"].str.startswith("units_") & (rulings["action"] == "set")]
    if on_units.empty or conflicts.empty:
        return conflicts
    date = on_units["target"].str.removeprefix("units_")
    said = date + "|" + on_units["key"] + "|" + on_units["field"] + "|" + on_units["ruled_value"].str.lower()
    known = on_units.set_index(said)[["ruling_id", "legal_document", "clause"]].groupby(level=0).first()
    subject = conflicts["subject"].str.split("/")
    asked = subject.str[0] + "|" + subject.str[2] + "|" + conflicts["field"] + "|" + conflicts["value"].str.lower()
    settled = (conflicts["ruling"] == OPEN) & asked.isin(known.index)
    ruled = conflicts.copy()
    for column, source in (("ruling", "ruling_id"), ("legal_document", "legal_document"), ("clause", "clause")):
        ruled[column] = conflicts[column].mask(settled, asked.map(known[source]))
    return ruled


def all_conflicts(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Conflicts of several comparisons as one table; the first says what a repeated key says."""
    filled = [part for part in parts if len(part)]
    if not filled:
        return no_conflicts()
    table = pd.concat(filled, ignore_index=True).drop_duplicates(list(SOURCE_CONFLICT.primary_key))
    text = {name: "str" for name in CONFLICT_COLUMNS if name != "blocking"}
    return table.astype({**text, "blocking": "bool"}).sort_values(list(SOURCE_CONFLICT.primary_key), ignore_index=True)


def _comparable(shared: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Names side by side; without their types where the other source prints none (``Cao Bằng``)."""
    bare = shared["type_other"].fillna("") == ""
    mine = shared["name"].copy()
    for level in UNIT_TYPES:
        at = bare & (shared["level"] == level)
        mine[at] = split_unit_type(shared.loc[at, "name"], level)["short_name"]
    return mine, shared["name_other"]


def _shaped(table: pd.DataFrame, source: str, other_source: str) -> pd.DataFrame:
    if table.empty:
        return no_conflicts()
    missing = pd.Series(None, index=table.index, dtype="str")
    shaped = table.assign(source=source, other_source=other_source, ruling=OPEN, legal_document=missing, clause=missing)
    for side in ("value", "other_value"):
        shaped[side] = shaped[side].astype("str").str.slice(0, MAX_VALUE).mask(shaped[side] == "", ABSENT)
    shaped["class"] = table["kind"]
    shaped["blocking"] = shaped["class"].isin(BLOCKING_CLASSES)
    return shaped[CONFLICT_COLUMNS].reset_index(drop=True)
