"""History: unit versions, change events and successions, from an opening register and dated changes.

Belongs here: what a link means for versions and events. Does not belong here: reading links (``changes``), states of a
day (``states``) and crosswalks between days (``crosswalk``).

Shape of events. A clause of a resolution founds one unit, so an event is *one successor on one day*:
``<day>/<level>/<code>``. A unit that ends without passing whole into one successor (a split commune, a district) has
an event of its own, ``…/split`` or ``…/abolition``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kh02_pipelines.history.changes import UNKNOWN, founds
from kh02_pipelines.history.timeline import ATTRIBUTES, Register, Timeline, fault
from kh02_pipelines.names import spelling_key
from kh02_pipelines.tables.history import CHANGE_EVENT, SUCCESSION, UNIT_VERSION

_MOST_ROUNDS = 100
"""How many days one after the other may move the same units with the unit above them."""


@dataclass(frozen=True)
class History:
    """The three history tables, each with the columns of its declaration in ``tables.history``."""

    unit_version: pd.DataFrame
    change_event: pd.DataFrame
    succession: pd.DataFrame


def history(
    opening: Register,
    changes: pd.DataFrame,
    same_names: pd.DataFrame,
    registers: Sequence[Register] = (),
    until: pd.Timestamp | None = None,
) -> History:
    """Replay ``changes`` (``changes.LINK_COLUMNS``) on the opening register, up to and including ``until``.

    ``registers``: states of later days. Each describes the units that begin on its day without a description of their
    own, and spells the names of those in force; a *ruling* on one of them that the changes do not know makes a version
    of its day with basis ``register``, and is not carried back. A link that leaves a unit exactly as it was (same code,
    name, type and parent, sole predecessor) makes no version. Units of a province or district that passes whole into
    another follow it by its law, where they have no links of their own that day. ``same_names``: pairs ruled to be one
    name in two spellings (see ``rulings.same_name_pairs``), which are no renaming.

    Raises SourceError, with the file and row of the link, when it names a predecessor that is not in force on its day,
    a successor without name or type, two descriptions of one successor, a successor whose code is in use, or a kind
    that its links are not; and for a register whose units are not those of its day.
    """
    if until is not None:
        changes = changes[changes["effective_date"] <= until]
        registers = [register for register in registers if register.day <= until]
    links = pd.concat([changes, *_of_rulings(opening, changes, registers)], ignore_index=True)
    line = _replayed(opening, links, registers)
    for _ in range(_MOST_ROUNDS):
        following = line.following()
        if following.empty:
            break
        links = pd.concat([links, following], ignore_index=True)
        line = _replayed(opening, links, registers)
    idle = line.unchanged()
    if idle.any():
        line = _replayed(opening, links[~idle].reset_index(drop=True), registers)
    line.require_described()
    return _tables(line, same_names)


def _replayed(opening: Register, links: pd.DataFrame, registers: Sequence[Register]) -> Timeline:
    line = Timeline(opening, links)
    line.describe(registers)
    return line


def _of_rulings(opening: Register, changes: pd.DataFrame, registers: Sequence[Register]) -> list[pd.DataFrame]:
    """A link for every unit whose ruled type is not the one it had: the register's day is all that is known of it."""
    found = []
    for register in registers:
        ruled = register.units[register.units["ruling_id"].fillna("") != ""]
        for unit in ruled.to_dict("records"):  # a handful
            mine = changes[(changes["successor_code"] == unit["code"]) & founds(changes)]
            mine = mine[(mine["effective_date"] <= register.day)].sort_values("effective_date", kind="stable")
            if len(mine) and mine["effective_date"].iloc[-1] == register.day:
                continue
            opened = opening.units[opening.units["code"] == unit["code"]]
            types = [*opened["type"], *mine["type"].dropna()]
            if not types or types[-1] == unit["type"]:
                continue
            link = {
                "effective_date": register.day, "kind": "retype", "predecessor_level": unit["level"],
                "predecessor_code": unit["code"], "successor_level": unit["level"], "successor_code": unit["code"],
                **{field: unit[field] for field in ATTRIBUTES}, "extent": "whole", "population": "all",
                "basis": "register", "confidence": "sourced", "law": UNKNOWN, "reconstructed": False,
                "ruling_id": unit["ruling_id"], "file": register.file, "row": None,
            }  # fmt: skip
            found.append(pd.DataFrame([link]).reindex(columns=changes.columns).astype(changes.dtypes.to_dict()))
    return found


def _tables(line: Timeline, same_names: pd.DataFrame) -> History:
    links, version = line.links, line.version
    text = _day_texts(pd.concat([version["start"], version["end"]], ignore_index=True))
    unit_id = version["code"].astype("str") + "@" + text[: len(version)]
    link_day = links["effective_date"].dt.strftime("%Y-%m-%d")
    founding = line.founding
    event_id = pd.Series(None, index=links.index, dtype="str")
    found_id = link_day + "/" + links["successor_level"] + "/" + links["successor_code"]
    event_id = event_id.mask(founding | line.passing, found_id)
    links = links.assign(event_id=event_id, place=line.before, founds=founding)  # before any is chosen: an empty
    founded = _founding_events(line, links[founding], same_names)  # frame would take the rows of what it is assigned

    # how every version ends: in the event of the one unit it goes whole into, else in its own
    ending = links[line.ending]
    whole = ending[
        ending["founds"] & (ending["extent"] == "whole") & (ending["predecessor_level"] == ending["successor_level"])
    ].drop_duplicates("place")
    into = pd.Series(whole["event_id"].array, index=whole["place"].array, dtype="str")
    ended = ending.drop_duplicates("place").set_index("place")
    goes_on = np.isin(ended.index, line.before[line.ending & (line.old == line.new)])
    torn = ended.index.isin(ending.loc[ending["founds"] & (ending["extent"] == "part"), "place"])
    district = ended["predecessor_level"].eq("district").to_numpy()
    kind = pd.Series("abolition", index=ended.index).mask(goes_on | (torn & ~district), "split")
    days = ended["effective_date"].dt.strftime("%Y-%m-%d")
    own = days + "/" + ended["predecessor_level"] + "/" + ended["predecessor_code"] + "/" + kind
    ended_by = ended.index.to_series().map(into).astype("str")
    alone = ended_by.isna()
    ended_by = ended_by.fillna(own)
    several = ending["place"].value_counts().reindex(ended.index) > 1
    clause = ended["clause"].mask(several)  # each part of a divided unit has a clause of its own
    own_events = ended.assign(event_id=own, kind=kind, clause=clause)[alone]
    joins = ~founding & line.ending & (line.new >= 0)
    event_id = event_id.mask(joins, pd.Series(line.before, index=links.index).map(ended_by))

    started_by = pd.Series(None, index=version.index, dtype="str")
    first = links[founding].assign(place=line.after[founding]).drop_duplicates("place")
    started_by.iloc[first["place"].to_numpy()] = event_id[first.index].array
    to_basis = pd.Series(None, index=version.index, dtype="str")
    to_basis.iloc[ended.index] = ended["basis"].array
    by = pd.Series(None, index=version.index, dtype="str")
    by.iloc[ended.index] = ended_by.array
    versions = version.assign(
        unit_id=unit_id,
        valid_from=_dates(version["start"]),
        valid_to=_dates(version["end"]),
        started_by=started_by,
        ended_by=by,
        valid_from_exact=version["from_basis"] == "law",
        to_basis=to_basis,
        confidence=version["reconstructed"].map({True: "reconstructed", False: "sourced"}),
    )
    passed = links[line.passing].assign(kind="transfer").drop_duplicates("event_id")
    passed = passed[~passed["event_id"].isin(founded["event_id"])]
    events = pd.concat([founded, own_events, passed], ignore_index=True).rename(columns={"law": "confidence_of_law"})
    events = events.assign(confidence=events["confidence_of_law"])
    linked = links.assign(event_id=event_id)[(line.old >= 0) & (line.new >= 0)]
    successions = linked.assign(
        predecessor_id=unit_id.array[line.before[linked.index]],
        successor_id=unit_id.array[line.after[linked.index]],
        ruling_id=linked["ruling_id"].mask(linked["ruling_id"].fillna("") == ""),
    )
    return History(
        unit_version=_shaped(versions, UNIT_VERSION.column_names, "unit_id"),
        change_event=_shaped(events, CHANGE_EVENT.column_names, "event_id"),
        succession=_shaped(successions, SUCCESSION.column_names, list(SUCCESSION.primary_key)),
    )


_DTYPES = {
    "clause": "Int32",
    "valid_from": "datetime64[ms]",
    "valid_to": "datetime64[ms]",
    "effective_date": "datetime64[ms]",
    "valid_from_exact": "bool",
}


def _shaped(frame: pd.DataFrame, columns: list[str], by: str | list[str]) -> pd.DataFrame:
    shaped = frame[columns].astype({column: _DTYPES.get(column, "str") for column in columns})
    return shaped.sort_values(by, ignore_index=True)


def _founding_events(line: Timeline, links: pd.DataFrame, same_names: pd.DataFrame) -> pd.DataFrame:
    """One event per version that begins, with the kind its source gives or its predecessors make it."""
    if links.empty:
        return links
    after, before = line.after[line.founding], line.before[line.founding]
    single = ~links["event_id"].duplicated().to_numpy()
    place = after[single]
    version = line.version
    preds = np.bincount(after, weights=(before >= 0), minlength=len(version))[place]
    stranger = np.bincount(
        after, weights=((before >= 0) & (line.old != line.new)[line.founding]), minlength=len(version)
    )
    torn = np.bincount(after, weights=(links["extent"] == "part").to_numpy(), minlength=len(version))[place] > 0
    stranger = stranger[place]
    # the attributes before are those of the same code where it goes on, else of the first predecessor
    order = pd.DataFrame({"place": after, "before": before, "other": (line.old != line.new)[line.founding]})
    first = order[order["before"] >= 0].sort_values(["place", "other"], kind="stable").drop_duplicates("place")
    was = (
        pd.Series(first["before"].array, index=first["place"].array)
        .reindex(place)
        .fillna(-1)
        .astype("int64")
        .to_numpy()
    )
    continues = np.isin(place, after[(line.old == line.new)[line.founding]])
    differs = {}
    for field in ATTRIBUTES:
        values = version[field]
        now, then = values.iloc[place].reset_index(drop=True), values.iloc[was].reset_index(drop=True)
        differs[field] = ((now != then).fillna(True) & ~(now.isna() & then.isna())).to_numpy(dtype=bool) & (was >= 0)
    events = links[single].reset_index(drop=True)
    levels = (events["predecessor_level"] != events["successor_level"]).fillna(True).to_numpy(dtype=bool)
    name = pd.Series(differs["name"])
    undeclared = events["kind"].isna() | events["kind"].isin(["rename", "transfer", "spelling"])
    spelled = _spelled_alike(version, was, place, events, name & undeclared, same_names)
    kind = pd.Series("transfer", index=events.index)
    kind[spelled & ~pd.Series(differs["parent_code"])] = "spelling"
    kind[name & ~spelled] = "rename"
    kind[differs["type"]] = "retype"
    kind[~continues & (stranger == 1)] = "recode"
    kind[levels & ~continues] = "creation"
    kind[torn] = "split"
    kind[preds > 1] = "merger"
    declared = events["kind"].notna()
    allowed = pd.DataFrame(
        {
            "creation": ~continues,
            "merger": preds > 1,
            "split": torn,
            "recode": ~continues & (preds == 1),
            "retype": differs["type"],
            "rename": differs["name"],
            "spelling": differs["name"],
            "transfer": differs["parent_code"],
        }
    )
    fits = np.zeros(len(events), dtype=bool)
    for word in allowed.columns:
        fits |= (events["kind"] == word).fillna(False).to_numpy(dtype=bool) & allowed[word].to_numpy(dtype=bool)
    wrong = declared & ~fits & (events["kind"] != kind)
    if wrong.any():
        link = events[wrong].iloc[0]
        raise fault(
            link,
            f"{link['event_id']} is called a {link['kind']} and its links make it a {kind[wrong].iloc[0]}",
            "correct the kind, or the predecessors, name and type of the change",
            "kind",
        )
    return events.assign(kind=events["kind"].fillna(kind))


def _spelled_alike(
    version: pd.DataFrame,
    was: np.ndarray,
    now: np.ndarray,
    events: pd.DataFrame,
    asked: pd.Series,
    same_names: pd.DataFrame,
) -> pd.Series:
    """Whether names before and after differ in spelling alone, by convention or by a ruling."""
    at = asked[asked].index
    names = version["name"].to_numpy()
    pairs = pd.DataFrame(
        {
            "old_code": version["code"].to_numpy()[was[at]],
            "new_code": version["code"].to_numpy()[now[at]],
            "old_name": names[was[at]],
            "new_name": names[now[at]],
        },
        dtype="str",
    )
    ruled = pairs.merge(same_names, how="left", indicator=True)["_merge"].eq("both").to_numpy()
    alike = (spelling_key(pairs["old_name"]) == spelling_key(pairs["new_name"])).to_numpy() | ruled
    found = pd.Series(False, index=events.index)
    found[at] = alike
    return found


def renamed(before: pd.Series, after: pd.Series) -> pd.Series:
    """Whether names differ in more than spelling conventions; a missing name is no other name."""
    differs = (before != after).to_numpy(dtype=bool)
    result = pd.Series(differs, index=before.index)
    result[differs] = spelling_key(before[differs]) != spelling_key(after[differs])
    return result


def named_links(made: History) -> pd.DataFrame:
    """Links with names on both ends, for rulings on them: see ``rulings.require_same_names_meant``."""
    versions = made.unit_version.set_index("unit_id")[["code", "name"]]
    links = made.succession
    old, new = versions.reindex(links["predecessor_id"]), versions.reindex(links["successor_id"])
    single = ~links["predecessor_id"].duplicated(keep=False) & ~links["successor_id"].duplicated(keep=False)
    return pd.DataFrame(
        {
            "day": links["event_id"].str.slice(0, len("2025-07-01")),
            "old_code": old["code"].array,
            "new_code": new["code"].array,
            "old_name": old["name"].array,
            "new_name": new["name"].array,
            "alone": single & (links["extent"] == "whole"),
        }
    )


def _dates(days: pd.Series) -> pd.Series:
    dates = pd.Series(days.to_numpy().astype("datetime64[D]").astype("datetime64[ms]"), index=days.index)
    return dates.mask(days < 0)


def _day_texts(days: pd.Series) -> pd.Series:
    values, number = np.unique(days.to_numpy(), return_inverse=True)
    texts = np.datetime_as_string(values.astype("datetime64[D]"), unit="D")
    return pd.Series(texts[number].astype(object), index=days.index, dtype="str")
