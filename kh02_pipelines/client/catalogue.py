"""The catalogue as a reader sees it: one release, its tables, and whether they are as published.

Belongs here: what every reader offers, and choosing one. Does not belong here: Parquet (``files``) and SQL
(``database``).
"""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from kh02_pipelines.client.errors import CatalogueDamaged, UnknownTable

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True)
class PinnedRelease:
    """What is recorded of the release that was pinned; ``rows`` counts the rows of each table of its content.

    ``columns``: the columns each table was published with, where the store's tables may have more of them by now.
    ``about``: the tables that say something about the release beside its content.
    """

    release_id: str
    as_of: dt.date
    content_hash: str
    last_checked_at: dt.datetime
    rows: Mapping[str, int]
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    about: Sequence[str] = ()


class Catalogue(ABC):
    """One release, pinned when it was opened: every read sees that release, whatever is published meanwhile."""

    def __init__(self, release: PinnedRelease, place: str) -> None:
        self._release = release
        self.place = place
        """Where the release is read from, without secrets."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.release_id} from {self.place}>"

    @property
    def release_id(self) -> str:
        """The pinned release; put it beside whatever you compute from its tables."""
        return self._release.release_id

    @property
    def as_of(self) -> dt.date:
        """The day the data speak for."""
        return self._release.as_of

    @property
    def content_hash(self) -> str:
        """SHA-256 of what the tables say, in hexadecimal."""
        return self._release.content_hash

    @property
    def last_checked_at(self) -> dt.datetime:
        """When all checks last passed on the release, as of when it was opened; it moves on every good night.

        With its offset. Files record it of the current release; of another one they say when it was published.
        """
        return self._release.last_checked_at

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables of the release, and of those about it: ``release_change``, ``quality_result``.

        Folders of releases that were published before these were exported do not have them.
        """
        return tuple(sorted({*self._release.rows, *self._release.about}))

    @overload
    def table(self, name: str, as_: Literal["pandas"] = ...) -> "pd.DataFrame": ...
    @overload
    def table(self, name: str, as_: Literal["pyarrow"]) -> "pa.Table": ...
    def table(self, name: str, as_: Literal["pandas", "pyarrow"] = "pandas") -> "pd.DataFrame | pa.Table":
        """One whole table of the pinned release, in primary key order.

        In pandas: text ``str``, dates ``datetime64[ms]``, whole numbers ``Int32``, booleans ``bool``; codes are
        text, so their leading zeros are there. Every read has exactly the rows the release was published with, and
        its columns: one that a later version added is not there.

        Raises UnknownTable, ReleaseGone when the release was pruned since it was opened, CatalogueDamaged when rows
        are missing, CatalogueUnreachable; ValueError for another ``as_``.
        """
        if as_ not in ("pandas", "pyarrow"):
            raise ValueError(f"as_ is 'pandas' or 'pyarrow', not {as_!r}")
        if name not in self.tables:
            raise UnknownTable(
                f"release {self.release_id} has no table {name!r}",
                file=self.place,
                remedy=f"use one of {', '.join(self.tables)}",
            )
        return self._frame(name) if as_ == "pandas" else self._arrow(name)

    def verify(self) -> dict[str, int]:
        """Prove that what is stored is what was published; the rows of each table that was checked.

        Recomputes the content hash over all tables, and for Parquet the SHA-256 of every file of the release.
        Needs pyarrow. Raises CatalogueDamaged naming the first fault, or what ``table`` raises.
        """
        from kh02_pipelines.release.content import content_hash

        self._verify_storage()
        tables = {name: self._arrow(name) for name in sorted(self._release.rows)}
        if content_hash(tables) != self.content_hash:
            raise CatalogueDamaged(
                f"the tables of {self.release_id} do not hash to its content hash",
                file=self.place,
                remedy="kh02 verify on the publishing side; kh02 build there writes the release anew",
            )
        return {name: table.num_rows for name, table in tables.items()}

    @abstractmethod
    def _frame(self, name: str) -> "pd.DataFrame": ...

    @abstractmethod
    def _arrow(self, name: str) -> "pa.Table": ...

    @abstractmethod
    def _verify_storage(self) -> None: ...


def open_catalogue(home_or_url: str | Path, release: str | None = None) -> Catalogue:
    """Open the current release, or the one named, for reading.

    ``home_or_url``: a KH02 home folder or its ``parquet`` folder, or a SQLAlchemy URL of the published database
    (``postgresql+psycopg://…``, ``mariadb+pymysql://…``, ``sqlite:///…``).

    Raises ReleaseNotFound, CatalogueUnreachable, CatalogueDamaged.
    """
    if isinstance(home_or_url, str) and "://" in home_or_url:
        from kh02_pipelines.client.database import open_database

        return open_database(home_or_url, release)
    from kh02_pipelines.client.files import open_files

    return open_files(Path(home_or_url), release)
