"""Changes: dated links as their source prints them, ruled, defaulted and refused where they cannot be meant.

Belongs here: from the rows of ``changes/<year>.csv`` (or of a configured source of that shape) to links that history is
made of. Does not belong here: what follows for unit versions and events (``history``).
"""

import pandas as pd

from kh02_pipelines.errors import SourceError
from kh02_pipelines.frames import files_of
from kh02_pipelines.history.legal import parse_clauses, parse_dates, require_documents
from kh02_pipelines.history.rulings import apply_date_rulings, apply_succession_rulings
from kh02_pipelines.sources.reference_data import REFERENCE_FILES
from kh02_pipelines.sources.refusal import refuse_first
from kh02_pipelines.tables.vocabulary import CHANGE_KINDS, CONFIDENCES, DATE_BASES, EXTENTS, LEVELS, POPULATIONS

CHANGES_FILE = "changes.csv"
UNKNOWN = "unknown"
REPEAL = "repeal"

LINK_COLUMNS = [
    "effective_date",
    "kind",
    "predecessor_level",
    "predecessor_code",
    "successor_level",
    "successor_code",
    "name",
    "type",
    "parent_code",
    "extent",
    "population",
    "legal_document",
    "clause",
    "basis",
    "confidence",
    "law",
    "reconstructed",
    "ruling_id",
    "file",
    "row",
]
"""One row per predecessor and successor.

Without a predecessor the row describes a new unit; without a successor the unit ends and nobody knows, or the law does
not say, into what. ``name`` to ``parent_code`` describe the successor; missing means as its predecessor of the same
code, or as the register of the day. ``basis`` is how the day is known, ``confidence`` how the link is, ``law`` how the
document is: named by the source (``sourced``), found by day and province (``derived``), or not (``unknown``).
``reconstructed``: the successor is in no register of its time. ``file`` and ``row`` are where the link stands.
"""

PAIR_TARGETS = {"successions": "commune", "province_successions": "province"}
"""What rulings call the links of a day: ``<word>_<day>``, and the level of both ends."""

_LAW = {"": None, "day_and_province": "derived", "note": "derived", "none": UNKNOWN}


def change_links(raw: pd.DataFrame, rulings: pd.DataFrame, documents: pd.DataFrame) -> pd.DataFrame:
    """The links of ``raw``, the rows of the changes as text, with rulings applied: LINK_COLUMNS.

    Columns that are missing and empty cells take their default: ``extent`` is whole where the predecessor has one
    successor that day, else part; ``population`` is all for the whole and for the one part that has it, none beside
    such a part, else part; ``basis`` is law, ``confidence`` sourced; ``kind`` is told by the links.

    A repeal takes the rows of the change that it names away.

    Raises SourceError, with file and row, for a word, day, code or document that is not known, an id that is not
    date/level/successor, a link that stands twice or shares that contradict each other; RulingError for a ruling that
    fits no link.
    """
    absent = [name for name in REFERENCE_FILES["changes"].columns if name not in raw.columns]
    rows = raw.assign(file=files_of(raw, CHANGES_FILE), **dict.fromkeys(absent, "")).fillna({"ruling_id": ""})
    repeals = rows[rows["kind"] == REPEAL]
    rows = rows[rows["kind"] != REPEAL]
    rows = apply_date_rulings(rows, change_ids(rows), rulings)
    _refuse_other_ids(rows)
    if len(repeals):
        require_documents(repeals, documents, CHANGES_FILE)
        rows = _without_repealed(rows, repeals)
    links = _ruled(rows, rulings)
    _refuse_unknown_words(links)
    _refuse_two_kinds(links)
    links["effective_date"] = _dates(links)
    require_documents(links[links["legal_document"] != ""], documents, CHANGES_FILE)
    links["clause"] = parse_clauses(links, CHANGES_FILE)
    links = _shared(links)
    links["law"] = links["document_basis"].map(_LAW).astype("str").fillna("sourced")
    links["law"] = links["law"].mask(links["legal_document"] == "", UNKNOWN)
    links["reconstructed"] = links["evidence"].str.endswith("reconstructed")
    links["basis"] = links["basis"].mask(links["basis"] == "", "law")
    links["confidence"] = links["confidence"].mask(links["confidence"] == "", "sourced")
    links["type"] = links["type"].str.lower()
    texts = ["kind", "predecessor_level", "predecessor_code", "successor_level", "successor_code"]
    for field in [*texts, "name", "type", "parent_code", "legal_document"]:
        links[field] = links[field].mask(links[field] == "")
    return links.reindex(columns=LINK_COLUMNS).astype({"row": "Int64"}).reset_index(drop=True)


def repealed(raw: pd.DataFrame) -> pd.DataFrame:
    """The rows of the changes that a repeal takes away, and the repeals themselves."""
    repeals = raw[raw["kind"] == REPEAL]
    gone = change_ids(raw).isin(repeals["change_id"]) | (raw["kind"] == REPEAL)
    return raw[gone]


def change_ids(rows: pd.DataFrame) -> pd.Series:
    """What a change is called: date/level/successor, or the unit that ends where it has no successor."""
    ends = rows["successor_code"] == ""
    level = rows["successor_level"].mask(ends, rows["predecessor_level"])
    code = rows["successor_code"].mask(ends, rows["predecessor_code"])
    return rows["effective_date"] + "/" + level + "/" + code


def passes_on(links: pd.DataFrame) -> pd.Series:
    """Links between units with others below them that go on: districts that hand over communes."""
    return (
        (links["kind"] == "transfer")
        & (links["predecessor_level"] != "commune")
        & (links["predecessor_code"] != links["successor_code"]).fillna(False)
        & links["predecessor_code"].notna()
        & links["successor_code"].notna()
    ).astype(bool)


def founds(links: pd.DataFrame) -> pd.Series:
    """Links whose successor begins a version: all but those that pass on, end without heir, or join a unit as it is."""
    return links["successor_code"].notna() & ~passes_on(links) & (links["kind"] != "abolition")


def _ruled(rows: pd.DataFrame, rulings: pd.DataFrame) -> pd.DataFrame:
    """Rows with the rulings on the links of a day applied; a ruled link is described as others of its successor."""
    parts, touched = [], pd.Series(False, index=rows.index)
    for target in rulings["target"].unique():
        word, _, day = str(target).rpartition("_")
        level = PAIR_TARGETS.get(word)
        if level is None:
            continue
        mine = (
            (rows["effective_date"] == day) & (rows["predecessor_level"] == level) & (rows["successor_level"] == level)
        )
        if not mine.any():
            continue
        touched |= mine
        parts.append(_described(apply_succession_rulings(rows[mine], rulings, str(target)), level, day))
    return pd.concat([rows[~touched], *parts], ignore_index=True)


def _described(pairs: pd.DataFrame, level: str, day: str) -> pd.DataFrame:
    """Ruled pairs with the law, kind and name of their successor's other rows; shares of added ones are defaults."""
    changed = (pairs["ruling_id"] != "") & pairs["successor_code"].notna()
    pairs = pairs.assign(
        effective_date=day,
        predecessor_level=level,
        successor_level=level,
        change_id=f"{day}/{level}/" + pairs["successor_code"],
    )
    others = pairs[~changed].drop_duplicates("successor_code").set_index("successor_code")
    for field in ("kind", "name", "type", "parent_code", "legal_document", "clause", "basis", "document_basis"):
        pairs[field] = pairs[field].mask(changed, pairs["successor_code"].map(others[field]))
    text = [name for name in pairs.columns if name not in ("row", "file")]
    pairs[text] = pairs[text].fillna("")
    return pairs


def _dates(links: pd.DataFrame) -> pd.Series:
    days = parse_dates(links, "effective_date", CHANGES_FILE)
    refuse_first(
        links,
        days.isna(),
        "a change without a day",
        file=CHANGES_FILE,
        field="effective_date",
        remedy="write the day it takes effect as YYYY-MM-DD",
    )
    return days


def _shared(links: pd.DataFrame) -> pd.DataFrame:
    """Extent and population filled by their defaults; shares of one unit on one day that contradict are refused."""
    ending = (links["predecessor_code"] != "") & ~passes_on(links.mask(links == ""))
    keys = [links["effective_date"], links["predecessor_code"]]
    heirs = (links["successor_code"] != "") & ending
    successors = heirs.groupby(keys).transform("sum").where(heirs, 0)
    extent = links["extent"].mask(
        links["extent"] == "", pd.Series("part", index=links.index).mask(successors == 1, "whole")
    )
    extent = extent.where(heirs, links["extent"].mask(links["extent"] == "", UNKNOWN))
    has_heir = ((links["population"] == "all") & ending).groupby(keys).transform("sum")
    default = pd.Series("part", index=links.index).mask(has_heir > 0, "none").mask(extent == "whole", "all")
    default = default.mask(extent == UNKNOWN, UNKNOWN)
    population = links["population"].mask(links["population"] == "", default)
    several = successors > 1
    torn = heirs & several & (extent == "whole")
    people = population.where(heirs)
    alls = (people == "all").groupby(keys).transform("sum")
    parts = people.isin(["part", UNKNOWN]).groupby(keys).transform("sum")
    contradicted = heirs & ((alls > 1) | ((alls > 0) & (parts > 0)))
    nobody = heirs & several & (extent != UNKNOWN) & (alls + parts == 0)
    for wrong, what, field, remedy in (
        (torn, "{predecessor_code} goes whole to {successor_code} and has other successors", "extent",
         "write part for each successor, or strike one of them"),
        (contradicted, "the shares of the people of {predecessor_code} contradict each other", "population",
         "let one successor have all and the others none, or write part"),
        (nobody, "no successor has the people of {predecessor_code}", "population",
         "let one successor have all, or write part"),
    ):  # fmt: skip
        refuse_first(links, wrong, what, file=CHANGES_FILE, field=field, remedy=remedy)
    return links.assign(extent=extent, population=population)


def _refuse_unknown_words(links: pd.DataFrame) -> None:
    no_origin, no_heir = links["predecessor_code"] == "", links["successor_code"] == ""
    vocabularies = {
        "kind": (*CHANGE_KINDS, ""),
        "predecessor_level": LEVELS,
        "successor_level": LEVELS,
        "extent": (*EXTENTS, ""),
        "population": (*POPULATIONS, ""),
        "basis": (*DATE_BASES, ""),
        "confidence": (*CONFIDENCES, ""),
    }
    wrong = pd.DataFrame({field: ~links[field].isin(words) for field, words in vocabularies.items()})
    wrong["predecessor_level"] &= ~no_origin
    wrong["successor_level"] &= ~no_heir
    for side, empty in (("predecessor", no_heir), ("successor", no_origin)):
        wrong[f"{side}_code"] = (links[f"{side}_code"] == "") & empty
    if wrong.any(axis=None):
        at = int(wrong.any(axis="columns").to_numpy().argmax())
        field = str(wrong.columns[int(wrong.iloc[at].to_numpy().argmax())])
        raise SourceError(
            f"{links[field].iloc[at]!r} cannot stand here",
            file=str(links["file"].iloc[at]),
            row=int(links["row"].iloc[at]),
            field=field,
            remedy=f"use {', '.join(word for word in vocabularies.get(field, ('a code',)) if word)}",
        )


def _refuse_other_ids(rows: pd.DataFrame) -> None:
    written = change_ids(rows)
    key = ["effective_date", "predecessor_level", "predecessor_code", "successor_level", "successor_code"]
    for wrong, what, remedy in (
        ((rows["change_id"] != "") & (rows["change_id"] != written), "is not what its row says",
         "write date/level/successor, or leave it empty"),
        (rows.duplicated(key), "stands twice with one predecessor", "keep one row for each predecessor"),
    ):  # fmt: skip
        refuse_first(
            rows,
            wrong,
            f"the change {{change_id!r}} {what}",
            file=CHANGES_FILE,
            field="change_id",
            remedy=remedy,
        )


def _refuse_two_kinds(rows: pd.DataFrame) -> None:
    kinds = rows["kind"].where((rows["kind"] != "") & founds(rows.mask(rows == "")))
    mixed = kinds.notna() & (kinds != kinds.groupby(change_ids(rows)).transform("first"))
    refuse_first(
        rows,
        mixed,
        "the successor {successor_level} {successor_code} of {effective_date} has another kind on another row than "
        "{kind}",
        file=CHANGES_FILE,
        field="kind",
        remedy="give the same kind on every row of the successor",
    )


def _without_repealed(rows: pd.DataFrame, repeals: pd.DataFrame) -> pd.DataFrame:
    """The rows but for those of the repealed changes, which must be to come on the day of the repeal."""
    ids = change_ids(rows)
    for wrong, what, remedy in (
        (~repeals["change_id"].isin(ids), "is no enacted change", "name it as date/level/successor"),
        (
            repeals["effective_date"] >= repeals["change_id"].str.partition("/")[0],
            "has taken effect by {effective_date}",
            "enact a change back instead: what was in force cannot be repealed",
        ),
    ):
        refuse_first(
            repeals,
            wrong,
            f"the repealed change {{change_id!r}} {what}",
            file=CHANGES_FILE,
            field="change_id",
            remedy=remedy,
        )
    return rows[~ids.isin(repeals["change_id"])]
