"""Releases as rows of a database, shown through views of the current one.

Belongs here: connections, schema, migrations, roles, rows and the pointer. Does not belong here: files, or what a
release contains.
"""
