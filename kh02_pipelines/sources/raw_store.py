"""The raw store: the exact bytes of every file ever taken in, by their SHA-256.

Belongs here: putting bytes in and proving that they are still the same. Does not belong here: where files come
from (``landing``, ``load``). Layout: ``<folder>/<sha256>`` with the bytes and nothing else; a file's own name is
in the tables that cite the hash. Nothing is ever replaced or removed here.
"""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kh02_pipelines.errors import EnvironmentFault, SourceError


@dataclass(frozen=True)
class RawStore:
    """A folder of files named by the hash of their bytes."""

    folder: Path

    def put(self, data: bytes) -> str:
        """Keep the bytes; their hash. Raises EnvironmentFault when the folder cannot be written."""
        hashed = hashlib.sha256(data).hexdigest()
        path = self.folder / hashed
        try:
            if path.is_file() and path.stat().st_size == len(data):
                return hashed
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, beside = tempfile.mkstemp(dir=self.folder, prefix=".")
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(beside).chmod(0o444)
            Path(beside).replace(path)
        except OSError as error:
            raise EnvironmentFault(
                f"cannot keep a raw file: {error.strerror}",
                file=self.folder,
                remedy="set KH02_HOME to a folder this user may write to, with free space",
            ) from error
        return hashed

    def path(self, hashed: str) -> Path:
        """Where the bytes with this hash are. Raises SourceError when they are gone or are no longer the same."""
        path = self.folder / hashed
        if not path.is_file():
            raise SourceError("is not in the raw store", file=path, remedy="restore the raw store from its backup")
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != hashed:
                raise SourceError(
                    "no longer holds the bytes it is named after", file=path, remedy="restore the raw store"
                )
        return path
