"""One planted fault per check: it fails, no other does, and readers keep the last good release."""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd
import pytest
from planting import AS_OF, FAULTS, Case
from sqlalchemy.engine import make_url

from kh02_pipelines.assets.asset_checks import check_name, suite_opinion
from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.catalogue.plan import build_candidate
from kh02_pipelines.checks.declared import PREFIX
from kh02_pipelines.checks.rule import Rule
from kh02_pipelines.definitions import build_defs
from kh02_pipelines.errors import AuditError
from kh02_pipelines.intake.source_tables import SourceTables
from kh02_pipelines.release.audit import PUBLISHED_RULES, RULES, outcomes, require_sound
from kh02_pipelines.release.database.store import DatabaseStore
from kh02_pipelines.release.files.parquet_store import ParquetStore
from kh02_pipelines.release.publish import publish_database, publish_parquet
from kh02_pipelines.release.staging import read_staged, stage
from kh02_pipelines.release.surroundings import surrounded
from kh02_pipelines.settings import Settings
from kh02_pipelines.sources.reference_data import read_reference

pytestmark = pytest.mark.no_cover  # whole runs: the tracer would double their time, other tests cover the code

NOW = dt.datetime.combine(AS_OF, dt.time(1, 30), dt.timezone(dt.timedelta(hours=7)))
ALL_RULES = (*RULES, *PUBLISHED_RULES)
BY_NAME = {rule.name: rule for rule in ALL_RULES}
PARTS = {"tables", "as_of", "totals", "row_flow", "evidence", "context"}
PUBLISHED_FOR_REAL = {  # one per word: what publishing does is the same for all
    "law_governs_links",
    "province_totals",
    "declared_commune",
    "versions_consistent",
    "references_exist",
}


@pytest.fixture(scope="module")
def sound(
    tmp_path_factory: pytest.TempPathFactory, source_tables: SourceTables
) -> tuple[Candidate, ParquetStore, DatabaseStore]:
    """A sound candidate whose last release, of the day before, has the same content; and the readers' stores."""
    home = tmp_path_factory.mktemp("home")
    staged = stage(build_candidate(read_reference(), AS_OF, source_tables), home / "staging")
    store = ParquetStore(home / "parquet")
    database = DatabaseStore(make_url(f"sqlite:///{home}/catalogue.db"), upgrades_itself=True)
    publish_database(staged, store, database, now=NOW)
    publish_parquet(staged, store, database, now=NOW)
    _, candidate = read_staged(staged)
    other = dataclasses.replace(staged, content_hash="0" * 64)
    candidate = surrounded(candidate, other, store, today=AS_OF)
    previous = candidate.context.previous
    assert previous is not None
    previous = dataclasses.replace(previous, as_of=AS_OF, tables=dict(previous.tables))
    return (
        dataclasses.replace(candidate, context=dataclasses.replace(candidate.context, previous=previous)),
        store,
        database,
    )


class Watched(Candidate):
    """A candidate that notes which of its parts a rule reads, and which tables."""

    def __getattribute__(self, name: str) -> object:
        if name in PARTS:
            seen: set[object] = super().__getattribute__("__dict__")["seen"]
            if name == "tables":
                return Noted(super().__getattribute__(name), seen)
            seen.add(name)
        return super().__getattribute__(name)


class Noted(Mapping[str, pd.DataFrame]):
    """Tables that note which of them are read."""

    def __init__(self, tables: Mapping[str, pd.DataFrame], seen: set[object]) -> None:
        self._tables, self._seen = tables, seen

    def __getitem__(self, name: str) -> pd.DataFrame:
        self._seen.add(("table", name))
        return self._tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)


@pytest.fixture(scope="module")
def reads(sound: tuple[Candidate, ParquetStore, DatabaseStore]) -> dict[str, set[object]]:
    """What each rule reads of a sound candidate: a rule whose reads are unchanged cannot end otherwise."""
    found = {}
    for rule in ALL_RULES:
        watched = object.__new__(Watched)
        watched.__dict__.update({**vars(sound[0]), "seen": set()})
        assert rule.find(watched).empty
        found[rule.name] = watched.__dict__["seen"]
    return found


def changes(spoilt: Candidate, sound: Candidate) -> set[object]:
    """What differs between two candidates, in the words of ``reads``."""
    parts = {name for name in PARTS - {"tables"} if getattr(spoilt, name) is not getattr(sound, name)}
    names = set(spoilt.tables) | set(sound.tables)
    return parts | {("table", name) for name in names if spoilt.tables.get(name) is not sound.tables.get(name)}


def concerned(spoilt: Candidate, sound: Candidate, reads: dict[str, set[object]]) -> tuple[Rule, ...]:
    """The rules that read anything the fault changed."""
    changed = changes(spoilt, sound)
    return tuple(rule for rule in ALL_RULES if reads[rule.name] & changed)


def failed(spoilt: Candidate, sound: Candidate, reads: dict[str, set[object]]) -> set[str]:
    """Names of the checks that fail, judged as Dagster judges: the rule, and the suite of every changed table."""
    names = set()
    for outcome in outcomes(spoilt, concerned(spoilt, sound, reads)):
        agreed, _ = suite_opinion(spoilt, outcome.rule)
        if outcome.rule.name.startswith(PREFIX):
            assert agreed == outcome.passed, f"Great Expectations and the audit disagree on {outcome.rule.name}"
        if not outcome.passed:
            names.add(outcome.rule.name)
    return names


def test_nothing_fails_without_a_fault(sound: tuple[Candidate, ParquetStore, DatabaseStore]) -> None:
    for outcome in outcomes(sound[0], ALL_RULES):
        assert outcome.passed, outcome.rule.name
        assert suite_opinion(sound[0], outcome.rule)[0], outcome.rule.name


@pytest.mark.parametrize("check", sorted(FAULTS))
def test_a_planted_fault_fails_its_check_alone(
    check: str, sound: tuple[Candidate, ParquetStore, DatabaseStore], reads: dict[str, set[object]], tmp_path: Path
) -> None:
    candidate, store, database = sound
    before = (store.root / "current.json").read_bytes()
    spoilt = FAULTS[check](Case(candidate, tmp_path)).candidate
    assert failed(spoilt, candidate, reads) == {check}
    if not BY_NAME[check].blocking:
        return
    with pytest.raises(AuditError, match=check):
        require_sound(spoilt, concerned(spoilt, candidate, reads))
    if check in PUBLISHED_FOR_REAL:
        staged = stage(spoilt, tmp_path / "staging")
        with pytest.raises(AuditError, match=check):
            publish_database(staged, store, database, now=NOW)
        with pytest.raises(AuditError, match=check):
            publish_parquet(staged, store, database, now=NOW)
    assert (store.root / "current.json").read_bytes() == before
    assert [info.release_id for info in store.releases()] == [store.current().release_id]  # type: ignore[union-attr]


def test_every_check_has_a_planted_fault(tmp_path: Path) -> None:
    definitions = build_defs(Settings(home=tmp_path))
    specs = {key.name for checks in definitions.asset_checks or [] for key in checks.check_keys}  # type: ignore[union-attr]
    assert specs == {check_name(rule) for rule in ALL_RULES}
    assert set(BY_NAME) == set(FAULTS)
