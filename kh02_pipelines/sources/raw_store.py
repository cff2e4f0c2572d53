"""The raw store: the exact bytes of every file ever taken in, by their SHA-256.

Belongs here: putting bytes in and proving that they are still the same. Does not belong here: where files come
from (``landing``, ``load``). Layout: ``<folder>/<sha256>`` with the bytes and nothing else; a file's own name is
in the tables that cite the hash. Nothing is ever removed here, and nothing replaced but what was damaged.
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
        """Keep the bytes, also in place of damaged ones; their hash. Raises EnvironmentFault where it cannot."""
        hashed = hashlib.sha256(data).hexdigest()
        path = self.folder / hashed
        try:
            if path.is_file() and path.read_bytes() == data:
                return hashed
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".", delete=False) as file:
                try:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                    Path(file.name).chmod(0o444)
                    Path(file.name).replace(path)
                except BaseException:
                    Path(file.name).unlink(missing_ok=True)
                    raise
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
