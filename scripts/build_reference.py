#!/usr/bin/env python3
"""Rebuild the machine-made reference tables from the two packages that carry them.

Belongs here: reading the registers of 2025 and the old-to-new pairs out of two pinned wheels, writing the registers as
CSV, byte for byte the same each time, and comparing the pairs with the changes of the day, which people keep by hand.
Does not belong here: corrections. What a source prints wrongly stays wrong in these files and is put right by
``rulings.csv``; the history before (``build_history.py``).

    python scripts/build_reference.py                    fetch both wheels with pip and write the files
    python scripts/build_reference.py --wheel-dir DIR    use wheels that are already in DIR
    python scripts/build_reference.py --check            write nothing; exit 1 if a file differs

Only the standard library is used, and neither package is imported: one holds an SQLite file, the other
Python literals that are parsed without being run. Exit codes: 0 done or equal, 1 a file differs,
2 a wheel is missing, altered or not as expected.
"""

from __future__ import annotations

import argparse
import ast
import csv
import hashlib
import io
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

REFERENCE = Path(__file__).resolve().parents[1] / "kh02_pipelines" / "sources" / "reference"

UNIT_HEADER = ("code", "level", "name", "type", "parent_code", "confidence")
REFORM = "2025-07-01"
LEVELS = ("province", "district", "commune")
PROVINCE_TYPES = ("Thành phố", "Tỉnh")

Row = tuple[str, ...]


class ReferenceBuildError(Exception):
    """A wheel is missing, is not the pinned one, or does not hold what it should."""


@dataclass(frozen=True)
class Wheel:
    """One pinned package: where its facts come from and how to know it is the right file."""

    project: str
    version: str
    filename: str
    sha256: str
    pip_options: tuple[str, ...] = ()


UNITS_WHEEL = Wheel(
    project="vietnamadminunits",
    version="1.0.4",
    filename="vietnamadminunits-1.0.4-py3-none-any.whl",
    sha256="737ee3662e877290386c1c45ed4d71f2e5fae34ab6fb9c64bfb4cb74b216ea35",
)
PAIRS_WHEEL = Wheel(
    project="vietnam-provinces",
    version="2026.9.0",
    filename="vietnam_provinces-2026.9.0-py3-none-any.whl",
    sha256="b5f3540a98937d38b9bebcbdb792fa4f5b9712737d41b05c7254beb2308ebcd1",
    pip_options=("--python-version", "3.12"),  # the wheel asks for 3.12; it is only unpacked here
)


def fetch(wheel: Wheel, folder: Path) -> None:
    """Download one wheel into ``folder`` with pip, from whatever source pip is set up to use."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", *wheel.pip_options]
    command += ["--dest", str(folder), f"{wheel.project}=={wheel.version}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ReferenceBuildError(f"pip could not download {wheel.project} {wheel.version}: {reason}")


def open_wheel(wheel: Wheel, folder: Path) -> zipfile.ZipFile:
    """Open a wheel after making sure that it is the very file this script was written for."""
    path = folder / wheel.filename
    if not path.is_file():
        raise ReferenceBuildError(f"{wheel.filename} is not in {folder}")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != wheel.sha256:
        raise ReferenceBuildError(f"{wheel.filename} has sha256 {found}, expected {wheel.sha256}")
    return zipfile.ZipFile(path)


def one_row_per_code(rows: Iterable[Row]) -> list[Row]:
    """Drop repeats, refuse a code that is printed in two ways, and sort by level, then code."""
    by_code: dict[tuple[str, str], Row] = {}
    for row in rows:
        if None in row or by_code.setdefault((row[1], row[0]), row) != row:
            raise ReferenceBuildError(f"the {row[1]} {row[0]} is incomplete or printed in two ways")
    return sorted(by_code.values(), key=lambda row: (LEVELS.index(row[1]), row[0]))


def province_type(name: str) -> str:
    """Give the leading words of a province's name, which is where its type is printed."""
    for words in PROVINCE_TYPES:
        if name.startswith(words + " "):
            return words
    raise ReferenceBuildError(f"no province type in the name {name!r}")


def read_units(database: sqlite3.Connection, table: str, *, districts: bool) -> list[Row]:
    """Read one register; an island district without communes is a row whose commune is empty."""
    parent = "districtCode" if districts else "provinceCode"
    fields = ["provinceCode", "province", "wardCode", "ward", "wardType", parent]
    if districts:
        fields += ["districtCode", "district", "districtType"]
    rows: list[Row] = []
    for record in database.execute(f"SELECT {', '.join(fields)} FROM {table}"):  # noqa: S608 (constants)
        province, province_name, code, name, kind, parent_code = record[:6]
        rows.append((province, "province", province_name, province_type(province_name), ""))
        if districts:
            rows.append((record[6], "district", record[7], record[8], province))
        if code is not None:
            rows.append((code, "commune", name, kind, parent_code))
    return one_row_per_code(rows)


def read_registers(archive: zipfile.ZipFile, scratch: Path) -> tuple[list[Row], list[Row]]:
    """Read the three-tier register of 2025-06-30 and the two-tier register of 2025-07-01."""
    database = Path(archive.extract("vietnamadminunits/data/dataset.db", scratch))
    connection = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
    try:
        return (
            read_units(connection, "admin_units_legacy", districts=True),
            read_units(connection, "admin_units", districts=False),
        )
    finally:
        connection.close()


def assigned_value(source: str, name: str) -> ast.expr:
    """Find the expression that a module assigns to ``name``, without running the module."""
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            if statement.target.id == name and statement.value is not None:
                return statement.value
        elif isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            return statement.value
    raise ReferenceBuildError(f"{name} is not assigned where it was expected")


def first_argument(call: ast.expr) -> int:
    """Give the number in ``Something(123, ...)``."""
    if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant):
        value = call.args[0].value
        if isinstance(value, int):
            return value
    raise ReferenceBuildError(f"not a reference to a unit: {ast.unparse(call)}")


def read_pairs(source: str, width: int) -> list[Row]:
    """Read the pairs of ``OLD_TO_NEW = {code: Entry(Old(code, ...), (New(code, ...), ...)), ...}``."""
    table = assigned_value(source, "OLD_TO_NEW")
    if not isinstance(table, ast.Dict):
        raise ReferenceBuildError("OLD_TO_NEW is not a dictionary")
    pairs: list[Row] = []
    for key, entry in zip(table.keys, table.values, strict=True):
        old, new = entry.args if isinstance(entry, ast.Call) and len(entry.args) == 2 else (entry, entry)
        if not isinstance(new, ast.Tuple):
            raise ReferenceBuildError(f"unexpected entry in OLD_TO_NEW: {ast.unparse(entry)}")
        predecessor = first_argument(old)
        if not (isinstance(key, ast.Constant) and key.value == predecessor):
            raise ReferenceBuildError(f"OLD_TO_NEW files {predecessor} under another code")
        pairs += [(f"{predecessor:0{width}d}", f"{first_argument(ref):0{width}d}") for ref in new.elts]
    if len(set(pairs)) != len(pairs):
        raise ReferenceBuildError("OLD_TO_NEW holds a pair twice")
    return sorted(pairs)


def as_csv(header: Sequence[str], rows: Iterable[Row]) -> bytes:
    """Render a table: UTF-8, LF, a header row, quotes only where they are needed."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def build(wheels: Path, scratch: Path) -> tuple[dict[str, bytes], dict[str, set[Row]]]:
    """Make the bytes of both registers, by name, and read the pairs of both levels."""
    with open_wheel(UNITS_WHEEL, wheels) as archive:
        old_units, new_units = read_registers(archive, scratch)
    with open_wheel(PAIRS_WHEEL, wheels) as archive:
        communes = archive.read("vietnam_provinces/_ward_conversion_2025.py").decode("utf-8")
        provinces = archive.read("vietnam_provinces/_province_conversion_2025.py").decode("utf-8")
    registers = {
        "registers/2025-06-30.csv": as_csv(UNIT_HEADER, [(*row, "") for row in old_units]),
        f"registers/{REFORM}.csv": as_csv(UNIT_HEADER, [(*row, "") for row in new_units]),
    }
    return registers, {"commune": set(read_pairs(communes, 5)), "province": set(read_pairs(provinces, 2))}


def differing_pairs(pairs: dict[str, set[Row]], folder: Path) -> list[str]:
    """Say which pairs of the changes of the day are not those that the package prints: they are kept by hand."""
    with (folder / "changes" / f"{REFORM[:4]}.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["effective_date"] == REFORM]
    found = []
    for level, printed in pairs.items():
        ours = {
            (row["predecessor_code"], row["successor_code"])
            for row in rows
            if row["predecessor_level"] == row["successor_level"] == level
        }
        found += [f"{level} {old}>{new} is missing" for old, new in sorted(printed - ours)]
        found += [f"{level} {old}>{new} is not printed" for old, new in sorted(ours - printed)]
    return found


def differing(files: dict[str, bytes], folder: Path) -> list[str]:
    """Name the files in ``folder`` that are missing or not equal to ``files``."""
    return [
        name for name, content in files.items()
        if not (folder / name).is_file() or (folder / name).read_bytes() != content
    ]  # fmt: skip


def write(files: dict[str, bytes], folder: Path) -> None:
    """Write the files and print their sha256 for the README."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        print(f"{hashlib.sha256(content).hexdigest()}  {name}")


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Rebuild the machine-made reference tables.")
    parser.add_argument("--wheel-dir", type=Path, help="use the wheels in this folder; fetch nothing")
    parser.add_argument("--output-dir", type=Path, default=REFERENCE, help="where the CSV files are")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file differs")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the files, then write or compare them."""
    options = parse_arguments(arguments)
    try:
        with tempfile.TemporaryDirectory() as scratch_name:
            scratch = Path(scratch_name)
            wheels: Path = options.wheel_dir or scratch
            if options.wheel_dir is None:
                for wheel in (UNITS_WHEEL, PAIRS_WHEEL):
                    fetch(wheel, scratch)
            files, pairs = build(wheels, scratch)
    except ReferenceBuildError as error:
        print(f"build_reference: {error}", file=sys.stderr)
        return 2
    if not options.check:
        write(files, options.output_dir)
        return 0
    changed = differing(files, options.output_dir) + differing_pairs(pairs, options.output_dir)
    if changed:
        print(
            f"build_reference: {', '.join(changed)} differ from what the packages print; "
            "remedy: run scripts/build_reference.py and put corrections in rulings.csv",
            file=sys.stderr,
        )
        return 1
    print(f"{len(files)} registers, and the pairs of {REFORM}, are what the packages print")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
