"""Changes as their source prints them: vocabularies, defaults, rulings, and shares that contradict each other."""

import pandas as pd
import pytest

from kh02_pipelines.errors import RulingError, SourceError
from kh02_pipelines.history.changes import LINK_COLUMNS, change_links
from kh02_pipelines.history.legal import legal_document_table, require_documents

Raw = dict[str, pd.DataFrame]
COLUMNS = [
    "change_id",
    "effective_date",
    "kind",
    "predecessor_level",
    "predecessor_code",
    "successor_level",
    "successor_code",
]


def rows(*changes: tuple[str, str], **values: str) -> pd.DataFrame:
    """Commune changes of one day with no more than a legal officer has to write."""
    frame = pd.DataFrame(
        [("", "2027-01-01", "", "commune", old, "commune", new) for old, new in changes], columns=COLUMNS, dtype="str"
    )
    return frame.assign(legal_document="1/QH", **values, row=range(2, len(frame) + 2))


DOCUMENTS = pd.DataFrame({"number": ["1/QH"]})
NO_RULINGS = pd.DataFrame(
    columns=["ruling_id", "target", "action", "key", "field", "source_value", "ruled_value", "row"], dtype="str"
)


def read(frame: pd.DataFrame, rulings: pd.DataFrame = NO_RULINGS) -> pd.DataFrame:
    return change_links(frame, rulings, DOCUMENTS)


def test_the_embedded_changes_are_links_with_their_rulings(raw: Raw) -> None:
    links = change_links(raw["changes"], raw["rulings"], legal_document_table(raw["legal_documents"]))
    assert list(links.columns) == LINK_COLUMNS
    reform = links[links["effective_date"] == "2025-07-01"]
    ends = reform[(reform["predecessor_level"] == "district") & reform["successor_code"].isna()]
    assert len(ends) == 696
    assert set(ends["legal_document"]) == {"203/2025/QH15"}
    pairs = reform[(reform["predecessor_level"] == "commune") & (reform["successor_level"] == "commune")]
    assert len(pairs) == 10566
    ruled = pairs[pairs["ruling_id"] != ""].set_index("ruling_id")
    assert ruled.loc["R004", ["predecessor_code", "successor_code", "extent", "population"]].to_list() == [
        "23053", "23041", "part", "none"
    ]  # fmt: skip
    assert ruled.loc["R001", ["predecessor_code", "legal_document", "clause"]].to_list() == [
        "01651", "1657/NQ-UBTVQH15", 38
    ]  # fmt: skip
    assert len(reform[(reform["predecessor_level"] == "province")]) == 63


def test_what_a_row_leaves_out_is_the_default() -> None:
    links = read(rows(("00001", "00001"), ("00002", "00001"), ("00003", "00003"), ("00003", "00004")))
    assert links["extent"].tolist() == ["whole", "whole", "part", "part"]
    assert links["population"].tolist() == ["all", "all", "part", "part"]
    assert set(links["basis"]) == {"law"}
    assert set(links["confidence"]) == {"sourced"}
    assert links["kind"].isna().all()


def test_beside_the_heir_of_the_people_no_other_has_any() -> None:
    parts = rows(("00003", "00003"), ("00003", "00004"), ("00003", "00005")).assign(population=["", "all", ""])
    assert read(parts)["population"].tolist() == ["none", "all", "none"]


@pytest.mark.parametrize(
    ("changes", "values", "field", "row"),
    [
        ((("00001", "00001"), ("00001", "00002")), {"extent": ["whole", "part"]}, "extent", 2),
        ((("00001", "00001"), ("00001", "00002")), {"population": ["all", "all"]}, "population", 2),
        ((("00001", "00001"), ("00001", "00002")), {"population": ["all", "part"]}, "population", 2),
        ((("00001", "00001"), ("00001", "00002")), {"population": ["none", "none"]}, "population", 2),
        ((("00001", "00002"), ("00001", "00002")), {}, "change_id", 3),
        ((("00001", "00002"),), {"change_id": ["2027-01-01/commune/00003"]}, "change_id", 2),
        ((("", ""),), {}, "predecessor_code", 2),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_row(
    changes: tuple[tuple[str, str], ...], values: dict[str, list[str]], field: str, row: int
) -> None:
    with pytest.raises(SourceError) as caught:
        read(rows(*changes).assign(**values))
    assert (caught.value.file, caught.value.row, caught.value.field) == ("changes.csv", row, field)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "annexation"),
        ("predecessor_level", "ward"),
        ("successor_level", ""),
        ("extent", "half"),
        ("population", "some"),
        ("basis", "rumour"),
        ("confidence", "sure"),
        ("effective_date", ""),
        ("legal_document", "1/2025/XX"),
        ("effective_date", "30/04/2026"),
    ],
)
def test_a_change_with_an_unknown_word_is_refused(field: str, value: str) -> None:
    changes = rows(("00001", "00002"), ("00003", "00004"))
    if field not in changes.columns:
        changes[field] = ""
    changes.loc[1, field] = value
    with pytest.raises(SourceError) as caught:
        read(changes)
    assert (caught.value.file, caught.value.row, caught.value.field) == ("changes.csv", 3, field)


def test_a_ruling_on_a_pair_that_is_not_printed_is_refused() -> None:
    ruling = {"ruling_id": "X1", "target": "successions_2027-01-01", "action": "set", "key": "00009>00002"}
    ruling |= {"field": "predecessor_code", "source_value": "00009", "ruled_value": "00008", "row": 2}
    with pytest.raises(RulingError, match="prints no pair 00009>00002"):
        read(rows(("00001", "00002")), pd.DataFrame([ruling]))


def test_rulings_must_cite_known_law(raw: Raw) -> None:
    rulings = raw["rulings"].copy()
    rulings.loc[3, "legal_document"] = "1/2025/XX"
    with pytest.raises(SourceError, match="cites '1/2025/XX'") as caught:
        require_documents(rulings, legal_document_table(raw["legal_documents"]), "rulings.csv")
    assert (caught.value.file, caught.value.row) == ("rulings.csv", 5)


def repeal(change_id: str, day: str) -> pd.DataFrame:
    return pd.DataFrame(
        [{"kind": "repeal", "change_id": change_id, "effective_date": day, "legal_document": "1/QH", "row": 9}]
    )


def with_repeal(change_id: str, day: str) -> pd.DataFrame:
    merger = rows(("00001", "00001"), ("00002", "00001"), ("00003", "00004"))
    return pd.concat([merger, repeal(change_id, day)], ignore_index=True).fillna("")


def test_a_repeal_takes_the_rows_of_its_change_away() -> None:
    links = read(with_repeal("2027-01-01/commune/00001", "2026-12-31"))
    assert list(links["successor_code"]) == ["00004"]


@pytest.mark.parametrize(
    ("change_id", "day", "says"),
    [
        ("2027-01-01/commune/00002", "2026-12-31", "is no enacted change"),
        ("2027-01-01/commune/00001", "2027-01-01", "has taken effect by 2027-01-01"),
    ],
)
def test_what_is_in_force_or_unknown_cannot_be_repealed(change_id: str, day: str, says: str) -> None:
    with pytest.raises(SourceError, match=says) as caught:
        read(with_repeal(change_id, day))
    assert (caught.value.row, caught.value.field) == (9, "change_id")


def test_rows_of_one_successor_are_of_one_kind() -> None:
    with pytest.raises(SourceError, match="another kind") as caught:
        read(rows(("00001", "00001"), ("00002", "00001")).assign(kind=["merger", "recode"]))
    assert (caught.value.row, caught.value.field) == (3, "kind")


def test_a_ruling_moves_the_day_of_a_change() -> None:
    ruling = {"ruling_id": "X2", "target": "changes_2027-01-01", "action": "set", "key": "commune/00001"}
    ruling |= {"field": "effective_date", "source_value": "2027-01-01", "ruled_value": "2027-02-01", "row": 2}
    links = read(rows(("00001", "00001"), ("00002", "00001"), ("00003", "00004")), pd.DataFrame([ruling]))
    moved = links[links["ruling_id"] == "X2"]
    assert set(moved["effective_date"].dt.strftime("%Y-%m-%d")) == {"2027-02-01"}
    assert len(moved) == 2
    with pytest.raises(RulingError, match="no change commune/00001"):
        read(rows(("00003", "00004")), pd.DataFrame([ruling]))
