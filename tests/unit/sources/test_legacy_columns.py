"""Legacy encodings column by column: files, workbooks and databases, with evidence and an override."""

import io
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from kh02_pipelines.errors import SourceError
from kh02_pipelines.names.encodings import encode_legacy
from kh02_pipelines.sources.config import DatabaseSource, SourcesConfig
from kh02_pipelines.sources.decoding import decode_columns
from kh02_pipelines.sources.load import Surroundings, read_sources
from kh02_pipelines.sources.nso_register import read_nso_register
from kh02_pipelines.sources.raw_store import RawStore
from kh02_pipelines.sources.trace import Origin, Trace

HEADINGS = ["Mã", "Tên", "Cấp", "Mã QH", "Quận Huyện", "Mã TP", "Tỉnh / Thành Phố"]
ROWS = [
    ["00001", "Phường Phúc Xá", "Phường", "001", "Quận Ba Đình", "01", "Thành phố Hà Nội"],
    ["00004", "Phường Trúc Bạch", "Phường", "001", "Quận Ba Đình", "01", "Thành phố Hà Nội"],
    ["00688", "Thị trấn Vị Xuyên", "Thị trấn", "024", "Huyện Vị Xuyên", "02", "Tỉnh Hà Giang"],
    ["00691", "Xã Minh Tân", "Xã", "024", "Huyện Vị Xuyên", "02", "Tỉnh Hà Giang"],
]
NAMES = ["Tên", "Cấp", "Quận Huyện", "Tỉnh / Thành Phố"]
EXPORT = pd.DataFrame(ROWS, columns=HEADINGS, dtype="str")


def legacy(columns: list[str], encoding: str, read_as: str = "cp1252") -> pd.DataFrame:
    """The export with some columns as an old program stored them."""
    return EXPORT.assign(**{name: encode_legacy(EXPORT[name], encoding, read_as) for name in columns})


def read(data: bytes, name: str, **options) -> tuple[pd.DataFrame, Trace]:
    trace = Trace(Origin("test", "0" * 64, name))
    return read_nso_register(data, Path(name), trace, **options), trace


def as_csv(export: pd.DataFrame) -> bytes:
    return export.to_csv(index=False).encode()


def as_xlsx(export: pd.DataFrame) -> bytes:
    stream = io.BytesIO()
    export.to_excel(stream, index=False, engine="openpyxl")
    return stream.getvalue()


def units() -> pd.DataFrame:
    return read(as_csv(EXPORT), "r.csv")[0]


@pytest.mark.parametrize("encoding", ["tcvn3", "vni", "viscii"])
@pytest.mark.parametrize("override", ["auto", "same"])
@pytest.mark.parametrize(("name", "written"), [("r.xlsx", as_xlsx), ("r.csv", as_csv)])
def test_legacy_text_in_unicode_cells_is_decoded(encoding, override, name, written) -> None:
    options = {} if override == "auto" else {"encoding": encoding}
    found, trace = read(written(legacy(NAMES, encoding)), name, **options)
    assert found["name"].tolist() == units()["name"].tolist()
    issues = trace.issues()
    notices = issues[issues["rule"] == ("encoding_detected" if override == "auto" else "encoding_configured")]
    assert set(notices["field"]) == {"name", "type", "district_name", "province_name"}
    assert set(notices["cleaned_value"]) == {encoding}
    assert notices["raw_value"].str.contains(f"{encoding} 100%.* of [0-9]+ words", regex=True).all()
    assert "name" in set(issues.loc[issues["rule"] == f"decode_{encoding}", "field"])


@pytest.mark.parametrize("encoding", ["auto", "tcvn3"])
def test_one_legacy_column_beside_unicode_ones(encoding) -> None:
    found, trace = read(as_csv(legacy(["Tên"], "tcvn3")), "r.csv", encoding=encoding)
    assert found["name"].tolist() == units()["name"].tolist()
    assert found["type"].tolist() == units()["type"].tolist()
    left = set(trace.issues().query("rule == 'encoding_not_applied'")["field"])
    assert left == (set() if encoding == "auto" else {"type", "district_name", "province_name"})


def test_unicode_is_left_alone_without_a_word() -> None:
    _, trace = read(as_xlsx(EXPORT), "r.xlsx")
    assert trace.issues().empty
    found, trace = read(as_xlsx(legacy(NAMES, "tcvn3")), "r.xlsx", encoding="unicode")
    assert "Phường Phúc Xá" not in set(found["name"])


def test_a_unicode_column_with_a_row_of_bytes_is_refused() -> None:
    torn = EXPORT.assign(**{"Tên": [*EXPORT["Tên"][:3], "Xã T\x91n"]})
    with pytest.raises(SourceError, match=r"control characters of a legacy encoding.* row 5, field name"):
        read(as_csv(torn), "r.csv")


def test_a_legacy_header_is_found_in_a_workbook() -> None:
    export = legacy(NAMES, "vni").rename(columns=lambda name: encode_legacy(pd.Series([name]), "vni", "cp1252").iloc[0])
    assert read(as_xlsx(export), "r.xlsx")[0]["name"].tolist() == units()["name"].tolist()


def test_too_few_words_follow_the_columns_beside_them_or_are_noted() -> None:
    records = pd.DataFrame(
        {"name": legacy(["Tên"], "tcvn3")["Tên"], "type": encode_legacy(pd.Series(["Xã"] * 4), "tcvn3", "cp1252")}
    ).assign(sheet="-", line=range(4))
    trace = Trace(Origin("test", "0" * 64, "x"))
    assert decode_columns(records, ("name", "type"), "auto", trace)["type"].tolist() == ["Xã"] * 4
    alone = Trace(Origin("test", "0" * 64, "x"))
    assert decode_columns(records, ("type",), "auto", alone)["type"].tolist() == records["type"].tolist()
    assert alone.issues()["rule"].tolist() == ["encoding_undecided"]
    with pytest.raises(SourceError, match=r"neither UTF-8 nor .*tcvn3 100%.* of 4 words.* field type"):
        decode_columns(records, ("type",), "auto", alone, legacy=True)


def test_legacy_text_in_a_database_is_decoded(tmp_path, monkeypatch) -> None:
    columns = dict(
        zip(("code", "name", "type", "district_code", "district_name", "province_code", "province_name"), "abcdefg",
            strict=True)
    )  # fmt: skip
    with sqlite3.connect(tmp_path / "old.db") as connection:
        legacy(NAMES, "vni").set_axis(list("abcdefg"), axis="columns").to_sql("xa", connection, index=False)
    monkeypatch.setenv("KH02_SOURCE_DB", f"sqlite:///{tmp_path / 'old.db'}")
    for encoding in ("auto", "vni"):
        source = DatabaseSource(
            name="old", kind="database", role="old_register", url_env="KH02_SOURCE_DB", table="xa", columns=columns,
            date="2025-06-30", encoding=encoding,
        )  # fmt: skip
        around = Surroundings(tmp_path, RawStore(tmp_path / "raw"), tmp_path / "state", pd.Timestamp("2026-11-01"))
        (found,) = read_sources(SourcesConfig(version=1, sources=(source,)), around)
        assert found.records["name"].tolist() == units()["name"].tolist()
        assert "decode_vni" in set(found.trace.issues()["rule"])
