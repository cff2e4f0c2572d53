"""Relations, by name and by number of successors and predecessors; codes say nothing."""

import pandas as pd
import pytest

from kh02_pipelines.history.relations import relation

COLUMNS = ["old_code", "new_code", "old_name", "new_name"]
NO_RULINGS = pd.DataFrame(columns=COLUMNS, dtype="str")


def links(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=COLUMNS, dtype="str")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("Xã Hòa An", "Xã Hòa An", "unchanged"),
        ("Xã Hoà An", "Xã Hòa An", "unchanged"),
        ("Phường 01", "Phường 1", "unchanged"),
        ("Xã Hòa An", "Phường Hòa An", "renamed"),
        ("Xã Hòa An", "Xã Hoa An", "renamed"),
        ("Xã Tà Si Láng", "Xã Tà Xi Láng", "renamed"),
    ],
)
def test_one_to_one(old: str, new: str, expected: str) -> None:
    for code in ("00001", "00009"):
        assert relation(links(("00001", code, old, new)), NO_RULINGS).tolist() == [expected]


def test_several_successors_are_a_split_and_several_predecessors_a_merger() -> None:
    found = relation(
        links(
            ("1", "1", "Xã A", "Xã A"),
            ("1", "2", "Xã A", "Xã B"),
            ("2", "2", "Xã B", "Xã B"),
            ("3", "4", "Xã C", "Xã C"),
        ),
        NO_RULINGS,
    )
    assert found.tolist() == ["split", "split", "merged", "unchanged"]


def test_ruled_spellings_are_one_name_for_their_pair_only() -> None:
    ruled = links(("1", "1", "Xã KRong", "Xã Kroong"))
    both = links(("1", "1", "Xã KRong", "Xã Kroong"), ("2", "2", "Xã KRong", "Xã Kroong"))
    assert relation(both, ruled).tolist() == ["unchanged", "renamed"]
    # a ruling on a name does not make a merger an unchanged commune
    merged = links(("1", "1", "Xã KRong", "Xã Kroong"), ("2", "1", "Xã B", "Xã Kroong"))
    assert relation(merged, ruled).tolist() == ["merged", "merged"]
