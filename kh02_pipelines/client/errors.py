"""What can go wrong for a reader, each with its remedy.

Belongs here: the errors of this package. Does not belong here: when they are raised.
"""

from kh02_pipelines.errors import Kh02Error


class CatalogueUnreachable(Kh02Error):
    """The folder or the database cannot be read at all."""


class ReleaseNotFound(Kh02Error):
    """Nothing has been published there, or not the release asked for."""


class ReleaseGone(Kh02Error):
    """The pinned release was pruned after it was opened; open the catalogue again."""


class CatalogueDamaged(Kh02Error):
    """What is there is not what was published."""


class UnknownTable(Kh02Error):
    """The release, or the installed version of this package, has no such table."""
