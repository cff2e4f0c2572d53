"""The whole catalogue in one call: reference data in, published tables out.

Belongs here: the order of the steps, for whoever works without Dagster (lookup of a date, tests, benchmarks).
Does not belong here: the steps. The Dagster assets call the same steps one by one.
"""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.catalogue.crosswalk_tables import (
    commune_crosswalk,
    district_crosswalk,
    province_crosswalk,
)
from kh02_pipelines.catalogue.row_flow import row_flow
from kh02_pipelines.catalogue.unit_tables import standing_document, unit_tables
from kh02_pipelines.history.compose import compose, dated_steps
from kh02_pipelines.history.history import History, build_history
from kh02_pipelines.history.legal import legal_document_table, require_documents
from kh02_pipelines.history.links import all_links, change_links, reform_links
from kh02_pipelines.history.ruling_form import RELATIONS_TARGET, require_rulings
from kh02_pipelines.history.rulings import same_name_pairs
from kh02_pipelines.history.totals import expected_province_totals, expected_reform_totals, expected_totals
from kh02_pipelines.intake.cleaning import clean_units
from kh02_pipelines.intake.source_tables import SourceTables, no_source_tables
from kh02_pipelines.sources.reference_data import REFERENCE_FILES, REFERENCE_FOLDER

OLD_REGISTER = "units_2025-06-30"
NEW_REGISTER = "units_2025-07-01"

Frames = Mapping[str, pd.DataFrame]


def read_reference(folder: Path = REFERENCE_FOLDER) -> dict[str, pd.DataFrame]:
    """Every reference file by name. Raises SourceError."""
    return {name: file.read(folder) for name, file in REFERENCE_FILES.items()}


CITING = (
    "rulings",
    "clauses_2025-07-01",
    "population_heirs",
    "land_only",
    "totals",
    "province_totals",
)
"""The frames that cite legal documents; ``change_links`` looks at those of the changes."""


def ruled_documents(raw: Frames) -> pd.DataFrame:
    """The ``legal_document`` table; every ruling must be one that can be applied, and every citation one of them."""
    documents = legal_document_table(raw["legal_documents"])
    require_rulings(raw["rulings"])
    for name in CITING:
        require_documents(raw[name], documents, f"{name}.csv")
    return documents


def links_of(raw: Frames, cleaned: Frames, documents: pd.DataFrame) -> pd.DataFrame:
    """Every dated link, from the raw conversion tables and changes and the cleaned registers."""
    reform = reform_links(
        cleaned[OLD_REGISTER],
        cleaned[NEW_REGISTER],
        raw["successions_2025-07-01"],
        raw["province_successions_2025-07-01"],
        raw["population_heirs"],
        raw["land_only"],
        raw["clauses_2025-07-01"],
        raw["rulings"],
        documents,
    )
    return all_links(reform, change_links(raw["changes"], documents), cleaned[NEW_REGISTER])


def crosswalks_of(
    history: History,
    units: dict[str, pd.DataFrame],
    rulings: pd.DataFrame,
    documents: pd.DataFrame,
    as_of: pd.Timestamp,
) -> dict[str, pd.DataFrame]:
    """The three crosswalk tables by name."""
    standing = standing_document(documents, as_of)
    same_names = same_name_pairs(rulings, RELATIONS_TARGET)
    steps = dated_steps(history.succession, history.change_event)
    paths = dict(list(compose(history.unit_version, steps, standing).groupby("old_level")))
    paths.setdefault("district", next(iter(paths.values())).iloc[:0])  # none while districts are in force
    communes = commune_crosswalk(paths["commune"], units, same_names)
    return {
        "commune_crosswalk": communes,
        "province_crosswalk": province_crosswalk(paths["province"], units, same_names),
        "district_crosswalk": district_crosswalk(communes, paths["district"], units),
    }


def build_candidate(raw: Frames, as_of: dt.date, sources: SourceTables | None = None) -> Candidate:
    """Every published table for one date, with what the rules hold them against.

    ``raw``: the reference frames by file name (see ``read_reference``), or what an intake makes of other sources;
    ``sources``: the tables about them, empty if not given. Raises SourceError or RulingError.
    """
    day = pd.Timestamp(as_of)
    documents = ruled_documents(raw)
    cleaned = {name: clean_units(raw[name], raw["rulings"], name) for name in (OLD_REGISTER, NEW_REGISTER)}
    links = links_of(raw, cleaned, documents)
    same_names = same_name_pairs(raw["rulings"], RELATIONS_TARGET)
    history = build_history(cleaned[OLD_REGISTER], links, same_names, until=day)
    units = unit_tables(history.unit_version, history.change_event, documents, day)
    tables = {
        "legal_document": documents,
        "unit_version": history.unit_version,
        "change_event": history.change_event,
        "succession": history.succession,
        **units,
        **crosswalks_of(history, units, raw["rulings"], documents, day),
        **(sources or no_source_tables()).by_name(),
    }
    return Candidate(
        tables=tables,
        as_of=as_of,
        totals=expected_totals(raw["totals"], day),
        row_flow=row_flow(raw, cleaned, links, tables, day),
        evidence=evidence_of(raw, day),
    )


def evidence_of(raw: Frames, as_of: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """What is staged beside the tables for the rules to hold them against; see ``catalogue.candidate.Candidate``.

    ``raw``: at least ``rulings``, ``province_totals`` and ``reform_totals``.
    """
    return {
        "rulings": raw["rulings"].drop(columns=["row", "file"], errors="ignore"),
        "province_totals": expected_province_totals(raw["province_totals"], as_of),
        "reform_totals": expected_reform_totals(raw["reform_totals"], as_of),
    }
