"""The list of published tables, in an order in which every foreign key points backwards.

Belongs here: which tables a release has. Does not belong here: their columns.
"""

from kh02_pipelines.tables import codes, crosswalks, history, quality, release, units
from kh02_pipelines.tables.declaration import Table


def _referenced_first(tables: tuple[Table, ...]) -> dict[str, Table]:
    waiting = {table.name: table for table in tables}
    placed: dict[str, Table] = {}
    while waiting:
        ready = [
            table
            for table in waiting.values()
            if all(key.target in placed or key.target == table.name for key in table.foreign_keys)
        ]
        if not ready:
            raise ValueError(f"foreign keys point in a circle or outside the catalogue: {sorted(waiting)}")
        for table in ready:
            placed[table.name] = waiting.pop(table.name)
    return placed


CATALOGUE: dict[str, Table] = _referenced_first(
    (*units.TABLES, *crosswalks.TABLES, *codes.TABLES, *history.TABLES, *quality.TABLES)
)
"""The content of a release."""

ABOUT_RELEASES: dict[str, Table] = {table.name: table for table in release.TABLES}
"""What is told about a release beside its content."""

PUBLISHED: dict[str, Table] = {**CATALOGUE, **ABOUT_RELEASES}
"""Everything that readers find under a name of its own."""
