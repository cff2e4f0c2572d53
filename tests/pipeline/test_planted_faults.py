"""One planted fault per check: it fails, no other does, and readers keep the last good release."""

import dataclasses
import datetime as dt
from pathlib import Path

import pytest
from planting import AS_OF, FAULTS, Case

from kh02_pipelines.checks.clean import suite_opinion
from kh02_pipelines.crosswalk.build import build_candidate, read_reference
from kh02_pipelines.definitions import build_defs
from kh02_pipelines.errors import AuditError
from kh02_pipelines.register.declared import PREFIX
from kh02_pipelines.register.rule import Candidate
from kh02_pipelines.release.audit import PUBLISHED_RULES, RULES, outcomes, require_sound
from kh02_pipelines.release.parquet_store import ParquetStore
from kh02_pipelines.release.publish import publish_parquet
from kh02_pipelines.release.staging import read_staged, stage
from kh02_pipelines.release.surroundings import surrounded
from kh02_pipelines.settings import Settings

NOW = dt.datetime.combine(AS_OF, dt.time(1, 30), dt.timezone(dt.timedelta(hours=7)))
BY_NAME = {rule.name: rule for rule in RULES}
SHOWN_IN_PUBLICATION = {"conflicts_settled"}  # its table is no part of every catalogue
IN_THE_LAST_RELEASE = {"row_drift", "name_drift", "code_drift", "schema_contract"}
IN_THE_FILES = {"join_keys_alike", "dictionary_complete", "files_readable"}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Candidate, ParquetStore]:
    """A sound candidate whose last release, of the day before, has the same content; and the readers' store."""
    home = tmp_path_factory.mktemp("home")
    staged = stage(build_candidate(read_reference(), AS_OF), home / "staging")
    store = ParquetStore(home / "parquet")
    publish_parquet(staged, store, NOW)
    _, candidate = read_staged(staged)
    other = dataclasses.replace(staged, content_hash="0" * 64)
    candidate = surrounded(candidate, other, store, today=AS_OF)
    previous = candidate.context.previous
    assert previous is not None
    previous = dataclasses.replace(previous, as_of=AS_OF, tables=dict(previous.tables))
    return dataclasses.replace(candidate, context=dataclasses.replace(candidate.context, previous=previous)), store


def failed(candidate: Candidate, sound: Candidate) -> set[str]:
    """Names of the checks that fail, judged as Dagster judges: the rule, and the suite of every changed table."""
    names = set()
    for outcome in outcomes(candidate):
        table = outcome.rule.name.removeprefix(PREFIX)
        changed = table != outcome.rule.name and candidate.tables[table] is not sound.tables[table]
        agreed = suite_opinion(candidate, outcome.rule)[0] if changed else True
        if table != outcome.rule.name and changed:
            assert agreed == outcome.passed, f"Great Expectations and the audit disagree on {table}"
        if not (outcome.passed and agreed):
            names.add(outcome.rule.name)
    return names


def test_nothing_fails_without_a_fault(sound: tuple[Candidate, ParquetStore]) -> None:
    candidate, _ = sound
    assert failed(candidate, candidate) == set()


@pytest.mark.parametrize("check", sorted(FAULTS))
def test_a_planted_fault_fails_its_check_alone(
    check: str, sound: tuple[Candidate, ParquetStore], tmp_path: Path
) -> None:
    candidate, store = sound
    before = (store.root / "current.json").read_bytes()
    spoilt = FAULTS[check](Case(candidate, tmp_path)).candidate
    assert failed(spoilt, candidate) == {check}
    if not BY_NAME[check].blocking:
        require_sound(spoilt)
        return
    with pytest.raises(AuditError, match=check):
        require_sound(spoilt)
    if check not in IN_THE_LAST_RELEASE | IN_THE_FILES | SHOWN_IN_PUBLICATION:
        staged = stage(spoilt, tmp_path / "staging")
        with pytest.raises(AuditError, match=check):
            publish_parquet(staged, store, NOW)
    assert (store.root / "current.json").read_bytes() == before
    assert [info.release_id for info in store.releases()] == [store.current().release_id]  # type: ignore[union-attr]


def test_every_check_has_a_planted_fault(tmp_path: Path) -> None:
    definitions = build_defs(Settings(home=tmp_path))
    specs = {key.name for checks in definitions.asset_checks or [] for key in checks.check_keys}  # type: ignore[union-attr]
    assert specs == set(BY_NAME) | {rule.name for rule in PUBLISHED_RULES}
    assert set(FAULTS) == set(BY_NAME)
