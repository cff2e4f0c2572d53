"""History: unit versions, change events and successions, from an opening register and dated links.

Belongs here: what a link means for versions and events. Does not belong here: states at a date (``states``)
and crosswalks between dates (``crosswalk``).

Shape of events. A clause of a resolution founds one unit, so an event is *one successor on one day*:
``<date>/<level>/<code>``. A unit that ends without passing whole into one successor (a split commune, a
district) has an event of its own, ``…/split`` or ``…/abolition``.
"""

from dataclasses import dataclass

import pandas as pd

from kh02_pipelines.errors import SourceError
from kh02_pipelines.frames import among
from kh02_pipelines.history.links import OPENING_DATE
from kh02_pipelines.names import spelling_key

ATTRIBUTES = ["name", "type", "parent_code"]
VERSION_KEYS = ["level", "code"]


@dataclass(frozen=True)
class History:
    """The three history tables, each with the columns of its declaration in ``tables.history``."""

    unit_version: pd.DataFrame
    change_event: pd.DataFrame
    succession: pd.DataFrame


def build_history(
    opening: pd.DataFrame, links: pd.DataFrame, same_names: pd.DataFrame, until: pd.Timestamp | None = None
) -> History:
    """Replay ``links`` (LINK_COLUMNS) on the register of 30 June 2025, up to and including ``until``.

    ``opening``: ``code``, ``level``, ``name``, ``type``, ``parent_code``. Links that leave a unit exactly as
    it was (same code, name, type and parent, sole predecessor) make no new version. ``same_names``: pairs ruled to
    be one name in two spellings (see ``rulings.same_name_pairs``), which are no renaming.

    Raises SourceError, with the file and row of the link, when it names a predecessor that is not in force on its
    day, a successor without name or type, two descriptions of one successor, or a successor whose code is in use.
    """
    versions = opening[[*VERSION_KEYS, *ATTRIBUTES]].assign(
        valid_from=OPENING_DATE, valid_from_exact=False, started_by=None
    )
    versions["unit_id"] = _unit_id(versions["code"], OPENING_DATE)
    versions = versions.assign(valid_to=None, ended_by=None).astype(
        {"valid_from": "datetime64[ms]", "valid_to": "datetime64[ms]", "started_by": "str", "ended_by": "str"}
    )
    events: list[pd.DataFrame] = []
    successions: list[pd.DataFrame] = []
    if until is not None:
        links = links[links["effective_date"] <= until]
    for day, batch in links.groupby("effective_date", sort=True):  # one turn per effective date: a handful
        versions, day_events, day_successions = _replay_day(versions, batch, same_names, pd.Timestamp(str(day)))
        events.append(day_events)
        successions.append(day_successions)
    return History(
        unit_version=versions.sort_values("unit_id", ignore_index=True),
        change_event=_stack(events, EVENT_COLUMNS, "event_id"),
        succession=_stack(successions, SUCCESSION_COLUMNS, ["predecessor_id", "successor_id"]),
    )


EVENT_COLUMNS = {
    "event_id": "str",
    "effective_date": "datetime64[ms]",
    "kind": "str",
    "legal_document": "str",
    "clause": "Int32",
}
SUCCESSION_COLUMNS = {
    "event_id": "str",
    "predecessor_id": "str",
    "successor_id": "str",
    "extent": "str",
    "population": "str",
    "ruling_id": "str",
}


def _stack(parts: list[pd.DataFrame], columns: dict[str, str], by: str | list[str]) -> pd.DataFrame:
    frame = pd.concat(parts) if parts else pd.DataFrame(columns=list(columns))
    return frame[list(columns)].astype(columns).sort_values(by, ignore_index=True)


def _replay_day(
    versions: pd.DataFrame, batch: pd.DataFrame, same_names: pd.DataFrame, day: pd.Timestamp
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """One day: which versions end, which start, by which events."""
    in_force = versions.loc[versions["valid_to"].isna(), ["unit_id", *VERSION_KEYS, *ATTRIBUTES]]
    in_force = in_force[among(in_force["code"], batch["predecessor_code"])]
    links = batch.merge(
        in_force.rename(columns={"unit_id": "predecessor_id"}),
        left_on=["predecessor_level", "predecessor_code"],
        right_on=VERSION_KEYS,
        how="left",
        suffixes=("", "_before"),
        validate="many_to_one",
    )
    _refuse_unknown_predecessors(links, day)
    for field in ATTRIBUTES:
        same_code = links["successor_code"] == links["predecessor_code"]
        inherited = links[f"{field}_before"].where(same_code)
        links[field] = links[field].fillna(inherited)
    links = _without_unchanged(links)

    founding = links[links["successor_code"].notna()].copy()
    founding["event_id"] = _event_id(day, founding["successor_level"], founding["successor_code"])
    founding["successor_id"] = _unit_id(founding["successor_code"], day)
    started = _started_versions(founding, day)
    events = [_founding_events(founding, same_names, day)]

    ended = links.drop_duplicates("predecessor_id")[
        ["predecessor_id", "predecessor_level", "predecessor_code", "legal_document"]
    ]
    whole = founding[(founding["extent"] == "whole") & (founding["predecessor_level"] == founding["successor_level"])]
    twice = whole["predecessor_id"].duplicated()
    if twice.any():
        link = whole[twice].iloc[0]
        raise _fault(
            link,
            f"{link['predecessor_id']} goes whole to two successors on {day:%Y-%m-%d}",
            "write part for each successor, or strike one of them",
            "extent",
        )
    ended = ended.merge(whole[["predecessor_id", "event_id"]], on="predecessor_id", how="left", validate="1:1")
    own = ended["event_id"].isna()
    kind = ended["predecessor_level"].eq("district").map({True: "abolition", False: "split"})
    parted = among(ended["predecessor_id"], founding["predecessor_id"])
    kind = kind.mask(~parted, "abolition")
    own_id = _event_id(day, ended["predecessor_level"], ended["predecessor_code"]) + "/" + kind
    ended["event_id"] = ended["event_id"].where(~own, own_id)
    events.append(
        pd.DataFrame(
            {
                "event_id": ended["event_id"],
                "effective_date": day,
                "kind": kind,
                "legal_document": ended["legal_document"],
            }
        )[own]
    )

    ended_by = versions["unit_id"].map(ended.set_index("predecessor_id")["event_id"]).astype("str")
    versions = versions.assign(
        valid_to=versions["valid_to"].mask(ended_by.notna(), day),
        ended_by=versions["ended_by"].fillna(ended_by),
    )
    still = versions[versions["valid_to"].isna()]
    still = still[among(still["level"] + "/" + still["code"], started["level"] + "/" + started["code"])]
    if len(still):
        level, code = still["level"].iloc[0], still["code"].iloc[0]
        raise _fault(
            founding[(founding["successor_level"] == level) & (founding["successor_code"] == code)].iloc[0],
            f"{level} {code} would start on {day:%Y-%m-%d} while it is in force",
            "give the unit in force a successor on that day: itself, or another",
            "successor_code",
        )
    versions = pd.concat([versions, started], ignore_index=True)
    successions = founding.assign(ruling_id=founding["ruling_id"].mask(founding["ruling_id"] == ""))
    return versions, pd.concat(events), successions


def _refuse_unknown_predecessors(links: pd.DataFrame, day: pd.Timestamp) -> None:
    unknown = links["predecessor_id"].isna()
    if unknown.any():
        link = links[unknown].iloc[0]
        raise _fault(
            link,
            f"{link['predecessor_level']} {link['predecessor_code']} is not in force on {day:%Y-%m-%d}",
            "correct the code or the effective date",
            "predecessor_code",
        )


def _fault(link: pd.Series, what: str, remedy: str, field: str | None = None) -> SourceError:
    """The error about one link, naming the file and row it stands in."""
    row = None if pd.isna(link["row"]) else int(link["row"])
    return SourceError(what, file=str(link["file"]), row=row, field=field, remedy=remedy)


def _without_unchanged(links: pd.DataFrame) -> pd.DataFrame:
    """Drop the links of units that stay exactly as they are: they neither end nor start."""
    predecessors = links.groupby(["successor_level", "successor_code"])["predecessor_id"].transform("size")
    same = (
        (links["extent"] == "whole")
        & (predecessors == 1)
        & (links["predecessor_level"] == links["successor_level"])
        & (links["predecessor_code"] == links["successor_code"])
    )
    alike = links[same]  # a few hundred at most: only these need their attributes compared
    for field in ATTRIBUTES:
        before, after = alike[f"{field}_before"], alike[field]
        alike = alike[(before == after).fillna(False) | (before.isna() & after.isna())]
    return links.drop(index=alike.index)


def _started_versions(founding: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    described = founding[founding["name"].notna() & founding["type"].notna()]
    descriptions = described.groupby("successor_id")[ATTRIBUTES].nunique()
    bare = founding.loc[~among(founding["successor_id"], descriptions.index.to_series()), "successor_id"]
    twice = descriptions.index.to_series()[(descriptions > 1).any(axis="columns")]
    if len(bare) or len(twice):
        successor = min([*bare, *twice])
        raise _fault(
            founding[founding["successor_id"] == successor].iloc[-1],
            f"the successor {successor} has no name and type, or two descriptions",
            "give the same name, type and parent_code on every row of the successor",
        )
    first = described.drop_duplicates("successor_id")
    return pd.DataFrame(
        {
            "level": first["successor_level"],
            "code": first["successor_code"],
            "name": first["name"],
            "type": first["type"],
            "parent_code": first["parent_code"],
            "valid_from": day,
            "valid_from_exact": True,
            "started_by": first["event_id"],
            "unit_id": first["successor_id"],
            "valid_to": pd.Series(pd.NaT, index=first.index, dtype="datetime64[ms]"),
            "ended_by": pd.Series(None, index=first.index, dtype="str"),
        }
    ).astype({"valid_from": "datetime64[ms]"})


def renamed(before: pd.Series, after: pd.Series) -> pd.Series:
    """Whether names differ in more than spelling conventions; a missing name is no other name."""
    differs = (before != after).to_numpy(dtype=bool)
    result = pd.Series(differs, index=before.index)
    result[differs] = spelling_key(before[differs]) != spelling_key(after[differs])
    return result


def _ruled_alike(events: pd.DataFrame, same_names: pd.DataFrame) -> pd.Series:
    """Whether the names before and after are ruled to be one."""
    pairs = events[["predecessor_code", "successor_code", "name_before", "name"]]
    pairs = pairs.set_axis(["old_code", "new_code", "old_name", "new_name"], axis="columns")
    both = pairs.merge(same_names, how="left", indicator=True)["_merge"]
    return pd.Series(both.eq("both").to_numpy(), index=events.index)


def _founding_events(founding: pd.DataFrame, same_names: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """One event per successor, with the kind that follows from its predecessors."""
    predecessors = founding.groupby("event_id").size()
    events = founding.drop_duplicates("event_id").set_index("event_id", drop=False)
    kind = pd.Series("transfer", index=events.index, dtype="str")
    kind[renamed(events["name"], events["name_before"]) & ~_ruled_alike(events, same_names)] = "rename"
    kind[events["type"] != events["type_before"]] = "retype"
    kind[events["successor_code"] != events["predecessor_code"]] = "recode"
    kind[events["predecessor_level"] != events["successor_level"]] = "creation"
    kind[events["extent"] == "part"] = "split"
    kind[predecessors.reindex(kind.index) > 1] = "merger"
    declared = founding[founding["kind"].notna()]
    contradicted = declared[declared["kind"] != declared["event_id"].map(kind)]
    if len(contradicted):
        link = contradicted.iloc[0]
        raise _fault(
            link,
            f"{link['event_id']} is called a {link['kind']} and its links make it a {kind[link['event_id']]}",
            "correct the kind, or the predecessors, name and type of the change",
            "kind",
        )
    events = events.assign(kind=kind, effective_date=day)
    return events[list(EVENT_COLUMNS)].reset_index(drop=True)


def _unit_id(codes: pd.Series, day: pd.Timestamp) -> pd.Series:
    return codes + f"@{day:%Y-%m-%d}"


def _event_id(day: pd.Timestamp, levels: pd.Series, codes: pd.Series) -> pd.Series:
    return f"{day:%Y-%m-%d}/" + levels + "/" + codes
