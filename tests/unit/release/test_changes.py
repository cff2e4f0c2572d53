"""What changed between two releases, why, and how it is told."""

import datetime as dt

import pandas as pd
import pyarrow as pa
import pytest

from kh02_pipelines.release.diff.changes import EVERY_ROW, release_changes, summary_markdown
from kh02_pipelines.tables.arrow import arrow_schema, to_arrow, to_frame
from kh02_pipelines.tables.catalogue import CATALOGUE
from kh02_pipelines.tables.release import RELEASE_CHANGE

BEFORE, AFTER = "2025-07-01+11111111", "2026-11-21+22222222"

WARDS = {
    "237/NQ-UBTVQH16": "25270 25357 25363 26116 26170 26248 26326 26368 26425 26485",
    "388/NQ-UBTVQH16": "07294 07375 07399 07444 07840 09193 09292 09313 09319 09454 09475 09496",
}
CITIES = {"75": "30/2026/QH16", "22": "36/2026/QH16", "24": "39/2026/QH16"}

Tables = dict[str, pa.Table]


def changed(tables: Tables, table: str, key: dict[str, str], **values: object) -> Tables:
    """The tables with some values of one row replaced."""
    frame = to_frame(tables[table])
    row = pd.concat([frame[name] == value for name, value in key.items()], axis=1).all(axis=1)
    assert row.sum() == 1
    for name, value in values.items():
        frame.loc[row, name] = value
    return {**tables, table: to_arrow(frame, CATALOGUE[table])}


def without(tables: Tables, table: str, column: str, values: set[str]) -> Tables:
    frame = to_frame(tables[table])
    kept = frame[~frame[column].isin(values)]
    assert len(kept) < len(frame)
    return {**tables, table: to_arrow(kept, CATALOGUE[table])}


def keyed(table: pa.Table, key: tuple[str, ...]) -> pd.DataFrame:
    frame = to_frame(table).astype("str")
    joined = frame[key[0]]
    for name in key[1:]:
        joined = joined + ">" + frame[name]
    return frame.set_index(joined)


@pytest.fixture(scope="module")
def real(tables_reform: Tables, tables_today: Tables) -> pd.DataFrame:
    return release_changes(tables_reform, tables_today, AFTER, BEFORE).to_pandas()


def test_everything_between_the_reform_and_today_is_a_real_change(real: pd.DataFrame) -> None:
    assert set(real["kind"]) == {"real_change"}
    assert set(real["legal_document"]) == {*WARDS, *CITIES.values()}


def test_the_changes_are_complete(real: pd.DataFrame, tables_reform: Tables, tables_today: Tables) -> None:
    """Playing the changes back on the earlier tables gives the later ones, field by field."""
    for name in CATALOGUE:
        before, after = (keyed(tables[name], CATALOGUE[name].primary_key) for tables in (tables_reform, tables_today))
        rows = real[real["table"] == name]
        assert set(rows.loc[rows["change"] == "added", "key"]) == set(after.index) - set(before.index)
        assert set(rows.loc[rows["change"] == "removed", "key"]) == set(before.index) - set(after.index)
        both = before.index.intersection(after.index)
        was, now = before.loc[both], after.loc[both]
        cells = rows[rows["change"] == "modified"]
        for field in was.columns:
            differs = was[field].ne(now[field]) & ~(was[field].isna() & now[field].isna())
            assert set(cells.loc[cells["field"] == field, "key"]) == set(both[differs]), (name, field)


def test_the_22_wards_of_2026(real: pd.DataFrame) -> None:
    types = real[(real["table"] == "commune") & (real["field"] == "type")]
    assert set(zip(types["before"], types["after"], strict=True)) == {("xã", "phường")}
    expected = {code: number for number, codes in WARDS.items() for code in codes.split()}
    assert dict(zip(types["key"], types["legal_document"], strict=True)) == expected


def test_the_three_cities_of_2026(real: pd.DataFrame) -> None:
    types = real[(real["table"] == "province") & (real["field"] == "type")]
    assert set(zip(types["before"], types["after"], strict=True)) == {("tỉnh", "thành phố")}
    assert dict(zip(types["key"], types["legal_document"], strict=True)) == CITIES


def test_a_name_carried_into_the_crosswalk_cites_the_law_that_changed_it(real: pd.DataFrame) -> None:
    row = real[(real["table"] == "province_crosswalk") & (real["key"] == "27") & (real["field"] == "new_name")]
    assert row["legal_document"].tolist() == ["39/2026/QH16"]
    provinces = real[(real["table"] == "commune_crosswalk") & (real["field"] == "new_province_name")]
    assert set(provinces["legal_document"]) == set(CITIES.values())
    communes = real[(real["table"] == "commune_crosswalk") & (real["field"] == "new_name")]
    assert set(communes["legal_document"]) == set(WARDS)


def test_the_table_has_the_declared_shape(tables_reform: Tables, tables_today: Tables) -> None:
    table = release_changes(tables_reform, tables_today, AFTER, BEFORE)
    assert table.schema.equals(arrow_schema(RELEASE_CHANGE), check_metadata=True)
    numbers = table.column("change_number").to_pylist()
    assert numbers == list(range(1, table.num_rows + 1))
    assert set(table.column("release_id").to_pylist()) == {AFTER}
    assert set(table.column("previous_release_id").to_pylist()) == {BEFORE}
    assert table.equals(release_changes(tables_reform, tables_today, AFTER, BEFORE))


def test_a_spelling_is_a_correction(tables_today: Tables) -> None:
    wrong = changed(tables_today, "commune", {"code": "00004"}, name="Phường Ba Đinh")
    changes = release_changes(wrong, tables_today, AFTER, "2026-11-20+33333333").to_pylist()
    assert changes == [
        {
            "release_id": AFTER,
            "change_number": 1,
            "previous_release_id": "2026-11-20+33333333",
            "kind": "correction",
            "change": "modified",
            "table": "commune",
            "key": "00004",
            "field": "name",
            "before": "Phường Ba Đinh",
            "after": "Phường Ba Đình",
            "legal_document": "1656/NQ-UBTVQH15",
        }
    ]


def test_a_spelling_among_real_changes_stays_a_correction(tables_reform: Tables, tables_today: Tables) -> None:
    wrong = changed(tables_reform, "commune", {"code": "00004"}, name="Phường Ba Đinh")
    # the row of 07294's first version is touched by an event of 2026, its name is not
    wrong = changed(wrong, "unit_version", {"unit_id": "07294@2025-07-01"}, name="Xã Bố Ha")
    changes = release_changes(wrong, tables_today, AFTER, BEFORE).to_pandas()
    corrected = changes[changes["kind"] == "correction"]
    assert corrected[["table", "key", "field"]].to_numpy().tolist() == [
        ["commune", "00004", "name"],
        ["unit_version", "07294@2025-07-01", "name"],
    ]
    assert corrected["legal_document"].tolist() == ["1656/NQ-UBTVQH15", "1658/NQ-UBTVQH15"]


def test_a_ruling_on_a_pair_is_a_correction_with_its_law(tables_today: Tables) -> None:
    before = without(tables_today, "commune_crosswalk", "ruling_id", {"R001"})
    [change] = release_changes(before, tables_today, AFTER, BEFORE).to_pylist()
    assert (change["kind"], change["change"], change["field"]) == ("correction", "added", None)
    assert (change["key"], change["legal_document"]) == ("01651>01648", "1657/NQ-UBTVQH15")


def test_one_more_event_of_a_known_resolution_is_a_correction(tables_today: Tables) -> None:
    before = without(tables_today, "change_event", "event_id", {"2026-09-20/commune/07294"})
    [change] = release_changes(before, tables_today, AFTER, BEFORE).to_pylist()
    assert (change["kind"], change["legal_document"]) == ("correction", "388/NQ-UBTVQH16")


def test_a_successor_more_is_a_real_change_on_the_other_rows_too(tables_today: Tables) -> None:
    """A new split makes successor_count of the untouched rows of the same old commune follow from the event."""
    crosswalk = to_frame(tables_today["commune_crosswalk"])
    old = crosswalk.loc[crosswalk["successor_count"] == 2, "old_code"].iloc[0]
    first, second = crosswalk.loc[crosswalk["old_code"] == old, "new_code"]
    fewer = crosswalk[~((crosswalk["old_code"] == old) & (crosswalk["new_code"] == second))].copy()
    fewer.loc[fewer["old_code"] == old, "successor_count"] = 1
    version = to_frame(tables_today["unit_version"])
    started = version.loc[(version["code"] == second) & (version["level"] == "commune") & version["valid_to"].isna()]
    events = to_frame(tables_today["change_event"])
    event = events[events["event_id"].isin(started["started_by"])]
    assert len(event) == 1
    same_act = events[events["legal_document"] == event["legal_document"].iloc[0]]
    before = {
        **without(tables_today, "change_event", "event_id", set(same_act["event_id"])),
        "commune_crosswalk": to_arrow(fewer, CATALOGUE["commune_crosswalk"]),
    }
    changes = release_changes(before, tables_today, AFTER, BEFORE).to_pandas()
    cells = changes[changes["table"] == "commune_crosswalk"].set_index(["key", "change"])
    assert cells.loc[(f"{old}>{second}", "added"), "kind"] == "real_change"
    assert cells.loc[(f"{old}>{first}", "modified"), "kind"] == "real_change"


def test_going_back_to_an_earlier_day_follows_from_the_same_events(tables_reform: Tables, tables_today: Tables) -> None:
    forth = release_changes(tables_reform, tables_today, AFTER, BEFORE).to_pandas()
    back = release_changes(tables_today, tables_reform, BEFORE, AFTER).to_pandas()
    assert set(back["kind"]) == {"real_change"}
    swapped = back.assign(change=back["change"].replace({"added": "removed", "removed": "added"}))
    columns = ["table", "key", "field", "change", "legal_document"]
    assert swapped[columns].equals(forth[columns])
    assert back["before"].equals(forth["after"])


def test_an_event_struck_out_on_the_same_day_is_a_correction(tables_reform: Tables, tables_today: Tables) -> None:
    changes = release_changes(tables_today, tables_reform, AFTER, "2026-11-20+33333333").to_pandas()
    assert set(changes["kind"]) == {"correction"}


def test_a_document_becomes_known_or_takes_effect(tables_reform: Tables, tables_today: Tables) -> None:
    early = without(tables_reform, "legal_document", "number", {"39/2026/QH16", "124/2004/QĐ-TTg"})
    changes = release_changes(early, tables_today, AFTER, BEFORE).to_pandas()
    documents = changes[changes["table"] == "legal_document"].set_index("key")
    laws = ("30/2026/QH16", "36/2026/QH16", "39/2026/QH16", "237/NQ-UBTVQH16", "388/NQ-UBTVQH16")
    assert documents["kind"].to_dict() == {"124/2004/QĐ-TTg": "correction", **dict.fromkeys(laws, "real_change")}
    assert documents.loc["124/2004/QĐ-TTg", "legal_document"] == "124/2004/QĐ-TTg"


def test_empty_against_filled_is_a_change(tables_today: Tables) -> None:
    before = changed(tables_today, "legal_document", {"number": "39/2026/QH16"}, effective_on=pd.NaT)
    [change] = release_changes(before, tables_today, AFTER, BEFORE).to_pylist()
    assert (change["field"], change["before"]) == ("effective_on", None)
    assert dt.date.fromisoformat(change["after"])


def test_a_change_of_contract_is_one_row_not_thousands(tables_today: Tables) -> None:
    before = {name: table for name, table in tables_today.items() if name != "district_crosswalk"}
    before["commune"] = before["commune"].drop_columns(["valid_from_exact"])
    changes = release_changes(before, tables_today, AFTER, BEFORE).to_pylist()
    assert [(c["table"], c["key"], c["field"], c["change"]) for c in changes] == [
        ("commune", EVERY_ROW, "valid_from_exact", "added"),
        ("district_crosswalk", EVERY_ROW, None, "added"),
    ]


def test_nothing_to_compare_and_nothing_different(tables_today: Tables) -> None:
    first = release_changes(None, tables_today, AFTER, None)
    same = release_changes(tables_today, dict(tables_today), AFTER, BEFORE)
    for table in (first, same):
        assert table.num_rows == 0
        assert table.schema.equals(arrow_schema(RELEASE_CHANGE), check_metadata=True)
    assert "Không có khác biệt" in summary_markdown(same)
    with pytest.raises(ValueError, match="without the id"):
        release_changes(tables_today, tables_today, AFTER, None)


def test_a_repeated_key_is_refused(tables_today: Tables) -> None:
    twice = pa.concat_tables([tables_today["province"], tables_today["province"].slice(0, 1)])
    with pytest.raises(ValueError, match="province: the key 01 stands twice"):
        release_changes({**tables_today, "province": twice}, tables_today, AFTER, BEFORE)


def test_the_summary_tells_units_documents_and_counts(tables_reform: Tables, tables_today: Tables) -> None:
    text = summary_markdown(release_changes(tables_reform, tables_today, AFTER, BEFORE))
    assert text.startswith(f"# {BEFORE} → {AFTER}\n")
    assert text.index("## Tiếng Việt") < text.index("## English")
    assert "- `24` Tỉnh Bắc Ninh → Thành phố Bắc Ninh (39/2026/QH16)" in text
    assert "| 388/NQ-UBTVQH16 | commune | 0 | 0 | 12 |" in text
    assert "Đính chính" not in text


def test_the_summary_is_bounded_and_says_what_it_leaves_out(tables_today: Tables) -> None:
    frame = to_frame(tables_today["commune"])
    before = {**tables_today, "commune": to_arrow(frame.assign(name=frame["name"] + "!"), CATALOGUE["commune"])}
    text = summary_markdown(release_changes(before, tables_today, AFTER, BEFORE))
    assert len(text) < 20_000
    assert "… và 3,261 dòng nữa" in text


def test_the_summary_disarms_what_markdown_would_read(tables_today: Tables) -> None:
    before = changed(tables_today, "commune", {"code": "00004"}, name="<img src=x>|`a` *b*\nc")
    text = summary_markdown(release_changes(before, tables_today, AFTER, BEFORE))
    assert "- `commune.name` `00004` &lt;img src=x>\\|'a' \\*b\\* c → Phường Ba Đình (1656/NQ-UBTVQH15)" in text


def test_the_summary_names_units_that_came_and_went(tables_today: Tables) -> None:
    # the events of 2026-09-20 have not been heard of, and one commune is another
    before = without(tables_today, "change_event", "legal_document", {"388/NQ-UBTVQH16", "39/2026/QH16"})
    before = without(before, "commune", "code", {"07294"})
    after = without(tables_today, "commune", "code", {"07375"})
    text = summary_markdown(release_changes(before, after, AFTER, BEFORE))
    assert "- `07294` thêm Phường Bố Hạ (388/NQ-UBTVQH16)" in text
    assert "- `07375` removed Phường Lạng Giang (388/NQ-UBTVQH16)" in text
    assert "Đính chính" not in text


def test_a_row_without_a_name_is_told_by_its_key(tables_today: Tables) -> None:
    before = without(tables_today, "commune_crosswalk", "ruling_id", {"R001"})
    text = summary_markdown(release_changes(before, tables_today, AFTER, BEFORE))
    assert "- `commune_crosswalk` `01651>01648` added (1657/NQ-UBTVQH15)" in text


def test_other_keys_and_other_ids(tables_today: Tables) -> None:
    """A table whose key column was not there before is told as a change of contract; an id need not be a date."""
    before = {**tables_today, "province": tables_today["province"].drop_columns(["code"])}
    [change] = release_changes(before, tables_today, "later", "earlier").to_pylist()
    assert (change["key"], change["field"], change["change"]) == (EVERY_ROW, "code", "added")


def test_without_the_events_everything_is_a_correction(tables_reform: Tables, tables_today: Tables) -> None:
    before = {name: table for name, table in tables_reform.items() if name != "change_event"}
    changes = release_changes(before, tables_today, AFTER, BEFORE).to_pandas()
    assert set(changes["kind"]) == {"correction"}
    assert ("change_event", EVERY_ROW) in set(zip(changes["table"], changes["key"], strict=True))
