"""Dagster resources: what assets are handed instead of reading the environment themselves.

Belongs here: objects made once from the settings, and the I/O manager. Does not belong here: domain logic.
"""
