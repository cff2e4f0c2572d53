"""How a published table is declared: columns, types, keys and meaning, once.

Belongs here: the classes a declaration is made of and the words they allow. Does not belong here: any
particular table (one module per family beside this one) or any projection (``arrow``, ``sql``,
``dictionary`` in this package; Great Expectations in ``checks``, Dagster's column schema in ``assets``).
"""

from dataclasses import dataclass, field
from enum import StrEnum


class ColumnType(StrEnum):
    """The few types a published column may have; every store can hold them."""

    TEXT = "text"
    CODE = "code"  # zero-padded digits kept as text: a number would lose its zeros
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"


@dataclass(frozen=True)
class Column:
    """One column: its type, whether it may be empty, and what it means in Vietnamese and English.

    ``pattern`` is a regular expression the whole value must match; ``allowed`` closes the vocabulary;
    ``max_length`` bounds text, in characters, so that every database can index it.
    """

    name: str
    type: ColumnType
    vi: str
    en: str
    nullable: bool = False
    allowed: tuple[str, ...] | None = None
    pattern: str | None = None
    minimum: int | None = None
    max_length: int = 255


@dataclass(frozen=True)
class ForeignKey:
    """A reference from ``columns`` to the primary or unique key ``target_columns`` of ``target``."""

    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One published table. Rows are stored in the order of the primary key.

    ``lookups``: columns besides codes that rows are looked up by. ``example``: one SQL statement that uses the table as
    it is meant, shown wherever the table is explained.
    """

    name: str
    family: str
    vi: str
    en: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...] = field(default=())
    lookups: tuple[str, ...] = ()
    example: str = ""

    def __post_init__(self) -> None:
        names = self.column_names
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"table {self.name}: columns declared twice: {repeated}")
        for key in (self.primary_key, self.lookups, *(foreign.columns for foreign in self.foreign_keys)):
            unknown = sorted(set(key) - set(names))
            if unknown:
                raise ValueError(f"table {self.name}: key names unknown columns: {unknown}")
        nullable = sorted(name for name in self.primary_key if self.column(name).nullable)
        if nullable:
            raise ValueError(f"table {self.name}: primary key columns may not be empty: {nullable}")

    @property
    def column_names(self) -> list[str]:
        """Column names in published order."""
        return [column.name for column in self.columns]

    @property
    def indexes(self) -> tuple[tuple[str, ...], ...]:
        """The columns of each index besides the primary key: every code that the key does not begin with, ``lookups``.

        An index on every reference as well doubles the time of a publication, for columns with few values.
        """
        codes = [column.name for column in self.columns if column.type is ColumnType.CODE]
        return tuple((name,) for name in dict.fromkeys((*codes, *self.lookups)) if name != self.primary_key[0])

    def column(self, name: str) -> Column:
        """The column called ``name``; KeyError when the table has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name} has no column {name!r}")
