"""Links of the reform and of later changes: vocabularies, unknown units, heirs and land without people."""

import pandas as pd
import pytest

from kh02_pipelines.catalogue.build import NEW_REGISTER, OLD_REGISTER, links_of, ruled_documents
from kh02_pipelines.errors import SourceError
from kh02_pipelines.history.links import LINK_COLUMNS, change_links
from kh02_pipelines.intake.cleaning import clean_units

Raw = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def cleaned(raw: Raw) -> Raw:
    return {name: clean_units(raw[name], raw["rulings"], name) for name in (OLD_REGISTER, NEW_REGISTER)}


def with_row(raw: Raw, name: str, **values: str) -> Raw:
    frame = raw[name]
    row = dict.fromkeys(frame.columns, "") | values | {"row": len(frame) + 2}
    return {**raw, name: pd.concat([frame, pd.DataFrame([row])], ignore_index=True)}


def test_links_have_their_columns_and_every_district_ends(raw: Raw, cleaned: Raw) -> None:
    links = links_of(raw, cleaned, ruled_documents(raw))
    assert list(links.columns) == LINK_COLUMNS
    ends = links[(links["predecessor_level"] == "district") & links["successor_code"].isna()]
    assert len(ends) == 696
    assert set(ends["legal_document"]) == {"203/2025/QH15"}
    assert links["legal_document"].notna().all()
    zones = links[(links["predecessor_level"] == "district") & links["successor_code"].notna()]
    assert len(zones) == 5
    assert set(zones["type"]) == {"đặc khu"}
    assert zones["name"].str.startswith("Đặc khu ").all()


@pytest.mark.parametrize(
    ("name", "values", "problem", "field"),
    [
        (
            "successions_2025-07-01",
            {"predecessor_code": "00001", "successor_code": "99999"},
            "commune 99999 is not in",
            "successor_code",
        ),
        (
            "successions_2025-07-01",
            {"predecessor_code": "99999", "successor_code": "00004"},
            "commune 99999 is not in",
            "predecessor_code",
        ),
        (
            "province_successions_2025-07-01",
            {"predecessor_code": "03", "successor_code": "01"},
            "province 03 is not in",
            "predecessor_code",
        ),
        (
            "population_heirs",
            {"predecessor_code": "00001", "successor_code": "00097"},
            "00001>00097 is not a succession of a split commune",
            None,
        ),
        ("population_heirs", {"predecessor_code": "00112", "successor_code": "00004"}, "00112>00004", None),
        ("land_only", {"predecessor_code": "00112", "successor_code": "00103"}, "00112>00103", None),
        ("land_only", {"predecessor_code": "00112", "successor_code": "00008"}, "00112>00008", None),
    ],
)
def test_stray_links_are_refused_with_file_and_row(
    raw: Raw, cleaned: Raw, name: str, values: dict[str, str], problem: str, field: str | None
) -> None:
    broken = with_row(raw, name, **values)
    with pytest.raises(SourceError) as caught:
        links_of(broken, cleaned, ruled_documents(raw))
    assert problem in str(caught.value)
    assert caught.value.file == f"{name}.csv"
    assert caught.value.row is not None
    assert field is None or caught.value.field == field


def test_communes_of_a_province_without_resolution_are_refused(raw: Raw, cleaned: Raw) -> None:
    documents = ruled_documents(raw)
    documents = documents[documents["governs"] != "commune:96"]
    with pytest.raises(SourceError, match="no 2025 resolution governs the communes of province 96"):
        links_of(raw, cleaned, documents)


def test_rulings_must_cite_known_law(raw: Raw) -> None:
    rulings = raw["rulings"].copy()
    rulings.loc[3, "legal_document"] = "1/2025/XX"
    with pytest.raises(SourceError, match="cites '1/2025/XX'") as caught:
        ruled_documents({**raw, "rulings": rulings})
    assert (caught.value.file, caught.value.row) == ("rulings.csv", 5)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "annexation"),
        ("kind", ""),
        ("predecessor_level", "ward"),
        ("successor_level", ""),
        ("extent", "half"),
        ("population", "some"),
        ("effective_date", "2025-06-30"),
        ("effective_date", ""),
        ("legal_document", "1/2025/XX"),
        ("effective_date", "30/04/2026"),
    ],
)
def test_a_change_with_an_unknown_word_is_refused(raw: Raw, field: str, value: str) -> None:
    changes = raw["changes"].copy()
    changes.loc[6, field] = value
    with pytest.raises(SourceError) as caught:
        change_links(changes, ruled_documents(raw))
    assert (caught.value.file, caught.value.row, caught.value.field) == ("changes.csv", 8, field)
    assert repr(value) in str(caught.value)


def test_empty_descriptions_of_a_change_mean_as_before(raw: Raw) -> None:
    changes = raw["changes"].copy()
    changes.loc[6, ["name", "type"]] = ["Phường X", "PHƯỜNG"]
    links = change_links(changes, ruled_documents(raw))
    assert links.loc[6, "type"] == "phường"
    assert pd.isna(links.loc[6, "parent_code"])
    assert pd.isna(links.loc[0, "name"])
