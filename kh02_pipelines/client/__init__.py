"""A reader of published catalogues for programs in Python: resolve the pointer once, then read that release.

Belongs here: reading Parquet releases and the published database, pinned to one release. Does not belong here:
publishing, Dagster, settings: this package imports only the table declarations, and each library (pyarrow, pandas,
SQLAlchemy) when it is first needed.

    from kh02_pipelines.client import open_catalogue

    catalogue = open_catalogue("/srv/kh02")                 # a home folder: its Parquet releases
    catalogue = open_catalogue("postgresql+psycopg://reader@db/kh02")
    catalogue.release_id                                    # say this in your own output
    communes = catalogue.table("commune")                   # a pandas frame; as_="pyarrow" for an Arrow table
"""

from kh02_pipelines.client.catalogue import Catalogue, open_catalogue
from kh02_pipelines.client.errors import (
    CatalogueDamaged,
    CatalogueUnreachable,
    ReleaseGone,
    ReleaseNotFound,
    UnknownTable,
)

__all__ = [
    "Catalogue",
    "CatalogueDamaged",
    "CatalogueUnreachable",
    "ReleaseGone",
    "ReleaseNotFound",
    "UnknownTable",
    "open_catalogue",
]
