"""The manifest of a release folder: what every file must hash to, and holding a folder against it.

Belongs here: ``manifest.json`` and ``SHA256SUMS`` (which ``sha256sum -c`` reads). Does not belong here: which
files a release has, or where it lies (``parquet_store``).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kh02_pipelines.release.files.durable import json_bytes, sha256_of
from kh02_pipelines.tables.contract import schema_fingerprint

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
DESCRIPTION = "release.json"
UNLISTED = frozenset({MANIFEST, SUMS, DESCRIPTION})
"""``release.json`` says when a release was published, which is nothing the manifest speaks of; the sums cover it."""


def write_manifest(folder: Path, about: Mapping[str, Any]) -> None:
    """Describe every file below ``folder`` but the unlisted; ``about`` goes in front. The caller makes it durable.

    Each file has ``path``, ``sha256`` and ``bytes``; a Parquet file also ``rows`` and ``schema_fingerprint``.
    """
    files = [_entry(folder, path) for path in _files(folder) if path.name not in UNLISTED]
    (folder / MANIFEST).write_bytes(json_bytes({**about, "files": files}))
    beside = [name for name in (MANIFEST, DESCRIPTION) if (folder / name).is_file()]
    sums = [(entry["path"], entry["sha256"]) for entry in files] + [(name, sha256_of(folder / name)) for name in beside]
    (folder / SUMS).write_text("".join(f"{sha}  {path}\n" for path, sha in sorted(sums)), "utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder. Raises OSError or ValueError when it is missing or unreadable."""
    value = json.loads((folder / MANIFEST).read_text("utf-8"))
    if not isinstance(value, dict) or not isinstance(value.get("files"), list):
        raise ValueError(f"{folder / MANIFEST} has no list of files")
    return value


def problems_of(folder: Path) -> list[str]:
    """Everything in which a folder differs from its manifest and sums, one line each; empty when it is whole."""
    try:
        manifest = read_manifest(folder)
        lines = [line.partition("  ") for line in (folder / SUMS).read_text("utf-8").splitlines()]
        sums = {path: sha for sha, _, path in lines}
        listed = {str(entry["path"]): entry for entry in manifest["files"]}
        wanted = {name: entry["sha256"] for name, entry in listed.items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"{folder.name}: manifest or sums unreadable: {error}"]
    present = {path.relative_to(folder).as_posix() for path in _files(folder)} - UNLISTED
    found = [f"{folder.name}/{name}: missing" for name in sorted(set(listed) - present)]
    found += [f"{folder.name}/{name}: not in the manifest" for name in sorted(present - set(listed))]
    beside = [name for name in (MANIFEST, DESCRIPTION) if name == MANIFEST or name in sums]  # older sums lack one
    wanted |= {name: sha256_of(folder / name) for name in beside if (folder / name).is_file()}
    if sums != wanted:
        found.append(f"{folder.name}/{SUMS}: does not agree with {MANIFEST}")
    for name in sorted(set(listed) & present):
        try:
            if sha256_of(folder / name) != listed[name]["sha256"]:
                found.append(f"{folder.name}/{name}: bytes are not those that were published")
            elif _entry(folder, folder / name) != listed[name]:
                found.append(f"{folder.name}/{name}: size, rows or schema are not those of the manifest")
        except (OSError, pa.ArrowException) as error:
            found.append(f"{folder.name}/{name}: unreadable: {error}")
    return found


def _files(folder: Path) -> list[Path]:
    """Whatever lies in a folder: files, links, and folders with nothing in them."""

    def counts(path: Path) -> bool:
        return path.is_symlink() or not path.is_dir() or not any(path.iterdir())

    return sorted(path for path in folder.rglob("*") if counts(path))


def _entry(folder: Path, path: Path) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "path": path.relative_to(folder).as_posix(),
        "sha256": sha256_of(path),
        "bytes": path.stat().st_size,
    }
    if path.suffix == ".parquet":
        footer = pq.read_metadata(path)
        entry |= {"rows": footer.num_rows, "schema_fingerprint": schema_fingerprint(footer.schema.to_arrow_schema())}
    return entry
