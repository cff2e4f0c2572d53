"""The plan: THE order of steps from raw frames to the tables of a release.

Belongs here: which step needs what and gives what, for whoever runs them: the Dagster assets one by one,
``build_candidate`` in one call. Does not belong here: what a step does.

Frames go by name. Raw frames are called ``source_<name>``; ``release_date`` is the day as ISO text; everything else is
the output of a step. A name that is a table's is that table as published.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.catalogue.code_tables import code_aliases, code_crosswalk, unresolved_tables
from kh02_pipelines.catalogue.crosswalk_tables import crosswalk_tables
from kh02_pipelines.catalogue.listed_documents import listed_documents
from kh02_pipelines.catalogue.row_flow import row_flow
from kh02_pipelines.catalogue.unit_tables import unit_tables
from kh02_pipelines.history.changes import change_links, repealed
from kh02_pipelines.history.graph import graph_of
from kh02_pipelines.history.history import History, history, named_links
from kh02_pipelines.history.legal import legal_document_table, require_documents
from kh02_pipelines.history.periods import periods_of
from kh02_pipelines.history.ruling_form import require_rulings, ruling_days
from kh02_pipelines.history.rulings import require_same_names_meant, same_name_pairs
from kh02_pipelines.history.totals import expected_change_totals, expected_totals, last_changed
from kh02_pipelines.intake.cleaning import clean_registers, registers_of
from kh02_pipelines.intake.source_tables import CONFLICTS, SourceTables, no_source_tables
from kh02_pipelines.intake.total_conflicts import with_total_conflicts
from kh02_pipelines.sources.reference_data import REFERENCE_FILES
from kh02_pipelines.tables.catalogue import CATALOGUE
from kh02_pipelines.tables.codes import TABLES as CODE_TABLES
from kh02_pipelines.tables.crosswalks import TABLES as CROSSWALK_TABLES
from kh02_pipelines.tables.units import TABLES as UNIT_TABLES

Frames = Mapping[str, pd.DataFrame]
RELEASE_DATE = "release_date"
HISTORY_TABLES = ("unit_version", "change_event", "succession")
_UNITS = tuple(table.name for table in UNIT_TABLES)
_CROSSWALKS = tuple(table.name for table in CROSSWALK_TABLES)
_CODES = tuple(table.name for table in CODE_TABLES)
_LISTED = "legal_document"


@dataclass(frozen=True)
class Step:
    """One step: ``run`` takes the frames it ``needs`` by name (and the release date) and returns those it ``gives``."""

    name: str
    needs: tuple[str, ...]
    gives: tuple[str, ...]
    run: Callable[[Mapping[str, Any]], dict[str, pd.DataFrame]]


def source(name: str) -> str:
    """What the plan calls a raw frame."""
    return f"source_{name}"


def _documents(frames: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    documents = legal_document_table(frames[source("legal_documents")])
    rulings = frames[source("rulings")]
    require_rulings(rulings, ruling_days(frames[source("registers")], frames[source("changes")]))
    require_documents(rulings, documents, "rulings.csv")
    return {"documents": documents}


def _registers(frames: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    return {"registers": clean_registers(frames[source("registers")], frames[source("rulings")])}


def _links(frames: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    return {"links": change_links(frames[source("changes")], frames[source("rulings")], frames["documents"])}


def _history(frames: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    opening, *later = registers_of(frames["registers"])
    same_names = same_name_pairs(frames[source("rulings")])
    made = history(opening, frames["links"], same_names, later, _day(frames))
    require_same_names_meant(frames[source("rulings")], named_links(made), frames[RELEASE_DATE])
    return {name: getattr(made, name) for name in HISTORY_TABLES}


def _conflicts(frames: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    totals = expected_totals(frames[source("totals")], frames["documents"], _day(frames))
    return {"source_conflict": with_total_conflicts(frames[CONFLICTS], frames["unit_version"], totals)}


def _unit_tables(frames: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    periods = periods_of(frames[source("periods")])
    return unit_tables(frames["unit_version"], frames["change_event"], periods, _day(frames))


def _crosswalks(frames: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    made = history_in(frames)
    graph = graph_of(made.unit_version, made.change_event, made.succession)
    same_names = same_name_pairs(frames[source("rulings")])
    periods, day = periods_of(frames[source("periods")]), _day(frames)
    units = {name: frames[name] for name in _UNITS}
    return {
        **crosswalk_tables(graph, made.succession, units, same_names, periods, day),
        "code_crosswalk": code_crosswalk(graph, same_names, periods, day),
        "code_alias": code_aliases(frames[source("code_aliases")], day),
        **unresolved_tables(graph),
    }


def _listed_documents(frames: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    return {_LISTED: listed_documents(frames["documents"], frames, frames["links"], _day(frames))}


def _day(frames: Mapping[str, Any]) -> pd.Timestamp:
    return pd.Timestamp(frames[RELEASE_DATE])


CITING_TABLES = tuple(
    name
    for name, table in CATALOGUE.items()
    if name != _LISTED and any(key.target == _LISTED for key in table.foreign_keys)
)
"""Tables whose rows name legal documents."""

PLAN = (
    Step(
        "documents",
        tuple(map(source, ("legal_documents", "rulings", "registers", "changes"))),
        ("documents",),
        _documents,
    ),
    Step("registers", (source("registers"), source("rulings")), ("registers",), _registers),
    Step("links", (source("changes"), source("rulings"), "documents"), ("links",), _links),
    Step("unit_history", ("registers", "links", source("rulings"), RELEASE_DATE), HISTORY_TABLES, _history),
    Step(
        "source_conflicts",
        (CONFLICTS, "unit_version", source("totals"), "documents", RELEASE_DATE),
        ("source_conflict",),
        _conflicts,
    ),
    Step("unit_tables", ("unit_version", "change_event", source("periods"), RELEASE_DATE), _UNITS, _unit_tables),
    Step(
        "crosswalks",
        (*HISTORY_TABLES, *_UNITS, source("rulings"), source("periods"), source("code_aliases"), RELEASE_DATE),
        (*_CROSSWALKS, *_CODES),
        _crosswalks,
    ),
    Step("legal_documents", ("documents", "links", *CITING_TABLES, RELEASE_DATE), (_LISTED,), _listed_documents),
)
"""Every step, in an order in which each finds what it needs."""

STAGED = (*(source(name) for name in REFERENCE_FILES), "registers", "links", "documents", *CATALOGUE, RELEASE_DATE)
"""What a candidate is made of."""


def candidate_of(frames: Mapping[str, Any]) -> Candidate:
    """The candidate for staging, from the outputs of all steps and the raw frames (STAGED)."""
    day = _day(frames)
    tables = {name: frames[name] for name in CATALOGUE}
    changed = last_changed(tables["unit_version"], tables["change_event"])
    return Candidate(
        tables=tables,
        as_of=day.date(),
        totals=expected_totals(frames[source("totals")], frames["documents"], day, changed),
        row_flow=row_flow(frames, tables, day),
        evidence={
            "rulings": frames[source("rulings")].drop(columns=["row", "file"], errors="ignore"),
            "periods": frames[source("periods")],
            "repeals": repealed(frames[source("changes")])[["legal_document"]],
            "change_totals": expected_change_totals(frames[source("change_totals")], day),
        },
    )


def run_plan(
    raw: Frames, as_of: dt.date, sources: SourceTables | None = None, upto: str = PLAN[-1].name
) -> dict[str, Any]:
    """Every frame of the plan by name, up to the step ``upto``. ``raw``: by reference name.

    Raises SourceError or RulingError.
    """
    frames: dict[str, Any] = {source(name): frame for name, frame in raw.items()}
    frames |= {RELEASE_DATE: f"{as_of:%Y-%m-%d}", **(sources or no_source_tables()).by_name()}
    for step in PLAN:
        frames |= step.run(frames)
        if step.name == upto:
            break
    return frames


def whole_history(raw: Frames) -> dict[str, Any]:
    """The frames up to the history, with every change that is known, those to come included."""
    return run_plan(raw, dt.date(2300, 1, 1), upto="unit_history")


def history_in(frames: Mapping[str, Any]) -> History:
    """The history among frames of the plan."""
    return History(*(frames[name] for name in HISTORY_TABLES))


def build_candidate(raw: Frames, as_of: dt.date, sources: SourceTables | None = None) -> Candidate:
    """Every published table for one date, with what the rules hold them against.

    ``raw``: the reference frames by name, or what an intake makes of other sources; ``sources``: the tables about them,
    empty if not given. Raises SourceError or RulingError.
    """
    return candidate_of(run_plan(raw, as_of, sources))
