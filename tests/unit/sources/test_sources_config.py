"""The YAML file that names the sources: strict, bounded, with errors that name the line."""

import datetime as dt

import pytest

from kh02_pipelines.errors import SourceError
from kh02_pipelines.sources.config import read_config

DATES = {"old_register": dt.date(2025, 6, 30), "new_register": dt.date(2025, 7, 1), "conversion": dt.date(2025, 7, 1)}
GOOD = """version: 1
sources:
  - name: register
    kind: nso_register
    role: old_register
    path: registry.csv
    date: 2025-06-30
    priority: 10
  - name: office_database
    kind: database
    role: new_register
    url_env: KH02_SOURCE_DB
    table: dm.xa
    columns: {code: ma, name: ten, province_code: ma_tinh, province_name: ten_tinh}
    date: 2025-07-01
  - name: drop
    kind: landing
    role: conversion
    folder: incoming
    pattern: "*.xlsx"
    format: nso_conversion
    date: 2025-07-01
"""


def write(tmp_path, text: str):
    path = tmp_path / "kh02.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file_gives_its_sources(tmp_path) -> None:
    config = read_config(write(tmp_path, GOOD))
    assert [source.name for source in config.sources] == ["register", "office_database", "drop"]
    assert config.sources[0].date == dt.date(2025, 6, 30)


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("    priority: 10", "    prority: 10"), 8, ("prority", "remove the key")),
        (("    role: old_register", "    role: conversion"), 3, ("nso_register cannot be conversion",)),
        (("    date: 2025-06-30", "    date: 2025-01-04"), 3, ("2025-06-30", "2025-01-04")),
        (("    kind: nso_register", "    kind: nso"), 3, ("nso",)),
        (("    url_env: KH02_SOURCE_DB", "    url: postgresql://me:secret@host/db"), None, ("url_env",)),
        (("  - name: drop", "  - name: register"), None, ("two sources are called register",)),
        (("version: 1", "version: 2"), 1, ("version",)),
        (("    path: registry.csv", "    path: a.csv\n    path: b.csv"), 7, ("'path' stands twice",)),
        (("    path: registry.csv", '    path: !!python/object/apply:os.system ["true"]'), 6, ("python/object",)),
        (("    path: registry.csv", "    path: &a registry.csv\n    sheet: *a"), 7, ("aliases",)),
        (("version: 1", "version: [1"), None, ("plain YAML",)),
        (("    date: 2025-06-30", "    date: 2025-06-31"), 7, ("no valid date",)),
        (("version: 1", "? [a, b]\n: c\nversion: 1"), 1, ("a key is no plain word",)),
        (("version: 1", '\nversion: !!int "abc"'), 2, ("no valid int",)),
        (("version: 1", '\nversion: !!float "abc"'), 2, ("no valid float",)),
        (("    path: registry.csv", "    url: https://me:secret@host/a.csv"), 3, ("user or password", "url_env")),
        (("    path: registry.csv", "    url: https://me:secret@host?x"), 3, ("user or password",)),
        (("    path: registry.csv", "    path: a\n    url_env: KH02_ADDRESS"), 3, ("one of path, url and url_env",)),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path, change, line, words) -> None:
    old, new = change
    text = GOOD.replace(old, new) if old in GOOD else GOOD + new
    with pytest.raises(SourceError) as error:
        read_config(write(tmp_path, text), DATES)
    message = str(error.value)
    assert "kh02.yaml" in message
    assert "remedy" in message
    for word in words:
        assert word in message
    if line is not None:
        assert error.value.row == line
    assert "secret" not in message
    assert error.value.__suppress_context__  # Dagster would show what the cause says, too


def test_a_file_that_is_no_mapping_or_missing_is_refused(tmp_path) -> None:
    for text in ("- a\n- b\n", "just text\n", "version: 1\nsources: []\n"):
        with pytest.raises(SourceError):
            read_config(write(tmp_path, text))
    with pytest.raises(SourceError, match="does not exist"):
        read_config(tmp_path / "none.yaml")
    with pytest.raises(SourceError, match="is a folder"):
        read_config(tmp_path)


def test_deep_nesting_is_refused_and_not_a_crash(tmp_path) -> None:
    with pytest.raises(SourceError):
        read_config(write(tmp_path, "version: " + "[" * 20_000))
