"""Charts and previews: bounded, escaped, and never wrong about what is empty."""

import base64
import datetime as dt
import xml.etree.ElementTree as ET

import pandas as pd
import pytest

from kh02_pipelines.assets.charts import bar_chart
from kh02_pipelines.assets.metadata import counts_chart, frame_metadata, preview


def drawn(markdown: str) -> ET.Element:
    encoded = markdown.partition("base64,")[2].rstrip(")")
    return ET.fromstring(base64.b64decode(encoded).decode())  # noqa: S314


def texts(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root if element.tag.endswith("text")]


def widths(root: ET.Element) -> list[float]:
    return [float(element.attrib["width"]) for element in root if element.attrib.get("fill") == "#b3261e"]


def test_bars_are_as_long_as_their_values() -> None:
    root = drawn(bar_chart(pd.Series({"xã": 2000, "phường": 1000, "đặc khu": 0}), "đơn vị").value)
    assert texts(root) == ["đơn vị", "xã", "2,000", "phường", "1,000", "đặc khu", "0"]
    longest, half, none = widths(root)
    assert longest == pytest.approx(2 * half)
    assert none == 1.0


def test_labels_cannot_break_the_drawing() -> None:
    root = drawn(bar_chart(pd.Series({"<script>&\"'": 1}), "<b>").value)
    assert "<script>&\"'" in texts(root)


def test_a_chart_of_nothing_is_still_a_chart() -> None:
    assert texts(drawn(bar_chart(pd.Series(dtype="int64"), "không có").value)) == ["không có"]


def test_counts_are_most_frequent_first_and_bounded() -> None:
    values = pd.Series(["b"] * 3 + ["a"] * 5 + ["c"])
    assert texts(drawn(counts_chart(values, "t", most=2).value))[1:] == ["a", "5", "b", "3"]


def test_previews_are_short_and_show_nothing_for_what_is_missing() -> None:
    frame = pd.DataFrame(
        {
            "text": ["a", None],
            "day": pd.to_datetime(["2025-07-01", None]),
            "n": pd.array([1, None], dtype="Int32"),
            "yes": [True, False],
        }
    )
    shown = preview(frame)
    assert [record.data for record in shown.records] == [
        {"text": "a", "day": "2025-07-01", "n": "1", "yes": "True"},
        {"text": "", "day": "", "n": "", "yes": "False"},
    ]
    long = pd.concat([frame] * 10)
    assert len(preview(long).records) == 10
    assert len(preview(long, rows=3).records) == 3
    assert frame_metadata(long)["dagster/row_count"] == 20
    assert "no rows" in preview(frame.head(0)).value


def test_metadata_takes_what_else_is_given() -> None:
    assert frame_metadata(pd.DataFrame({"a": [dt.date(2025, 7, 1)]}), more=3)["more"] == 3
