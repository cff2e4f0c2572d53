"""Alembic migrations of the published database.

Belongs here: the tables that are about releases, and changes that cannot be derived from the declarations
(a renamed or narrowed column, another vocabulary). Does not belong here: new tables and columns
(``upgrade`` derives those). A migration must also pass on a database made new by this version.
"""
