"""Releases as immutable folders of Parquet files, and the durable steps they are made of.

Belongs here: folders, manifests, the pointer file, the lock of a home. Does not belong here: the database, or what
a release contains.
"""
