"""Other public mappings, read from the data files of installed packages (the extra ``crosscheck``).

Belongs here: finding a package's data without importing it, and its rows as names. Does not belong here: what
they are worth: nothing alone (``intake.cross_checks`` compares). No code of a package is run.
"""

import ast
import hashlib
import json
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from kh02_pipelines.errors import EnvironmentFault, SourceError
from kh02_pipelines.sources.grid import read_bounded
from kh02_pipelines.sources.trace import Origin, Trace

CROSS_CHECK_COLUMNS = ["old_province", "old_district", "old_commune", "new_province", "new_commune", "line"]
"""One old → new link as the package names it, with or without accents; ``line`` counts the links from 1."""

MAX_BYTES = 64 * 1024 * 1024

Links = Iterator[tuple[str, str, str, str, str]]


def _vietnamadminunits(data: bytes) -> Links:
    """Keys without accents: new commune → old ones, and old split communes → all their choices."""
    content = json.loads(data)
    for province, communes in content["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for commune, olds in communes.items():
            for old in olds:
                yield *_three(old), province, commune
    for province, olds in content["DICT_PROVINCE_WARD_DIVIDED"].items():
        for old, choices in olds.items():
            for choice in choices:
                yield *_three(old), province, choice["newWardKey"]


def _three(key: str) -> tuple[str, str, str]:
    province, district, commune = (*key.split("_"), "", "")[:3]
    return province, district, commune


def _vn_address_converter(data: bytes) -> Links:
    """Names in a tree: old province → district → commune → the one new commune."""
    for province, districts in json.loads(data).items():
        for district, communes in districts.items():
            for commune, new in communes.items():
                if isinstance(new, dict) and "new_ward_name" in new:
                    yield province, district, commune, new["new_provine_name"], new["new_ward_name"]


def _vietnam_address_converter(data: bytes) -> Links:
    """A JSON text inside a Python module, which is parsed and not run."""
    for statement in ast.parse(data).body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.value, ast.Call) and statement.value.args:
            text = statement.value.args[0]
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                for row in json.loads(text.value)["mapping"]["rows"]:
                    old, new = row["old"], row["new"]
                    yield (
                        old["province_name"],
                        old["district_name"],
                        old["ward_name"],
                        new["province_name"],
                        new["ward_name"],
                    )
                return
    raise KeyError("DEFAULT_DATA")


PACKAGES: dict[str, tuple[str, Callable[[bytes], Links]]] = {
    "vietnamadminunits": ("vietnamadminunits/data/converter_2025.json", _vietnamadminunits),
    "vietnam-address-converter": ("vietnam_address_converter/data.py", _vietnam_address_converter),
    "vn-address-converter": ("vn_address_converter/data/ward_mapping.json", _vn_address_converter),
}
"""Package → its data file and how to read it."""


def read_cross_check(package: str, name: str) -> tuple[pd.DataFrame, Trace]:
    """The links of an installed package as CROSS_CHECK_COLUMNS, and the trace of reading it as source ``name``.

    A link that repeats an earlier one, or lacks a commune (an island district), is quarantined.

    Raises EnvironmentFault when the package is not installed, SourceError when its data is not as expected.
    """
    file, links = PACKAGES[package]
    try:
        installed = metadata.distribution(package)
    except metadata.PackageNotFoundError as error:
        raise EnvironmentFault(
            f"the package {package} is not installed",
            field=name,
            remedy="install the extra crosscheck, or remove this source",
        ) from error
    path = Path(str(installed.locate_file(file)))
    data = read_bounded(path, MAX_BYTES)
    try:
        rows: list[tuple[Any, ...]] = [(*link, number) for number, link in enumerate(links(data), start=1)]
    except (ValueError, KeyError, TypeError, AttributeError, SyntaxError) as error:
        raise SourceError(
            f"{package} {installed.version} has its data in another shape ({type(error).__name__})",
            file=path.name,
            remedy="install the version that the extra crosscheck names",
        ) from error
    trace = Trace(Origin(name, hashlib.sha256(data).hexdigest(), f"{package} {installed.version}"))
    records = pd.DataFrame(rows, columns=CROSS_CHECK_COLUMNS).astype(dict.fromkeys(CROSS_CHECK_COLUMNS[:5], "str"))
    records["sheet"] = "-"
    trace.rows_in += len(records)
    for wrong, field, reason in (
        (records["old_commune"] == "", "old_district", "a district, not a commune"),
        (records.duplicated(CROSS_CHECK_COLUMNS[:5]), "old_commune", "the link repeats an earlier one"),
    ):
        bad = records[wrong.reindex(records.index, fill_value=False)]
        trace.quarantine(bad, field, bad[field], reason)
        records = records.drop(index=bad.index)
    return records.reset_index(drop=True), trace
