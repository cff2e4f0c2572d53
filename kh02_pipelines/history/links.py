"""Links: who succeeds whom on which day, for every change from 1 July 2025 on.

Belongs here: bringing the 2025 conversion tables, the island districts, the end of the districts and the later
changes into one shape. Does not belong here: what follows for unit versions and events (``history``).
"""

import pandas as pd

from kh02_pipelines.errors import SourceError
from kh02_pipelines.frames import among
from kh02_pipelines.history.legal import (
    commune_documents,
    governing_document,
    parse_clauses,
    parse_dates,
    require_documents,
    require_governing,
)
from kh02_pipelines.history.ruling_form import RELATIONS_TARGET
from kh02_pipelines.history.rulings import apply_succession_rulings, pair_keys, rulings_for
from kh02_pipelines.sources.refusal import refuse_first
from kh02_pipelines.tables.vocabulary import EVENT_KINDS, EXTENTS, LEVELS, POPULATIONS

OPENING_DATE = pd.Timestamp("2025-06-30")
"""The first state this product knows: the last day of the three-tier model."""

REFORM_DATE = pd.Timestamp("2025-07-01")
"""Districts end and the two-tier model begins (203/2025/QH15, 202/2025/QH15)."""

OLD_REGISTER = "units_2025-06-30"
SUCCESSIONS = "successions_2025-07-01"
CLAUSES = "clauses_2025-07-01"
PROVINCE_SUCCESSIONS = "province_successions_2025-07-01"

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
    "ruling_id",
    "file",
    "row",
]
"""One row per predecessor and successor; an abolition without heir has an empty successor. ``kind`` is what the
source calls the event, where it says so. ``name`` to ``parent_code`` describe the successor; missing means as
its predecessor. ``file`` and ``row`` are where the link stands, for whoever has to mend it; a district that ends
has no row."""


def reform_links(
    old_units: pd.DataFrame,
    new_units: pd.DataFrame,
    commune_pairs: pd.DataFrame,
    province_pairs: pd.DataFrame,
    heirs: pd.DataFrame,
    land_only: pd.DataFrame,
    clauses: pd.DataFrame,
    rulings: pd.DataFrame,
    documents: pd.DataFrame,
) -> pd.DataFrame:
    """The links of 1 July 2025 between two cleaned registers: communes, provinces, and districts that end.

    ``commune_pairs`` and ``province_pairs`` are ``predecessor_code``, ``successor_code``, ``row`` as printed;
    ``heirs``, ``land_only`` and ``clauses`` are the reference files of those names. Returns LINK_COLUMNS.
    The five island districts are not here: they are in ``changes.csv`` (see ``change_links``).

    Raises SourceError when a pair names a unit that is not in the registers, when a clause or share cites another
    document than its province's or is no number, and when a new commune has not one clause; RulingError, also for
    a ruling on one name in two spellings that no link has.
    """
    communes = apply_succession_rulings(commune_pairs, rulings, SUCCESSIONS)
    communes = _with_extent(communes)
    communes["population"] = _population(communes, heirs, land_only)
    communes = _with_successor(communes, old_units, new_units, "commune")
    resolutions = commune_documents(documents)
    communes["legal_document"] = communes["parent_code"].map(resolutions)
    unlawful = communes["legal_document"].isna()
    if unlawful.any():
        raise SourceError(
            f"no 2025 resolution governs the communes of province {communes.loc[unlawful, 'parent_code'].iloc[0]}",
            file="legal_documents.csv",
            field="governs",
            remedy="add the resolution with governs commune:<province code>",
        )
    located = new_units[new_units["level"] == "commune"].set_index("code")["parent_code"]
    known = _clauses(clauses, located, resolutions)
    communes["clause"] = communes["successor_code"].map(known)
    for shares, name in ((heirs, "population_heirs.csv"), (land_only, "land_only.csv")):
        require_governing(shares, located, resolutions, name)
        parse_clauses(shares, name)

    provinces = _with_extent(apply_succession_rulings(province_pairs, rulings, PROVINCE_SUCCESSIONS))
    provinces["population"] = "all"
    provinces = _with_successor(provinces, old_units, new_units, "province")
    provinces["legal_document"] = governing_document(documents, "province:*")
    _refuse_idle_same_names(pd.concat([provinces, communes]), old_units, rulings)

    districts = old_units.loc[old_units["level"] == "district", ["code"]]
    ends = pd.DataFrame(
        {
            "predecessor_level": "district",
            "predecessor_code": districts["code"].array,
            "legal_document": governing_document(documents, "district:*"),
            "ruling_id": "",
            "file": f"{OLD_REGISTER}.csv",
        }
    )
    links = pd.concat([provinces, communes, ends], ignore_index=True)
    links["effective_date"] = REFORM_DATE
    return links.reindex(columns=LINK_COLUMNS).astype({"row": "Int64"})


def all_links(reform: pd.DataFrame, changes: pd.DataFrame, new_units: pd.DataFrame) -> pd.DataFrame:
    """Every link, the reform's first; successors of 1 July 2025 described by the register of that day.

    The five special zones made of island districts stand in ``changes.csv`` without a description of their
    own: the register is where a unit of that day is described. Returns LINK_COLUMNS.
    """
    links = pd.concat([reform, changes], ignore_index=True)
    described = links[["successor_level", "successor_code"]].merge(
        new_units.rename(columns={"level": "successor_level", "code": "successor_code"}),
        on=["successor_level", "successor_code"],
        how="left",
        validate="many_to_one",
    )
    on_reform_day = links["effective_date"] == REFORM_DATE
    for field in ("name", "type", "parent_code"):
        links[field] = links[field].mask(on_reform_day & links[field].isna(), described[field])
    return links


def change_links(changes: pd.DataFrame, documents: pd.DataFrame) -> pd.DataFrame:
    """The links of ``changes.csv``: LINK_COLUMNS, in the file's order.

    Raises SourceError for a date, level, extent, population or document that is not known, or a change that
    takes effect before the reform, and for an id that is not date/level/successor or a row that stands twice (one
    successor has one id, on a row for each predecessor).
    """
    file = "changes.csv"
    links = changes.assign(
        effective_date=parse_dates(changes, "effective_date", file),
        clause=pd.array([None] * len(changes), dtype="Int32"),
        ruling_id="",
        file=file,
    )
    vocabularies = {
        "kind": EVENT_KINDS,
        "predecessor_level": LEVELS,
        "successor_level": LEVELS,
        "extent": EXTENTS,
        "population": POPULATIONS,
    }
    wrong = pd.DataFrame({field: ~links[field].isin(words) for field, words in vocabularies.items()})
    wrong["effective_date"] = ~(links["effective_date"] >= REFORM_DATE)
    if wrong.any(axis=None):
        at = int(wrong.any(axis="columns").to_numpy().argmax())
        field = str(wrong.columns[int(wrong.iloc[at].to_numpy().argmax())])
        allowed = vocabularies.get(field, (f"a date from {REFORM_DATE:%Y-%m-%d} on",))
        raise SourceError(
            f"{changes[field].iloc[at]!r} cannot stand here",
            file=file,
            row=int(changes["row"].iloc[at]),
            field=field,
            remedy=f"use {', '.join(allowed)}",
        )
    require_documents(changes, documents, file)
    _refuse_other_ids(changes, file)
    links["type"] = links["type"].str.lower()
    for field in ("name", "type", "parent_code"):
        links[field] = links[field].mask(links[field] == "")
    return links.reindex(columns=LINK_COLUMNS).astype({"row": "Int64"})


def _refuse_other_ids(changes: pd.DataFrame, file: str) -> None:
    written = changes["effective_date"] + "/" + changes["successor_level"] + "/" + changes["successor_code"]
    for wrong, what, remedy in (
        (changes["change_id"] != written, "is not what its row says", "write date/level/successor"),
        (
            changes.duplicated(["change_id", "predecessor_level", "predecessor_code"]),
            "stands twice with one predecessor",
            "keep one row for each predecessor",
        ),
    ):
        refuse_first(
            changes,
            wrong,
            f"the change {{change_id!r}} {what}",
            file=file,
            field="change_id",
            remedy=remedy,
        )


def _clauses(clauses: pd.DataFrame, provinces: pd.Series, resolutions: pd.Series) -> pd.Series:
    """New commune code → clause that rules on it. ``provinces``: new commune code → province code.

    Raises SourceError unless every new commune stands once, with the resolution of its province.
    """
    file = f"{CLAUSES}.csv"
    codes = clauses["successor_code"]
    for wrong, what, remedy in (
        (codes.duplicated(), "stands twice", "keep one row per new commune"),
        (~among(codes, provinces.index.to_series()), "is no new commune", "correct the code, or strike the row"),
    ):
        refuse_first(
            clauses,
            wrong,
            f"{{successor_code}} {what}",
            file=file,
            field="successor_code",
            remedy=remedy,
        )
    missing = provinces.index[~among(provinces.index.to_series(), codes).to_numpy()]
    if len(missing):
        raise SourceError(
            f"no row for the new commune {missing[0]}",
            file=file,
            field="successor_code",
            remedy="add the clause that creates it or lists it as not rearranged",
        )
    require_governing(clauses, provinces, resolutions, file)
    return pd.Series(parse_clauses(clauses, file).array, index=codes.array)


def _with_extent(pairs: pd.DataFrame) -> pd.DataFrame:
    """Whole exactly where the predecessor has one successor."""
    successors = pairs.groupby("predecessor_code")["successor_code"].transform("size")
    return pairs.assign(extent=successors.eq(1).map({True: "whole", False: "part"}))


def _population(pairs: pd.DataFrame, heirs: pd.DataFrame, land_only: pd.DataFrame) -> pd.Series:
    """``all`` for a whole or an heir; ``none`` beside an heir or for land alone; otherwise ``part``.

    Nobody publishes shares, so ``part`` says no more. Raises SourceError when an heir or a land-only part is
    not one of the successors of a split commune, or when a commune has two heirs or an heir without people.
    """
    printed, heir, land = (pair_keys(frame) for frame in (pairs, heirs, land_only))
    split = printed[pairs["extent"] == "part"]
    for rows, file, chosen, also_wrong in (
        (heirs, "population_heirs.csv", heir, heirs["predecessor_code"].duplicated()),
        (land_only, "land_only.csv", land, land.isin(heir) | land.duplicated()),
    ):
        refuse_first(
            rows.assign(pair=chosen),
            ~among(chosen, split) | also_wrong,
            "{pair} is not a succession of a split commune, or contradicts another row",
            file=file,
            field=None,
            remedy="name one of the successors of a split commune, once",
        )
    population = pd.Series("part", index=pairs.index, dtype="str")
    population[among(pairs["predecessor_code"], heirs["predecessor_code"]) | among(printed, land)] = "none"
    population[among(printed, heir) | (pairs["extent"] == "whole")] = "all"
    return population


def _with_successor(pairs: pd.DataFrame, old_units: pd.DataFrame, new_units: pd.DataFrame, level: str) -> pd.DataFrame:
    """Pairs with levels and the successor's attributes; every code must be in its register."""
    for field, units in (("predecessor_code", old_units), ("successor_code", new_units)):
        stray = ~among(pairs[field], units.loc[units["level"] == level, "code"])
        refuse_first(
            pairs,
            stray,
            f"{level} {{{field}}} is not in the register of its date",
            field=field,
            remedy="correct the code, or add a ruling with its citation",
        )
    attributes = new_units.loc[new_units["level"] == level, ["code", "name", "type", "parent_code"]]
    linked = pairs.merge(attributes, left_on="successor_code", right_on="code", how="left", validate="many_to_one")
    return linked.assign(predecessor_level=level, successor_level=level)


def _refuse_idle_same_names(links: pd.DataFrame, old_units: pd.DataFrame, rulings: pd.DataFrame) -> None:
    """Raise RulingError when two spellings are ruled to be one name and no link can be meant.

    Such a ruling says that a unit is unchanged: it needs a link without other successors or predecessors, between
    the very names it quotes.
    """
    alone = ~links["predecessor_code"].duplicated(keep=False) & ~links["successor_code"].duplicated(keep=False)
    between = links[alone].set_index(pair_keys(links[alone]))
    before = between["predecessor_code"].map(old_units.set_index("code")["name"])
    for ruling in rulings_for(rulings, RELATIONS_TARGET):
        if ruling.key not in between.index:
            raise ruling.no_match(f"no unit of {RELATIONS_TARGET} passes whole and alone as {ruling.key}")
        printed = (before[ruling.key], between.at[ruling.key, "name"])
        if printed != (ruling.source_value, ruling.ruled_value):
            raise ruling.no_match(
                f"the registers print {printed[0]!r} and {printed[1]!r} for {ruling.key}, "
                f"not {ruling.source_value!r} and {ruling.ruled_value!r}"
            )
