"""Bad declarations are refused where they are made."""

import pytest

from kh02_pipelines.tables.catalogue import CATALOGUE, _referenced_first
from kh02_pipelines.tables.declaration import Column, ColumnType, ForeignKey, Table


def column(name: str, **more: object) -> Column:
    return Column(name, ColumnType.TEXT, f"{name} vi", f"{name} en", **more)  # type: ignore[arg-type]


def table(name: str = "t", columns: tuple[Column, ...] = (column("a"), column("b")), **more: object) -> Table:
    return Table(name, "family", "vi", "en", columns, more.pop("primary_key", ("a",)), **more)  # type: ignore[arg-type]


def test_a_column_twice() -> None:
    with pytest.raises(ValueError, match=r"table t: columns declared twice: \['a'\]"):
        table(columns=(column("a"), column("b"), column("a")))


def test_keys_of_unknown_columns() -> None:
    with pytest.raises(ValueError, match=r"key names unknown columns: \['z'\]"):
        table(primary_key=("a", "z"))
    with pytest.raises(ValueError, match=r"key names unknown columns: \['z'\]"):
        table(foreign_keys=(ForeignKey(("z",), "other", ("a",)),))


def test_a_primary_key_that_may_be_empty() -> None:
    with pytest.raises(ValueError, match=r"primary key columns may not be empty: \['a'\]"):
        table(columns=(column("a", nullable=True),))


def test_an_unknown_column() -> None:
    assert table().column("b").en == "b en"
    with pytest.raises(KeyError, match="table t has no column 'z'"):
        table().column("z")


def test_foreign_keys_in_a_circle_or_out_of_the_catalogue() -> None:
    one = table("one", foreign_keys=(ForeignKey(("b",), "two", ("a",)),))
    two = table("two", foreign_keys=(ForeignKey(("b",), "one", ("a",)),))
    own = table("own", foreign_keys=(ForeignKey(("b",), "own", ("a",)),))
    assert list(_referenced_first((one, table("two"), own))) == ["two", "own", "one"]
    for wrong in ((one, two), (one,)):
        with pytest.raises(ValueError, match="in a circle or outside the catalogue"):
            _referenced_first(wrong)


def test_the_catalogue_has_every_published_table_after_those_it_refers_to() -> None:
    assert set(CATALOGUE) == {
        "province",
        "commune",
        "legacy_province",
        "legacy_district",
        "legacy_commune",
        "commune_crosswalk",
        "province_crosswalk",
        "district_crosswalk",
        "code_crosswalk",
        "code_alias",
        "unresolved",
        "unresolved_candidate",
        "unit_version",
        "change_event",
        "succession",
        "legal_document",
        "source_file",
        "quarantine",
        "source_issue",
        "source_conflict",
    }
    seen: set[str] = set()
    for name, declared in CATALOGUE.items():
        assert {key.target for key in declared.foreign_keys} <= seen | {name}
        seen.add(name)


LEADING = {
    "province": "code name short_name type name_ascii valid_from legal_document",
    "commune": "code province_code name short_name type name_ascii valid_from legal_document",
    "legacy_province": "code name short_name type valid_to",
    "legacy_district": "code province_code name short_name type valid_to",
    "legacy_commune": "code district_code province_code name short_name type valid_to",
    "commune_crosswalk": (
        "old_code new_code extent population relation successor_count same_code legal_document ruling_id"
    ),
    "province_crosswalk": "old_code new_code relation same_code legal_document",
    "district_crosswalk": (
        "old_district_code new_commune_code new_province_code commune_within_district sole_successor"
    ),
    "unit_version": "unit_id code level name type parent_code valid_from valid_to started_by ended_by",
    "change_event": "event_id effective_date kind legal_document",
    "succession": "event_id predecessor_id successor_id extent population",
}


@pytest.mark.parametrize("name", LEADING)
def test_the_leading_columns_that_readers_rely_on(name: str) -> None:
    leading = LEADING[name].split()
    assert CATALOGUE[name].column_names[: len(leading)] == leading


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_everything_is_explained_in_both_languages(name: str) -> None:
    declared = CATALOGUE[name]
    assert declared.vi
    assert declared.en
    assert all(one.vi and one.en and one.vi != one.en for one in declared.columns)
