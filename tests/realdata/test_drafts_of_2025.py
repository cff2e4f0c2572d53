"""``kh02 draft`` on the 34 resolutions of 16 June 2025, held against the embedded reference.

The texts lie beside the repository, in ``../shared/data``, and are no part of it; without them these tests skip.
"""

import datetime as dt
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.catalogue.drafting import Surroundings, surroundings_of
from kh02_pipelines.names import spelling_key
from kh02_pipelines.sources.resolution import Draft, ListedCode, Resolution, draft_changes, read_resolution, read_text

REFORM = dt.date(2025, 7, 1)
FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "resolutions"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the texts (../shared/data/resolutions) are not here")


@pytest.fixture(scope="module")
def around() -> Surroundings:
    return surroundings_of(REFORM)


@pytest.fixture(scope="module")
def codes(candidate_reform: Candidate) -> list[ListedCode]:
    """The new communes as a code list."""
    communes = candidate_reform.tables["commune"][["code", "name", "province_code"]]
    return [ListedCode(*row) for row in communes.to_numpy(dtype=str).tolist()]


@pytest.fixture(scope="module")
def texts() -> dict[str, Resolution]:
    """Each resolution by its number."""
    read = [read_resolution(read_text(path), path) for path in sorted(FOLDER.glob("*_NQ-UBTVQH15.md"))]
    return {resolution.number: resolution for resolution in read}


@pytest.fixture(scope="module")
def drafts(texts: dict[str, Resolution], around: Surroundings, codes: list[ListedCode]) -> dict[str, Draft]:
    return {
        number: draft_changes(resolution, REFORM, around.units, around.provinces, codes)
        for number, resolution in texts.items()
    }


@pytest.fixture(scope="module")
def rows(drafts: dict[str, Draft]) -> pd.DataFrame:
    return pd.DataFrame([row for draft in drafts.values() for row in draft.rows])


@pytest.fixture(scope="module")
def held(rows: pd.DataFrame, candidate_reform: Candidate) -> pd.DataFrame:
    """Drafted and true pairs of communes side by side; ``_merge`` says which side has them."""
    truth = candidate_reform.tables["commune_crosswalk"][
        ["old_code", "new_code", "extent", "population", "legal_document", "clause"]
    ].astype({"clause": "str"})
    communes = rows[rows["predecessor_level"] == "commune"]
    return truth.merge(
        communes,
        left_on=["old_code", "new_code"],
        right_on=["predecessor_code", "successor_code"],
        how="outer",
        suffixes=("_true", ""),
        indicator=True,
    )


def test_the_texts_give_number_and_day(texts: dict[str, Resolution]) -> None:
    assert len(texts) == 34
    assert {resolution.effective_on for resolution in texts.values()} == {REFORM}
    assert all(not resolution.gaps for resolution in texts.values())


def test_every_pair_is_found_with_its_document_and_clause(held: pd.DataFrame) -> None:
    cited = (held["legal_document"] == held["legal_document_true"]) & (held["clause"] == held["clause_true"])
    missed = held.loc[(held["_merge"] != "both") | ~cited, ["old_code", "new_code", "predecessor_code", "clause"]]
    assert missed.empty, missed.to_string()
    assert len(held) == 10_566


def test_no_row_contradicts_the_truth_without_a_doubt(held: pd.DataFrame) -> None:
    wrong = (
        (held["_merge"] != "both")
        | (held["extent"] != held["extent_true"])
        | (held["population"] != held["population_true"])
    )
    assert held.loc[wrong & (held["doubt"] == "")].empty
    # the clause of 00934 takes "the rest" of a commune of which no other clause takes anything
    assert held.loc[wrong, ["old_code", "new_code", "extent"]].to_numpy().tolist() == [["00934", "00691", "part"]]


def test_the_island_districts_become_special_zones(rows: pd.DataFrame) -> None:
    islands = rows[rows["predecessor_level"] == "district"]
    assert dict(zip(islands["predecessor_code"], islands["successor_code"], strict=True)) == {
        "318": "11948",
        "471": "19742",
        "498": "20333",
        "536": "21548",
        "755": "26732",
    }
    assert set(islands["kind"]) == {"creation"}


def test_kinds_types_and_parents_are_those_of_the_history(rows: pd.DataFrame, candidate_reform: Candidate) -> None:
    events = candidate_reform.tables["change_event"].set_index("event_id")["kind"]
    assert (rows["change_id"].map(events) == rows["kind"]).all()
    communes = candidate_reform.tables["commune"].set_index("code")
    assert (rows["successor_code"].map(communes["province_code"]) == rows["parent_code"]).all()
    assert (rows["successor_code"].map(communes["type"]) == rows["type"]).all()
    named = rows["successor_code"].map(communes["name"])
    other = rows.loc[spelling_key(named) != spelling_key(rows["name"]), "successor_code"]
    # a unit that is not rearranged keeps the spelling of the register before; rulings say that the two are one name
    assert sorted(other) == ["04603", "25225", "26119"]


def test_doubts_are_few_and_what_is_not_read_is_no_unit(rows: pd.DataFrame, drafts: dict[str, Draft]) -> None:
    assert Counter(rows["doubt"] == "") == {True: 10_339, False: 232}
    assert {(number, *one) for number, draft in drafts.items() for one in draft.unread} == {
        ("1658/NQ-UBTVQH15", "34", "no unit of a register: “Trường bắn TB1”"),
        ("1674/NQ-UBTVQH15", "97", "no unit of a register: “khu vực bãi bồi ven biển”"),
    }
    assert set(rows["status"]) == {"draft"}


def test_without_a_code_list_no_code_of_a_merger_is_made_up(texts: dict[str, Resolution], around: Surroundings) -> None:
    draft = draft_changes(texts["1656/NQ-UBTVQH15"], REFORM, around.units, around.provinces)
    mergers = [row for row in draft.rows if row["kind"] == "merger"]
    assert len(mergers) > 700
    assert {row["successor_code"] for row in mergers} == {""}
    assert all("successor_code is open" in row["doubt"] for row in mergers)


def damaged(text: str, chance: random.Random) -> str:
    """A clause with one word lost, doubled, exchanged with the next, short of a letter or of its comma."""
    words = text.split()
    place = chance.randrange(len(words) - 1)
    word = words[place]
    match chance.choice(("lost", "doubled", "exchanged", "letter", "comma")):
        case "lost":
            del words[place]
        case "doubled":
            words.insert(place, word)
        case "exchanged":
            words[place : place + 2] = [words[place + 1], word]
        case "letter":
            at = chance.randrange(len(word))
            words[place] = word[:at] + word[at + 1 :]
        case "comma":
            return text.replace(",", "", 1)
    return " ".join(words)


@pytest.mark.parametrize("times", [12, pytest.param(600, marks=pytest.mark.drill)])
def test_a_damaged_clause_is_never_misread_in_silence(
    times: int, texts: dict[str, Resolution], around: Surroundings, codes: list[ListedCode], drafts: dict[str, Draft]
) -> None:
    chance = random.Random(11)  # noqa: S311
    facts = ("successor_code", "extent", "population", "kind", "parent_code")
    for _ in range(times):
        number = chance.choice(sorted(texts))
        resolution, whole = texts[number], drafts[number]
        clauses = list(resolution.clauses)
        at = chance.randrange(len(clauses) - 1)
        clauses[at] = replace(clauses[at], text=damaged(clauses[at].text, chance))
        draft = draft_changes(replace(resolution, clauses=clauses), REFORM, around.units, around.provinces, codes)
        right = {(row["predecessor_code"], row["clause"]): [row[fact] for fact in facts] for row in whole.rows}
        found = {(row["predecessor_code"], row["clause"]): row for row in draft.rows}
        said = clauses[at].text
        for key, row in found.items():
            assert row["doubt"] or [row[fact] for fact in facts] == right.get(key), (number, said, row)
        assert right.keys() <= found.keys() or len(draft.unread) > len(whole.unread), (number, said)
