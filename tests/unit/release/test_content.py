"""The identity of a release: the same content, the same hash; any other content, another one."""

import datetime as dt
import re

import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kh02_pipelines.catalogue.candidate import Candidate
from kh02_pipelines.release.content import RELEASE_ID, content_hash, release_id
from kh02_pipelines.tables.arrow import to_arrow
from kh02_pipelines.tables.catalogue import CATALOGUE

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
rows = st.lists(st.tuples(st.none() | texts, st.none() | st.integers(-(2**31), 2**31 - 1)), max_size=5)


def table(values: list[tuple[str | None, int | None]], integer: pa.DataType | None = None) -> pa.Table:
    integer = integer or pa.int32()
    return pa.table(
        {
            "text": pa.array([text for text, _ in values], pa.string()),
            "number": pa.array([number for _, number in values], integer),
        }
    )


@given(rows)
def test_equal_content_has_one_hash_however_it_is_held(values: list[tuple[str | None, int | None]]) -> None:
    whole = table(values)
    chunked = pa.concat_tables([whole.slice(0, 1), whole.slice(1)])
    described = whole.replace_schema_metadata({"written": "elsewhere"})
    hashes = {content_hash({"t": one}) for one in (whole, chunked, described)}
    assert len(hashes) == 1
    assert re.fullmatch("[0-9a-f]{64}", hashes.pop())


@given(rows, rows)
def test_other_rows_have_another_hash(
    one: list[tuple[str | None, int | None]], other: list[tuple[str | None, int | None]]
) -> None:
    assume(one != other)
    assert content_hash({"t": table(one)}) != content_hash({"t": table(other)})


def test_empty_text_is_not_a_missing_one() -> None:
    hashes = {content_hash({"t": table([(text, 1)])}) for text in ("", None, '""', " ", "null")}
    assert len(hashes) == 5


def test_types_names_and_order_of_rows_count_and_the_order_of_tables_does_not() -> None:
    values: list[tuple[str | None, int | None]] = [("a", 1), ("b", 2)]
    base = content_hash({"t": table(values)})
    assert content_hash({"t": table(values, pa.int64())}) != base
    assert content_hash({"u": table(values)}) != base
    assert content_hash({"t": table(values).rename_columns(["text", "n"])}) != base
    assert content_hash({"t": table(values[::-1])}) != base
    both = {"t": table(values), "u": table([])}
    assert content_hash(both) == content_hash(dict(reversed(both.items()))) != base


def test_the_hash_depends_on_no_date(candidate_today: Candidate) -> None:
    tables = {name: to_arrow(candidate_today.tables[name], declared) for name, declared in CATALOGUE.items()}
    hashed = content_hash(tables)
    assert content_hash(tables) == hashed
    assert release_id(dt.date(2026, 11, 21), hashed) == f"2026-11-21+{hashed[:8]}"


@pytest.mark.parametrize("text", ["2025-07-01+0123abcd", "2026-11-21+ffffffff"])
def test_release_ids(text: str) -> None:
    assert RELEASE_ID.fullmatch(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "2025-07-01",
        "2025-07-01+0123abc",
        "2025-07-01+0123ABCD",
        "../2025-07-01+0123abcd",
        "2025-07-01+0123abcd\n",
    ],
)
def test_what_is_no_release_id(text: str) -> None:
    assert not RELEASE_ID.fullmatch(text)
