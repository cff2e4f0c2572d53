"""The law of a unit, the totals of a date, and dates the register can answer for."""

import datetime as dt

import pandas as pd
import pytest

from kh02_pipelines.errors import SourceError
from kh02_pipelines.history.legal import governs, in_force, legal_document_table, parse_dates, require_documents
from kh02_pipelines.history.states import DateOutOfRange, require_date, units_as_of
from kh02_pipelines.history.totals import expected_totals

FIRST, TODAY = dt.date(2025, 6, 30), dt.date(2026, 11, 21)


def documents(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["number", "issued_on", "effective_on", "governs"], dtype="str")
    return frame.assign(register_date="", row=range(2, len(frame) + 2))


def test_dates_are_parsed_and_empty_ones_stay_missing() -> None:
    table = legal_document_table(documents(("1/QH", "2025-06-12", "", "province:*")))
    assert "row" not in table.columns
    assert table["issued_on"].tolist() == [pd.Timestamp("2025-06-12")]
    assert table["effective_on"].isna().all()
    assert str(table["effective_on"].dtype) == "datetime64[ms]"


@pytest.mark.parametrize("text", ["2025-13-01", "12/06/2025", "2025-6-1", "tomorrow", "2025-06-12T00:00"])
def test_a_date_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match="is not a date") as caught:
        parse_dates(documents(("1/QH", "", "", ""), ("2/QH", text, "", "")), "issued_on", "f.csv")
    assert (caught.value.file, caught.value.row, caught.value.field) == ("f.csv", 3, "issued_on")


def test_a_document_twice_is_refused() -> None:
    with pytest.raises(SourceError, match="document 1/QH stands twice") as caught:
        legal_document_table(documents(("1/QH", "", "", ""), ("1/QH", "", "", "")))
    assert caught.value.row == 3


def test_uncited_law_is_refused() -> None:
    known = documents(("1/QH", "", "", ""))
    cited = pd.DataFrame({"legal_document": ["1/QH", "2/QH"], "row": [2, 3]})
    require_documents(cited.head(1), known, "f.csv")
    with pytest.raises(SourceError, match="cites '2/QH'") as caught:
        require_documents(cited, known, "f.csv")
    assert (caught.value.file, caught.value.row) == ("f.csv", 3)


def test_a_document_governs_the_levels_and_provinces_it_lists() -> None:
    known = documents(
        ("1/QH", "", "", "province:*"), ("2/QH", "", "", "commune:01 district:01"), ("3/QH", "", "", "*:28 *:01")
    )
    asked = pd.DataFrame(
        [
            ("1/QH", "province", "79", True),
            ("1/QH", "commune", "79", False),
            ("2/QH", "district", "01", True),
            ("2/QH", "commune", "02", False),
            ("3/QH", "commune", "28", True),
            ("3/QH", "commune", "17", False),
            ("unknown", "commune", "17", True),
        ],
        columns=["number", "level", "province", "fits"],
    )
    assert governs(known, asked["number"], asked["level"], asked["province"]).tolist() == asked["fits"].tolist()


def test_a_document_is_in_force_from_the_first_day_known_of_it() -> None:
    known = legal_document_table(
        documents(("1/QH", "2026-01-01", "2026-03-01", ""), ("2/QH", "2026-01-01", "", ""), ("3/QH", "", "", ""))
    )
    assert in_force(known, pd.Timestamp("2026-02-01")).tolist() == [False, True, True]


LAW = pd.DataFrame({"number": ["x"]})


def totals(*rows: tuple[str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["valid_from", "valid_to", "count"], dtype="str")
    return frame.assign(level="commune", type="xã", province_code="", source="x", row=range(2, len(frame) + 2))


BLOCKS = totals(("2025-06-30", "2025-07-01", "1"), ("2025-07-01", "2026-04-30", "2"), ("2026-04-30", "", "3"))


@pytest.mark.parametrize(
    ("day", "held"),
    [
        ("2025-06-30", {"2025-06-30": 1}),
        ("2025-07-01", {"2025-06-30": 1, "2025-07-01": 2}),
        ("2026-04-29", {"2025-06-30": 1, "2026-04-29": 2}),
        ("2030-01-01", {"2025-06-30": 1, "2025-07-01": 2, "2030-01-01": 3}),
    ],
)
def test_totals_hold_for_their_span(day: str, held: dict[str, int]) -> None:
    found = expected_totals(BLOCKS, LAW, pd.Timestamp(day))
    assert found.set_index("day")["count"].to_dict() == held
    assert found["lawful"].all()


@pytest.mark.parametrize("count", ["many", "", "-1", "1.5", "inf", "nan"])
def test_a_total_that_is_no_count_is_refused(count: str) -> None:
    with pytest.raises(SourceError, match="is not a count") as caught:
        expected_totals(totals(("2025-06-30", "", "1"), ("2025-07-01", "", count)), LAW, pd.Timestamp("2025-07-01"))
    assert (caught.value.file, caught.value.row, caught.value.field) == ("totals.csv", 3, "count")


@pytest.mark.parametrize("day", [dt.date(2025, 6, 29), dt.date(1976, 7, 2)])
def test_no_state_before_the_first_register(day: dt.date) -> None:
    with pytest.raises(DateOutOfRange, match="no state is known for"):
        require_date(day, FIRST, TODAY)


def test_no_state_of_the_future() -> None:
    assert require_date(TODAY, FIRST, TODAY) == pd.Timestamp(TODAY)
    assert require_date(FIRST, FIRST, TODAY) == pd.Timestamp("2025-06-30")
    with pytest.raises(DateOutOfRange, match=r"2026-11-22 lies in the future \(today is 2026-11-21 in Viet Nam\)"):
        require_date(dt.date(2026, 11, 22), FIRST, TODAY)


def test_validity_includes_the_first_day_and_excludes_the_end() -> None:
    versions = pd.DataFrame(
        {
            "level": ["commune", "commune", "province"],
            "code": ["00001", "00001", "01"],
            "valid_from": pd.to_datetime(["2025-06-30", "2025-07-01", "2025-06-30"]),
            "valid_to": pd.to_datetime(["2025-07-01", None, None]),
        }
    )

    def on(day: str, level: str | None = None) -> list[int]:
        return units_as_of(versions.assign(n=[0, 1, 2]), pd.Timestamp(day), level)["n"].tolist()

    assert on("2025-06-29") == []
    assert on("2025-06-30") == [0, 2]
    assert on("2025-07-01") == [1, 2]
    assert on("2040-01-01", "commune") == [1]
